"""What tests of the site share: one contest folder a process, its database emptied after a test."""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from cygnet.site.folder import ContestFolder
from cygnet.site.start import open_site
from mail_ways import MailServer
from site_contest import Participant, write_contest

OPEN_MOMENT = datetime(2020, 6, 1, 12, 0, tzinfo=UTC)
LATE_MOMENT = datetime(2020, 9, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def site() -> Iterator[ContestFolder]:
    """Django, awake on a contest folder of its own, with all tables and nobody in them."""
    with tempfile.TemporaryDirectory(prefix="cygnet-site-") as made:
        folder = Path(made)
        write_contest(folder)
        os.environ.pop("CYGNET_DATABASE_URL", None)
        opened = open_site(folder)
        from django.test.utils import setup_test_environment, teardown_test_environment

        from cygnet.site.prepare import migrate

        setup_test_environment()
        migrate()
        yield opened
        teardown_test_environment()


@pytest.fixture
def db(site: ContestFolder) -> Iterator[ContestFolder]:
    """The tables of ``site``, emptied after the test."""
    yield site
    from django.core.cache import cache
    from django.core.management import call_command
    from django.db import connections

    call_command("flush", interactive=False, verbosity=0)
    cache.clear()
    connections.close_all()


class Clock:
    """The time that the contest sees."""

    def __init__(self) -> None:
        self.moment = OPEN_MOMENT

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, site: ContestFolder) -> Clock:
    """The contest's time, to be set; it begins while the contest is open."""
    del site
    from cygnet.site.contest import clock as real

    made = Clock()
    monkeypatch.setattr(real, "now", made.now)
    return made


@pytest.fixture
def contest(db: ContestFolder, clock: Clock) -> Iterator[ContestFolder]:
    """A contest that is open, nobody in it."""
    del clock
    from cygnet.site.contest import boards, founding

    for name in ("open", "sealed", "seed", "files"):
        shutil.rmtree(db.path / name, ignore_errors=True)
    boards.forget()
    founding.found(db.path / "truth.csv")
    yield db
    for name in ("open", "sealed", "seed", "files"):
        shutil.rmtree(db.path / name, ignore_errors=True)


@pytest.fixture
def join(contest: ContestFolder) -> Callable[..., Participant]:
    """Make a person with a verified team and a token."""
    del contest
    from cygnet.site.contest.people import make_user

    def make(name: str = "Swans", email: str | None = None) -> Participant:
        address = email or f"{name.lower().replace(' ', '-')}@example.org"
        return Participant(address, name, make_user(address, team=name, organiser=False))

    return make


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
