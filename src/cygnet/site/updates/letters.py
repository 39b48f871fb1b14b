"""What stands in a mail, and how is it known again when it comes back? Text, headers, identifiers.

The first mail holds no word that a visitor wrote. Links and identifiers are signed.
"""

import re
from datetime import timedelta
from email.utils import parseaddr
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from cygnet.site.updates import rules, wording
from cygnet.site.updates.models import Letter

_CONFIRM_SALT: Final = "cygnet.updates.confirm"
_MINE_SALT: Final = "cygnet.updates.mine"
_MESSAGE_ID: Final = re.compile(r"^<?cygnet\.([0-9a-f]{32})\.([0-9a-f]{32})@")


def compose(letter: Letter) -> EmailMessage:
    """Write the mail of a letter; its links are signed anew each time."""
    title = settings.CONTEST.contest.title
    one = letter.subscriber
    site = settings.PUBLIC_URL or one.site_url
    headers = {
        "Message-ID": message_id(letter.id, site_host(site)),
        "Auto-Submitted": "auto-generated",
    }
    if letter.announcement is None:
        subject = wording.CONFIRMATION_SUBJECT.format(title=title)
        text = wording.CONFIRMATION.format(
            title=title,
            days=rules.CONFIRM_WITHIN.days,
            confirm=site + reverse("updates:confirm", args=[confirm_token(one.pseudonym)]),
        )
    else:
        token = mine_token(one.pseudonym)
        unsubscribe = site + reverse("updates:unsubscribe", args=[token])
        subject = letter.announcement.subject
        text = wording.ANNOUNCEMENT.format(
            title=title,
            text=letter.announcement.text.strip(),
            unsubscribe=unsubscribe,
            mine=site + reverse("updates:mine", args=[token]),
        )
        # RFC 8058: a mail program leaves for its reader with one POST, without a cookie.
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        headers["List-Id"] = f"<updates.{site_host(site)}>"
    return EmailMessage(
        subject=" ".join(subject.split()), body=text, to=[one.email], headers=headers
    )


def site_host(site: str) -> str:
    """Give the host that identifiers end in."""
    return urlsplit(site).hostname or "localhost"


def sender_address() -> str:
    """Give the bare address that mail comes from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def confirm_token(pseudonym: UUID) -> str:
    """Sign the link of the first mail."""
    token: str = signing.TimestampSigner(salt=_CONFIRM_SALT).sign(pseudonym.hex)
    return token


def read_confirm_token(token: str) -> UUID | None:
    """Give whose link it is; ``None`` for one that is not ours, or too old."""
    return _read(token, _CONFIRM_SALT, rules.CONFIRM_WITHIN)


def mine_token(pseudonym: UUID) -> str:
    """Sign the links by which a person leaves, or sees what is kept."""
    token: str = signing.TimestampSigner(salt=_MINE_SALT).sign(pseudonym.hex)
    return token


def read_mine_token(token: str) -> UUID | None:
    """Give whose link it is; it never ends, since who wants to leave must be able to."""
    return _read(token, _MINE_SALT, None)


def _read(token: str, salt: str, age: timedelta | None) -> UUID | None:
    try:
        return UUID(hex=signing.TimestampSigner(salt=salt).unsign(token, max_age=age))
    except (signing.BadSignature, ValueError):
        return None


def message_id(letter: UUID, host: str) -> str:
    """Give the Message-ID of a letter, signed, so that a notice of its return can be believed."""
    return f"<cygnet.{letter.hex}.{_letter_mark(letter.hex)}@{host}>"


def letter_of(said: str) -> UUID | None:
    """Give the letter that a Message-ID names; ``None`` where we did not sign it."""
    found = _MESSAGE_ID.match(said.strip())
    if found is None or not constant_time_compare(found[2], _letter_mark(found[1])):
        return None
    return UUID(hex=found[1])


def _letter_mark(letter: str) -> str:
    mark: str = salted_hmac("cygnet.updates.letter", letter, algorithm="sha256").hexdigest()
    return mark[:32]
