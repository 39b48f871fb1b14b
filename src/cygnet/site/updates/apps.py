"""The app of updates."""

from django.apps import AppConfig


class UpdatesConfig(AppConfig):
    """Mail to those who asked for it."""

    name = "cygnet.site.updates"
    label = "updates"
    verbose_name = "Updates"
    navigation = (("Updates", "updates:page"),)

    def ready(self) -> None:
        """Register the thread that sends, and what providers' webhooks call."""
        from cygnet.site import background
        from cygnet.site.updates import outbox, webhooks

        background.register("updates", outbox.work)
        webhooks.connect()
