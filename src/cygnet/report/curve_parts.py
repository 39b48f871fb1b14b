"""What do figures with curves share? A square frame, bands, lines, direct labels, their table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cygnet.evaluation import Estimate
from cygnet.report import numbers
from cygnet.report.svg import Drawing, FloatArray, Frame, probability_scale, shortened
from cygnet.report.tables import Cell, DataTable, number_cell, table

MOST_SERIES = 8  # more colours than these cannot be told apart
_MOST_INSIDE = 4  # more labels than these would stand on the curves
_LABEL_SIZE = 15  # between a desk's and a phone's, so that a label fits on both

PLOT = 320.0
LEFT, TOP, RIGHT, BOTTOM = 52.0, 34.0, 20.0, 52.0
_TABLE_ROWS = 21


Points = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""A curve and its band: x, y, lower, upper, each ``(n_points,)``."""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve with its band: arrays of equal length; NaN where a point is undefined.

    ``measure`` names the number that sums it up, ``value`` is that number as written, and
    ``limits`` its interval, or the words that stand where it has none.
    """

    name: str
    measure: str
    value: str
    limits: str
    x: FloatArray
    y: FloatArray
    lower: FloatArray
    upper: FloatArray

    @classmethod
    def of(cls, name: str, measure: str, summed_up: Estimate, points: Points) -> "Series":
        """Give a model's curve with the number that sums it up."""
        one = summed_up
        places = numbers.decimals_for(one.estimate, one.lower, one.upper)
        limits = "no interval"
        if one.has_interval:
            limits = numbers.format_limits(one.lower, one.upper, places)
        value = numbers.format_number(one.estimate, places)
        return cls(name, measure, value, limits, *points)


def square_frame(*, logit: bool = False) -> Frame:
    """Give a square frame from 0 to 1 on both axes, equal in scale."""
    x = probability_scale(LEFT, LEFT + PLOT, logit=logit)
    return Frame(x, probability_scale(TOP + PLOT, TOP, logit=logit))


def square_drawing(name: str, description: str, n_below: int = 0) -> Drawing:
    """Give a drawing for a square frame, with room for lines of text below it."""
    room = 20 * n_below + (8 if n_below else 0)
    return Drawing(LEFT + PLOT + RIGHT, TOP + PLOT + BOTTOM + room, name, description)


def describe(series: Sequence[Series]) -> str:
    """Say in words what the curves' measures are, for a screen reader."""
    shown = series[:MOST_SERIES]
    return "; ".join(f"{one.name}: {one.measure} {one.value} ({one.limits})" for one in shown)


def draw_bands(drawing: Drawing, frame: Frame, series: Sequence[Series]) -> None:
    """Fill each curve's band, the first on top."""
    many = " many" if len(series) > 2 else ""
    for index, one in reversed(list(enumerate(series[:MOST_SERIES]))):
        frame.band(drawing, one.x, one.lower, one.upper, f"band s{index}{many}")


def draw_lines(
    drawing: Drawing, frame: Frame, series: Sequence[Series], *, from_corner: bool = False
) -> None:
    """Draw each curve, the first on top; ``from_corner`` starts it at (0, 0)."""
    for index, one in reversed(list(enumerate(series[:MOST_SERIES]))):
        x, y = (np.r_[0.0, one.x], np.r_[0.0, one.y]) if from_corner else (one.x, one.y)
        frame.curve(drawing, x, y, f"line s{index}")


def line_labels(series: Sequence[Series]) -> list[tuple[int, str]]:
    """Lines of text beside the curves: a lone curve's label in two lines, else one a curve."""
    if len(series) == 1:
        return [(0, f"{series[0].measure} {series[0].value}"), (0, f"({series[0].limits})")]
    return [(index, f"{one.value} {one.name}") for index, one in enumerate(series[:MOST_SERIES])]


def labels_below(series: Sequence[Series]) -> int:
    """Count the labels that stand below the plot: all of them where they are many."""
    return min(len(series), MOST_SERIES) if len(series) > _MOST_INSIDE else 0


def direct_labels(
    drawing: Drawing, series: Sequence[Series], left: float, top: float, width: float
) -> None:
    """Name the curves where ``left`` and ``top`` say, or below the plot where they are many."""
    alone = len(series) == 1
    if labels_below(series):
        left, top, width = LEFT, TOP + PLOT + BOTTOM + 20, PLOT + RIGHT
    for line, (index, words) in enumerate(line_labels(series)):
        y = top + 20 * line
        if not alone:
            drawing.line(left, y - 5, left + 22, y - 5, f"line s{index}")
        shown = words if alone else shortened(words, width - 30, _LABEL_SIZE)
        drawing.text(left + (0 if alone else 28), y, shown, "label strong" if alone else "label")


def curve_table(caption: str, columns: Sequence[str], series: Sequence[Series]) -> DataTable:
    """Give the table of the curves' points, at most 21 of each."""
    rows = []
    for one in series:
        for at in _table_points(one.x):
            points = (one.x[at], one.y[at], one.lower[at], one.upper[at])
            cells = [number_cell(float(value), 3) for value in points]
            rows.append(cells if len(series) == 1 else [Cell(one.name), *cells])
    titles = columns if len(series) == 1 else ("Model", *columns)
    return table(caption, titles, rows)


def _table_points(x: FloatArray) -> list[int]:
    """Give the indices of at most 21 points, evenly spread over 0 to 1 where ``x`` is finite."""
    known = np.flatnonzero(np.isfinite(x))
    if len(known) <= _TABLE_ROWS:
        return [int(index) for index in known]
    wanted = np.linspace(0, 1, _TABLE_ROWS)
    nearest = np.abs(x[known][None, :] - wanted[:, None]).argmin(axis=1)
    return [int(known[index]) for index in dict.fromkeys(nearest.tolist())]
