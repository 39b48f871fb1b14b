"""Which images does a list of places mean: files, folders, URLs of a store, or a dataset?"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import polars as pl

from cygnet.cohort.layout import locate_images
from cygnet.cohort.table import read_dataset
from cygnet.errors import InputError, Offender
from cygnet.inference import object_store
from cygnet.inference.predict import Item
from cygnet.vocabulary import IMAGE_SUFFIXES


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """What is to be predicted: name and place of each image, and what was understood.

    ``table`` holds the images of a dataset with their patients and lesions, and is ``None`` for
    files alone.
    """

    items: list[Item]
    sentence: str
    table: pl.DataFrame | None = None


def images_to_predict(
    places: Sequence[str | Path], part: Literal["train", "test"], *, allow_missing: bool
) -> Subjects:
    """Find every image that ``places`` mean.

    One CSV, or one folder that holds a CSV, is a dataset: its ``part`` is taken, or its only one.
    Anything else is image files, folders of them and ``s3://`` URLs. Raises :class:`InputError` for
    a place that is not there or holds no image, for one name twice, and for images of a dataset
    that are missing.
    """
    if len(places) == 1 and not _is_url(places[0]) and _is_dataset(Path(places[0])):
        return _of_dataset(Path(places[0]), part, allow_missing=allow_missing)
    items = [item for place in places for item in _items_of(place)]
    names = sorted(name for name, _ in items)
    twice = [name for name, following in pairwise(names) if name == following]
    if twice:
        raise InputError.of(
            "Several images have the same name.",
            "Predict them in several calls.",
            offenders=[Offender(name) for name in sorted(set(twice))],
        )
    return Subjects(items, f"{len(items):,} images")


def _is_url(place: str | Path) -> bool:
    return isinstance(place, str) and place.startswith(object_store.SCHEME)


def _items_of(place: str | Path) -> list[Item]:
    if _is_url(place):
        return [(object_store.image_name(url), url) for url in object_store.list_images(str(place))]
    return [(_stem(file), file) for file in _image_files(Path(place))]


def _is_dataset(path: Path) -> bool:
    if path.is_dir():
        return any(file.suffix.lower() == ".csv" for file in path.iterdir())
    return path.suffix.lower() == ".csv"


def _stem(file: str) -> str:
    return file.rpartition(os.sep)[2].rpartition(".")[0]


def _image_files(path: Path) -> list[str]:
    if path.is_file():
        return [str(path)]
    if not path.is_dir():
        raise InputError.of("There is no such image.", "Check its name.", file=path)
    with os.scandir(path) as entries:
        files = sorted(one.path for one in entries if one.name.lower().endswith(IMAGE_SUFFIXES))
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
    items: list[Item] = [(name, str(files[name])) for name in names if name in files]
    said = f"{dataset.layout.sentence()} Predicting its {cohort.part} images: {len(items):,}."
    return Subjects(items, said, cohort.table.filter(pl.col("image_name").is_in(list(files))))
