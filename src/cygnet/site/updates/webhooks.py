"""What do mail providers tell? Bounces and complaints, by webhooks that anymail checks."""

from importlib import import_module
from typing import Any, Final

from django.conf import settings

from cygnet.site.updates import consent

VIEWS: Final = {
    "mailgun": "MailgunTrackingWebhookView",
    "resend": "ResendTrackingWebhookView",
    "sendgrid": "SendGridTrackingWebhookView",
    "postmark": "PostmarkTrackingWebhookView",
    "mailjet": "MailjetTrackingWebhookView",
    "brevo": "BrevoTrackingWebhookView",
}
_LEFT: Final = frozenset({"unsubscribed"})
_CAME_BACK: Final = frozenset({"bounced", "rejected", "complained"})
# Of the reasons that anymail names, those for which the next mail would come back as well.
_FOR_GOOD: Final = frozenset({"invalid", "bounced", "blocked", "spam", "unsubscribed", None})


def view(provider: str) -> Any:
    """Give the provider's view; it checks the signature and then sends anymail's signal."""
    module = import_module(f"anymail.webhooks.{provider}")
    return getattr(module, VIEWS[provider]).as_view()


def connect() -> None:
    """Listen to anymail, where a provider is named."""
    if settings.UPDATES_BOUNCES_BY is None:
        return
    from anymail.signals import tracking

    tracking.connect(_on_event, dispatch_uid="cygnet.updates")


def _on_event(sender: Any, event: Any, **_: Any) -> None:
    del sender
    take_event(str(event.event_type), event.recipient, event.reject_reason)


def take_event(kind: str, recipient: str | None, reason: str | None) -> None:
    """Act on one event of a provider; events of addresses that are not known change nothing."""
    if not recipient or kind not in _LEFT | _CAME_BACK:
        return
    found = consent.find(recipient)
    if found is None:
        return
    if kind in _LEFT:
        consent.leave(found.pseudonym)
    elif kind == "complained" or reason in _FOR_GOOD:
        consent.came_back(found.pseudonym, f"{kind}: {reason or 'no reason given'}")
