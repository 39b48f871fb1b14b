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
_SIZE = 14  # of a label; details are one less, and all are larger on a phone


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One result: its label, a line that explains it, and the estimate (none for a heading)."""

    label: str
    estimate: Estimate | None = None
    kind: Kind = "group"
    detail: str = ""
    n_images: int | None = None
    n_patients: int | None = None
    n_positive: int | None = None
    indented: bool = False


def forest_figure(
    rows: Sequence[ForestRow],
    *,
    key: str,
    title: str,
    caption: str,
    beside: Estimate | None = None,
    axis: str = "AUROC",
) -> Figure:
    """Draw the rows; ``beside`` is the result whose interval runs faintly through all of them."""
    low, high = _limits(rows, beside)
    drawings = tuple(
        _drawn(rows, (low, high), beside, title=title, axis=axis, wide=wide)
        for wide in (True, False)
    )
    return Figure(key, title, caption, drawings, _forest_table(rows, title, axis))


def _limits(rows: Sequence[ForestRow], beside: Estimate | None) -> tuple[float, float]:
    estimates = [row.estimate for row in rows if row.estimate] + ([beside] if beside else [])
    values = [v for e in estimates for v in (e.estimate, e.lower, e.upper) if math.isfinite(v)]
    low = min([0.5, *values])
    return max(math.floor(low * 10 + 1e-9) / 10, 0.0), max([1.0, *values])


def _drawn(
    rows: Sequence[ForestRow],
    limits: tuple[float, float],
    beside: Estimate | None,
    *,
    title: str,
    axis: str,
    wide: bool,
) -> Markup:
    heights = [_row_height(row, wide=wide) for row in rows]
    top, foot = 14.0, 14.0 + sum(heights)
    width = _WIDE if wide else _NARROW
    left, right = (362.0, 588.0) if wide else (14.0, width - 14)
    said = "; ".join(f"{row.label} {_result(row)}" for row in rows if row.estimate)
    drawing = Drawing(width, foot + 48, title, said)
    frame = Frame(Scale(*limits, left, right), Scale(0, 1, foot, top))
    ends = np.cumsum([top, *heights])
    # On a phone the words stand above their line, so nothing may run through them.
    feet = [end for row, end in zip(rows, ends[1:].tolist(), strict=True) if row.estimate]
    lanes = [(top, foot)] if wide else [(end - 30, end - 10) for end in feet]
    _ground(drawing, frame, beside, lanes)
    drawing.text(right, foot + 42, f"{axis} (0.5 is chance)", "axis-title", "end")
    for row, height, at in zip(rows, heights, ends.tolist(), strict=False):
        (_wide_row if wide else _narrow_row)(drawing, frame.x, row, at, height)
    return drawing.markup("wide" if wide else "narrow")


def _row_height(row: ForestRow, *, wide: bool) -> float:
    if row.kind == "heading":
        return 40.0
    if wide:
        return 48.0 if row.detail else 32.0
    return 96.0 if row.detail else 76.0


def _ground(
    drawing: Drawing, frame: Frame, beside: Estimate | None, lanes: Sequence[tuple[float, float]]
) -> None:
    """Draw what lies under the marks: the band and line of the main result, grid and axis."""
    x, foot = frame.x, frame.y.start
    for top, end in lanes:
        if beside is not None and beside.has_interval:
            low = x.at(beside.lower)
            drawing.box(low, top, x.at(beside.upper) - low, end - top, "band s0")
        for value in x.ticks():
            drawing.line(x.at(value), end, x.at(value), top, "grid")
        if x.low <= 0.5 <= x.high:
            drawing.line(x.at(0.5), end, x.at(0.5), top, "reference")
        if beside is not None and math.isfinite(beside.estimate):
            drawing.line(x.at(beside.estimate), end, x.at(beside.estimate), top, "guide s0")
    for value in x.ticks():
        drawing.text(x.at(value), foot + 20, tick_label(value), "tick", "middle")
    drawing.line(x.start, foot, x.end, foot, "axis")


def _wide_row(drawing: Drawing, x: Scale, row: ForestRow, top: float, height: float) -> None:
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
    drawing.text(_WIDE, middle + 5, shortened(_result(row), 200, _SIZE), strong, "end")


def _narrow_row(drawing: Drawing, x: Scale, row: ForestRow, top: float, height: float) -> None:
    width = _NARROW
    if row.kind == "heading":
        drawing.text(0, top + 28, shortened(row.label, width, _SIZE + 2), "label strong")
        return
    strong = "label strong" if row.kind == "model" else "label"
    drawing.text(0, top + 18, shortened(row.label, width, _SIZE + 2), strong)
    if row.detail:
        drawing.text(0, top + 38, shortened(row.detail, width, _SIZE), "detail")
    drawing.text(0, top + height - 38, shortened(_result(row), width, _SIZE + 2), strong)
    _mark(drawing, x, row, top + height - 20)


def _result(row: ForestRow) -> str:
    """Write what a row reached: its numbers, or that there are none."""
    if row.estimate is None or math.isnan(row.estimate.estimate):
        return numbers.UNDEFINED
    one = row.estimate
    return numbers.format_interval(one.estimate, one.lower, one.upper)


def _mark(drawing: Drawing, x: Scale, row: ForestRow, y: float) -> None:
    one = row.estimate
    if one is None or math.isnan(one.estimate):
        return
    class_ = f"kind-{row.kind}"
    if math.isfinite(one.lower) and math.isfinite(one.upper):
        drawing.line(x.at(one.lower), y, x.at(one.upper), y, f"whisker {class_}")
    if row.kind == "shortcut":
        drawing.dot(x.at(one.estimate), y, 5, f"point hollow {class_}")
    elif row.kind == "reference":
        drawing.diamond(x.at(one.estimate), y, 6, f"point {class_}")
    else:
        drawing.dot(x.at(one.estimate), y, 6 if row.kind == "model" else 4.5, f"point {class_}")


def _forest_table(rows: Sequence[ForestRow], title: str, axis: str) -> DataTable:
    filled: list[list[Cell]] = []
    heading = ""
    for row in rows:
        if row.kind == "heading":
            heading = f"{row.label}: "
            continue
        estimate, limits = estimate_cells(row.estimate) if row.estimate else (Cell(""), Cell(""))
        ns = [
            Cell("") if n is None else count_cell(n)
            for n in (row.n_images, row.n_patients, row.n_positive)
        ]
        filled.append([Cell(f"{heading}{row.label}", note=row.detail), estimate, limits, *ns])
    columns = ["", axis, "Interval", "Images", "Patients", "Melanomas"]
    if all(np.isnan(cell.value or np.nan) for cells in filled for cell in cells[3:]):
        columns, filled = columns[:3], [cells[:3] for cells in filled]
    return table(title, columns, filled)
