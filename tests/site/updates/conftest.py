"""A mail server on loopback, and the site that uses it."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

from cygnet.site.folder import ContestFolder
from mail_ways import MailServer


@pytest.fixture
def mail_server() -> Iterator[tuple[MailServer, int]]:
    handler = MailServer()
    # The library asks the port that it is given whether it listens, so that 0 is none.
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    with contextlib.suppress(AssertionError):
        controller.stop()


@pytest.fixture
def mail(db: ContestFolder, mail_server: tuple[MailServer, int]) -> Iterator[MailServer]:
    """The site with that server; mail is sent when a test looks into the outbox."""
    from django.test import override_settings

    assert db.path.is_dir()
    handler, port = mail_server
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        EMAIL_HOST_USER="",
        EMAIL_HOST_PASSWORD="",
        EMAIL_USE_SSL=False,
        EMAIL_USE_TLS=False,
        EMAIL_TIMEOUT=1,
        DEFAULT_FROM_EMAIL="Challenge <noreply@challenge.example>",
        PUBLIC_URL="https://challenge.example",
        ALLOWED_HOSTS=["*"],
        UPDATES_PAUSE_S=0.0,
    ):
        yield handler
