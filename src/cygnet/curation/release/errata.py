"""What changed since the version before, and why? Images, rows and labels, each with its reason.

Compares two releases by what was published. A change that no ``[[erratum]]`` explains is refused;
the labels of the test set are compared apart, from the publisher's own files.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from cygnet.cohort.table import read_cohort
from cygnet.curation.release.bag import IMAGE_CHECKSUMS
from cygnet.curation.release.config import Change, Erratum, ReleaseConfig
from cygnet.curation.release.parts import WrittenImage
from cygnet.curation.release.selection import Selected
from cygnet.curation.release.tables import (
    GROUND_TRUTH,
    GROUND_TRUTH_V2,
    TEST_COLUMNS,
    TEST_METADATA,
    V2_COLUMNS,
)
from cygnet.errors import MAX_SHOWN, Fault, InputError, Offender

ERRATA: Final = "errata.csv"
RECORD: Final = "release.json"
COLUMNS: Final = ("version", "image_name", "change", "column", "before", "after", "reason")

_LABELS: Final = ("diagnosis", "benign_malignant", "target")


@dataclass(frozen=True, slots=True)
class Changed:
    """One change: of which image, of which kind, and, for a cell, its column and both values."""

    image_name: str
    change: Change
    column: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Published:
    """A release as far as a later one is compared with it."""

    folder: Path
    version: str
    cells: Mapping[str, Mapping[str, str]]
    checksums: Mapping[str, str]
    errata: tuple[dict[str, Any], ...]


def read_published(config: ReleaseConfig) -> Published | None:
    """Read the release before this one; ``None`` where the configuration names none.

    Raises :class:`InputError` when it is none, is of another dataset, or is not an earlier version.
    """
    if config.previous is None:
        return None
    folder = config.previous.folder
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        version, name = str(record["version"]), str(record["name"])
        lines = (folder / IMAGE_CHECKSUMS).read_text(encoding="utf-8").splitlines()
        checksums = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
        # Empty where nothing has changed so far, which no table of a cohort may be.
        errata = pl.read_csv(folder / ERRATA, infer_schema=False, null_values="")
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError.of(
            f"The previous release cannot be read ({error}).",
            "Give its folder, as cygnet cohort release made it.",
            file=folder,
        ) from error
    if name != config.name or _number(version) >= _number(config.version):
        raise InputError.of(
            f"The previous release is {name} {version}, and this one is"
            f" {config.name} {config.version}.",
            "Keep the name, and give a higher version.",
            file=folder,
        )
    cells = _published_cells(folder / "data")
    return Published(folder, version, cells, checksums, tuple(errata.iter_rows(named=True)))


def _number(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))


def _published_cells(data: Path) -> dict[str, dict[str, str]]:
    train = data / GROUND_TRUTH_V2
    cohorts = [read_cohort(train if train.is_file() else data / GROUND_TRUTH, "train")]
    if (data / TEST_METADATA).is_file():
        cohorts.append(read_cohort(data / TEST_METADATA, "test"))
    cells: dict[str, dict[str, str]] = {}
    for cohort in cohorts:
        columns = V2_COLUMNS if cohort.part == "train" else TEST_COLUMNS
        cells |= _cells(cohort.table, cohort.part, columns)
    return cells


def _cells(table: pl.DataFrame, part: str, columns: Sequence[str]) -> dict[str, dict[str, str]]:
    text = table.select(
        pl.col(name).cast(pl.Int64).cast(pl.String) if name == "age_approx"
        else pl.col(name).cast(pl.String)
        for name in columns
    )  # fmt: skip
    return {
        row["image_name"]: {"part": part}
        | {name: value or "" for name, value in row.items() if name != "image_name"}
        for row in text.iter_rows(named=True)
    }


def changes(
    previous: Published, selected: Selected, images: Iterable[WrittenImage]
) -> list[Changed]:
    """Give every difference to ``previous``, by image_name.

    Raises :class:`InputError` when no identifier is in both: the key is another.
    """
    cells = _cells(selected.train, "train", V2_COLUMNS)
    cells |= _cells(selected.test, "test", TEST_COLUMNS)
    common = previous.cells.keys() & cells.keys()
    if not common:
        raise InputError.of(
            f"Not one image of version {previous.version} is in this one: the key is another, or"
            " the ledger beside it is not there.",
            "Use the key and the ledger of the previous release.",
            file=previous.folder,
        )
    found = [Changed(name, "image-added") for name in cells.keys() - common]
    found += [Changed(name, "image-removed") for name in previous.cells.keys() - common]
    for name in common:
        found += _changed_cells(name, previous.cells[name], cells[name])
    # A DICOM file repeats cells of the table; where JPEG is handed out, it shows what else changed.
    both = [image for image in images if image.path in previous.checksums]
    pictures = [image for image in both if image.path.endswith(".jpg")] or both
    altered = {
        image.image_name for image in pictures if previous.checksums[image.path] != image.sha256
    }
    found += [Changed(name, "image-changed") for name in altered & common]
    return sorted(found, key=lambda one: (one.image_name, one.change, one.column))


def _changed_cells(
    name: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Changed]:
    for column in {**before, **after}:
        old, new = before.get(column, ""), after.get(column, "")
        if old != new:
            kind: Change = "label-changed" if column in _LABELS else "row-changed"
            yield Changed(name, kind, column, old, new)


def explained(
    found: Sequence[Changed], config: ReleaseConfig, sources: Mapping[str, str], file: Path
) -> list[dict[str, str]]:
    """Give the errata of this version, each with the reason that ``config`` gives for it.

    The first ``[[erratum]]`` that names the image decides, else the first that names its kind
    alone. ``sources`` gives the source image_name of each released one. Raises
    :class:`InputError` with the changes that none explains.
    """
    rows, silent = [], dict[str, list[Offender]]()
    for one in found:
        reason = _reason(one, config.erratum, sources.get(one.image_name))
        if reason is None:
            place = f"{one.image_name} {one.column}: {one.before!r} to {one.after!r}"
            shown = Offender(place if one.column else one.image_name)
            silent.setdefault(one.change, []).append(shown)
            continue
        values = (one.image_name, one.change, one.column, one.before, one.after, reason)
        rows.append(dict(zip(COLUMNS, (config.version, *values), strict=True)))
    if silent:
        raise InputError(
            *(
                Fault(
                    f"No [[erratum]] says why this changed since the version before ({change}).",
                    f'Add one with a reason and `change = "{change}"`, or with `images`.',
                    file,
                    tuple(shown[:MAX_SHOWN]),
                    len(shown),
                )
                for change, shown in silent.items()
            )
        )
    return rows


def _reason(one: Changed, errata: Sequence[Erratum], source: str | None) -> str | None:
    fitting = [erratum for erratum in errata if erratum.change in {None, one.change}]
    for erratum in fitting:
        if one.image_name in erratum.images or (source is not None and source in erratum.images):
            return erratum.reason
    return next((erratum.reason for erratum in fitting if not erratum.images), None)


def truth_changes(before: Path, after: pl.DataFrame) -> list[Changed]:
    """Give the test labels that differ from the truth of the version before, for the publisher."""
    old = _cells(read_cohort(before, "train").table, "test", ("image_name", *_LABELS))
    new = _cells(after, "test", ("image_name", *_LABELS))
    return [
        changed
        for name in sorted(old.keys() & new.keys())
        for changed in _changed_cells(name, old[name], new[name])
    ]


def errata_csv(rows: Sequence[Mapping[str, str | None]]) -> str:
    """Give errata.csv: every change of every version so far, the oldest first."""
    table = pl.DataFrame(
        [[row.get(column) or None for column in COLUMNS] for row in rows],
        schema=dict.fromkeys(COLUMNS, pl.String),
        orient="row",
    )
    return table.write_csv()


def private_csv(found: Sequence[Changed]) -> str:
    """Give the changes of test labels as a table for the publisher."""
    names = ("image_name", "column", "before", "after")
    cells = [[getattr(one, name) for name in names] for one in found]
    return pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String), orient="row").write_csv()
