"""What do the curves look like, and how sure are they? ROC, precision-recall, calibration, counts.

Numbers to draw, with pointwise bands by patient-cluster bootstrap. Draws nothing itself. Where an
interval would not be worth its name the limits are NaN and ``reason`` says why.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cygnet.evaluation.auroc_interval import ONE_CLASS
from cygnet.evaluation.calibration import DEFAULT_BINS, equal_mass_bins
from cygnet.evaluation.estimate import BOOTSTRAP, too_few
from cygnet.evaluation.operating_points import Counts, OperatingPoints
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Floats, Sample, make_sample
from cygnet.evaluation.shares import WILSON, share_with_design_effect, wilson_limits

# Screening works at the left end of the curve: half of the grid lies below 0.1.
_FPR_GRID = np.concatenate([np.linspace(0, 0.1, 101), np.linspace(0.1, 1, 91)[1:]])
_RECALL_GRID = np.linspace(0.01, 1, 100)
_ROUNDING = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A curve with a pointwise band.

    ``x``, ``y``, ``lower``, ``upper`` ``(n_points,)`` lie on an even grid; ``exact_x`` and
    ``exact_y`` are the curve's own vertices. ``n`` images; ``undefined_replicates`` of
    ``replicates`` lacked a class.
    """

    x: Floats
    y: Floats
    lower: Floats
    upper: Floats
    exact_x: Floats
    exact_y: Floats
    n: int
    replicates: int
    undefined_replicates: int
    confidence_level: float
    method: str = BOOTSTRAP
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationBins:
    """Observed frequency against mean probability in bins of equal mass, each ``(n_bins,)``.

    ``x`` mean probability, ``y`` observed frequency of melanoma with ``lower`` and ``upper``
    (Wilson's interval with ``n_effective`` images), ``n`` images, ``n_positive`` malignant ones.
    """

    x: Floats
    y: Floats
    lower: Floats
    upper: Floats
    n: NDArray[np.int64]
    n_positive: NDArray[np.int64]
    n_effective: Floats
    confidence_level: float
    method: str = WILSON


@dataclass(frozen=True, slots=True, eq=False)
class ScoreHistogram:
    """Counts of images by probability: ``edges`` ``(n_bins + 1,)``, the counts ``(n_bins,)``.

    With sampling weights the counts are sums of weights, scaled to mean 1 over all images.
    """

    edges: Floats
    benign: Floats
    malignant: Floats


def roc_curve_band(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    replicates: int = 2000,
    confidence_level: float = 0.95,
    seed: int = 0,
) -> Band:
    """ROC curve: ``x`` false positive rate, ``y`` sensitivity, straight lines between thresholds.

    Arrays as in :func:`score_card`, whose replicates these are for the same ``seed``. A class that
    is missing, or fewer than 10 patients of either class, leaves the band NaN with a reason.
    Raises :class:`InputError` for arrays that do not fit.

    >>> band = roc_curve_band([1, 0], [0.9, 0.1], replicates=10)
    >>> band.exact_x.tolist(), band.exact_y.tolist()
    ([0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0])
    """
    sample = make_sample(target, probability, patient, weights)
    return _band(
        sample, _FPR_GRID, _roc_vertices, _on_roc, _roc_never_certain,
        replicates, confidence_level, seed,
    )  # fmt: skip


def precision_recall_band(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    replicates: int = 2000,
    confidence_level: float = 0.95,
    seed: int = 0,
) -> Band:
    """Precision-recall curve: ``x`` recall, ``y`` precision of the first threshold to reach it.

    A step function, as average precision sums it. It moves with prevalence. Arrays, undefined cases
    and errors as in :func:`roc_curve_band`.

    >>> band = precision_recall_band([1, 0, 1], [0.9, 0.5, 0.3], replicates=10)
    >>> band.exact_x.tolist(), band.exact_y.round(3).tolist()
    ([0.5, 1.0], [1.0, 0.667])
    """
    sample = make_sample(target, probability, patient, weights)
    return _band(
        sample, _RECALL_GRID, _pr_vertices, _on_pr, _pr_never_certain,
        replicates, confidence_level, seed,
    )  # fmt: skip


_Vertices = Callable[[Counts], tuple[Floats, Floats]]
_OnGrid = Callable[[Floats, Floats, Floats], Floats]
_NeverCertain = Callable[[Sample, Floats, Floats, Floats, float], tuple[Floats, Floats]]


def _roc_never_certain(
    sample: Sample, grid: Floats, lower: Floats, upper: Floats, confidence_level: float
) -> tuple[Floats, Floats]:
    """Hold a band within what Wilson's interval allows where all melanomas, or none, are found.

    Where every replicate finds every melanoma the quantiles are [1, 1]. The corner (1, 1) alone is
    certain: there every image is called malignant.
    """
    _, effective = share_with_design_effect(sample, sample.target, sample.target)
    all_found, _ = wilson_limits(1.0, effective, confidence_level)
    _, none_found = wilson_limits(0.0, effective, confidence_level)
    return np.where(grid < 1, np.minimum(lower, all_found), lower), np.maximum(upper, none_found)


def _pr_never_certain(
    sample: Sample, grid: Floats, lower: Floats, upper: Floats, confidence_level: float
) -> tuple[Floats, Floats]:
    """Hold a band within Wilson's interval of a precision of 1 on the melanomas found."""
    _, effective = share_with_design_effect(sample, sample.target, sample.target)
    at_most = [wilson_limits(1.0, recall * effective, confidence_level)[0] for recall in grid]
    return np.minimum(lower, at_most), upper


def _band(
    sample: Sample,
    grid: Floats,
    vertices: _Vertices,
    on_grid: _OnGrid,
    never_certain: _NeverCertain,
    replicates: int,
    confidence_level: float,
    seed: int,
) -> Band:
    nothing = np.full(grid.size, np.nan)
    if not sample.has_both_classes:
        none = np.empty(0)
        return Band(
            grid, nothing, nothing, nothing, none, none, sample.n_images, 0, 0,
            confidence_level, reason=ONE_CLASS,
        )  # fmt: skip
    points = OperatingPoints(sample)
    x, y = vertices(points.counts(np.ones((1, sample.n_patients))))
    lower, upper, n_undefined = nothing, nothing, 0
    reason = too_few(*sample.scarcer_patients)
    if replicates and reason is None:
        curves = _replicate_curves(points, sample, grid, vertices, on_grid, replicates, seed)
        n_undefined = replicates - len(curves)
        tail = (1 - confidence_level) / 2
        lower, upper = np.quantile(curves, [tail, 1 - tail], axis=0)
        lower, upper = never_certain(sample, grid, lower, upper, confidence_level)
    return Band(
        grid, on_grid(grid, x[0], y[0]), lower, upper, x[0], y[0], sample.n_images, replicates,
        n_undefined, confidence_level, reason=reason,
    )  # fmt: skip


def _replicate_curves(
    points: OperatingPoints,
    sample: Sample,
    grid: Floats,
    vertices: _Vertices,
    on_grid: _OnGrid,
    replicates: int,
    seed: int,
) -> Floats:
    """Give the curve of each replicate that has both classes, ``(n_defined, n_points)``."""
    curves: list[Floats] = []
    for block in multiplicity_blocks(sample.n_patients, replicates, seed):
        for counts in points.count_blocks(block):
            xs, ys = vertices(counts)
            defined = np.flatnonzero((counts.malignant > 0) & (counts.benign > 0))
            curves.extend(on_grid(grid, xs[row], ys[row]) for row in defined)
    return np.array(curves)


def _roc_vertices(counts: Counts) -> tuple[Floats, Floats]:
    """Give each replicate's vertices: before and after each threshold, and both corners."""
    with np.errstate(divide="ignore", invalid="ignore"):
        fpr = counts.false_alarms / counts.benign[:, None]
        before = (counts.false_alarms - counts.tied) / counts.benign[:, None]
        tpr = counts.found / counts.malignant[:, None]
    previous = np.concatenate([np.zeros((len(tpr), 1)), tpr[:, :-1]], axis=1)
    xs = np.stack([before, fpr], axis=2).reshape(len(tpr), -1)
    ys = np.stack([previous, tpr], axis=2).reshape(len(tpr), -1)
    return np.pad(xs, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1))), np.pad(
        ys, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1))
    )


def _on_roc(grid: Floats, x: Floats, y: Floats) -> Floats:
    return np.asarray(np.interp(grid, x, y))


def _pr_vertices(counts: Counts) -> tuple[Floats, Floats]:
    called = counts.found + counts.false_alarms
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = counts.found / counts.malignant[:, None]
        return recall, np.where(called > 0, counts.found / called, np.nan)


def _on_pr(grid: Floats, x: Floats, y: Floats) -> Floats:
    return np.asarray(y[np.minimum(np.searchsorted(x, grid - _ROUNDING), x.size - 1)])


def calibration_bins(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    bins: int = DEFAULT_BINS,
    confidence_level: float = 0.95,
) -> CalibrationBins:
    """Observed frequency in bins of equal mass, each with its own interval.

    Equal probabilities are never parted, so bins may be fewer than ``bins``. Arrays and errors as
    in :func:`score_card`.

    >>> made = calibration_bins([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2)
    >>> made.y.tolist(), made.n.tolist()
    ([0.0, 1.0], [2, 2])
    """
    sample = make_sample(target, probability, patient, weights)
    if not sample.n_images:
        none, no_count = np.empty(0), np.empty(0, np.int64)
        return CalibrationBins(none, none, none, none, no_count, no_count, none, confidence_level)
    bin_of = equal_mass_bins(sample.probability, sample.weights, bins)
    rows = []
    for number in range(int(bin_of.max()) + 1):
        inside = bin_of == number
        share, effective = share_with_design_effect(sample, sample.target, inside)
        mean = np.average(sample.probability[inside], weights=sample.weights[inside])
        limits = wilson_limits(share, effective, confidence_level)
        rows.append((mean, share, *limits, effective))
    x, y, lower, upper, n_effective = np.array(rows).T
    n = np.bincount(bin_of)
    n_positive = np.bincount(bin_of[sample.target], minlength=n.size)
    return CalibrationBins(x, y, lower, upper, n, n_positive, n_effective, confidence_level)


def score_histogram(
    target: ArrayLike,
    probability: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    bins: int = 50,
) -> ScoreHistogram:
    """Count images of each class by probability, in ``bins`` of equal width from 0 to 1.

    Arrays and errors as in :func:`score_card`.

    >>> score_histogram([1, 0, 0], [0.9, 0.2, 0.1], bins=2).benign.tolist()
    [2.0, 0.0]
    """
    sample = make_sample(target, probability, None, weights)
    edges = np.linspace(0, 1, bins + 1)
    benign, malignant = (
        np.histogram(sample.probability[images], edges, weights=sample.weights[images])[0]
        for images in (~sample.target, sample.target)
    )
    return ScoreHistogram(edges, benign, malignant)
