"""Is it worth deciding by the model? Net benefit over thresholds, beside treating all and none."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cygnet.evaluation import DecisionCurve, Estimate
from cygnet.report.curve_parts import (
    BOTTOM,
    LEFT,
    MOST_SERIES,
    PLOT,
    RIGHT,
    TOP,
    Series,
    describe,
    draw_bands,
    draw_lines,
    line_labels,
)
from cygnet.report.figures import Figure
from cygnet.report.svg import Drawing, FloatArray, Frame, Scale, shortened
from cygnet.report.tables import Cell, DataTable, number_cell, table

TITLE = "Decision curve"
_STATED = 0.10  # the threshold whose net benefit is written beside a curve
_IN_TABLE = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
_LABEL_SIZE = 15


def decision_figure(
    curves: Sequence[tuple[str, DecisionCurve]], *, caption: str, note: str = ""
) -> Figure:
    """Draw the first eight ``curves``, each named, all of the same images.

    To call all malignant and to call none run faintly behind; what falls below the frame is left
    out, as nobody would decide so.
    """
    shown = list(curves[:MOST_SERIES])
    series = [_series(name, curve) for name, curve in shown]
    frame = _frame([curve for _, curve in shown])
    labels = line_labels(series)
    drawing = Drawing(
        LEFT + PLOT + RIGHT,
        TOP + PLOT + BOTTOM + 20 * len(labels) + 8,
        TITLE,
        describe(series),
    )
    frame.axes(drawing, "Probability from which a lesion is taken out", "Net benefit")
    first = shown[0][1]
    inside = [_inside(one, frame) for one in series]
    draw_bands(drawing, frame, inside)
    there = first.thresholds <= frame.x.high + 1e-9
    all_taken = _above(first.treat_all, frame)[there]
    frame.curve(drawing, first.thresholds[there], all_taken, "reference")
    ends = np.array([frame.x.low, frame.x.high])
    frame.curve(drawing, ends, np.zeros(2), "reference")
    _name_references(drawing, frame, first)
    draw_lines(drawing, frame, inside)
    for place, (index, words) in enumerate(labels):
        y = TOP + PLOT + BOTTOM + 20 + 20 * place
        if len(series) == 1:
            drawing.text(LEFT, y, words, "label strong")
            continue
        drawing.line(LEFT, y - 5, LEFT + 22, y - 5, f"line s{index}")
        drawing.text(LEFT + 28, y, shortened(words, PLOT - 30, _LABEL_SIZE), "label")
    rows = _table(curves)
    return Figure("decision-curve", TITLE, caption, (drawing.markup(),), rows, note)


def _frame(curves: Sequence[DecisionCurve]) -> Frame:
    """Frame what is worth seeing: from a little below nothing gained, up to where lines leave it.

    The threshold runs on for as long as some model is not clearly worse than taking none.
    """
    highest = [np.nanmax(np.r_[one.model, one.model_upper, one.treat_all, 0.0]) for one in curves]
    most = max(float(max(highest)), 1e-3) * 1.05
    least = -0.2 * most
    within = np.any([one.model >= least for one in curves], axis=0)
    last = float(curves[0].thresholds[np.flatnonzero(within)].max(initial=0.0))
    end = min(max(np.ceil(10 * last) / 10, 0.1), float(curves[0].thresholds.max()))
    return Frame(Scale(0.0, end, LEFT, LEFT + PLOT), Scale(least, most, TOP + PLOT, TOP))


def _inside(curve: Series, frame: Frame) -> Series:
    """Leave out what lies beyond the frame, so that nothing is drawn along its edge."""
    there = curve.x <= frame.x.high + 1e-9
    return replace(
        curve,
        x=curve.x[there],
        y=_above(curve.y[there], frame),
        lower=np.maximum(curve.lower[there], frame.y.low),
        upper=_above(curve.upper[there], frame),
    )


def _above(values: FloatArray, frame: Frame) -> FloatArray:
    return np.where(values >= frame.y.low, values, np.nan)


def _series(name: str, curve: DecisionCurve) -> Series:
    at = int(np.abs(curve.thresholds - _STATED).argmin())
    values = (curve.model, curve.model_lower, curve.model_upper)
    estimate, lower, upper = (float(of[at]) for of in values)
    measure = f"Net benefit at {curve.thresholds[at]:.2f}:"
    stated = Estimate(estimate, lower, upper, curve.confidence_level)
    return Series.of(name, measure, stated, (curve.thresholds, *values))


def _name_references(drawing: Drawing, frame: Frame, curve: DecisionCurve) -> None:
    drawing.text(frame.x.end - 4, frame.y.at(0) + 16, "take none", "faint", "end")
    above = np.flatnonzero(curve.treat_all >= frame.y.low)
    if above.size:
        last = above[-1]
        at = frame.x.at(float(curve.thresholds[last]))
        drawing.text(at + 6, frame.y.start - 8, "take all", "faint")


def _table(curves: Sequence[tuple[str, DecisionCurve]]) -> DataTable:
    rows: list[list[Cell]] = []
    alone = len(curves) == 1
    for name, curve in curves:
        for wanted in _IN_TABLE:
            at = int(np.abs(curve.thresholds - wanted).argmin())
            numbers_of = (
                curve.model[at],
                curve.model_lower[at],
                curve.model_upper[at],
                curve.treat_all[at],
            )
            cells = [number_cell(float(curve.thresholds[at]), 2)]
            cells += [number_cell(float(value), 4) for value in numbers_of]
            rows.append(cells if alone else [Cell(name), *cells])
    columns = ["Threshold", "Net benefit", "Lower", "Upper", "All taken"]
    caption = "Net benefit by threshold; none taken is 0"
    return table(caption, columns if alone else ["Model", *columns], rows)
