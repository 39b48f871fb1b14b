"""How many melanomas stand among the few lesions of their patient that look worst to the model?

What a dermatologist sees who looks at the top k of each patient only. Refuses NaN.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cygnet.errors import InputError
from cygnet.evaluation.sample import Floats, Sample, make_sample

TOP = (1, 3, 5, 15)


def top_k_share(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    k: int = 1,
) -> float:
    r"""Share of malignant images that are among the ``k`` highest of their patient.

    .. math:: \sum_{i: y_i = 1} w_i h_i \Big/ \sum_{i: y_i = 1} w_i, \quad
              h_i = \min\left(1, \max\left(0, \frac{k - a_i}{t_i}\right)\right)

    with a the patient's images that score higher and t those that score the same, the image itself
    among them: the mean over all orders of what is tied. Higher is better; by chance it is the mean
    of min(1, k / n) with n the patient's images. A rank counts images as they are, ``weights`` only
    weigh the malignant ones. Two melanomas of one patient cannot both be first. ``patient`` as in
    :func:`within_patient_auroc`. NaN where no image is malignant. Raises :class:`InputError` on NaN
    or a ``k`` below 1.

    Soenksen et al. (2021), 10.1126/scitranslmed.abb3652, for the ranking inside a patient.

    >>> top_k_share([1, 0, 1, 0, 0], [0.2, 0.1, 0.9, 0.9, 0.1], list("aabbb"))  # (1 + 1/2) / 2
    0.75
    """
    if k < 1:
        raise InputError.of(f"The top k needs a k of at least 1, not {k}.", "1 is usual.")
    sample = make_sample(target, probability, patient, weights, any_score=True)
    if not sample.n_positive:
        return float("nan")
    hit = ranks_within(sample).hit(k)
    return float(np.average(hit[sample.target], weights=sample.weights[sample.target]))


class RanksWithin(NamedTuple):
    """Each image among its patient's, ``(n_images,)`` each.

    ``above`` images score higher, ``tied`` the same, itself included; ``of`` are all.
    """

    above: Floats
    tied: Floats
    of: Floats

    def hit(self, k: int) -> Floats:
        """Give the chance of each image to be among the top k, over all orders of ties."""
        return np.clip((k - self.above) / self.tied, 0.0, 1.0)

    def by_chance(self, k: int) -> Floats:
        """Give the chance of each image to be among the top k of a random order."""
        return np.minimum(1.0, k / self.of)


def ranks_within(sample: Sample) -> RanksWithin:
    """Rank each image within its patient; time n log n."""
    order = np.lexsort((-sample.probability, sample.patient))
    patient, score = sample.patient[order], sample.probability[order]
    new_patient = np.ones(order.size, dtype=np.bool_)
    new_patient[1:] = patient[1:] != patient[:-1]
    new_run = new_patient.copy()
    new_run[1:] |= score[1:] != score[:-1]
    run_start = np.flatnonzero(new_run)
    run = np.cumsum(new_run) - 1
    of = np.bincount(sample.patient, minlength=sample.n_patients)
    first = np.flatnonzero(new_patient)[np.cumsum(new_patient) - 1]
    above, tied = np.empty(order.size), np.empty(order.size)
    above[order] = run_start[run] - first
    tied[order] = np.bincount(run)[run] if run.size else 0.0
    return RanksWithin(above, tied, of[sample.patient].astype(np.float64))
