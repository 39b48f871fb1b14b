"""How is a contest folder made, and its database brought up to date?"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cygnet.durable import storage_errors, write_text_whole
from cygnet.errors import InputError
from cygnet.site.folder import CONTEST_FILE, ContestFolder, new_secret, write_secrets
from cygnet.site.start import open_site

_ISIC_2020 = """\
title = "SIIM-ISIC Melanoma Classification"
subtitle = "Identify melanoma in dermoscopic images, looking at all lesions of a patient"
"""

_OTHER = """\
title = "{name}"
subtitle = ""
"""

_TEMPLATE = """\
# What an organiser may change; docs/reference/site.md explains every key. Secrets never stand here.
name = "{name}"
{words}time_zone = "UTC"
organiser_email = ""

[database]
url = "sqlite:contest.sqlite3"   # or postgresql://user@host/name

[storage]
url = "files"                    # or s3://bucket/prefix?endpoint=https://host

[mail]
url = "files"                    # or smtp://host:25, smtp+starttls://, smtps://
sender = "Cygnet challenge <noreply@localhost>"
"""

_RULES = """
[rules]                          # docs/reference/challenge-rules.md
opens = {opens}
closes = {closes}
daily_limit = 5
team_size = 5
finals = 3
public_share = 0.3               # fixed once the truth is split
"""

_RELEASE = """
[dataset]
release = "{release}"
"""

OPEN_DAYS = 90


def make_folder(
    path: Path, name: str, *, truth: Path | None = None, release: Path | None = None
) -> None:
    """Make a contest folder that can be served; raises where something stands there already.

    Without ``truth`` the site has the dataset page and updates only. What fails leaves nothing.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError.of(
            "This is already there and is not an empty folder.", "Choose another name.", file=path
        )
    if truth is not None:
        # Before anything is made: a truth that cannot be used is the commonest fault.
        from cygnet.challenge.truth import read_contest_truth

        read_contest_truth(truth)
    with _removed_on_failure(path):
        _write_files(path, name, with_rules=truth is not None, release=release)
        open_site(path)
        migrate()
        if truth is not None:
            from cygnet.site.contest.founding import found

            found(truth)


def _write_files(path: Path, name: str, *, with_rules: bool, release: Path | None) -> None:
    words = _ISIC_2020 if name == "isic2020" else _OTHER.format(name=name)
    text = _TEMPLATE.format(name=name, words=words)
    if with_rules:
        opens = datetime.now(UTC).replace(microsecond=0)
        closes = (opens + timedelta(days=OPEN_DAYS)).replace(hour=23, minute=59, second=0)
        text += _RULES.format(opens=opens.isoformat(), closes=closes.isoformat())
    if release is not None:
        text += _RELEASE.format(release=str(release.resolve()).replace("\\", "\\\\"))
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        write_secrets(path, {"secret_key": new_secret(), "webhook_secret": new_secret()})
        write_text_whole(path / CONTEST_FILE, text)


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    import shutil

    try:
        yield
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


def migrate() -> None:
    """Bring the database to this version's tables."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def open_current(path: Path) -> ContestFolder:
    """Wake Django for a contest folder and bring an earlier version's tables up to date."""
    folder = open_site(path)
    bring_up_to_date()
    return folder


def bring_up_to_date() -> None:
    """Bring the database to this version's tables where it is not there; else only look."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        migrate()
