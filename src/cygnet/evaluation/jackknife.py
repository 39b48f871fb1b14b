"""How much would an AUROC, or a difference of two, move if other patients had been sampled?

Delete-one-patient jackknife: variance, covariance, and the degrees of freedom that the patients who
decide allow. Refuses nothing; where leaving patients out changes nothing, there is no error.
"""

import numpy as np

from cygnet.evaluation.estimate import few
from cygnet.evaluation.sample import Floats, Sample

NO_CHANGE = "leaving any patient out changes nothing: no standard error"
LEAST_ERROR = 1e-12


def jackknife_deviations(leave_one_out: Floats) -> Floats:
    r"""Scale the leave-one-out values ``(..., n_patients)`` so that products are covariances.

    .. math:: u_p = \sqrt{\tfrac{P-1}{P}} \left( A_{-p} - \tfrac1P \sum_q A_{-q} \right)

    The jackknife covariance of two estimates is the sum of the products of their u. Efron and Stein
    (1981), 10.1214/aos/1176345462.

    >>> float((jackknife_deviations(np.array([1.0, 2.0, 3.0])) ** 2).sum())  # 2/3 * 2
    1.3333333333333333
    """
    n_patients = leave_one_out.shape[-1]
    centre = leave_one_out.mean(axis=-1, keepdims=True)
    scale = np.sqrt((n_patients - 1) / n_patients)
    return np.asarray(scale * (leave_one_out - centre))


def decisive_patients(sample: Sample) -> int:
    """Count the patients who decide what an interval is worth.

    Those with melanoma, or those with a benign image where these are the fewer and fewer than 40.
    Less one, they are the degrees of freedom.
    """
    scarce = sample.scarcer_patients
    return scarce[0] if few(*scarce) else sample.n_patients_positive
