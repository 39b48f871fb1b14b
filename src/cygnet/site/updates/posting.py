"""How does the site write to a person? Into the outbox; its thread sends, and nobody waits for it.

A mail server that refuses or stalls neither fails nor delays a page.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from cygnet.site.updates.letters import message_id, site_host
from cygnet.site.updates.models import Mail

MOST_SUBJECT: Final = 200
# The links in mail about accounts hold for a day; later it is of no use.
ACCOUNT_MAIL_HOLDS: Final = timedelta(days=1)
KEPT: Final = timedelta(days=7)
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Words:
    """What is written, and why."""

    kind: Any
    subject: str
    text: str


def post(to: str, words: Words, *, key: str | None = None) -> None:
    """Put one mail into the outbox; with ``key``, only where none of that key ever was.

    Without an address it is never sent: what must look alike from outside costs the same.
    """
    post_all({to: key}, words)


def post_all(keys: dict[str, str | None], words: Words) -> int:
    """Put a mail to each address into the outbox, by its key; give how many are new."""
    known = set(
        Mail.objects.filter(key__in=[key for key in keys.values() if key]).values_list(
            "key", flat=True
        )
    )
    made = [
        Mail(
            to=to,
            key=key,
            kind=words.kind,
            subject=" ".join(words.subject.split())[:MOST_SUBJECT],
            text=words.text,
        )
        for to, key in keys.items()
        if key is None or key not in known
    ]
    if not made:
        return 0
    # Between the look and the writing another process may have written the same.
    Mail.objects.bulk_create(made, batch_size=_BATCH, ignore_conflicts=any(keys.values()))
    transaction.on_commit(_wake)
    return len(made)


def key_of(about: str, address: str) -> str:
    """Give the key of one mail to one address; it does not tell the address."""
    return f"{about}:{sha256(f'{about} {address}'.encode()).hexdigest()[:32]}"


def is_wanted(mail: Mail) -> bool:
    """Look again before sending: it may be too old to be of use."""
    too_old = mail.kind == Mail.Kind.ACCOUNT and timezone.now() - mail.made_at > ACCOUNT_MAIL_HOLDS
    return bool(mail.to) and not too_old


def compose(mail: Mail) -> EmailMessage:
    """Write the mail out."""
    headers = {
        "Message-ID": message_id(mail.id, site_host(settings.PUBLIC_URL)),
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(subject=mail.subject, body=mail.text, to=[mail.to], headers=headers)


def tidy() -> None:
    """Forget mail about accounts that left a week ago; what has a key stays, without address."""
    open_states: Any = (Mail.State.WAITING, Mail.State.HANDING)
    Mail.objects.exclude(state__in=open_states).filter(
        key=None, changed_at__lt=timezone.now() - KEPT
    ).delete()


def _wake() -> None:
    # The outbox imports this module.
    from cygnet.site.updates import outbox

    outbox.wake()
