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
from cygnet.report.curve_parts import (
    LEFT,
    PLOT,
    TOP,
    Series,
    curve_table,
    describe,
    direct_labels,
    draw_bands,
    draw_lines,
    labels_below,
    line_labels,
    square_drawing,
    square_frame,
)
from cygnet.report.svg import Drawing, FloatArray, Frame, Scale, probability_scale
from cygnet.report.tables import Cell, DataTable, count_cell, number_cell, table


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


def roc_figure(series: Sequence[Series], *, key: str = "roc", caption: str) -> Figure:
    """Draw ROC curves on equal axes with the diagonal of chance."""
    frame = square_frame()
    drawing = square_drawing("ROC curve", describe(series), labels_below(series))
    frame.axes(drawing, "False-positive rate (1 \u2212 specificity)", "Sensitivity")
    draw_bands(drawing, frame, series)
    ends = np.array([0.0, 1.0])
    frame.curve(drawing, ends, ends, "reference")
    drawing.text(frame.x.at(0.12), frame.y.at(0.04), "chance", "faint")
    draw_lines(drawing, frame, series, from_corner=True)
    foot = frame.y.start - 14 - 20 * (len(line_labels(series)) - 1)
    direct_labels(drawing, series, frame.x.at(0.30), foot, 0.70 * PLOT)
    columns = ("False-positive rate", "Sensitivity", "Lower", "Upper")
    rows = curve_table("ROC curve: sensitivity with its interval", columns, series)
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
    drawing = square_drawing("Precision-recall curve", describe(series), labels_below(series))
    frame.axes(drawing, "Recall (sensitivity)", "Precision (positive predictive value)")
    draw_bands(drawing, frame, series)
    frame.curve(drawing, np.array([0.0, 1.0]), np.array([prevalence] * 2), "reference")
    above = prevalence <= 0.5
    level = frame.y.at(prevalence) + (-7 if above else 18)
    if len(series) == 1:
        words = f"chance: prevalence {numbers.format_number(prevalence)}"
        drawing.text(frame.x.at(0.03), level, words, "faint")
    draw_lines(drawing, frame, series)
    height = 20 * (len(line_labels(series)) - 1)
    high = bool(np.nanmean(series[0].y) > 0.5)
    under = min(frame.y.start - 34, level - 24) if above else frame.y.start - 34
    top = under - height if high else frame.y.end + 20
    left = 0.06 if high else 0.30
    direct_labels(drawing, series, frame.x.at(left), top, 0.70 * PLOT)
    columns = ("Recall", "Precision", "Lower", "Upper")
    rows = curve_table("Precision-recall curve: precision with its interval", columns, series)
    return Figure(key, "Precision-recall curve", caption, (drawing.markup(),), rows, note)


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
    x = probability_scale(LEFT, LEFT + PLOT, logit=logit)
    positions = np.linspace(x.start, x.end, 21)
    drawing = square_drawing(title, "Shares of each class in twenty steps of probability")
    rows: list[list[Cell]] = [[Cell(text)] for text in _bin_names(x, logit=logit)]
    for name, value, top in (("Melanoma", 1, TOP - 20), ("Benign", 0, TOP + 164)):
        chosen = probability[target == value]
        counts, _ = np.histogram(x(chosen), bins=positions)
        share = counts / max(len(chosen), 1)
        panel = Frame(x, Scale(0.0, max(float(share.max()), 0.01), top + 152, top + 26))
        _panel(drawing, panel, share, value=value)
        drawing.text(x.start, top + 12, f"{name}, {numbers.counted(len(chosen), 'image')}", "label")
        for row, count, part in zip(rows, counts, share, strict=True):
            row += [count_cell(int(count)), number_cell(float(part), 3)]
    for mark in x.ticks():
        drawing.text(x.at(mark), TOP + PLOT + 16, f"{mark:g}", "tick", "middle")
    axis = "Probability given by the model" + (" (log-odds axis)" if logit else "")
    drawing.text(x.end, TOP + PLOT + 40, axis, "axis-title", "end")
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
    drawing = square_drawing(title, f"Observed share of melanomas in {groups} of images")
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
