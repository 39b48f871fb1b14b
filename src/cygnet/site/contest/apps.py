"""The app of the contest."""

from django.apps import AppConfig
from django.conf import settings


class ContestConfig(AppConfig):
    """Teams, submissions, the board."""

    name = "cygnet.site.contest"
    label = "contest"
    verbose_name = "Contest"

    @property
    def navigation(self) -> tuple[tuple[str, str], ...]:
        """Lead to the contest, where there is one."""
        from cygnet.site.contest.state import hosts_contest

        if not hosts_contest(settings.CONTEST):
            return ()
        return (("Challenge", "contest:overview"), ("Board", "contest:board"))

    def ready(self) -> None:
        """Have webhooks told, submissions looked at and heads mailed beside the requests."""
        from cygnet.site import background, metrics
        from cygnet.site.contest import identity, looking, mailing, measures, webhooks
        from cygnet.site.updates import outbox

        background.register("webhooks", webhooks.drain)
        background.register("likeness", looking.look)
        outbox.also(mailing.mail_head)
        metrics.register(measures.samples)
        identity.connect()
