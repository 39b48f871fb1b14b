"""Does the model find the patient's own odd one out? The melanoma's place among its patient's."""

import math
from collections.abc import Sequence

import numpy as np

from cygnet.evaluation import Estimate, FoundWithin, ScoreCard
from cygnet.report import numbers
from cygnet.report.curve_parts import (
    PLOT,
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
from cygnet.report.figures import Figure
from cygnet.report.forest import Axis, ForestRow, forest_figure
from cygnet.report.words import metric_words

FOUND = "Found within the patient"
_SHARE = Axis("Share", "hollow: by chance", None, (0.0, 1.0))
_MAIN = ("within_patient_auroc", "top_1_share", "top_3_share", "top_5_share", "top_15_share")
_METRICS = (
    "within_patient_auroc",
    "within_patient_auroc_pair_weighted",
    "between_patient_auroc",
    "patient_auroc",
    "top_1_share",
    "top_3_share",
    "top_5_share",
    "top_15_share",
    "top_1_share_of_larger_patients",
    "top_3_share_of_larger_patients",
    "top_5_share_of_larger_patients",
    "top_15_share_of_larger_patients",
)


def found_figure(found: Sequence[tuple[str, FoundWithin]], scores: Sequence[ScoreCard]) -> Figure:
    """Draw the share of melanomas found over the share of the patient's images looked at."""
    series = [
        Series.of(
            name,
            "AUROC within",
            card.metrics["within_patient_auroc"],
            (one.x, one.y, one.lower, one.upper),
        )
        for (name, one), card in zip(found, scores, strict=True)
    ]
    first = found[0][1]
    frame = square_frame()
    drawing = square_drawing(FOUND, describe(series), labels_below(series))
    frame.axes(drawing, "Share of the patient's images looked at", "Melanomas found")
    draw_bands(drawing, frame, series)
    frame.curve(drawing, first.x, first.chance, "reference")
    drawing.text(frame.x.at(0.78), frame.y.at(0.56), "chance", "faint")
    draw_lines(drawing, frame, series)
    foot = frame.y.start - 14 - 20 * (len(line_labels(series)) - 1)
    direct_labels(drawing, series, frame.x.at(0.30), foot, 0.70 * PLOT)
    columns = ("Images looked at", "Melanomas found", "Lower", "Upper")
    rows = curve_table("Share of melanomas found, from the highest score down", columns, series)
    melanomas = numbers.counted(first.n, "melanoma")
    caption = (
        f"Each patient's images in order of score: how many of {melanomas} are met when a share of "
        f"them has been looked at. Only the {numbers.counted(first.n_patients, 'patient')} with "
        "both classes count, so that differences between patients cannot help. "
    )
    caption += (
        f"There is no band: {first.reason}."
        if first.reason
        else f"Bands are {numbers.format_level(first.confidence_level)} intervals, point by point, "
        "from resampling whole patients."
    )
    return Figure("found-within", FOUND, caption, (drawing.markup(),), rows)


def within_figure(scores: Sequence[tuple[str, ScoreCard]]) -> Figure:
    """Draw the numbers within, between and of patients, each beside chance.

    One model's are rows; of several the main ones are drawn, model beside model.
    """
    if len(scores) == 1:
        rows = [
            ForestRow(metric_words(metric).title, one, detail=_rests_on(one), chance=chance)
            for metric, one, chance in _numbers(scores[0][1], _METRICS)
        ]
    else:
        rows = []
        for metric in _MAIN:
            rows.append(ForestRow(metric_words(metric).title, kind="heading"))
            for name, card in scores:
                rows += [
                    ForestRow(name, one, chance=chance, indented=True)
                    for _, one, chance in _numbers(card, (metric,))
                ]
    caption = (
        "AUROC within patients is the ugly duckling number: a melanoma against the same patient's "
        "benign lesions. The top of each patient is what a reader sees who looks at a few lesions "
        "only; most of the top 15 is trivial, as few patients have more images than that. The "
        "hollow mark is what a random order would reach."
    )
    return forest_figure(
        rows, key="within-numbers", title="Within a patient", caption=caption, axis=_SHARE
    )


def _numbers(card: ScoreCard, metrics: Sequence[str]) -> list[tuple[str, Estimate, float | None]]:
    """Give each of ``metrics`` that the card has, with what chance would reach."""
    known = [(metric, card.metrics[metric]) for metric in metrics if metric in card.metrics]
    return [(metric, one, _chance(metric, one)) for metric, one in known]


def _chance(metric: str, one: Estimate) -> float | None:
    if not metric.startswith("top_"):
        return 0.5
    chance = one.details.get("by_chance")
    return chance if isinstance(chance, float) and math.isfinite(chance) else None


def _rests_on(one: Estimate) -> str:
    n, unit = one.details.get("n"), str(one.details.get("unit", "images"))
    short = "melanomas" if unit.startswith("malignant images") else unit
    said = f"{numbers.format_count(n)} {short}" if isinstance(n, int) else ""
    chance = one.details.get("by_chance")
    if isinstance(chance, float) and np.isfinite(chance):
        said += f"; by chance {numbers.format_number(chance, 3)}"
    return said
