"""By which columns of a truth is a score broken down, and by which is it weighed?

Turns columns of text into arrays for ``evaluation``; refuses columns that are not there or would
make a group of every image.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.errors import MAX_SHOWN, Offender, TableError
from cygnet.vocabulary import COLUMN_SPELLINGS, MISSING_MARKS

AGE_BAND: Final = "age_band"
MAX_LEVELS: Final = 50
_BANDS_YEARS: Final = (("0 to 39", 40.0), ("40 to 59", 60.0), ("60 and over", np.inf))


def age_band(age_years: pl.Series) -> pl.Series:
    """Give the band of each age: 0 to 39, 40 to 59, 60 and over; null where the age is null.

    >>> age_band(pl.Series([35.0, 60.0, None])).to_list()
    ['0 to 39', '60 and over', None]
    """
    age = pl.col("age")
    band = pl.lit(None, pl.String)
    for name, below in reversed(_BANDS_YEARS):
        band = pl.when(age < below).then(pl.lit(name)).otherwise(band)
    known = pl.when(age.is_not_null()).then(band)
    return pl.DataFrame({"age": age_years}).select(known.alias(AGE_BAND))[AGE_BAND]


def subgroup_columns(
    table: pl.DataFrame, names: Iterable[str], file: Path | None = None
) -> dict[str, NDArray[np.object_]]:
    """Give the columns to break a score down by, each ``(n_images,)`` of text or ``None``.

    ``age_band`` is made from the age where no column is called so. Raises :class:`TableError` for a
    column that is not there, one with more than 50 values, and an age that is no number.
    """
    columns = {}
    for name in names:
        derived = name == AGE_BAND and AGE_BAND not in table.columns
        column = _derived_age_band(table, file) if derived else _column(table, name, file)
        if column.n_unique() > MAX_LEVELS:
            raise TableError.of(
                f"The column {name} has {column.n_unique()} different values.",
                f"Break the score down by a column with at most {MAX_LEVELS}.",
                file=file,
            )
        texts = [None if text in MISSING_MARKS else text for text in column.cast(pl.String)]
        columns[name] = np.array(texts, dtype=object)
    return columns


def sampling_weights(
    table: pl.DataFrame, name: str, file: Path | None = None
) -> NDArray[np.float64]:
    """Give the sampling weights in the column ``name``, ``(n_images,)``.

    Raises :class:`TableError` where there is no such column or a weight is not a finite number
    above 0; offenders are named by id, as a weight may tell the class.
    """
    weights = _column(table, name, file).cast(pl.Float64, strict=False)
    fit = (weights.is_finite() & (weights > 0)).fill_null(value=False)
    _refuse_rows(table.filter(~fit), "A weight must be a finite number above 0.", file)
    return weights.to_numpy().astype(np.float64)


def _column(table: pl.DataFrame, name: str, file: Path | None) -> pl.Series:
    if name in table.columns:
        return table[name]
    raise TableError.of(
        f"There is no column {name}.", f"There are: {', '.join(table.columns)}.", file=file
    )


def _derived_age_band(table: pl.DataFrame, file: Path | None) -> pl.Series:
    spelling = next((c for c in COLUMN_SPELLINGS["age_approx"] if c in table.columns), "age_approx")
    cells = _column(table, spelling, file)
    if cells.dtype == pl.String:
        cells = cells.set(cells.is_in(MISSING_MARKS), None)
    years = cells.cast(pl.Float64, strict=False)
    _refuse_rows(table.filter(years.is_null() & cells.is_not_null()), "An age is no number.", file)
    return age_band(years)


def _refuse_rows(broken: pl.DataFrame, rule: str, file: Path | None) -> None:
    if broken.height:
        shown = broken.head(MAX_SHOWN)
        raise TableError.of(
            rule,
            "Mend these cells or leave the rows out.",
            file=file,
            offenders=list(map(Offender, shown["image_name"], shown["row"])),
            count=broken.height,
        )
