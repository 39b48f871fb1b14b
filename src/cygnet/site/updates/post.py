"""How is one mail handed over so that it is never sent twice? By SMTP, one step after the other.

Until the server has said that it will take the body, nothing can have arrived: whatever fails
before, the letter is tried again. Then, and before the body leaves, the outbox is told. What fails
after that without an answer may have arrived, and is not sent again.
"""

import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from email.generator import BytesGenerator
from io import BytesIO
from typing import Any, Literal

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.filebased import EmailBackend as FileBackend
from django.core.mail.backends.smtp import EmailBackend

from cygnet.site.updates.letters import sender_address
from cygnet.site.updates.rules import reply_means, without_addresses

Kind = Literal["sent", "later", "refused", "rejected", "unclear", "down", "not-mine"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a hand-over, and the server's words.

    ``refused`` is of the address, ``rejected`` of the letter; ``down``: the server takes nothing at
    the moment; ``not-mine``: another process has the lease.
    """

    kind: Kind
    reply: str = ""


class Post:
    """A connection to the mail server, kept over many letters."""

    def __init__(self) -> None:
        self._backend: Any = get_connection(fail_silently=False)

    def close(self) -> None:
        """Let the connection go."""
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):
            self._forget()

    def is_open(self) -> bool:
        """Open the connection where it is not; false where the server cannot be reached."""
        try:
            self._backend.open()
        except (OSError, smtplib.SMTPException):
            self._forget()
            return False
        return True

    def hand_over(self, mail: EmailMessage, begin: Callable[[], bool]) -> Outcome:
        """Hand over one mail; ``begin`` is called before its body leaves, and may say no."""
        if isinstance(self._backend, EmailBackend):
            return self._by_smtp(mail, begin)
        if not begin():
            return Outcome("not-mine")
        try:
            self._backend.send_messages([mail])
        except OSError as error:
            # A folder keeps the mail, and cannot now: nothing of it arrived anywhere.
            if isinstance(self._backend, FileBackend):
                return Outcome("later", without_addresses(str(error)))
            return Outcome("unclear", without_addresses(str(error)))
        # A provider's library: whatever it raises, the mail may have arrived.
        except Exception as error:  # noqa: BLE001
            return Outcome("unclear", without_addresses(str(error)))
        return Outcome("sent")

    def _by_smtp(self, mail: EmailMessage, begin: Callable[[], bool]) -> Outcome:
        smtp: smtplib.SMTP = self._backend.connection
        begun = False
        try:
            before = _envelope(smtp, mail.to[0])
            if before is not None:
                smtp.rset()
                return before
            if not begin():
                self._forget()
                return Outcome("not-mine")
            begun = True
            smtp.send(_body(mail))
            code, reply = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._forget()
            return Outcome("unclear" if begun else "down", without_addresses(str(error)))
        meaning = reply_means(code)
        if meaning == "accepted":
            return Outcome("sent", _words(code, reply))
        return Outcome("later" if meaning == "later" else "rejected", _words(code, reply))

    def _forget(self) -> None:
        connection, self._backend.connection = getattr(self._backend, "connection", None), None
        if connection is not None:
            connection.close()


def _envelope(smtp: smtplib.SMTP, recipient: str) -> Outcome | None:
    """Name sender and recipient and ask to send; ``None`` when the server waits for the body."""
    smtp.ehlo_or_helo_if_needed()
    code, reply = smtp.mail(sender_address())
    if reply_means(code) != "accepted":
        # Of the sender, not of the address: no letter would be taken now.
        return Outcome("down", _words(code, reply))
    code, reply = smtp.rcpt(recipient)
    meaning = reply_means(code)
    if meaning != "accepted":
        return Outcome("later" if meaning == "later" else "refused", _words(code, reply))
    code, reply = smtp.docmd("DATA")
    if code == 354:
        return None
    return Outcome("rejected" if reply_means(code) == "refused" else "later", _words(code, reply))


def _body(mail: EmailMessage) -> bytes:
    """Give the mail as SMTP sends it: lines end in CRLF, a dot at their start is doubled."""
    stream = BytesIO()
    # Headers are not folded: some mail programs look for List-Unsubscribe on one line.
    BytesGenerator(stream, mangle_from_=False, maxheaderlen=0).flatten(mail.message())
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", stream.getvalue())
    dotted = re.sub(rb"(?m)^\.", b"..", lines)
    end = b"" if dotted.endswith(b"\r\n") else b"\r\n"
    return dotted + end + b".\r\n"


def _words(code: int, reply: bytes) -> str:
    return without_addresses(f"{code} {reply.decode('utf-8', 'replace')}")
