"""How far do AUROCs vary, and vary together, by DeLong's structural components?

With patients as clusters (Obuchowski), or as if each image were a patient (DeLong): the second is
what ignoring patients would claim. Refuses no sample; below two patients a class, it is NaN.
"""

import math
from statistics import NormalDist

import numpy as np

from cygnet.evaluation.estimate import Estimate
from cygnet.evaluation.field import Field
from cygnet.evaluation.jackknife import LEAST_ERROR, NO_CHANGE
from cygnet.evaluation.sample import Floats

CLUSTER_DELONG = "cluster-delong"
DELONG = "delong"
IGNORES_PATIENTS = "ignores that images of one patient are alike: it claims more than is known"
_TOO_FEW = "fewer than two patients of a class: no variance"


def delong_covariance(field: Field) -> Floats:
    r"""Covariance of the AUROCs of several models on the same images, patients being clusters.

    .. math:: \hat C_{rs} = \frac{I_{10}}{I_{10}-1} \sum_i \frac{x^r_i x^s_i}{M^2}
        + \frac{I_{01}}{I_{01}-1} \sum_i \frac{y^r_i y^s_i}{N^2}
        + \frac{I}{I-1} \sum_i \frac{x^r_i y^s_i + y^r_i x^s_i}{M N}

    where x sums patient i's malignant placement values less :math:`m_i A`, y the benign ones less
    :math:`n_i A`; M and N count malignant and benign images (sum their weights), I the patients,
    :math:`I_{10}` those with a malignant and :math:`I_{01}` those with a benign image. Where each
    patient has one image this is DeLong's covariance exactly. Returns ``(n_models, n_models)``;
    NaN where a class has fewer than two patients. A sampling weight multiplies an image's placement
    value; rescaling all changes nothing.

    Obuchowski (1997), 10.2307/2533958; DeLong, DeLong and Clarke-Pearson (1988), 10.2307/2531595.

    >>> from cygnet.evaluation.field import field_of
    >>> from cygnet.evaluation.sample import make_sample
    >>> scores = [0.9, 0.4, 0.5, 0.1]
    >>> one = field_of(make_sample([1, 1, 0, 0], scores), [scores])
    >>> delong_covariance(one).tolist()  # (1/8 + 1/8) / 2 = 1/8
    [[0.125]]
    """
    n_malignant = int(np.count_nonzero(field.malignant))
    n_benign = int(np.count_nonzero(field.benign))
    if min(n_malignant, n_benign) < 2:
        return np.full((field.n_models, field.n_models), np.nan)
    malignant, benign = field.malignant.sum(), field.benign.sum()
    estimate = field.auroc[:, None]
    above = (field.won_by / benign - estimate * field.malignant) / malignant
    below = (field.won_over / malignant - estimate * field.benign) / benign
    both = above @ below.T
    return np.asarray(
        _unbiased(n_malignant) * (above @ above.T)
        + _unbiased(n_benign) * (below @ below.T)
        + _unbiased(field.n_patients) * (both + both.T)
    )


def _unbiased(count: int) -> float:
    return count / (count - 1)


def normal_p_value(z: float) -> float:
    """Give the two-sided p-value of a standard normal ``z``.

    >>> round(normal_p_value(1.959964), 6)
    0.05
    """
    # The complementary error function keeps small p-values that 1 - cdf would round to 0.
    return math.erfc(abs(z) / math.sqrt(2))


def normal_estimate(
    estimate: float,
    variance: float,
    *,
    confidence_level: float,
    method: str,
    flag: str | None = None,
    domain: tuple[float, float] = (0.0, 1.0),
) -> Estimate:
    """Join an estimate with its normal interval, cut to ``domain``; its p-value is for 0.

    The limits are NaN with a reason where the variance is NaN or nothing varies. The details hold
    ``standard_error``.
    """
    error = math.sqrt(max(variance, 0.0)) if math.isfinite(variance) else math.nan
    reason = None
    if math.isnan(error):
        reason = _TOO_FEW
    elif error <= LEAST_ERROR:
        reason = NO_CHANGE
    if reason is not None:
        return Estimate(
            estimate, confidence_level=confidence_level, method=method, reason=reason
        ).with_details(standard_error=error)
    reach = NormalDist().inv_cdf((1 + confidence_level) / 2) * error
    least, most = domain
    return Estimate(
        estimate,
        max(least, estimate - reach),
        min(most, estimate + reach),
        confidence_level,
        method,
        flag=flag,
        details={"standard_error": error},
    )
