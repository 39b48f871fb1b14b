"""Do the probabilities mean what they say? Brier score, log loss, slope, intercept, bins.

All but the slope move with prevalence: on images chosen by diagnosis they need sampling weights.
Refuses probabilities outside 0 to 1 and NaN.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.recalibration import CLIP_EPSILON, Recalibration
from cygnet.evaluation.sample import (
    Codes,
    Floats,
    Sample,
    as_one_patient,
    make_sample,
    sum_in_table,
)

DEFAULT_BINS = 10


def brier_score(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> float:
    r"""Mean squared difference of probability and target.

    .. math:: \sum_i w_i (p_i - y_i)^2 \Big/ \sum_i w_i

    Lower is better, from 0 to 1; the same probability for all scores best at the prevalence, with
    prevalence times (1 - prevalence). ``target`` ``(n_images,)`` is 0 or 1, ``probability``
    ``(n_images,)`` lies in 0 to 1, ``weights`` count an image as so many; ties mean nothing here.
    NaN without images. Raises :class:`InputError` on NaN or a probability outside 0 to 1.

    Brier (1950), 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.

    >>> brier_score([1, 0], [0.5, 0.0])
    0.125
    """
    sample = as_one_patient(target, probability, weights)
    if not sample.n_images:
        return math.nan
    return float(np.average(squared_error(sample), weights=sample.weights))


def squared_error(sample: Sample) -> Floats:
    """Give the squared difference of probability and target of each image."""
    return np.asarray((sample.probability - sample.target) ** 2)


def log_loss(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    epsilon: float = CLIP_EPSILON,
) -> float:
    r"""Mean negative logarithm of the probability given to what came true.

    .. math:: -\sum_i w_i \log\left( p_i^{y_i} (1 - p_i)^{1 - y_i} \right) \Big/ \sum_i w_i

    Lower is better, from 0. Probabilities are first clipped to ``epsilon`` and 1 - ``epsilon``
    (1e-6), as one certain error would otherwise cost infinitely much. Arrays, weights, undefined
    cases and errors as in :func:`brier_score`.

    Good (1952), 10.1111/j.2517-6161.1952.tb00104.x.

    >>> round(log_loss([1, 0], [0.5, 0.5]), 6)  # log 2
    0.693147
    """
    sample = as_one_patient(target, probability, weights)
    if not sample.n_images:
        return math.nan
    return float(np.average(negative_log(sample, epsilon), weights=sample.weights))


def negative_log(sample: Sample, epsilon: float = CLIP_EPSILON) -> Floats:
    """Give the negative log probability of what came true for each image, after clipping."""
    clipped = np.clip(sample.probability, epsilon, 1 - epsilon)
    return np.asarray(-np.where(sample.target, np.log(clipped), np.log1p(-clipped)))


def observed_over_expected(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> float:
    r"""Melanomas there are, over melanomas that the probabilities add up to.

    .. math:: \sum_i w_i y_i \Big/ \sum_i w_i p_i

    1 is best; below 1 the probabilities are too high on the whole, above 1 too low. Arrays, weights
    and errors as in :func:`brier_score`. NaN without images and where the
    probabilities add up to nothing, or to too little for a finite number.

    Van Calster et al. (2019), 10.1186/s12916-019-1466-7.

    >>> observed_over_expected([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5])
    0.5
    """
    sample = as_one_patient(target, probability, weights)
    observed, expected = sample.weights @ sample.target, sample.weights @ sample.probability
    return float(ratio(np.array(observed, dtype=np.float64), np.array(expected)))


def calibration_slope(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> float:
    r"""Slope b of the logistic regression logit P(y = 1) = a + b logit p.

    1 is best: below 1 the probabilities are too extreme, above 1 too timid. Probabilities are
    clipped to 1e-6 and 1 - 1e-6. Sampling that depends on the class alone shifts a, not b. Arrays,
    weights and errors as in :func:`brier_score`. NaN where a class is missing, where all
    probabilities are equal, and where some value parts the classes (no finite slope is best).

    Cox (1958), 10.1093/biomet/45.3-4.562; Van Calster et al. (2019), 10.1186/s12916-019-1466-7.

    >>> round(calibration_slope([0, 0, 0, 1, 0, 1, 1, 1], [0.25] * 4 + [0.75] * 4), 6)
    1.0
    """
    sample = as_one_patient(target, probability, weights)
    return Recalibration(sample).slope if sample.has_both_classes else math.nan


def calibration_intercept(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> float:
    r"""Intercept a of logit P(y = 1) = a + logit p, the slope held at 1.

    0 is best: above 0 the probabilities are too low on the whole, below 0 too high. Clipping,
    arrays, weights and errors as in :func:`calibration_slope`. NaN where a class is missing.

    Cox (1958), 10.1093/biomet/45.3-4.562; Van Calster et al. (2019), 10.1186/s12916-019-1466-7.

    >>> round(calibration_intercept([0, 1, 1, 1], [0.5] * 4), 6)  # log (3/4 : 1/4) = log 3
    1.098612
    """
    sample = as_one_patient(target, probability, weights)
    return Recalibration(sample).intercept if sample.has_both_classes else math.nan


def expected_calibration_error(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    bins: int = DEFAULT_BINS,
) -> float:
    r"""Mean distance of observed frequency and mean probability in equal-mass bins, debiased.

    .. math:: \sum_b \frac{W_b}{W} \left( 2 |d_b| - E|N(d_b, s_b^2)| \right), \quad
              d_b = \bar y_b - \bar p_b

    floored at 0: noise alone makes the plain distances positive, so what normal noise of the bin's
    patient-cluster standard error s_b would add is taken off. Lower is better; descriptive, as it
    depends on the bins. Equal probabilities are never parted, so bins may be fewer than ``bins``.
    ``patient`` as in :func:`make_sample`, the other arrays, weights and errors as in
    :func:`brier_score`. NaN without images.

    Naeini, Cooper and Hauskrecht (2015), 10.1609/aaai.v29i1.9602; Kumar, Liang and Ma (2019),
    10.48550/arXiv.1909.10155.

    >>> round(expected_calibration_error([1] * 50 + [0] * 50, [0.9] * 100), 6)  # |0.5 - 0.9|
    0.4
    """
    sample = make_sample(target, probability, patient, weights)
    return BinnedErrors(sample, bins).debiased if sample.n_images else math.nan


def equal_mass_bins(probability: Floats, weights: Floats, bins: int) -> Codes:
    """Give each image the number of its bin: equal mass a bin, equal probabilities together.

    >>> equal_mass_bins(np.array([0.1, 0.2, 0.3, 0.4]), np.ones(4), 2).tolist()
    [0, 0, 1, 1]
    """
    values, level = np.unique(probability, return_inverse=True)
    mass = np.bincount(level, weights, values.size)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    # Rounding must not decide a bin's edge; it lies between two images, not on one.
    numbered = np.minimum(np.floor(bins * middle + 1e-9), bins - 1).astype(np.intp)
    _, bin_of_level = np.unique(numbered, return_inverse=True)
    return np.asarray(bin_of_level[level])


class BinnedErrors:
    """Observed minus expected in equal-mass bins, of a sample and of drawings of its patients.

    The bins are those of the sample in every replicate. ``plain`` is the usual expected
    calibration error, ``debiased`` what :func:`expected_calibration_error` gives.
    """

    def __init__(self, sample: Sample, bins: int = DEFAULT_BINS) -> None:
        self._bin_of = equal_mass_bins(sample.probability, sample.weights, bins)
        self._n_bins = int(self._bin_of.max()) + 1
        excess = sample.target - sample.probability
        self._excess = self._by_patient_and_bin(sample, sample.weights * excess)
        self._weight = sample.sum_by_patient(sample.weights)
        in_bin = np.bincount(self._bin_of, sample.weights)
        distance = self._excess.sum(axis=0) / in_bin
        residual = self._by_patient_and_bin(
            sample, sample.weights * (excess - distance[self._bin_of])
        )
        n_patients = max(sample.n_patients, 2)
        spread = (residual**2).sum(axis=0) * n_patients / (n_patients - 1)
        noise = _mean_of_folded_normal(distance, np.sqrt(spread) / in_bin) - np.abs(distance)
        shares = in_bin / in_bin.sum()
        self.plain = float(shares @ np.abs(distance))
        self.debiased = max(0.0, self.plain - float(shares @ noise))

    def _by_patient_and_bin(self, sample: Sample, values: Floats) -> Floats:
        return sum_in_table(sample.patient, self._bin_of, values, (sample.n_patients, self._n_bins))

    def replicates(self, multiplicity: Floats) -> Floats:
        """Give the plain error of each replicate ``(n_replicates,)``."""
        total = multiplicity @ self._weight
        return np.asarray(np.abs(multiplicity @ self._excess).sum(axis=1) / total)


def _mean_of_folded_normal(mean: Floats, deviation: Floats) -> Floats:
    """Give E|N(mean, deviation^2)|; the absolute mean where the deviation is 0."""
    safe = np.where(deviation > 0, deviation, 1.0)
    scaled = np.abs(mean) / safe
    inside = np.array([math.erf(value / math.sqrt(2)) for value in scaled])
    folded = safe * math.sqrt(2 / math.pi) * np.exp(-(scaled**2) / 2) + np.abs(mean) * inside
    return np.where(deviation > 0, folded, np.abs(mean))
