"""What stands in a CSV file? Every cell as text, with the line of the file that it is in.

Reads UTF-8 with commas, with or without a byte-order mark, with Unix or Windows line ends. Refuses
what would shift cells or garble them: another delimiter, other encodings, lines with more or fewer
cells than the header. Knows nothing of what the cells mean.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from cygnet.errors import MAX_SHOWN, Fault, Offender, TableError

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_OTHER_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_NEWLINE, _COMMA = 10, 44
MAX_BYTES: Final = 512 * 1024**2
# The widest table in the field has a few hundred; embeddings have a few thousand.
_MAX_COLUMNS: Final = 10_000


@dataclass(frozen=True)
class CsvRows:
    """The cells of one CSV file as text.

    ``table`` holds a String column for each named column: spaces around a cell are gone and an
    empty cell is null. ``line_numbers`` (n_rows,) is the line of the file on which each row
    begins, the header being line 1. ``faults`` are lines that were left out of ``table``, or read
    in spite of a fault, so that a caller can go on looking and report all faults together.
    ``n_unread`` lines were left out.
    """

    file: Path
    table: pl.DataFrame
    line_numbers: pl.Series
    byte_order_mark: bool
    windows_line_ends: bool
    faults: tuple[Fault, ...]
    n_unread: int = 0


def read_csv_rows(path: Path) -> CsvRows:
    """Read every cell of ``path`` as text.

    Raises :class:`TableError` when nothing can be read: no such file, a folder, an empty file, no
    rows under the header, not a text, another delimiter than the comma, or a quotation mark that is
    never closed. Columns named twice and faults of single lines are returned in ``faults``.
    """
    return csv_rows_of(_read_bytes(path), path)


def csv_rows_of(data: bytes, path: Path) -> CsvRows:
    """Read every cell of ``data``, which is what stands in ``path`` or was sent under its name.

    Raises :class:`TableError` as :func:`read_csv_rows`.
    """
    if not data.removeprefix(_BYTE_ORDER_MARK).strip():
        raise TableError.of(
            "This file is empty.",
            "Fetch or export it again; it should begin with a header.",
            file=path,
            code="empty",
        )
    byte_order_mark = data.startswith(_BYTE_ORDER_MARK)
    data, faults = _as_utf8(data.removeprefix(_BYTE_ORDER_MARK), path)
    windows_line_ends = b"\r\n" in data
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b'"' in data:
        header, table, line_numbers, found, n_unread = _quoted_rows(data, path)
    else:
        header, table, line_numbers, found, n_unread = _plain_rows(data, path)
    faults += found
    if table.height == 0 and not faults:
        raise TableError.of(
            "This table has a header and no rows.",
            "Give the table itself.",
            file=path,
            code="empty",
        )
    nameless = [name for name, given in zip(table.columns, header, strict=True) if not given]
    cells = pl.all().str.strip_chars()
    table = table.drop(nameless).select(pl.when(cells.str.len_bytes() > 0).then(cells))
    return CsvRows(
        path, table, line_numbers, byte_order_mark, windows_line_ends, tuple(faults), n_unread
    )


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TableError.of(
                f"This file has {path.stat().st_size / 1024**3:.1f} GB; at most 0.5 are read.",
                "Give the columns that are needed alone.",
                file=path,
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise TableError.of(
            "There is no such file.", "Check the path for a slip.", file=path
        ) from error
    except IsADirectoryError as error:
        raise TableError.of("This is a folder.", "Give a CSV file.", file=path) from error
    except OSError as error:
        raise TableError.of(
            f"This file cannot be read ({error.strerror}).",
            "Check the permissions of the file and the health of the disk.",
            file=path,
        ) from error
    return data


def _as_utf8(data: bytes, path: Path) -> tuple[bytes, list[Fault]]:
    if data.startswith(_UTF16_MARKS):
        raise TableError.of(
            "This text is UTF-16, as Excel's 'Unicode text' is.",
            "Save it as 'CSV UTF-8 (comma delimited)'.",
            file=path,
            code="not-utf-8",
        )
    if b"\x00" in data:
        line = data[: data.index(b"\x00")].count(b"\n") + 1
        raise TableError.of(
            f"This is not a text: a zero byte stands in line {line}.",
            "Give a CSV file; an archive or a workbook must be unpacked or exported first.",
            file=path,
            code="not-text",
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").encode("utf-8"), [_foreign_bytes(data, path)]
    return data, []


def _foreign_bytes(data: bytes, path: Path) -> Fault:
    offenders = []
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            begin = line.rfind(b",", 0, error.start) + 1
            cell = line[begin:].split(b",", 1)[0]
            offenders.append(Offender(cell.decode("latin-1"), number))
    return Fault(
        "This text is not UTF-8; it looks like Latin-1 (Windows-1252).",
        "Save it as UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8",
        path,
        tuple(offenders[:MAX_SHOWN]),
        len(offenders),
        "not-utf-8",
    )


def _validate_header(header: Sequence[str], line: str, path: Path) -> tuple[list[str], list[Fault]]:
    """Refuse another delimiter; give a name of its own for each column, and what is wrong."""
    if len(header) == 1:
        for delimiter, name in _OTHER_DELIMITERS.items():
            if delimiter in line:
                raise TableError.of(
                    f"The columns of this table are separated by {name}.",
                    "Save it with commas: 'CSV (comma delimited)'.",
                    file=path,
                    offenders=[Offender(line, 1)],
                )
    return column_names(header, path)


def column_names(header: Sequence[str], path: Path) -> tuple[list[str], list[Fault]]:
    """Give each column a name of its own, and a fault where the header names one twice.

    A column without a name, and one whose name an earlier column has, get their number.

    Raises :class:`TableError` for more than 10,000 columns.

    >>> column_names(["a", "", "a"], Path("table.csv"))[0]
    ['a', 'column 2', 'a (column 3)']
    """
    if len(header) > _MAX_COLUMNS:
        raise TableError.of(
            f"This header has {len(header):,} columns; at most {_MAX_COLUMNS:,} are read.",
            "Is a line end missing after the header? Give the columns that are needed.",
            file=path,
        )
    names: list[str] = []
    given, taken = set(header), set[str]()
    for number, name in enumerate(header, start=1):
        own = name or f"column {number}"
        while own in taken or (own != name and own in given):
            own += f" (column {number})"
        names.append(own)
        taken.add(own)
    twice = [name for name, count in Counter(header).items() if count > 1 and name]
    if not twice:
        return names, []
    shown = tuple(Offender(name, 1) for name in twice[:MAX_SHOWN])
    remedy = "Rename or remove one of the two."
    rule = "The header names a column twice."
    return names, [Fault(rule, remedy, path, shown, len(twice), "column-twice")]


def _ragged_faults(n_cells: Sequence[tuple[int, int]], n_header: int, path: Path) -> list[Fault]:
    """Give the faults of lines, each a (line number, cells in it), unlike the header."""
    faults = []
    for rule, remedy, lines in (
        (
            f"A line has more cells than the header, which has {n_header}.",
            'A comma inside a value needs quotation marks around the value: "head, neck".',
            [entry for entry in n_cells if entry[1] > n_header],
        ),
        (
            f"A line has fewer cells than the header, which has {n_header}.",
            "Give every column; an unknown value is an empty cell. Was the file cut off?",
            [entry for entry in n_cells if entry[1] < n_header],
        ),
    ):
        if lines:
            shown = tuple(
                Offender(f"{count} cell" + "s" * (count != 1), number)
                for number, count in lines[:MAX_SHOWN]
            )
            faults.append(Fault(rule, remedy, path, shown, len(lines), "ragged-line"))
    return faults


_Split = tuple[list[str], pl.DataFrame, pl.Series, list[Fault], int]
"""Header, rows, their lines, faults, and how many lines were left out."""


def _plain_rows(data: bytes, path: Path) -> _Split:
    """Read a text without quotation marks: count commas a line, then let polars split."""
    if not data.endswith(b"\n"):
        data += b"\n"
    characters = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(characters == _NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    commas = np.flatnonzero(characters == _COMMA)
    n_cells = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
    filled = np.flatnonzero(ends > starts)
    first = int(filled[0])
    line = data[starts[first] : ends[first]].decode("utf-8")
    header = [name.strip() for name in line.split(",")]
    names, faults = _validate_header(header, line, path)
    below = filled[1:]
    whole = below[n_cells[below] == len(names)]
    ragged = below[n_cells[below] != len(names)]
    faults += _ragged_faults(
        [(int(index) + 1, int(n_cells[index])) for index in ragged], len(names), path
    )
    if len(whole) == 0:
        table = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    else:
        if len(whole) == len(ends) - first - 1:
            body = data[ends[first] + 1 :]
        else:
            body = b"".join(data[starts[index] : ends[index] + 1] for index in whole)
        table = pl.read_csv(
            body, has_header=False, new_columns=names, infer_schema=False, quote_char=None
        )
    return header, table, pl.Series("row", whole + 1, dtype=pl.Int64), faults, len(ragged)


def _quoted_rows(data: bytes, path: Path) -> _Split:
    """Read a text with quotation marks, in which a row may span lines."""
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    begin = 1
    try:
        for cells in reader:
            if cells:
                rows.append((begin, cells))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise TableError.of(
            f"The quotation marks do not match from line {begin} on ({error}).",
            'Close the quotation; a mark inside a quoted value is written twice: "".',
            file=path,
        ) from error
    header = [name.strip() for name in rows[0][1]]
    names, faults = _validate_header(header, ",".join(rows[0][1]), path)
    whole = [(number, cells) for number, cells in rows[1:] if len(cells) == len(names)]
    ragged = [(number, len(cells)) for number, cells in rows[1:] if len(cells) != len(names)]
    faults += _ragged_faults(ragged, len(names), path)
    columns = zip(*(cells for _, cells in whole), strict=True) if whole else ((),) * len(names)
    table = pl.DataFrame(
        [
            pl.Series(name, column, dtype=pl.String)
            for name, column in zip(names, columns, strict=True)
        ]
    )
    numbers = pl.Series("row", [number for number, _ in whole], dtype=pl.Int64)
    return header, table, numbers, faults, len(ragged)
