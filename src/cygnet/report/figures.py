"""Which figures does a page have? Curves with bands, histograms, calibration: SVG and its table.

A figure never computes a result: it draws arrays that evaluation made, says in a caption what to
see, and carries a table of the numbers that it draws. Forest plots are in :mod:`forest`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from cygnet.evaluation import CalibrationBins
from cygnet.report import numbers
from cygnet.report.svg import Drawing, FloatArray, Frame, Scale, probability_scale, shortened
from cygnet.report.tables import Cell, DataTable, count_cell, number_cell, table

MOST_SERIES = 8  # more colours than these cannot be told apart
_MOST_INSIDE = 4  # more labels than these would stand on the curves
_LABEL_SIZE = 15  # between a desk's and a phone's, so that a label fits on both

_PLOT = 320.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 52.0, 34.0, 20.0, 52.0
_TABLE_ROWS = 21


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: ``key`` is its anchor, ``drawings`` hold one SVG, or a wide and a narrow one.

    ``note`` is a warning that belongs to these numbers, such as that they do not transfer.
    """

    key: str
    title: str
    caption: str
    drawings: tuple[Markup, ...]
    table: DataTable
    note: str = ""


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


def square_frame(*, logit: bool = False) -> Frame:
    """Give a square frame from 0 to 1 on both axes, equal in scale."""
    x = probability_scale(_LEFT, _LEFT + _PLOT, logit=logit)
    return Frame(x, probability_scale(_TOP + _PLOT, _TOP, logit=logit))


def _square_drawing(name: str, description: str, n_below: int = 0) -> Drawing:
    """Give a drawing for a square frame, with room for lines of text below it."""
    room = 20 * n_below + (8 if n_below else 0)
    return Drawing(_LEFT + _PLOT + _RIGHT, _TOP + _PLOT + _BOTTOM + room, name, description)


def roc_figure(series: Sequence[Series], *, key: str = "roc", caption: str) -> Figure:
    """Draw ROC curves on equal axes with the diagonal of chance."""
    frame = square_frame()
    drawing = _square_drawing("ROC curve", _described(series), _n_below(series))
    frame.axes(drawing, "False-positive rate (1 \u2212 specificity)", "Sensitivity")
    _bands(drawing, frame, series)
    ends = np.array([0.0, 1.0])
    frame.curve(drawing, ends, ends, "reference")
    drawing.text(frame.x.at(0.12), frame.y.at(0.04), "chance", "faint")
    _lines(drawing, frame, series, from_corner=True)
    foot = frame.y.start - 14 - 20 * (len(_labels(series)) - 1)
    _direct_labels(drawing, series, frame.x.at(0.30), foot, 0.70 * _PLOT)
    columns = ("False-positive rate", "Sensitivity", "Lower", "Upper")
    rows = _curve_table("ROC curve: sensitivity with its interval", columns, series)
    return Figure(key, "ROC curve", caption, (drawing.markup(),), rows)


def precision_recall_figure(
    series: Sequence[Series],
    prevalence: float,
    *,
    key: str = "precision-recall",
    caption: str,
    note: str = "",
) -> Figure:
    """Draw precision over sensitivity, with the prevalence that chance would give."""
    frame = square_frame()
    drawing = _square_drawing("Precision-recall curve", _described(series), _n_below(series))
    frame.axes(drawing, "Recall (sensitivity)", "Precision (positive predictive value)")
    _bands(drawing, frame, series)
    frame.curve(drawing, np.array([0.0, 1.0]), np.array([prevalence] * 2), "reference")
    above = prevalence <= 0.5
    level = frame.y.at(prevalence) + (-7 if above else 18)
    if len(series) == 1:
        words = f"chance: prevalence {numbers.format_number(prevalence)}"
        drawing.text(frame.x.at(0.03), level, words, "faint")
    _lines(drawing, frame, series)
    height = 20 * (len(_labels(series)) - 1)
    high = bool(np.nanmean(series[0].y) > 0.5)
    under = min(frame.y.start - 34, level - 24) if above else frame.y.start - 34
    top = under - height if high else frame.y.end + 20
    left = 0.06 if high else 0.30
    _direct_labels(drawing, series, frame.x.at(left), top, 0.70 * _PLOT)
    columns = ("Recall", "Precision", "Lower", "Upper")
    rows = _curve_table("Precision-recall curve: precision with its interval", columns, series)
    return Figure(key, "Precision-recall curve", caption, (drawing.markup(),), rows, note)


def _described(series: Sequence[Series]) -> str:
    shown = series[:MOST_SERIES]
    return "; ".join(f"{one.name}: {one.measure} {one.value} ({one.limits})" for one in shown)


def _bands(drawing: Drawing, frame: Frame, series: Sequence[Series]) -> None:
    many = " many" if len(series) > 2 else ""
    for index, one in reversed(list(enumerate(series[:MOST_SERIES]))):
        frame.band(drawing, one.x, one.lower, one.upper, f"band s{index}{many}")


def _lines(
    drawing: Drawing, frame: Frame, series: Sequence[Series], *, from_corner: bool = False
) -> None:
    for index, one in reversed(list(enumerate(series[:MOST_SERIES]))):
        x, y = (np.r_[0.0, one.x], np.r_[0.0, one.y]) if from_corner else (one.x, one.y)
        frame.curve(drawing, x, y, f"line s{index}")


def _labels(series: Sequence[Series]) -> list[tuple[int, str]]:
    """Lines of text beside the curves: a lone curve's label in two lines, else one a curve."""
    if len(series) == 1:
        return [(0, f"{series[0].measure} {series[0].value}"), (0, f"({series[0].limits})")]
    return [(index, f"{one.value} {one.name}") for index, one in enumerate(series[:MOST_SERIES])]


def _n_below(series: Sequence[Series]) -> int:
    """Count the labels that stand below the plot: all of them where they are many."""
    return min(len(series), MOST_SERIES) if len(series) > _MOST_INSIDE else 0


def _direct_labels(
    drawing: Drawing, series: Sequence[Series], left: float, top: float, width: float
) -> None:
    alone = len(series) == 1
    if _n_below(series):
        left, top, width = _LEFT, _TOP + _PLOT + _BOTTOM + 20, _PLOT + _RIGHT
    for line, (index, words) in enumerate(_labels(series)):
        y = top + 20 * line
        if not alone:
            drawing.line(left, y - 5, left + 22, y - 5, f"line s{index}")
        shown = words if alone else shortened(words, width - 30, _LABEL_SIZE)
        drawing.text(left + (0 if alone else 28), y, shown, "label strong" if alone else "label")


def _curve_table(caption: str, columns: Sequence[str], series: Sequence[Series]) -> DataTable:
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


def needs_log_odds(probability: FloatArray) -> bool:
    """Tell whether most probabilities crowd in one twentieth of the axis from 0 to 1."""
    if not len(probability):
        return False
    counts, _ = np.histogram(probability, bins=20, range=(0, 1))
    return bool(counts.max() > 0.5 * len(probability))


def histogram_figure(
    target: NDArray[np.int64],
    probability: FloatArray,
    *,
    key: str = "histogram",
    title: str,
    caption: str,
) -> Figure:
    """Draw how each class's probabilities spread, one panel a class over a common axis."""
    logit = needs_log_odds(probability)
    x = probability_scale(_LEFT, _LEFT + _PLOT, logit=logit)
    positions = np.linspace(x.start, x.end, 21)
    drawing = _square_drawing(title, "Shares of each class in twenty steps of probability")
    rows: list[list[Cell]] = [[Cell(text)] for text in _bin_names(x, logit=logit)]
    for name, value, top in (("Melanoma", 1, _TOP - 20), ("Benign", 0, _TOP + 164)):
        chosen = probability[target == value]
        counts, _ = np.histogram(x(chosen), bins=positions)
        share = counts / max(len(chosen), 1)
        panel = Frame(x, Scale(0.0, max(float(share.max()), 0.01), top + 152, top + 26))
        _panel(drawing, panel, share, value=value)
        drawing.text(x.start, top + 12, f"{name}, {numbers.counted(len(chosen), 'image')}", "label")
        for row, count, part in zip(rows, counts, share, strict=True):
            row += [count_cell(int(count)), number_cell(float(part), 3)]
    for mark in x.ticks():
        drawing.text(x.at(mark), _TOP + _PLOT + 16, f"{mark:g}", "tick", "middle")
    axis = "Probability given by the model" + (" (log-odds axis)" if logit else "")
    drawing.text(x.end, _TOP + _PLOT + 40, axis, "axis-title", "end")
    columns = ("Probability", "Melanomas", "Share of melanomas", "Benign", "Share of benign")
    return Figure(key, title, caption, (drawing.markup(),), table(title, columns, rows))


def _panel(drawing: Drawing, panel: Frame, share: FloatArray, *, value: int) -> None:
    edges = np.linspace(panel.x.start, panel.x.end, 21)
    for mark in panel.x.ticks():
        drawing.line(panel.x.at(mark), panel.y.start, panel.x.at(mark), panel.y.end, "grid")
    for left, right, part in zip(edges[:-1], edges[1:], share, strict=True):
        top = panel.y.at(float(part))
        wide = float(right - left) - 1
        drawing.box(float(left) + 0.5, top, wide, panel.y.start - top, f"bar class{value}")
    drawing.line(panel.x.start, panel.y.start, panel.x.end, panel.y.start, "axis")
    drawing.text(panel.x.start - 8, panel.y.start + 4, "0", "tick", "end")
    most = f"{100 * panel.y.high:.0f}{numbers.NARROW_SPACE}%"
    drawing.text(panel.x.start - 8, panel.y.end + 6, most, "tick", "end")


def _bin_names(x: Scale, *, logit: bool) -> list[str]:
    edges, places = np.linspace(0, 1, 21), 2
    if logit:
        ends = np.linspace(np.log(x.low / (1 - x.low)), np.log(x.high / (1 - x.high)), 21)
        edges, places = 1 / (1 + np.exp(-ends)), 4
        edges[0], edges[-1] = 0.0, 1.0
    pairs = pairwise(edges.tolist())
    return [f"{low:.{places}f}\u00a0to\u00a0{high:.{places}f}" for low, high in pairs]


def _sides(drawing: Drawing, frame: Frame, bins: CalibrationBins) -> None:
    """Say what either side of the diagonal means, where no point stands in the way."""
    x, y = frame.x(np.nan_to_num(bins.x)), frame.y(np.nan_to_num(bins.y))
    if not ((y < frame.y.end + 40) & (x < frame.x.start + 190)).any():
        drawing.text(frame.x.start + 8, frame.y.end + 18, "more melanomas than said", "faint")
    if not ((y > frame.y.start - 40) & (x > frame.x.end - 130)).any():
        drawing.text(frame.x.end - 8, frame.y.start - 10, "fewer than said", "faint", "end")


def calibration_figure(
    bins: CalibrationBins, *, key: str = "calibration", title: str, caption: str, note: str = ""
) -> Figure:
    """Draw the observed share of melanomas over the mean probability, group by group."""
    known = np.isfinite(bins.x)
    logit = bool(known.any()) and float(np.quantile(bins.x[known], 0.75)) < 0.2
    frame = square_frame(logit=logit)
    groups = numbers.counted(int(known.sum()), "group")
    drawing = _square_drawing(title, f"Observed share of melanomas in {groups} of images")
    frame.axes(drawing, "Mean probability given by the model", "Share that is melanoma")
    ends = np.array([frame.x.low, frame.x.high])
    frame.curve(drawing, ends, ends, "reference")
    _sides(drawing, frame, bins)
    for at in np.flatnonzero(known & np.isfinite(bins.y)):
        x = frame.x.at(float(bins.x[at]))
        if np.isfinite(bins.lower[at]) and np.isfinite(bins.upper[at]):
            low, high = frame.y.at(float(bins.lower[at])), frame.y.at(float(bins.upper[at]))
            drawing.line(x, low, x, high, "whisker s0")
        beyond = logit and not frame.y.low <= float(bins.y[at]) <= frame.y.high
        drawing.dot(x, frame.y.at(float(bins.y[at])), 5, "point hollow" if beyond else "point")
    places = 4 if logit else 3
    values = zip(bins.x, bins.y, bins.lower, bins.upper, strict=True)
    counts = zip(bins.n.tolist(), bins.n_positive.tolist(), strict=True)
    rows = [
        [*(number_cell(float(value), places) for value in four), *map(count_cell, two)]
        for four, two in zip(values, counts, strict=True)
    ]
    columns = (
        "Mean probability",
        "Share that is melanoma",
        "Lower",
        "Upper",
        "Images",
        "Melanomas",
    )
    return Figure(key, title, caption, (drawing.markup(),), table(title, columns, rows), note)
