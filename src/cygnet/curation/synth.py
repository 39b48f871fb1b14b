"""What is the synthetic twin of ISIC 2020 on disk? A folder in the Kaggle layout.

Everything in it was drawn: no patient, no skin, no lesion is real. What a participant must not
see, the truth of the test images and the seed that gives it, lies apart under ``private/``;
without that folder the twin can be handed out as it is.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cygnet.curation import twin_figures as figures
from cygnet.curation.twin_appearance import Sitter, Traitline
from cygnet.curation.twin_patients import Part, images_a_patient
from cygnet.curation.twin_picture import ImageFormat, PicturePlan, PictureShard, write_pictures
from cygnet.curation.twin_table import (
    DEFAULT_SHORTCUTS,
    draw_table,
    draw_tables,
    listed_duplicates,
)
from cygnet.durable import folder_whole, write_text_whole, write_whole
from cygnet.errors import InputError
from cygnet.shards import run_shards

__all__ = ["SETTINGS", "TEST_TRUTH", "TwinSummary", "count_images", "draw_table", "write_twin"]

TEST_TRUTH = Path("private", "test_truth.csv")
SETTINGS = Path("private", "twin.json")
_README = """Synthetic. Every patient, lesion and picture here was drawn by Cygnet; none is real.

Laid out like ISIC 2020 on Kaggle. The folder private/ holds the truth of the test images and the
settings from which all of it can be drawn again: leave it out when you hand the data to others.
"""
_TEST_PATIENTS_SHARE = 690 / 2_056
_SHARD_IMAGES = 24
_SMALLEST_PX, _LARGEST_PX = 16, 6_000
_RESIZED_SHARE = 0.75
_TEST_COLUMNS = (
    "image_name",
    "patient_id",
    "sex",
    "age_approx",
    "anatom_site_general_challenge",
)
_TRAIN_COLUMNS = (*_TEST_COLUMNS, "diagnosis", "benign_malignant", "target")
_V2_COLUMNS = (*_TRAIN_COLUMNS[:2], "lesion_id", *_TRAIN_COLUMNS[2:])


@dataclass(frozen=True, slots=True)
class TwinSummary:
    """What was written where. ``test_truth`` is None where there is no test set."""

    folder: Path
    n_images: int
    n_patients: int
    n_melanomas: int
    n_test_images: int
    n_test_patients: int
    test_truth: Path | None

    def sentence(self) -> str:
        """Say it in one line."""
        text = (
            f"{self.n_images} images of {self.n_patients} synthetic patients,"
            f" {self.n_melanomas} melanomas"
        )
        if self.n_test_images:
            text += f", and {self.n_test_images} test images of {self.n_test_patients} more"
        return f"{text}, in {self.folder}"


@dataclass(frozen=True, slots=True)
class _Settings:
    """All that decides the bytes of a twin."""

    n_patients: int
    n_test_patients: int
    seed: int
    size_px: int | None
    image_format: ImageFormat
    melanoma_prevalence: float
    shortcut_strength: float
    traitline: Traitline


def count_images(n_patients: int, seed: int, *, n_test_patients: int | None = None) -> int:
    """Give how many images :func:`write_twin` would write for these patients, test set included."""
    n_test_patients = _test_patients(n_patients, n_test_patients)
    parts: tuple[tuple[Part, int], ...] = (("train", n_patients), ("test", n_test_patients))
    return sum(int(images_a_patient(part, count, seed).sum()) for part, count in parts)


def write_twin(
    out: Path,
    *,
    n_patients: int,
    seed: int,
    n_test_patients: int | None = None,
    size_px: int | None = None,
    image_format: ImageFormat = "jpeg",
    melanoma_prevalence: float = figures.PREVALENCE,
    shortcut_strength: float = DEFAULT_SHORTCUTS,
    traitline: Traitline | None = None,
    images: bool = True,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> TwinSummary:
    """Write a synthetic cohort to ``out``, whole or not at all; the same seed gives the same bytes.

    ``size_px`` is the longer side of the pictures as saved (never more than the stated original
    size); they keep the stated aspect. ``None`` saves them at the stated original size itself, up
    to 6000 px and slow. ``*_original_size.csv`` states the original size in either case, as it does
    beside resized real images. ``n_test_patients`` defaults to the real test set's share.
    ``images=False`` writes the tables alone. ``progress`` is told how many pictures were written
    since it was last called; :func:`count_images` says how many there will be.

    ``melanoma_prevalence`` is a share of the images. ``shortcut_strength`` (see
    :func:`~cygnet.curation.twin_table.draw_table`) and ``traitline`` (signature strength, melanoma
    conspicuity) are what a study of patient context turns. ``private/twin.json`` repeats them all.

    Raises :class:`InputError` for numbers that cannot be, :class:`StorageError` where ``out`` is
    taken or cannot be written.
    """
    settings = _Settings(
        n_patients=n_patients,
        n_test_patients=_test_patients(n_patients, n_test_patients),
        seed=seed,
        size_px=size_px,
        image_format=image_format,
        melanoma_prevalence=melanoma_prevalence,
        shortcut_strength=shortcut_strength,
        traitline=traitline or Traitline(),
    )
    train, test = _draw(settings)
    with folder_whole(out) as folder:
        _write_tables(folder, train, test)
        write_text_whole(folder / "README.txt", _README)
        # Apart, with the truth: who knows the seed can draw the truth again.
        write_text_whole(folder / SETTINGS, json.dumps(asdict(settings), indent=2) + "\n")
        if images:
            shards = _shards(folder, train, test, settings)
            _write_images(shards, workers, progress)
    return TwinSummary(
        folder=out,
        n_images=train.height,
        n_patients=n_patients,
        n_melanomas=int(train["target"].sum()),
        n_test_images=test.height,
        n_test_patients=settings.n_test_patients,
        test_truth=out / TEST_TRUTH if test.height else None,
    )


def _draw(settings: _Settings) -> tuple[pl.DataFrame, pl.DataFrame]:
    size_px = settings.size_px
    if size_px is not None and not _SMALLEST_PX <= size_px <= _LARGEST_PX:
        raise InputError.of(
            f"Pictures of {size_px} px cannot be drawn.",
            f"Ask for {_SMALLEST_PX} to {_LARGEST_PX} px.",
        )
    strengths = asdict(settings.traitline)
    if not 0 <= strengths["signature_strength"] <= 1 or strengths["melanoma_conspicuity"] < 0:
        raise InputError.of(
            f"Pictures cannot speak as strongly as {strengths}.",
            "Give a signature strength from 0 to 1, and a conspicuity of 0 or more.",
        )
    return draw_tables(
        settings.n_patients,
        settings.n_test_patients,
        settings.seed,
        settings.melanoma_prevalence,
        settings.shortcut_strength,
    )


def _test_patients(n_patients: int, n_test_patients: int | None) -> int:
    return round(n_patients * _TEST_PATIENTS_SHARE) if n_test_patients is None else n_test_patients


def _write_tables(folder: Path, train: pl.DataFrame, test: pl.DataFrame) -> None:
    _write_csv(train.select(_TRAIN_COLUMNS), folder / "train.csv")
    # As published: the second version of the table has whole numbers, Kaggle's has 45.0.
    whole = pl.col("age_approx").cast(pl.Int64)
    second = train.select(_V2_COLUMNS).with_columns(whole)
    _write_csv(second, folder / "ISIC_2020_Training_GroundTruth_v2.csv")
    _write_csv(listed_duplicates(train), folder / "ISIC_2020_Training_Duplicates.csv")
    sizes = ("image_name", "width", "height")
    _write_csv(train.select(sizes), folder / "train_original_size.csv")
    if test.height:
        _write_csv(test.select(_TEST_COLUMNS), folder / "test.csv")
        _write_csv(test.select(sizes), folder / "test_original_size.csv")
        _write_csv(test.select(_V2_COLUMNS), folder / TEST_TRUTH)


def _write_csv(table: pl.DataFrame, path: Path) -> None:
    with write_whole(path) as stream:
        table.write_csv(stream)


def _write_images(
    shards: Sequence[PictureShard], workers: int | None, progress: Callable[[int], None] | None
) -> None:
    for shard in shards:
        shard.folder.mkdir(parents=True, exist_ok=True)
    for _, written in run_shards(write_pictures, shards, workers=workers):
        if progress is not None:
            progress(written)
    # One sync for thousands of pictures; one each takes as long as drawing it.
    os.sync()


def _shards(
    folder: Path, train: pl.DataFrame, test: pl.DataFrame, settings: _Settings
) -> list[PictureShard]:
    shards = []
    for part, table in (("train", train), ("test", test)):
        images = folder / "jpeg" / part if settings.image_format == "jpeg" else folder / part
        plans = list(plans_of(table, settings.size_px))
        shards += [
            PictureShard(
                images,
                tuple(plans[start : start + _SHARD_IMAGES]),
                settings.seed,
                settings.traitline,
                settings.image_format,
            )
            for start in range(0, len(plans), _SHARD_IMAGES)
        ]
    return shards


def plans_of(table: pl.DataFrame, size_px: int | None) -> Iterator[PicturePlan]:
    """Plan a picture for each row of a drawn table; a copy is planned from what it repeats.

    ``size_px`` is the longer side of each, ``None`` for the stated original size.
    """
    rows = {row["image_name"]: row for row in table.iter_rows(named=True)}
    for name, row in rows.items():
        retaken = row["copy_kind"] == "retaken"
        source = rows[row["copy_of"]] if row["copy_of"] is not None else row
        shown = _fitted((source["width"], source["height"]), size_px)
        saved = _fitted((row["width"], row["height"]), size_px)
        if row["copy_kind"] == "resized" and saved == shown:
            saved = _fitted(saved, round(_RESIZED_SHARE * max(saved)))
        yield PicturePlan(
            image_name=name,
            patient_id=row["patient_id"],
            lesion_id=row["lesion_id"],
            sitter=_sitter(row if retaken else source, source, retaken=retaken),
            drawn_px=shown,
            size_px=saved,
            sex=row["sex"],
            site=row["anatom_site_general_challenge"],
        )


def _sitter(row: dict[str, Any], source: dict[str, Any], *, retaken: bool) -> Sitter:
    return Sitter(
        image=_number(row["image_name"]),
        patient=_number(source["patient_id"]),
        # The lesion's number in the pictures is that of its first image.
        lesion=_number(source["image_name"]),
        diagnosis=source["diagnosis"],
        camera=source["camera"],
        age_years=source["age_approx"],
        male=source["sex"] == "male",
        site=source["anatom_site_general_challenge"],
        retaken=retaken,
    )


def _number(identifier: str) -> int:
    return int(identifier.rsplit("_", 1)[1])


def _fitted(size: Sequence[int], longer_px: int | None) -> tuple[int, int]:
    """Scale a size down so that its longer side is ``longer_px``; never up."""
    scale = 1.0 if longer_px is None else min(1.0, longer_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
