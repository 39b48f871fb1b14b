"""How is a bootstrap interval corrected for bias and for a spread that moves with the estimate?

Bias-corrected and accelerated (BCa) limits, the acceleration from what each patient changes. For
smooth numbers alone: a jackknife says nothing of a quantile or of a threshold chosen anew.
"""

from dataclasses import replace
from statistics import NormalDist

import numpy as np

from cygnet.evaluation.estimate import Estimate
from cygnet.evaluation.jackknife import LEAST_ERROR, NO_CHANGE
from cygnet.evaluation.sample import Floats

BCA = "patient-cluster-bootstrap-bca"
_EQUAL = 1e-12
_ONE_SIDED = "all bootstrap replicates lie on one side of the estimate: no bias correction"


def acceleration(leave_one_out: Floats) -> float:
    r"""Give the acceleration of leave-one-out values ``(n_patients,)``.

    .. math:: \hat a = \frac{\sum_p d_p^3}{6 (\sum_p d_p^2)^{3/2}}, \quad
              d_p = \overline{A_{-\cdot}} - A_{-p}

    0 where nothing changes. Efron (1987), 10.1080/01621459.1987.10478410.

    >>> acceleration(np.array([0.0, 3.0, 3.0]))  # d = 2, -1, -1: 6 / (6 * 6**1.5)
    0.06804138174397717
    """
    change = leave_one_out.mean() - leave_one_out
    spread = float(np.sum(change**2))
    if spread <= LEAST_ERROR**2:
        return 0.0
    return float(np.sum(change**3) / (6 * spread**1.5))


def bca_estimate(percentile: Estimate, replicates: Floats, leave_one_out: Floats) -> Estimate:
    r"""Give the BCa interval of what has the percentile interval ``percentile``.

    .. math:: \alpha' = \Phi\left( z_0 + \frac{z_0 + z_\alpha}{1 - \hat a (z_0 + z_\alpha)} \right)

    is the share of ``replicates`` ``(n_replicates,)`` below a limit, with :math:`\Phi(z_0)` the
    share below the estimate (those equal to it count one half) and the acceleration of
    ``leave_one_out`` ``(n_patients,)``. NaN limits with the reason of ``percentile`` where that has
    none, and where all replicates lie on one side.

    Efron (1987), 10.1080/01621459.1987.10478410.
    """
    without = replace(percentile, lower=np.nan, upper=np.nan, method=BCA, flag=None)
    if not percentile.has_interval:
        return without
    if not np.isfinite(leave_one_out).all():
        return replace(without, reason=NO_CHANGE)
    defined = np.sort(replicates[np.isfinite(replicates)])
    # Sums in another order differ in their last digits; an equal replicate is equal nevertheless.
    near = _EQUAL * max(1.0, abs(percentile.estimate))
    below = np.searchsorted(defined, percentile.estimate - near, "left")
    up_to = np.searchsorted(defined, percentile.estimate + near, "right")
    share = float(below + up_to) / 2 / defined.size
    if not 0 < share < 1:
        return replace(without, reason=_ONE_SIDED)
    normal, bend = NormalDist(), acceleration(leave_one_out)
    bias = normal.inv_cdf(share)
    tail = (1 - percentile.confidence_level) / 2
    moved = bias + np.array([normal.inv_cdf(tail), normal.inv_cdf(1 - tail)])
    shares = [normal.cdf(at) for at in bias + moved / (1 - bend * moved)]
    lower, upper = np.quantile(defined, shares)
    return replace(percentile, lower=float(lower), upper=float(upper), method=BCA)
