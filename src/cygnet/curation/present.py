"""Which images of a dataset are there? The files that go with the rows of its tables.

A table says what should be there, a folder what is; this is where the two meet. Opens no image.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from cygnet.cohort.columns import Part, offenders
from cygnet.cohort.layout import locate_images
from cygnet.cohort.table import Cohort, Dataset
from cygnet.errors import Fault, InputError

Images = Mapping[Part, Mapping[str, Path]]

MISSING_REMEDY = (
    "Put the files into that folder, or go on with the images that are there: --allow-missing."
)


def present_images(dataset: Dataset) -> dict[Part, dict[str, Path]] | None:
    """Give the file of each image of each part of ``dataset`` that is there.

    None when ``dataset`` is a table without a folder of images. Files that no row names are kept.
    """
    if dataset.layout.name == "table" and dataset.layout.train_images is None:
        return None
    return {cohort.part: locate_images(dataset.layout, cohort.part) for cohort in dataset.parts}


def named_images(dataset: Dataset, images: Images) -> dict[Part, dict[str, Path]]:
    """Give those of ``images`` that a row of ``dataset`` names, in the order of the rows."""
    return {
        cohort.part: {
            name: images[cohort.part][name]
            for name in (cohort.table["image_name"] if images[cohort.part] else ())
            if name in images[cohort.part]
        }
        for cohort in dataset.parts
        if cohort.part in images
    }


def looked_in(dataset: Dataset, part: Part) -> str:
    """Say in which folders the images of ``part`` were looked for."""
    folders = dataset.layout.image_folders(part)
    if not folders:
        return f"no folder of {part} images is in {dataset.layout.root}"
    return "looked in " + " and ".join(str(folder) for folder in folders)


def without_image(cohort: Cohort, images: Images) -> pl.Expr:
    """Give an expression that is true for the rows of ``cohort`` whose image is not there."""
    there = pl.Series(list(images[cohort.part]), dtype=pl.String).implode()
    return ~pl.col("image_name").is_in(there)


def images_to_pack(dataset: Dataset, *, allow_missing: bool = False) -> list[tuple[str, Path]]:
    """Give image_name and file of every image, training first, in the order of the rows.

    Raises :class:`InputError` when ``dataset`` is a table without images, when none is there, and,
    unless ``allow_missing``, when one is missing: a fault a part, with the first five rows.
    """
    images = present_images(dataset)
    if images is None:
        raise InputError.of(
            "This is a table without images.",
            "Give the folder that holds the table and the images.",
            file=dataset.train.file,
        )
    faults = []
    for cohort in dataset.parts:
        shown, count = offenders(cohort.table, without_image(cohort, images), "image_name")
        if count:
            rule = (
                f"{count:,} of {cohort.table.height:,} {cohort.part} images are missing"
                f" ({looked_in(dataset, cohort.part)})."
            )
            faults.append(Fault(rule, MISSING_REMEDY, cohort.file, shown, count))
    items = [item for files in named_images(dataset, images).values() for item in files.items()]
    if faults and not (allow_missing and items):
        raise InputError(*faults)
    return items
