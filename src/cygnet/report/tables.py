"""What is a table on the page? A caption, columns, and cells that keep their exact value."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cygnet.evaluation import Estimate
from cygnet.report import numbers


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, whether its cells are numbers, and a word that explains it."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What is read, and the exact number behind it where there is one (programs read that)."""

    text: str
    value: float | None = None
    note: str = ""

    @property
    def exact(self) -> str | None:
        """The exact value as text, or ``None`` where it is undefined or no number."""
        if self.value is None or not math.isfinite(self.value):
            return None
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table of the page: every row begins with the cell that names it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def table(
    caption: str, columns: Sequence[str | Column], rows: Iterable[Sequence[Cell | str]]
) -> DataTable:
    """Build a table; columns given as text hold numbers, save the first."""
    titled = tuple(
        column if isinstance(column, Column) else Column(column, numeric=index > 0)
        for index, column in enumerate(columns)
    )
    filled = tuple(
        tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows
    )
    return DataTable(caption, titled, filled)


def number_cell(value: float, decimals: int | None = None) -> Cell:
    """Give the cell of one number."""
    return Cell(numbers.format_number(value, decimals), float(value))


def count_cell(count: float) -> Cell:
    """Give the cell of a whole number."""
    return Cell(numbers.format_count(count), float(count))


def estimate_cells(estimate: Estimate) -> tuple[Cell, Cell]:
    """Give the cells of an estimate and of its interval; a reason stands where one is missing."""
    places = numbers.decimals_for(estimate.estimate, estimate.lower, estimate.upper)
    reason = estimate.reason or ""
    value = Cell(
        numbers.format_number(estimate.estimate, places),
        estimate.estimate,
        reason if math.isnan(estimate.estimate) else "",
    )
    if math.isnan(estimate.lower) or math.isnan(estimate.upper):
        missing = "" if math.isnan(estimate.estimate) else reason
        return value, Cell("no interval", None, missing)
    limits = numbers.format_limits(estimate.lower, estimate.upper, places)
    return value, Cell(limits, note=estimate.flag or "")
