"""Which map turns a model's probabilities into ones that mean what they say? Platt, isotonic, beta.

Each is fitted on the images given and gives a calibrator, a map that never falls. To score on the
images that it was fitted on flatters: ``cross_fitting`` fits on other folds. Refuses one class.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cygnet.errors import InputError
from cygnet.evaluation.corp import pooled
from cygnet.evaluation.recalibration import CLIP_EPSILON
from cygnet.evaluation.sample import Floats, Sample, as_one_patient

Method = Literal["platt", "isotonic", "beta"]

_MAX_STEPS = 100
_SHORTEST_STEP = 1e-10
_TOLERANCE = 1e-12
_RIDGE = 1e-12


class Calibrator(Protocol):
    """A map from probabilities to probabilities that never falls; immutable."""

    def __call__(self, probability: ArrayLike) -> Floats:
        """Recalibrate ``probability`` ``(n_images,)``, each in 0 to 1.

        Raises :class:`InputError` for NaN and values outside 0 to 1.
        """
        ...


@dataclass(frozen=True, slots=True)
class LogitCalibrator:
    """The map logit q = a ln p - b ln(1 - p) + c; where a = b, a line on the logit.

    Probabilities are clipped to 1e-6 and 1 - 1e-6 first. ``a`` and ``b`` are not negative.

    >>> LogitCalibrator(1.0, 1.0, 0.0)([0.25, 0.5]).round(12).tolist()
    [0.25, 0.5]
    """

    a: float
    b: float
    c: float

    def __call__(self, probability: ArrayLike) -> Floats:
        """Recalibrate ``probability`` ``(n_images,)``; as in :class:`Calibrator`."""
        columns = _log_columns(_checked(probability))
        return _expit(columns @ np.array([self.a, self.b]) + self.c)


@dataclass(frozen=True, slots=True)
class IsotonicCalibrator:
    """The map that is ``values`` at ``knots``, linear between two of them and flat outside.

    Both rise; the values may be 0 and 1.
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, probability: ArrayLike) -> Floats:
        """Recalibrate ``probability`` ``(n_images,)``; as in :class:`Calibrator`."""
        return np.asarray(np.interp(_checked(probability), self.knots, self.values))


def fit_platt(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> LogitCalibrator:
    """Fit Platt's line on the logit of the probability; see :func:`platt_line`.

    ``target`` ``(n_images,)`` is 0 or 1, ``probability`` ``(n_images,)`` lies in 0 to 1 and is
    clipped to 1e-6 and 1 - 1e-6, ``weights`` are sampling weights above 0. Equal probabilities for
    all images give a constant, the share of malignant ones (smoothed). Raises :class:`InputError`
    for NaN, numbers out of range and a missing class.

    Platt (1999), Probabilistic outputs for support vector machines, in Advances in Large Margin
    Classifiers.

    >>> calibrator = fit_platt([0, 0, 0, 1] * 500 + [0, 1, 1, 1] * 500, [0.4] * 2000 + [0.6] * 2000)
    >>> calibrator([0.4, 0.6]).round(3).tolist()  # the shares of malignant images
    [0.25, 0.75]
    """
    sample = _both_classes(target, probability, weights)
    slope, intercept = platt_line(
        sample.target, _log_columns(sample.probability).sum(axis=1), sample.weights
    )
    return LogitCalibrator(slope, slope, intercept)


def platt_line(
    target: ArrayLike, logit: ArrayLike, weights: ArrayLike | None = None
) -> tuple[float, float]:
    """Fit ``(slope, intercept)`` of P(target = 1) = sigmoid(slope * logit + intercept).

    ``target`` is ``(n,)`` of 0 and 1, ``logit`` ``(n,)`` finite, ``weights`` ``(n,)`` sampling
    weights. Platt's smoothed targets keep the fit finite when the classes are separable: a
    positive counts as (n1 + 1) / (n1 + 2), a negative as 1 / (n0 + 2). A slope that would turn the
    ranking around is refused: it is 0 then, and the intercept alone is fitted; so it is where all
    logits are equal. With one class there is nothing to fit and the line is (1, 0).

    Source: Platt (1999), Probabilistic outputs for support vector machines, in Advances in Large
    Margin Classifiers; smoothed targets as in Lin, Lin and Weng (2007),
    10.1007/s10994-007-5018-6. Solved by Newton's method with halved steps.

    >>> slope, intercept = platt_line([0, 0, 1, 1], [-2.0, 0.5, -0.5, 2.0])
    >>> slope > 0, abs(intercept) < 1e-9
    (True, True)
    """
    positive = np.asarray(target) == 1
    logits = np.asarray(logit, np.float64)
    weight = np.ones(len(logits)) if weights is None else np.asarray(weights, np.float64)
    if positive.all() or not positive.any():
        return 1.0, 0.0
    slopes, intercept = _rising_fit(logits[:, None], positive, weight)
    return float(slopes[0]), intercept


def fit_beta(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> LogitCalibrator:
    r"""Fit beta calibration: a line on ln p and ln(1 - p), of which Platt's is the case a = b.

    .. math:: \operatorname{logit} q = a \ln p - b \ln(1 - p) + c, \quad a, b \ge 0

    A negative coefficient is set to 0 and the others are refitted. The targets are smoothed as in
    :func:`platt_line`, so that separable classes have a finite fit, which the paper leaves open.
    Fewer than three different probabilities cannot tell a from b: Platt's line is given. Arrays,
    clipping, equal probabilities and errors as in :func:`fit_platt`.

    Kull, Silva Filho and Flach (2017), 10.1214/17-EJS1338SI.

    >>> calibrator = fit_beta([0, 1] * 5, [0.2, 0.8] * 5)
    >>> calibrator.a == calibrator.b > 1  # two values, and the classes are apart
    True
    """
    sample = _both_classes(target, probability, weights)
    columns = _log_columns(sample.probability)
    if np.unique(columns[:, 0]).size < 3:
        return fit_platt(target, probability, weights)
    (a, b), c = _rising_fit(columns, sample.target, sample.weights)
    return LogitCalibrator(float(a), float(b), c)


def fit_isotonic(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> IsotonicCalibrator:
    """Fit the rising step function nearest to the targets: shares of pooled blocks of images.

    The (weighted) shares of malignant images of the blocks that pooling adjacent violators leaves,
    linear between blocks, flat beyond the lowest and the highest. A block may have the share 0 or
    1, where one error costs the log loss much: it needs many images. Tied probabilities share a
    block; equal ones for all images give the share of malignant ones. Arrays and errors as in
    :func:`fit_platt`; nothing is clipped.

    Ayer et al. (1955), 10.1214/aoms/1177728423; Zadrozny and Elkan (2002), 10.1145/775047.775151.

    >>> calibrator = fit_isotonic([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.8])
    >>> calibrator([0.0, 0.2, 0.3, 0.6, 0.9]).tolist()  # 0, then 1/2 of a pair, then 1
    [0.0, 0.5, 0.5, 0.75, 1.0]
    """
    sample = _both_classes(target, probability, weights)
    levels, level = np.unique(sample.probability, return_inverse=True)
    hits, misses = (
        np.bincount(level, np.where(images, sample.weights, 0.0))[::-1].astype(np.float64)
        for images in (sample.target, ~sample.target)
    )
    blocks = pooled(np.zeros(levels.size, dtype=np.intp), hits, misses)
    share = np.repeat(
        blocks.hits / (blocks.hits + blocks.misses), np.diff(blocks.first, append=levels.size)
    )
    # Inside a block nothing changes: its ends say all.
    ends = np.unique(np.concatenate([blocks.first, blocks.first[1:] - 1, [levels.size - 1]]))[::-1]
    return IsotonicCalibrator(tuple(levels[::-1][ends].tolist()), tuple(share[ends].tolist()))


FITS: Final[Mapping[Method, Callable[[ArrayLike, ArrayLike, ArrayLike | None], Calibrator]]] = (
    MappingProxyType({"platt": fit_platt, "isotonic": fit_isotonic, "beta": fit_beta})
)


def _checked(probability: ArrayLike) -> Floats:
    """Give the probabilities, or raise for NaN and what lies outside 0 to 1."""
    return as_one_patient(np.zeros(np.shape(probability)), probability, None).probability


def _both_classes(target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None) -> Sample:
    sample = as_one_patient(target, probability, weights)
    if not sample.has_both_classes:
        raise InputError.of(
            "The images to fit a calibrator on are all of one class, or there are none.",
            "Fit on images of both classes.",
        )
    return sample


def _log_columns(probability: Floats) -> Floats:
    """Give ln p and -ln(1 - p) of clipped probabilities, ``(n_images, 2)``; their sum is logit."""
    clipped = np.clip(probability, CLIP_EPSILON, 1 - CLIP_EPSILON)
    return np.column_stack([np.log(clipped), -np.log1p(-clipped)])


def _expit(values: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(values / 2)))


def _rising_fit(
    columns: Floats, positive: NDArray[np.bool_], weight: Floats
) -> tuple[Floats, float]:
    """Fit coefficients, none negative, and an intercept to smoothed targets of both classes.

    Of the sets of columns whose own fit has no negative coefficient, the largest is taken, the
    better of equals: the optimum under the constraint, as the loss is convex.
    """
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    wanted = np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    varying = np.flatnonzero(np.ptp(columns, axis=0) > 0)
    centre = columns.mean(axis=0)
    spread = columns.std(axis=0)
    for size in range(varying.size, -1, -1):
        fits = []
        for chosen in combinations(varying.tolist(), size):
            kept = list(chosen)
            scaled = (columns[:, kept] - centre[kept]) / spread[kept]
            design = np.column_stack([scaled, np.ones(len(scaled))])
            line, loss = _minimised(design, wanted, weight)
            if (line[:-1] >= 0).all():
                slopes = np.zeros(columns.shape[1])
                slopes[kept] = line[:-1] / spread[kept]
                fits.append((loss, slopes, float(line[-1] - slopes @ centre)))
        if fits:
            _, slopes, intercept = min(fits, key=lambda fit: fit[0])
            return slopes, intercept
    raise AssertionError("a fit of the intercept alone has no coefficient to be negative")


def _minimised(design: Floats, wanted: Floats, weight: Floats) -> tuple[Floats, float]:
    """Minimise the weighted log loss over the columns of ``design``; give line and loss."""
    line = np.zeros(design.shape[1])
    loss = _log_loss(design @ line, wanted, weight)
    for _ in range(_MAX_STEPS):
        probability = _expit(design @ line)
        gradient = design.T @ (weight * (probability - wanted))
        curvature = weight * probability * (1 - probability)
        hessian = (design * curvature[:, None]).T @ design
        ridge = _RIDGE * (1 + np.trace(hessian)) * np.eye(len(line))
        direction = np.linalg.solve(hessian + ridge, gradient)
        length = 1.0
        tried = line - direction
        while (tried_loss := _log_loss(design @ tried, wanted, weight)) > loss:
            length /= 2
            if length < _SHORTEST_STEP:
                return line, loss
            tried = line - length * direction
        improvement = loss - tried_loss
        line, loss = tried, tried_loss
        if improvement <= _TOLERANCE * (1 + abs(loss)):
            break
    return line, loss


def _log_loss(scaled: Floats, wanted: Floats, weight: Floats) -> float:
    return float(np.sum(weight * (np.logaddexp(0, scaled) - wanted * scaled)))
