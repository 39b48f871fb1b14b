"""What do the tables beside the main one say? Original sizes, and listed duplicates.

Both name images by image_name and are joined by it, never by row.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from cygnet.cohort.columns import image_names, offenders
from cygnet.csv_rows import CsvRows, read_csv_rows
from cygnet.errors import MAX_SHOWN, Fault, Offender, TableError

_SIZE_COLUMNS: Final = {"width_px": ("width_px", "width"), "height_px": ("height_px", "height")}
_PAIR_COLUMNS: Final = ("image_name_1", "image_name_2")


@dataclass(frozen=True)
class FileForm:
    """How a text file was written, where that differs from plain UTF-8 with Unix line ends."""

    file: Path
    byte_order_mark: bool
    windows_line_ends: bool


def form_of(rows: CsvRows) -> FileForm:
    """Give the form of the file that ``rows`` were read from."""
    return FileForm(rows.file, rows.byte_order_mark, rows.windows_line_ends)


def read_sizes(file: Path) -> pl.DataFrame:
    """Read ``image_name, width, height``: the size in pixels of each original image.

    Gives image_name, width_px and height_px (Int32). Raises :class:`TableError` for a column that
    lacks, an image that stands there twice, and a side that is no whole number above 0.
    """
    rows = read_csv_rows(file)
    faults = list(rows.faults)
    names = ("image_name", *_SIZE_COLUMNS)
    spelled = {
        name: next(
            (column for column in _SIZE_COLUMNS.get(name, (name,)) if column in rows.table.columns),
            None,
        )
        for name in names
    }
    if None in spelled.values():
        raise TableError(*faults, _lacking_columns(rows, "image_name, width, height"))
    table = rows.table.select(
        *(pl.col(column).alias(name) for name, column in spelled.items() if column is not None),
        rows.line_numbers,
    ).with_columns(image_names("image_name"))
    for name in _SIZE_COLUMNS:
        side = pl.col(name).cast(pl.Int32, strict=False)
        shown, count = offenders(table, ~(side > 0).fill_null(value=False), name)
        if count:
            rule = f"{name.removesuffix('_px')} must be a whole number of pixels above 0."
            remedy = "Correct it, or remove the row if the size is not known."
            faults.append(Fault(rule, remedy, file, shown, count))
    shown, count = offenders(table, ~pl.col("image_name").is_first_distinct(), "image_name")
    if count:
        rule = "The same image_name stands in an earlier row."
        faults.append(Fault(rule, "Keep one row an image.", file, shown, count))
    if faults:
        raise TableError(*faults)
    return table.select("image_name", pl.col(*_SIZE_COLUMNS).cast(pl.Int32))


def read_pairs(file: Path) -> tuple[pl.DataFrame, FileForm]:
    """Read ``image_name_1, image_name_2``: a row a pair of images of the same lesion.

    Gives the two columns and row, the line of the file. Raises :class:`TableError` for a column
    that lacks, an empty cell, an image paired with itself, and a pair that is listed twice.
    """
    rows = read_csv_rows(file)
    faults = list(rows.faults)
    if not set(_PAIR_COLUMNS) <= set(rows.table.columns):
        raise TableError(*faults, _lacking_columns(rows, ", ".join(_PAIR_COLUMNS)))
    table = rows.table.select(*(image_names(name) for name in _PAIR_COLUMNS), rows.line_numbers)
    one, two = (pl.col(name) for name in _PAIR_COLUMNS)
    pair = pl.concat_str(pl.min_horizontal(one, two), pl.lit(" "), pl.max_horizontal(one, two))
    shown_pairs = table.with_columns(
        pair=pl.concat_str(_PAIR_COLUMNS, separator=" ", ignore_nulls=True)
    )
    for rule, remedy, breaks in (
        (
            "A pair names one image only.",
            "Name both, or remove the row.",
            one.is_null() | two.is_null(),
        ),
        ("An image is paired with itself.", "Remove the row.", one == two),
        (
            "A pair is listed in an earlier row.",
            "Remove the row.",
            ~pair.is_first_distinct() & pair.is_not_null(),
        ),
    ):
        shown, count = offenders(shown_pairs, breaks, "pair")
        if count:
            faults.append(Fault(rule, remedy, file, shown, count))
    if faults:
        raise TableError(*faults)
    return table, form_of(rows)


def _lacking_columns(rows: CsvRows, wanted: str) -> Fault:
    header = tuple(Offender(name, 1) for name in rows.table.columns[:MAX_SHOWN])
    return Fault(
        f"This table must have the columns {wanted}; these are the columns it has.",
        "Rename the columns, or move the file away if it is something else.",
        rows.file,
        header,
        rows.table.width,
    )
