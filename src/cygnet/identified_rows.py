"""Which image does each row of a table speak of? Its id, and the line of the file it stands on.

Reads commas or semicolons and any of the names that ISIC gives the column of ids. Refuses a table
without ids, with two columns of them, or too large to be one.
"""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from cygnet.csv_rows import MAX_BYTES, CsvRows, column_names, csv_rows_of, read_csv_rows
from cygnet.errors import MAX_SHOWN, Fault, Offender, TableError
from cygnet.vocabulary import COLUMN_SPELLINGS, IMAGE_SUFFIXES

_NUMBER: Final = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?( \(column \d+\))*", re.IGNORECASE)
_SUFFIX: Final = rf"(?i)({'|'.join(map(re.escape, IMAGE_SUFFIXES))})$"


@dataclass(frozen=True, slots=True)
class IdentifiedRows:
    """The cells of one table as text, with ``image_name`` and ``row`` among the columns.

    ``table`` holds every row, ``header`` the names as the file spells them; ``faults`` name the
    ``n_unread`` lines that were left out, and what else is wrong.
    """

    file: Path
    header: tuple[str, ...]
    identifier: str
    table: pl.DataFrame
    faults: tuple[Fault, ...]
    n_unread: int


def read_identified_rows(path: Path) -> IdentifiedRows:
    """Read a table of images: ids freed of image suffixes (``.jpg``), every cell as text.

    Raises :class:`TableError` for a file that is not there, empty, larger than 512 MB or no table,
    and for one without exactly one column of ids. Uneven lines are returned in ``faults``.
    """
    return _identified(_read_rows(path))


def identified_rows_of(data: bytes, path: Path) -> IdentifiedRows:
    """Read a table of images from ``data``, sent under the name of ``path``.

    Raises :class:`TableError` as :func:`read_identified_rows`.
    """
    if _begins_with_semicolons(data):
        return _identified(_semicolon_rows(data, path))
    return _identified(csv_rows_of(data, path))


def _identified(rows: CsvRows) -> IdentifiedRows:
    identifier = _identifier_column(rows)
    return IdentifiedRows(
        rows.file,
        tuple(rows.table.columns),
        identifier,
        _with_identifiers(rows, identifier),
        rows.faults,
        rows.n_unread,
    )


def _read_rows(path: Path) -> CsvRows:
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        size = path.stat().st_size / 1024**3
        raise TableError.of(
            f"This file has {size:.1f} GB; a table of all 44,108 images of ISIC 2020 has 0.003.",
            "Give the table of ids and probabilities alone.",
            file=path,
        )
    return (
        _semicolon_rows(path.read_bytes(), path) if _has_semicolons(path) else read_csv_rows(path)
    )


def _has_semicolons(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return _begins_with_semicolons(stream.readline(65_536))


def _begins_with_semicolons(data: bytes) -> bool:
    header = data[:65_536].split(b"\n", 1)[0]
    return b";" in header and b"," not in header


def _semicolon_rows(data: bytes, path: Path) -> CsvRows:
    """Read a table whose cells are parted by semicolons, as spreadsheets in Europe write them."""
    try:
        text = data.decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells]
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError.of(
            f"This table cannot be read ({error}).",
            "Save it as 'CSV UTF-8'.",
            file=path,
            code="not-a-table",
        ) from error
    (_, header), *below = lines
    if not below:
        rule = "This table has a header and no rows."
        raise TableError.of(rule, "Give it all.", file=path, code="empty")
    names, faults = column_names(header, path)
    whole = [(number, cells) for number, cells in below if len(cells) == len(header)]
    uneven = [(number, cells) for number, cells in below if len(cells) != len(header)]
    if uneven:
        shown = tuple(Offender(f"{len(cells)} cells", n) for n, cells in uneven[:MAX_SHOWN])
        rule = f"A line has more or fewer cells than the header, which has {len(header)}."
        remedy = "Give every column, and no other."
        faults.append(Fault(rule, remedy, path, shown, len(uneven), "ragged-line"))
    table = pl.DataFrame(
        [[cell or None for cell in cells] for _, cells in whole],
        schema=dict.fromkeys(names, pl.String),
        orient="row",
    ).drop([name for name, given in zip(names, header, strict=True) if not given])
    numbers = pl.Series("row", [number for number, _ in whole], dtype=pl.Int64)
    marked, windows = text.startswith("\ufeff"), "\r\n" in text
    return CsvRows(path, table, numbers, marked, windows, tuple(faults), len(uneven))


def _identifier_column(rows: CsvRows) -> str:
    found = [name for name in rows.table.columns if name in COLUMN_SPELLINGS["image_name"]]
    if len(found) == 1:
        return found[0]
    wanted = ", ".join(COLUMN_SPELLINGS["image_name"])
    # Without a header the first row stands in its place: numbers in it are values, or labels.
    names = [name for name in rows.table.columns if not _NUMBER.fullmatch(name)]
    raise TableError.of(
        "There must be one column of image ids" + (", not two." if found else "."),
        f"Call it one of {wanted}. This file has: {', '.join(names) or 'none that is named'}.",
        file=rows.file,
        code="no-id-column",
    )


def _with_identifiers(rows: CsvRows, identifier: str) -> pl.DataFrame:
    """Give the cells with ``image_name`` freed of its image suffix, and ``row``."""
    table = rows.table.rename({identifier: "image_name"})
    if "row" in table.columns:
        table = table.drop("row")
    return table.with_columns(pl.col("image_name").str.replace(_SUFFIX, ""), row=rows.line_numbers)


def with_one_row_each(named: pl.DataFrame, file: Path) -> tuple[pl.DataFrame, list[Fault]]:
    """Drop rows without an id and those that repeat one, and say which they were."""
    blank = named.filter(pl.col("image_name").is_null())
    filled = named.filter(pl.col("image_name").is_not_null())
    twice = filled.filter(~pl.col("image_name").is_first_distinct())
    faults = []
    if blank.height:
        faults.append(row_fault("The image id is blank.", "Give every row an id.", blank, file))
    if twice.height:
        remedy = "Give each image one row."
        faults.append(row_fault("An image id stands in an earlier row too.", remedy, twice, file))
    return filled.filter(pl.col("image_name").is_first_distinct()), faults


def row_fault(
    rule: str, remedy: str, broken: pl.DataFrame, file: Path | None, value: str | None = None
) -> Fault:
    """Name the first five rows of ``broken`` by the cell in ``value``, or by the image's id."""
    shown = broken.head(MAX_SHOWN)
    cells = shown[value or "image_name"].fill_null("")
    offenders = tuple(map(Offender, cells, shown["row"]))
    return Fault(rule, remedy, file, offenders, broken.height)
