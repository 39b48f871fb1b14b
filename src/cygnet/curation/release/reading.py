"""What does a release say of itself? Its own files, read back: description, figures, checksums.

The dataset page shows this and nothing else. Refuses a folder that is no release, and one whose
payload lacks a file of its manifest; it does not hash the payload, which ``verify`` does.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from cygnet.curation.release.bag import PAYLOAD
from cygnet.curation.release.checksum_list import read_checksum_list
from cygnet.curation.release.config import DatasetDescription, ImageFormat
from cygnet.curation.release.errata import COLUMNS, ERRATA, RECORD
from cygnet.errors import InputError, Offender

MANIFEST: Final = "manifest-sha256.txt"
# What the publisher made for programs and for readers, beside the payload.
DOCUMENTS: Final = (
    "README.md",
    "DATASHEET.md",
    "CITATION.cff",
    "CITATION.txt",
    "LICENSE.txt",
    "ATTRIBUTION.md",
    "datacite.json",
    "schema-org.jsonld",
    "croissant.json",
    ERRATA,
    "images-sha256.txt",
    MANIFEST,
)


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """One file of the payload: its path under ``data/``, and what the manifest and the disk say."""

    path: str
    n_bytes: int
    sha256: str
    mtime_ns: int


@dataclass(frozen=True, eq=False)
class ReadRelease:
    """A release as it was published; ``facts`` are the figures of ``release.json``."""

    folder: Path
    description: DatasetDescription
    formats: tuple[ImageFormat, ...]
    facts: Mapping[str, Any]
    files: tuple[ReleasedFile, ...]
    errata: tuple[Mapping[str, str], ...]
    citation: str
    licence_text: str

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version that the errata name and this one, the newest first."""
        named = [*(row["version"] for row in self.errata), self.description.version]
        return tuple(reversed(list(dict.fromkeys(named))))

    def document(self, name: str) -> bytes:
        """Give one of :data:`DOCUMENTS` as it stands in the release."""
        if name not in DOCUMENTS:
            raise KeyError(name)
        return _read(self.folder / name).encode("utf-8")


def read_release(folder: Path) -> ReadRelease:
    """Read the release in ``folder``.

    Raises :class:`InputError` when it is none, or a file of its manifest is not there.
    """
    record = _record(folder)
    config = record["config"]
    known = {name: config[name] for name in DatasetDescription.model_fields if name in config}
    try:
        description = DatasetDescription.model_validate(known)
    except ValidationError as error:
        raise _no_release(folder, str(error)) from error
    return ReadRelease(
        folder=folder.resolve(),
        description=description,
        formats=tuple(config.get("images", {}).get("formats", ("jpeg",))),
        facts=record["facts"],
        files=_files(folder),
        errata=_errata(folder / ERRATA),
        citation=_read(folder / "CITATION.txt").strip(),
        licence_text=_read(folder / "LICENSE.txt"),
    )


def _record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads(_read(folder / RECORD))
    except ValueError as error:
        raise _no_release(folder, str(error)) from error
    if not isinstance(record, dict) or not {"config", "facts"} <= record.keys():
        raise _no_release(folder, "config and facts are missing")
    return record


def _no_release(folder: Path, why: str) -> InputError:
    return InputError.of(
        f"This release.json is not one of cygnet cohort release ({why}).",
        "Give the folder that cygnet cohort release made.",
        file=folder / RECORD,
    )


def _files(folder: Path) -> tuple[ReleasedFile, ...]:
    files, missing = [], []
    for one in read_checksum_list(folder / MANIFEST, is_bag=True):
        path = folder / one.path
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            missing.append(Offender(one.path))
            continue
        state = path.stat()
        name = one.path.removeprefix(f"{PAYLOAD}/")
        files.append(ReleasedFile(name, state.st_size, one.digest, state.st_mtime_ns))
    if missing:
        raise InputError.of(
            "Files of the release's manifest are not there.",
            "Copy the whole release; cygnet cohort verify names what is wrong.",
            file=folder / MANIFEST,
            offenders=missing,
        )
    return tuple(files)


def _errata(file: Path) -> tuple[Mapping[str, str], ...]:
    rows: Sequence[Mapping[str, str]] = list(csv.DictReader(StringIO(_read(file))))
    if any(set(row) != set(COLUMNS) or None in row.values() for row in rows):
        raise InputError.of(
            "The errata are not in the columns of a release.", "Copy the release again.", file=file
        )
    return tuple(rows)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.of(
            f"This file of a release cannot be read ({error}).",
            "Give the folder that cygnet cohort release made.",
            file=file,
        ) from error
