"""What tests of the site share: one contest folder a process, its database emptied after a test."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cygnet.site.folder import CONTEST_FILE, ContestFolder, write_secrets
from cygnet.site.start import open_site

CONTEST = """\
name = "isic2020"
title = "Melanoma of synthetic patients"
organiser_email = "organisers@example.org"
time_zone = "Europe/Vienna"
"""


@pytest.fixture(scope="session")
def site() -> Iterator[ContestFolder]:
    """Django, awake on a contest folder of its own, with all tables and nobody in them."""
    with tempfile.TemporaryDirectory(prefix="cygnet-site-") as made:
        folder = Path(made)
        write_secrets(folder, {"secret_key": "a secret of tests, as long as it has to be for ever"})
        (folder / CONTEST_FILE).write_text(CONTEST, encoding="utf-8")
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
