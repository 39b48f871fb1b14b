"""What does a bounce say? A delivery status notification (RFC 3464), as a mail server sends it.

Such a mail can be forged by anyone, so that nothing is believed but the identifier of our own
letter that it quotes; :mod:`letters` checks its signature. Refuses what is no notification.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from typing import Any, Final

from cygnet.errors import InputError

MOST_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notification says: whether it failed for good, the status, and of which letter."""

    is_final: bool
    status: str
    message_ids: tuple[str, ...]


def read_notice(data: bytes) -> Notice:
    """Read a notification.

    Raises :class:`InputError` for a mail that is none, or that does not quote the letter's headers.
    """
    if len(data) > MOST_BYTES:
        raise InputError.of("This is too large to be a notice.", "Give one mail on standard input.")
    parser: Any = BytesParser(policy=policy.default)
    message: EmailMessage = parser.parsebytes(data)
    reports = [
        part for part in message.walk() if part.get_content_type() == "message/delivery-status"
    ]
    if not reports:
        raise InputError.of(
            "This mail is no delivery status notification (RFC 3464).",
            "Give the notice itself, with all its headers and parts, on standard input.",
        )
    blocks = [block for report in reports for block in _blocks(report)]
    final = [
        block
        for block in blocks
        if str(block.get("Action", "")).strip().lower() == "failed"
        and str(block.get("Status", "5")).strip().startswith("5")
    ]
    said = next((str(block["Status"]).strip() for block in blocks if "Status" in block), "")
    found = tuple(dict.fromkeys(_message_ids(message)))
    if not found:
        raise InputError.of(
            "This notice does not quote the headers of the letter that came back.",
            "Without them it could be of anyone: erase or keep the address by hand.",
        )
    return Notice(bool(final), said, found)


def _blocks(report: Message) -> Iterator[Message]:
    payload: Any = report.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))


def _message_ids(message: EmailMessage) -> Iterator[str]:
    """Give the Message-ID of every letter that the notice quotes, whole or by its headers."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            quoted: Any = part.get_payload()
            if isinstance(quoted, list) and quoted and quoted[0].get("Message-ID"):
                yield str(quoted[0]["Message-ID"]).strip()
        elif kind == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            headers: Any = BytesParser(policy=policy.default)
            if isinstance(text, bytes):
                found = headers.parsebytes(text, headersonly=True).get("Message-ID")
                if found:
                    yield str(found).strip()
