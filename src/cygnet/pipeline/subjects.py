"""Which images does a list of paths mean: files, folders of files, or a dataset with a table?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from cygnet.cohort.layout import locate_images
from cygnet.cohort.table import read_dataset
from cygnet.errors import InputError, Offender
from cygnet.vocabulary import IMAGE_SUFFIXES


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """What is to be predicted: ``(image_name, file)`` an image, and what was understood.

    ``table`` holds the images of a dataset with their patients and lesions, and is ``None`` for
    files alone.
    """

    items: list[tuple[str, Path]]
    sentence: str
    table: pl.DataFrame | None = None


def images_to_predict(
    paths: Sequence[Path], part: Literal["train", "test"], *, allow_missing: bool
) -> Subjects:
    """Find every image that ``paths`` mean.

    One CSV, or one folder that holds a CSV, is a dataset: its ``part`` is taken, or its only one.
    Anything else is image files and folders of them. Raises :class:`InputError` for a path that is
    not there or holds no image, for one name twice, and for images of a dataset that are missing.
    """
    if len(paths) == 1 and _is_dataset(paths[0]):
        return _of_dataset(paths[0], part, allow_missing=allow_missing)
    items = [(file.stem, file) for path in paths for file in _image_files(path)]
    twice = [name for name, count in Counter(name for name, _ in items).items() if count > 1]
    if twice:
        raise InputError.of(
            "Several images have the same name.",
            "Predict them in several calls.",
            offenders=[Offender(name) for name in sorted(twice)],
        )
    return Subjects(items, f"{len(items):,} images")


def _is_dataset(path: Path) -> bool:
    if path.is_dir():
        return any(file.suffix.lower() == ".csv" for file in path.iterdir())
    return path.suffix.lower() == ".csv"


def _image_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError.of("There is no such image.", "Check its name.", file=path)
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise InputError.of(
            "There is no image here.",
            f"Images end in one of {', '.join(IMAGE_SUFFIXES)}.",
            file=path,
        )
    return files


def _of_dataset(data: Path, part: Literal["train", "test"], *, allow_missing: bool) -> Subjects:
    dataset = read_dataset(data)
    cohort = dataset.test if part == "test" and dataset.test is not None else dataset.train
    files = locate_images(dataset.layout, cohort.part)
    names = cohort.table["image_name"].to_list()
    lacking = [
        Offender(name, row)
        for name, row in zip(names, cohort.table["row"], strict=True)
        if name not in files
    ]
    if lacking and not (allow_missing and len(lacking) < len(names)):
        raise InputError.of(
            f"{len(lacking):,} of {len(names):,} images of the {cohort.part} table are missing.",
            "Fetch them, or go on with those present by --allow-missing.",
            file=cohort.file,
            offenders=lacking,
        )
    items = [(name, files[name]) for name in names if name in files]
    said = f"{dataset.layout.sentence()} Predicting its {cohort.part} images: {len(items):,}."
    return Subjects(items, said, cohort.table.filter(pl.col("image_name").is_in(list(files))))
