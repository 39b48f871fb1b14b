"""How is a contest copied? Online, whole, while it is served; the copy can be served itself."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from cygnet.durable import folder_whole, write_whole
from cygnet.errors import StorageError
from cygnet.site.contest.models import Submission
from cygnet.site.contest.stored import stored_bytes
from cygnet.site.folder import CONTEST_FILE, SECRETS_FILE

PLAIN_FILES = (CONTEST_FILE, "open", "sealed")


def back_up(out: Path) -> dict[str, object]:
    """Copy the contest to ``out`` while it is served; give what was copied and what was not.

    The database first, then the files: every submission in it has its file. The secrets and the
    seed are left out, so that a copy that goes astray opens nothing.
    """
    folder = settings.CONTEST.path
    with folder_whole(out) as made:
        _copy_database(made)
        n_files = _copy_files(made / "files")
        for name in PLAIN_FILES:
            source = folder / name
            if source.is_dir():
                shutil.copytree(source, made / name)
            elif source.exists():
                shutil.copy2(source, made / name)
        made.chmod(0o700)
    return {
        "out": str(out),
        "database": "contest.sqlite3" if settings.CONTEST.is_sqlite else "contest.dump",
        "n_files": n_files,
        "left_out": [SECRETS_FILE, "seed"],
    }


def _copy_database(made: Path) -> None:
    folder = settings.CONTEST
    if folder.is_sqlite:
        with (
            closing(sqlite3.connect(folder.sqlite_file, timeout=30)) as source,
            closing(sqlite3.connect(made / "contest.sqlite3")) as target,
        ):
            source.backup(target, pages=1000, sleep=0.01)
        (made / "contest.sqlite3").chmod(0o600)
        return
    url = urlsplit(folder.database_url)
    try:
        subprocess.run(  # noqa: S603 - the organiser's own program and URL
            ["pg_dump", "--format=custom", "--file", str(made / "contest.dump"), url.geturl()],  # noqa: S607
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise StorageError.of(
            f"pg_dump did not copy the database: {said.decode(errors='replace').strip()}",
            "Install PostgreSQL's client programs of the server's version.",
        ) from error


def _copy_files(into: Path) -> int:
    n_files = 0
    for name in Submission.objects.order_by("number").values_list("file", flat=True):
        with write_whole(into / name) as target:
            target.write(stored_bytes(name))
        n_files += 1
    return n_files
