"""How sure is a share of images (a sensitivity, a bin's frequency) when patients were sampled?

Wilson's interval with an effective number of images, so that a share of 1 is never given as
certain. Refuses nothing; an empty group has no share.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cygnet.evaluation.estimate import Detail, Estimate, few
from cygnet.evaluation.sample import Floats, Sample

WILSON = "wilson-design-effect"
# A relative variance between patients that is rounding: 10^12 images would not bring it.
_NO_DIFFERENCE = 1e-12


def wilson_limits(share: float, n: float, confidence_level: float = 0.95) -> tuple[float, float]:
    r"""Wilson's score interval of a share observed on ``n`` (effective) images.

    .. math:: \frac{p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}

    NaN where ``n`` is 0 or the share undefined. Wilson (1927), 10.1080/01621459.1927.10502953.

    >>> [round(limit, 4) for limit in wilson_limits(1.0, 10)]
    [0.7225, 1.0]
    """
    if not (n > 0 and math.isfinite(share)):
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + confidence_level) / 2)
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    lower = 0.0 if share <= 0 else max(0.0, centre - reach)
    upper = 1.0 if share >= 1 else min(1.0, centre + reach)
    return lower, upper


def share_with_design_effect(
    sample: Sample, hit: NDArray[np.bool_] | Floats, among: NDArray[np.bool_]
) -> tuple[float, float]:
    r"""Give the weighted share of ``hit`` among the images ``among``, and its effective n.

    Both are ``(n_images,)``; a hit may be a fraction, where ties are averaged. With w the weights,
    x the hits, p the share and c the patients,

    .. math:: n_{eff} = p(1-p) \Big/ \frac{\sum_c (\sum_{i \in c} w_i (x_i - p))^2}{(\sum w_i)^2}

    which is the number of images where each patient has one and weights are equal. It has no upper
    bound in the count of images, so that a weight stays a repetition, whatever the scale. Where all
    or none are hits, or no patient differs from another, the formula says nothing: the images of a
    patient are then taken to tell as much as one, :math:`(\sum_c w_c)^2 / \sum_c w_c^2`. NaN and 0
    where nobody is ``among``.

    Rao and Scott (1992), 10.2307/2532311.
    """
    weight = np.where(among, sample.weights, 0.0)
    total = float(weight.sum())
    if not among.any():
        return math.nan, 0.0
    hits = np.asarray(hit, dtype=np.float64)
    share = float(weight @ hits / total)
    by_patient = sample.sum_by_patient(weight)
    of_patients = float(total**2 / np.sum(by_patient**2))
    if share in {0.0, 1.0} or bool(np.all(hits[among] == 1)) or not bool(np.any(hits[among])):
        return float(round(share)), of_patients
    residual = sample.sum_by_patient(weight * (hits - share))
    variance = float(np.sum(residual**2)) / total**2
    if variance <= _NO_DIFFERENCE * share * (1 - share):
        return share, of_patients
    return share, share * (1 - share) / variance


def share_estimate(
    sample: Sample,
    hit: NDArray[np.bool_] | Floats,
    among: NDArray[np.bool_],
    *,
    confidence_level: float,
    unit: str,
    undefined_because: str,
) -> Estimate:
    """Estimate the share of ``hit`` among ``among`` with Wilson's interval.

    ``unit`` names what is counted ("malignant images"); ``undefined_because`` is the reason given
    where there is none. Few patients put a flag beside the interval.
    """
    share, effective = share_with_design_effect(sample, hit, among)
    counts: dict[str, Detail] = {"n": int(np.count_nonzero(among)), "unit": unit}
    if math.isnan(share):
        return Estimate(
            math.nan,
            confidence_level=confidence_level,
            method=WILSON,
            reason=undefined_because,
            details=counts,
        )
    lower, upper = wilson_limits(share, effective, confidence_level)
    flag = few(sample.n_patients_among(among), f"with {unit}")
    details: dict[str, Detail] = {**counts, "n_effective": effective}
    return Estimate(share, lower, upper, confidence_level, WILSON, None, flag, details)


class CalledShare(NamedTuple):
    """A share that calls are judged by: of ``hit`` among the images ``among``, ``(n_images,)``."""

    name: str
    hit: NDArray[np.bool_]
    among: NDArray[np.bool_]
    unit: str

    @property
    def undefined_because(self) -> str:
        """Say why there is no such share where there is none."""
        return f"there are no {self.unit}"


def called_shares(target: NDArray[np.bool_], called: NDArray[np.bool_]) -> list[CalledShare]:
    """Give sensitivity, specificity and the predictive values as shares of images.

    ``target`` and ``called`` ``(n_images,)`` say which images are malignant and which called so.

    >>> sensitivity, *_ = called_shares(np.array([True, True]), np.array([True, False]))
    >>> float(sensitivity.hit[sensitivity.among].mean())
    0.5
    """
    return [
        CalledShare("sensitivity", called, target, "malignant images"),
        CalledShare("specificity", ~called, ~target, "benign images"),
        CalledShare("ppv", target, called, "images at or above the threshold"),
        CalledShare("npv", ~target, ~called, "images below the threshold"),
    ]
