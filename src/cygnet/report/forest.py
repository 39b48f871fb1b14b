"""How do several results stand side by side? A forest plot: a point and its interval a row.

Drawn twice, wide and narrow, from the same rows: the page shows the one that fits. A result that
is not defined keeps its row and says why.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from markupsafe import Markup

from cygnet.evaluation import Estimate
from cygnet.report import numbers
from cygnet.report.figures import Figure
from cygnet.report.svg import Drawing, Frame, Scale, shortened, tick_label
from cygnet.report.tables import Cell, DataTable, count_cell, estimate_cells, table

Kind = Literal["model", "shortcut", "reference", "group", "heading"]

_WIDE, _NARROW = 780.0, 340.0
_LETTER = 0.57  # mean width of a letter, in its size
_SIZE = 14  # of a label; details are one less, and all are larger on a phone


@dataclass(frozen=True, slots=True)
class Axis:
    """What runs along a forest plot.

    ``about`` stands in brackets after its ``name``; ``reference`` is a value to compare with, if
    any; ``limits`` fix its ends, else they follow the intervals; ``whole`` numbers are places;
    ``decimals`` writes all results with as many.
    """

    name: str = "AUROC"
    about: str = "0.5 is chance"
    reference: float | None = 0.5
    limits: tuple[float, float] | None = None
    whole: bool = False
    decimals: int | None = None

    @property
    def title(self) -> str:
        """The words under the axis."""
        return f"{self.name} ({self.about})" if self.about else self.name

    def written(self, one: Estimate) -> str:
        """Write an estimate with its interval."""
        if self.decimals is not None and one.has_interval:
            value = numbers.format_number(one.estimate, self.decimals)
            return f"{value} ({numbers.format_limits(one.lower, one.upper, self.decimals)})"
        if not self.whole:
            return numbers.format_interval(one.estimate, one.lower, one.upper)
        if not one.has_interval:
            return f"{one.estimate:.0f} (not known)"
        return f"{one.estimate:.0f} ({one.lower:.0f} to {one.upper:.0f})"

    def ticks(self, x: Scale) -> list[float]:
        """Give the values to mark; the first and last place among whole numbers."""
        if not self.whole:
            return x.ticks()
        return sorted({x.low, x.high, *(tick for tick in x.ticks() if tick.is_integer())})


AUROC = Axis()


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One result: its label, a line that explains it, and the estimate (none for a heading).

    ``chance`` is what would be reached without a model, drawn hollow beside it.
    """

    label: str
    estimate: Estimate | None = None
    kind: Kind = "group"
    detail: str = ""
    n_images: int | None = None
    n_patients: int | None = None
    n_positive: int | None = None
    indented: bool = False
    chance: float | None = None


def forest_figure(
    rows: Sequence[ForestRow],
    *,
    key: str,
    title: str,
    caption: str,
    beside: Estimate | None = None,
    axis: Axis = AUROC,
) -> Figure:
    """Draw the rows; ``beside`` is the result whose interval runs faintly through all of them."""
    low, high = axis.limits or _limits(rows, beside)
    drawings = tuple(
        _drawn(rows, (low, high), beside, title=title, axis=axis, wide=wide)
        for wide in (True, False)
    )
    return Figure(key, title, caption, drawings, _forest_table(rows, title, axis))


def _limits(rows: Sequence[ForestRow], beside: Estimate | None) -> tuple[float, float]:
    """Follow the intervals; a point without one must not stretch the axis for all others."""
    estimates = [row.estimate for row in rows if row.estimate] + ([beside] if beside else [])
    estimates = [one for one in estimates if one.has_interval] or estimates
    values = [v for e in estimates for v in (e.estimate, e.lower, e.upper) if math.isfinite(v)]
    low = min([0.5, *values])
    return max(math.floor(low * 10 + 1e-9) / 10, 0.0), max([1.0, *values])


def _drawn(
    rows: Sequence[ForestRow],
    limits: tuple[float, float],
    beside: Estimate | None,
    *,
    title: str,
    axis: Axis,
    wide: bool,
) -> Markup:
    heights = [_row_height(row, wide=wide) for row in rows]
    top, foot = 14.0, 14.0 + sum(heights)
    width = _WIDE if wide else _NARROW
    longest = max((len(_result(row, axis)) for row in rows if row.estimate), default=0)
    written = longest * _SIZE * _LETTER
    left, right = (362.0, min(588.0, _WIDE - written - 16)) if wide else (14.0, width - 14)
    said = "; ".join(f"{row.label} {_result(row, axis)}" for row in rows if row.estimate)
    drawing = Drawing(width, foot + 48, title, said)
    frame = Frame(Scale(*limits, left, right), Scale(0, 1, foot, top))
    ends = np.cumsum([top, *heights])
    # On a phone the words stand above their line, so nothing may run through them.
    feet = [end for row, end in zip(rows, ends[1:].tolist(), strict=True) if row.estimate]
    lanes = [(top, foot)] if wide else [(end - 30, end - 10) for end in feet]
    _ground(drawing, frame, beside, lanes, axis)
    drawing.text(right, foot + 42, axis.title, "axis-title", "end")
    for row, height, at in zip(rows, heights, ends.tolist(), strict=False):
        (_wide_row if wide else _narrow_row)(drawing, frame.x, row, at, height, axis)
    return drawing.markup("wide" if wide else "narrow")


def _row_height(row: ForestRow, *, wide: bool) -> float:
    if row.kind == "heading":
        return 40.0
    if wide:
        return 48.0 if row.detail else 32.0
    return 96.0 if row.detail else 76.0


def _ground(
    drawing: Drawing,
    frame: Frame,
    beside: Estimate | None,
    lanes: Sequence[tuple[float, float]],
    axis: Axis,
) -> None:
    """Draw what lies under the marks: the band and line of the main result, grid and axis."""
    x, foot = frame.x, frame.y.start
    for top, end in lanes:
        if beside is not None and beside.has_interval:
            low = x.at(beside.lower)
            drawing.box(low, top, x.at(beside.upper) - low, end - top, "band s0")
        for value in axis.ticks(x):
            drawing.line(x.at(value), end, x.at(value), top, "grid")
        if axis.reference is not None and x.low <= axis.reference <= x.high:
            at = x.at(axis.reference)
            drawing.line(at, end, at, top, "reference")
        if beside is not None and math.isfinite(beside.estimate):
            drawing.line(x.at(beside.estimate), end, x.at(beside.estimate), top, "guide s0")
    for value in axis.ticks(x):
        drawing.text(x.at(value), foot + 20, tick_label(value), "tick", "middle")
    drawing.line(x.start, foot, x.end, foot, "axis")


def _wide_row(
    drawing: Drawing, x: Scale, row: ForestRow, top: float, height: float, axis: Axis
) -> None:
    if row.kind == "heading":
        drawing.text(0, top + 28, shortened(row.label, 340, _SIZE, bold=True), "label strong")
        return
    middle = top + height / 2
    indent = 14 if row.indented else 0
    strong = "label strong" if row.kind == "model" else "label"
    name_at = middle + (-3 if row.detail else 5)
    drawing.text(indent, name_at, shortened(row.label, 340 - indent, _SIZE), strong)
    if row.detail:
        drawing.text(indent, middle + 16, shortened(row.detail, 350 - indent, _SIZE - 1), "detail")
    _mark(drawing, x, row, middle)
    drawing.text(
        _WIDE, middle + 5, shortened(_result(row, axis), _WIDE - x.end - 8, _SIZE), strong, "end"
    )


def _narrow_row(
    drawing: Drawing, x: Scale, row: ForestRow, top: float, height: float, axis: Axis
) -> None:
    width = _NARROW
    if row.kind == "heading":
        drawing.text(0, top + 28, shortened(row.label, width, _SIZE + 2), "label strong")
        return
    strong = "label strong" if row.kind == "model" else "label"
    drawing.text(0, top + 18, shortened(row.label, width, _SIZE + 2), strong)
    if row.detail:
        drawing.text(0, top + 38, shortened(row.detail, width, _SIZE), "detail")
    drawing.text(0, top + height - 38, shortened(_result(row, axis), width, _SIZE + 2), strong)
    _mark(drawing, x, row, top + height - 20)


def _result(row: ForestRow, axis: Axis) -> str:
    """Write what a row reached: its numbers, or that there are none."""
    if row.estimate is None or math.isnan(row.estimate.estimate):
        return numbers.UNDEFINED
    return axis.written(row.estimate)


def _mark(drawing: Drawing, x: Scale, row: ForestRow, y: float) -> None:
    one = row.estimate
    if one is None or math.isnan(one.estimate):
        return
    class_ = f"kind-{row.kind}"
    if row.chance is not None:
        drawing.diamond(x.at(row.chance), y, 5, "point hollow kind-shortcut")
    beyond = not one.has_interval and not x.low <= one.estimate <= x.high
    if math.isfinite(one.lower) and math.isfinite(one.upper):
        drawing.line(x.at(one.lower), y, x.at(one.upper), y, f"whisker {class_}")
    if row.kind == "shortcut" or beyond:
        drawing.dot(x.at(one.estimate), y, 5, f"point hollow {class_}")
    elif row.kind == "reference":
        drawing.diamond(x.at(one.estimate), y, 6, f"point {class_}")
    else:
        drawing.dot(x.at(one.estimate), y, 6 if row.kind == "model" else 4.5, f"point {class_}")


def _forest_table(rows: Sequence[ForestRow], title: str, axis: Axis) -> DataTable:
    filled: list[list[Cell]] = []
    heading = ""
    for row in rows:
        if row.kind == "heading":
            heading = f"{row.label}: "
            continue
        estimate, limits = _cells(row, axis)
        ns = [
            Cell("") if n is None else count_cell(n)
            for n in (row.n_images, row.n_patients, row.n_positive)
        ]
        filled.append([Cell(f"{heading}{row.label}", note=row.detail), estimate, limits, *ns])
    columns = ["", axis.name, "Interval", "Images", "Patients", "Melanomas"]
    if all(np.isnan(cell.value or np.nan) for cells in filled for cell in cells[3:]):
        columns, filled = columns[:3], [cells[:3] for cells in filled]
    return table(title, columns, filled)


def _cells(row: ForestRow, axis: Axis) -> tuple[Cell, Cell]:
    one = row.estimate
    if one is None:
        return Cell(""), Cell("")
    if not axis.whole or not one.has_interval:
        return estimate_cells(one)
    limits = f"{one.lower:.0f} to {one.upper:.0f}"
    return Cell(f"{one.estimate:.0f}", one.estimate), Cell(limits, note=one.flag or "")
