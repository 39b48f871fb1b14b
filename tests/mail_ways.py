"""A mail server that can refuse, put off, stall and hang up, and what tests of updates do often."""

import email
import threading
import time
from email import policy
from email.message import EmailMessage
from typing import Any


class MailServer:
    """What arrived, and how the server treats an address: by the words in it."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.stalls_at = ""
        self.stall_s = 0.5
        self.hang_up_after_body = False

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.arrived if mail["To"] == address]

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        del server, session, options
        if "refused" in address:
            return f"550 5.1.1 <{address}>: no such mailbox"
        if "later" in address:
            return "451 4.3.0 try again later"
        if self.stalls_at == "RCPT":
            await stall(self.stall_s)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        del session
        data = envelope.content
        if b"unwanted words" in data:
            return "554 5.7.1 rejected as spam"
        parsed: Any = email.message_from_bytes(data, policy=policy.default)
        self.arrived.append(parsed)
        if self.hang_up_after_body:
            server.transport.close()
        if self.stalls_at == "DATA":
            await stall(self.stall_s)
        return "250 2.0.0 taken"


async def stall(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


def look(n: int = 1) -> None:
    """Let one process look into the outbox, and end."""
    from cygnet.site.updates.outbox import Sender

    sender = Sender(threading.Event())
    for _ in range(n):
        sender.look()
    sender.end()


def sign_up(address: str, *, wait: bool = True, **more: str) -> Any:
    """Send the form as a visitor does; give the answer."""
    from django.core import signing
    from django.test import Client
    from django.utils import timezone

    from cygnet.site.updates import asking

    stamp = signing.dumps(timezone.now().timestamp() - 10 * wait, salt=asking._SALT)
    client = Client(REMOTE_ADDR=more.pop("remote", "192.0.2.1"))
    return client.post("/updates/", {"email": address, "website": "", "stamp": stamp} | more)


def subscribe(*addresses: str) -> None:
    """Put confirmed addresses on the list."""
    from cygnet.site.updates.models import Subscriber

    for address in addresses:
        Subscriber.objects.create(
            email=address, state=Subscriber.State.CONFIRMED, site_url="https://challenge.example"
        )


def link(message: EmailMessage, word: str) -> str:
    """Give the path of the link in a mail's text that holds ``word``."""
    text = message.get_content()
    found = [part for part in text.split() if part.startswith("https://") and word in part]
    assert len(found) == 1, text
    return str(found[0]).removeprefix("https://challenge.example")


def wait_for(condition: Any, seconds: float = 20.0) -> None:
    """Wait until ``condition()`` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
