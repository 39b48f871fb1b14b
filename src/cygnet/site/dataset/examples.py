"""Which pictures does the page show? A few of each diagnosis, from as many sites and patients.

Taken from the release itself, in the order of its table; only chosen ones can be asked for. Each is
made small once and kept in the contest folder.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.conf import settings

from cygnet.cohort.table import read_dataset
from cygnet.curation.release.bag import PAYLOAD
from cygnet.curation.release.reading import ReadRelease
from cygnet.durable import write_whole
from cygnet.images.dicom import read_dicom_picture
from cygnet.report.thumbnails import small_jpeg
from cygnet.site.dataset.subject import Subject

SIDE_PX: Final = 448
MOST_DIAGNOSES: Final = 8
MOST_OF_ONE: Final = 6
_SITE: Final = "anatom_site_general_challenge"
_FIRST: Final = "melanoma"


@dataclass(frozen=True, slots=True)
class Example:
    """One picture: its image_name, and what the table says of it."""

    image_name: str
    diagnosis: str
    site: str
    patient: str

    @property
    def alternative(self) -> str:
        """What stands for the picture where it cannot be seen."""
        return f"Dermoscopic image, {self.diagnosis}, {self.site}"

    @property
    def about(self) -> str:
        """What stands under the picture."""
        return f"{self.site}{f', {self.patient}' if self.patient else ''}"


@dataclass(frozen=True, slots=True)
class Group:
    """Examples of one diagnosis, of ``n_images`` in all."""

    diagnosis: str
    n_images: int
    examples: tuple[Example, ...]


@cache
def training_table(release: ReadRelease) -> pl.DataFrame:
    """Give the training table of a release."""
    return read_dataset(release.folder / PAYLOAD).train.table


def example_groups(release: ReadRelease) -> tuple[Group, ...]:
    """Choose the examples: melanoma first, then the commonest diagnoses."""
    table = training_table(release)
    counts = table.drop_nulls("diagnosis").group_by("diagnosis").len()
    ordered = counts.sort(
        pl.col("diagnosis") != _FIRST, pl.col("len"), pl.col("diagnosis"),
        descending=[False, True, False],
    )  # fmt: skip
    return tuple(
        Group(diagnosis, n_images, tuple(_chosen(table.filter(pl.col("diagnosis") == diagnosis))))
        for diagnosis, n_images in ordered.head(MOST_DIAGNOSES).iter_rows()
    )


def _chosen(rows: pl.DataFrame) -> Iterator[Example]:
    """Take one image of each site in turn, and no patient twice while there are others."""
    left = rows.select("image_name", "patient_id", "diagnosis", _SITE, "sex", "age_approx")
    waiting = list(left.iter_rows(named=True))
    sites: set[Any] = set()
    patients: set[Any] = set()
    for _ in range(min(MOST_OF_ONE, len(waiting))):
        best = min(
            range(len(waiting)),
            key=lambda n: (
                waiting[n]["patient_id"] in patients,
                waiting[n][_SITE] in sites or waiting[n][_SITE] is None,
                n,
            ),
        )
        row = waiting.pop(best)
        sites.add(row[_SITE])
        patients.add(row["patient_id"])
        age = "" if row["age_approx"] is None else f"about {row['age_approx']:.0f} years"
        yield Example(
            row["image_name"],
            row["diagnosis"],
            row[_SITE] or "site not known",
            ", ".join(word for word in (row["sex"], age) if word),
        )


def picture(about: Subject, image_name: str) -> bytes | None:
    """Give the small JPEG of an example; ``None`` where it is none, or cannot be shown."""
    release = about.release
    if release is None or image_name not in _names(release):
        return None
    kept: Path = settings.DATASET_PICTURES / about.terms / f"{image_name}.jpg"
    if kept.is_file():
        return kept.read_bytes()
    original = _original(release, image_name)
    small = None if original is None else small_jpeg(original, side_px=SIDE_PX)
    if small is not None:
        with write_whole(kept) as stream:
            stream.write(small)
    return small


@cache
def _names(release: ReadRelease) -> frozenset[str]:
    return frozenset(one.image_name for group in example_groups(release) for one in group.examples)


@cache
def _places(release: ReadRelease) -> dict[str, tuple[str, str]]:
    """Say where each example lies: its archive (empty: a file of its own) and its path."""
    wanted = _names(release)
    found: dict[str, tuple[str, str]] = {}
    for file in release.files:
        if file.path.endswith(".zip"):
            with zipfile.ZipFile(release.folder / PAYLOAD / file.path) as archive:
                entries = [(file.path, name) for name in archive.namelist()]
        else:
            entries = [("", file.path)] if file.path.endswith((".jpg", ".dcm")) else []
        for archive_name, name in entries:
            stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
            if stem in wanted and (name.endswith(".jpg") or stem not in found):
                found[stem] = archive_name, name
    return found


def _original(release: ReadRelease, image_name: str) -> bytes | None:
    place = _places(release).get(image_name)
    if place is None:
        return None
    archive_name, name = place
    payload = release.folder / PAYLOAD
    if archive_name:
        with zipfile.ZipFile(payload / archive_name) as archive:
            data = archive.read(name)
    else:
        data = (payload / name).read_bytes()
    if name.endswith(".dcm"):
        found = read_dicom_picture(data, file=Path(name))
        return found if isinstance(found, bytes) else None
    return data
