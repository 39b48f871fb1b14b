"""How does the contest stand? Its one row, its settings, and what is open to the running site."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings as site_settings
from django.db import transaction
from django.db.models import F

from cygnet.challenge.journal import canonical
from cygnet.challenge.settings import ContestSettings
from cygnet.challenge.truth import Part
from cygnet.errors import InputError
from cygnet.site.contest.models import Contest
from cygnet.site.folder import ContestFolder

OPEN = "open"
SEALED = "sealed"
SEED = "seed/seed.json"
ROW = 1
# Thousands of rows of a frozen board: read where the board is made, not with every page.
LARGE = ("ladder", "closed_board", "late_board")


def hosts_contest(folder: ContestFolder) -> bool:
    """Say whether this folder has a contest at all, or a dataset page alone."""
    return (folder.path / OPEN / "images.csv").is_file()


def contest() -> Contest:
    """Give the contest's row."""
    row: Contest = Contest.objects.defer(*LARGE).get(pk=ROW)
    return row


def needed_contest() -> Contest:
    """Give the contest's row, or raise :class:`InputError` where this folder hosts none."""
    row: Contest | None = Contest.objects.defer(*LARGE).filter(pk=ROW).first()
    if row is None:
        raise InputError.of(
            "This folder hosts no contest, a dataset page alone.",
            "Make another with: cygnet challenge init DIR --truth TRUTH.csv",
            file=site_settings.CONTEST.path,
        )
    return row


def contest_settings(row: Contest | None = None) -> ContestSettings:
    """Give the settings as they stand now."""
    return ContestSettings.from_json((row or contest()).settings)


@contextmanager
def writing() -> Iterator[Contest]:
    """Open the write transaction of one act; acts take turns at the contest's row."""
    with transaction.atomic():
        yield Contest.objects.select_for_update().defer(*LARGE).get(pk=ROW)


def touch(row: Contest) -> None:
    """Say that a page that is kept by version has to be made anew."""
    Contest.objects.filter(pk=row.pk).update(version=F("version") + 1)


def settings_of_file(folder: ContestFolder) -> tuple[ContestSettings, str]:
    """Give the settings that ``contest.toml`` asks for, and the digest by which they are known."""
    document: dict[str, Any] = {
        "name": folder.contest.name,
        "title": folder.contest.title,
        **{
            key: value.isoformat() if hasattr(value, "isoformat") else value
            for key, value in folder.contest.rules.items()
        },
    }
    made = ContestSettings.from_json(document)
    return made, sha256(canonical(made.as_json())).hexdigest()


def open_folder() -> Path:
    """Give the folder of what the running site may read of the truth."""
    path: Path = site_settings.CONTEST.path / OPEN
    return path


@cache
def _open_truth(digest: str) -> tuple[tuple[str, ...], Part]:
    # By digest: a truth that was corrected is read anew.
    del digest
    from cygnet.challenge.sealing import load_image_names, load_public

    return load_image_names(open_folder()), load_public(open_folder())


def open_truth(row: Contest) -> tuple[tuple[str, ...], Part]:
    """Give the ids of all images, and the public part."""
    return _open_truth(row.truth_digest)
