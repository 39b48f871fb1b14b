"""Which figures follow from scored images? Curves with bands, histograms, calibration, subgroups.

Evaluation computes, this module asks and names; nothing here knows of a file.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cygnet.evaluation import (
    Band,
    Estimate,
    ScoreCard,
    calibration_bins,
    found_within_patients,
    precision_recall_band,
    roc_curve_band,
    telling_gaps,
)
from cygnet.evaluation.subgroups import Group
from cygnet.report import numbers
from cygnet.report.curve_parts import MOST_SERIES, Series
from cygnet.report.decision_figure import decision_figure
from cygnet.report.figures import (
    Figure,
    calibration_figure,
    histogram_figure,
    needs_log_odds,
    precision_recall_figure,
    roc_figure,
)
from cygnet.report.forest import ForestRow, forest_figure
from cygnet.report.patient_figures import found_figure, within_figure
from cygnet.report.tables import Cell, DataTable, estimate_cells, table
from cygnet.report.words import column_words, metric_words

Drawn = TypeVar("Drawn")


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One model's images ``(n_images,)`` with its score; ``patient`` is empty where unknown."""

    name: str
    target: NDArray[np.int64]
    probability: NDArray[np.float64]
    patient: NDArray[np.str_]
    score: ScoreCard
    weights: NDArray[np.float64] | None = None

    @property
    def prevalence(self) -> float:
        """The (weighted) share of melanomas."""
        return float(np.average(self.target, weights=self.weights))

    @property
    def patients_known(self) -> bool:
        """Whether the patient of any image is known."""
        return bool((self.patient != "").any())

    @property
    def both_classes(self) -> bool:
        """Whether there is a melanoma and a benign image."""
        return bool(0 < self.target.sum() < len(self.target))


@dataclass(frozen=True, slots=True)
class ScoreFigures:
    """The figures of a score, by chapter."""

    curves: tuple[Figure, ...]
    within: tuple[Figure, ...]
    probabilities: tuple[Figure, ...]
    decisions: tuple[Figure, ...]


def score_figures(
    models: Sequence[Scored], *, note: str = "", replicates: int = 1000, seed: int = 0
) -> ScoreFigures:
    """Draw the first eight models' curves together, and each one's probabilities by itself.

    ``note`` marks what depends on prevalence as not transferable. Without both classes there are
    no curves, and only the histogram remains.
    """
    drawn = [one for one in models if one.both_classes][:MOST_SERIES]
    curves: tuple[Figure, ...] = ()
    if drawn:
        curves = (
            _roc(drawn, replicates=replicates, seed=seed),
            _precision_recall(drawn, note, replicates=replicates, seed=seed),
        )
    probabilities: list[Figure] = []
    for index, one in enumerate(models[:MOST_SERIES]):
        suffix = f"-{index}" if len(models) > 1 else ""
        named = f": {one.name}" if len(models) > 1 else ""
        probabilities.append(_histogram(one, f"histogram{suffix}", f"Scores by class{named}"))
        if one.both_classes:
            key, title = f"calibration{suffix}", f"Calibration{named}"
            probabilities.append(_calibration(one, key, title, note))
    return ScoreFigures(
        curves,
        _within(drawn, replicates=replicates, seed=seed),
        tuple(probabilities),
        _decisions(drawn, note),
    )


def _within(models: Sequence[Scored], *, replicates: int, seed: int) -> tuple[Figure, ...]:
    """Draw the melanoma among its patient's lesions; nothing where no patient has both."""
    models = [one for one in models if one.patients_known]
    found = _bands(found_within_patients, models, replicates, seed)
    if not found or not found[0].n_patients:
        return ()
    named = [(one.name, curve) for one, curve in zip(models, found, strict=True)]
    cards = [one.score for one in models]
    numbers_of = [(one.name, one.score) for one in models]
    return found_figure(named, cards), within_figure(numbers_of)


def _decisions(models: Sequence[Scored], note: str) -> tuple[Figure, ...]:
    curves = [
        (one.name, curve) for one in models if (curve := one.score.decision_curve) is not None
    ]
    if not curves:
        return ()
    first = curves[0][1]
    share = (
        f"the prevalence is moved to {numbers.format_share(first.prevalence)}"
        if first.prevalence is not None
        else f"the share of melanomas is {numbers.format_share(models[0].prevalence)}, as here"
    )
    caption = (
        "True positives an image, less false ones at the price that the threshold sets: at 0.10, "
        "one melanoma found is worth nine needless excisions. A model is worth deciding by where "
        f"its line lies above both taking all lesions and taking none. Here {share}. "
    )
    caption += (
        f"There is no band: {first.reason}."
        if first.reason
        else f"Bands are {numbers.format_level(first.confidence_level)} intervals, point by point."
    )
    return (decision_figure(curves, caption=caption, note=note),)


def _series(one: Scored, band: Band, metric: str) -> Series:
    estimate = one.score.metrics.get(metric, Estimate(math.nan))
    points = (band.x, band.y, band.lower, band.upper)
    return Series.of(one.name, metric_words(metric).title, estimate, points)


def _bands(
    curve: Callable[..., Drawn], models: Sequence[Scored], replicates: int, seed: int
) -> list[Drawn]:
    return [
        curve(
            one.target,
            one.probability,
            one.patient,
            weights=one.weights,
            replicates=replicates,
            confidence_level=one.score.metrics["auroc"].confidence_level,
            seed=seed,
        )
        for one in models
    ]


def _roc(models: Sequence[Scored], *, replicates: int, seed: int) -> Figure:
    bands = _bands(roc_curve_band, models, replicates, seed)
    caption = (
        "Upwards, the share of melanomas found; to the right, the share of benign images called "
        "melanoma at the same threshold. The nearer to the upper left corner, the better. "
        f"{_band_words(bands)}"
    )
    series = [_series(*pair, "auroc") for pair in zip(models, bands, strict=True)]
    return roc_figure(series, caption=caption)


def _precision_recall(models: Sequence[Scored], note: str, *, replicates: int, seed: int) -> Figure:
    bands = _bands(precision_recall_band, models, replicates, seed)
    caption = (
        "To the right, the share of melanomas found; upwards, how many of the images called "
        "melanoma are one. The dotted line is chance: the share of melanomas among these images, "
        f"{numbers.format_number(models[0].prevalence)}, on which the curve depends. "
        f"{_band_words(bands)}"
    )
    series = [_series(*pair, "average_precision") for pair in zip(models, bands, strict=True)]
    return precision_recall_figure(series, models[0].prevalence, caption=caption, note=note)


def _band_words(bands: Sequence[Band]) -> str:
    lacking = next((band.reason for band in bands if band.reason), None)
    if lacking:
        return f"Where there is no band: {lacking}."
    return (
        f"Bands are {numbers.format_level(bands[0].confidence_level)} intervals, point by point, "
        "from resampling whole patients."
    )


def _histogram(one: Scored, key: str, title: str) -> Figure:
    caption = (
        "How the probabilities spread among melanomas and among benign images. The less the two "
        "overlap, the better they are told apart."
    )
    if needs_log_odds(one.probability):
        caption += " The axis is stretched near 0 and 1, where most images lie."
    return histogram_figure(one.target, one.probability, key=key, title=title, caption=caption)


def _calibration(one: Scored, key: str, title: str, note: str) -> Figure:
    bins = calibration_bins(one.target, one.probability, one.patient, weights=one.weights)
    caption = (
        f"Images grouped by probability, about {numbers.format_count(float(np.median(bins.n)))} in "
        "a group. On the dotted line, 30 in 100 are melanomas where the model says 30 in 100. "
        f"Vertical lines are {numbers.format_level(bins.confidence_level)} intervals."
    )
    return calibration_figure(bins, key=key, title=title, caption=caption, note=note)


def subgroup_figure(
    one: Scored, *, key: str = "subgroups", title: str = "AUROC in subgroups"
) -> Figure | None:
    """Draw the AUROC of every subgroup; ``None`` where none was asked for."""
    score = one.score
    rows: list[ForestRow] = [
        ForestRow(
            "All images",
            score.metrics["auroc"],
            "model",
            "",
            score.n_images,
            score.n_patients,
            score.n_positive,
        )
    ]
    for column, levels in score.by.items():
        rows.append(ForestRow(column_words(column), kind="heading"))
        rows += [_subgroup_row(level, found, one) for level, found in _in_order(levels)]
    if len(rows) == 1:
        return None
    caption = (
        "Each point is the AUROC among the images of that group, each line its interval; the band "
        "behind is that of all images. A group that is too small to judge keeps its row. "
        "Overlapping intervals do not show that two groups are alike."
    )
    return forest_figure(rows, key=key, title=title, caption=caption, beside=score.metrics["auroc"])


def gap_table(one: Scored, *, title: str = "Gaps between subgroups") -> DataTable | None:
    """Give the gaps worth a line, judged together; ``None`` where there are none."""
    score = one.score
    if not score.gaps:
        return None
    rows = []
    for gap in telling_gaps(score.gaps):
        value, limits = estimate_cells(gap.difference)
        rows.append([Cell(f"{column_words(gap.by)}: {gap.b} less {gap.a}"), value, limits])
    few = sum(not gap.difference.has_interval for gap in score.gaps)
    caption = (
        f"{title}: the widest of each column and those that exclude 0, of {len(score.gaps)} that "
        f"are judged together; {few} are to groups too small to judge"
    )
    return table(caption, ["Gap in AUROC", "Difference", "Interval, all together"], rows)


def _subgroup_row(level: str, found: Group, one: Scored) -> ForestRow:
    counts = (found["n_images"], found["n_patients"], found["n_positive"])
    patients = f" of {numbers.counted(counts[1], 'patient')}" if one.patients_known else ""
    images, melanomas = numbers.counted(counts[0], "image"), numbers.counted(counts[2], "melanoma")
    words = f"{images}{patients}, {melanomas}"
    return ForestRow(level, found["auroc"], "group", words, *counts, indented=True)


def _in_order(levels: Mapping[str, Group]) -> list[tuple[str, Group]]:
    """Put groups "below" a number before those that begin with one; keep the rest as they are."""
    return sorted(levels.items(), key=lambda level: not level[0].startswith(("below", "under")))
