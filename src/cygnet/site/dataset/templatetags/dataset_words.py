"""How do templates write sizes of files and tables of figures?"""

from collections.abc import Iterator

from django import template

from cygnet.report import numbers
from cygnet.report.tables import Cell, Column, DataTable

register = template.Library()

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@register.filter
def size(n_bytes: int) -> str:
    r"""Write a size with three digits, in decimal units.

    >>> size(23_000_000_000).replace(numbers.NARROW_SPACE, " "), size(812)
    ('23.0 GB', '812\u202fbytes')
    """
    value, unit = float(n_bytes), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    places = 0 if unit == 0 or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{places}f}{numbers.NARROW_SPACE}{_UNITS[unit]}"


@register.filter
def cells(table: DataTable) -> Iterator[list[tuple[Column, Cell]]]:
    """Give each row of a table as pairs of column and cell."""
    for row in table.rows:
        yield list(zip(table.columns, row, strict=True))
