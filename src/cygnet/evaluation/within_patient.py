"""Is a patient's melanoma ranked above that patient's own benign lesions? The ugly duckling number.

Differences between patients cannot help here. Only patients with both classes bear on it.
"""

import numpy as np
from numpy.typing import ArrayLike

from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.placement import PatientPlacements, patient_placements
from cygnet.evaluation.sample import Floats, make_sample


def within_patient_auroc(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike,
    weights: ArrayLike | None = None,
) -> float:
    r"""Mean over patients of the AUROC inside each patient who has both classes.

    .. math:: \frac{1}{|\mathcal P|} \sum_{p \in \mathcal P} A_p, \quad
              \mathcal P = \{ p : p \text{ has a malignant and a benign image} \}

    Higher is better; 0.5 is chance. Each patient counts the same, however many images they have.
    ``patient`` ``(n_images,)`` holds identifiers; an image without one is a patient of its own and
    so bears on nothing. Ties count one half; ``weights`` act inside a patient, as in :func:`auroc`.
    NaN where no patient has both classes. Raises :class:`InputError` on NaN.

    Janes and Pepe (2009), 10.1093/biomet/asp002: the covariate-adjusted AUROC, the patient being
    the covariate, with equal weight a patient.

    >>> within_patient_auroc([1, 0, 1, 0, 0], [0.2, 0.1, 0.9, 0.9, 0.1], list("aabbb"))
    0.875
    """
    return float(_parts(target, probability, patient, weights).mean_over_patients(None)[0])


def within_patient_auroc_pair_weighted(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike,
    weights: ArrayLike | None = None,
) -> float:
    r"""Share of pairs inside patients that are ranked rightly: a patient counts by their pairs.

    .. math:: \sum_p U_p \Big/ \sum_p m_p n_p

    with U the pairs won in a patient of m malignant and n benign images. Higher is better; 0.5 is
    chance. Patients with many images decide it. Arrays, ties, weights, undefined cases and errors
    as in :func:`within_patient_auroc`.

    Obuchowski (1997), 10.2307/2533958, of whose pairs these are the ones inside clusters.

    >>> scores = [0.2, 0.1, 0.9, 0.9, 0.1]
    >>> within_patient_auroc_pair_weighted([1, 0, 1, 0, 0], scores, list("aabbb"))
    0.8333333333333334
    """
    return float(_parts(target, probability, patient, weights).over_pairs(None)[0])


class WithinPatients:
    """The AUROC inside each patient, and its two means in any drawing of the patients.

    A patient drawn n times counts n times; copies form no pairs between them. ``n_patients`` have
    both classes.
    """

    def __init__(self, parts: PatientPlacements) -> None:
        self._pairs: Floats = parts.malignant * parts.benign
        self._won: Floats = parts.within
        both = self._pairs > 0
        self._both: Floats = both.astype(np.float64)
        self._inside: Floats = np.where(both, ratio(self._won, self._pairs), 0.0)
        self.n_patients = int(np.count_nonzero(both))

    def _drawn(self, multiplicity: Floats | None) -> Floats:
        return np.ones((1, self._pairs.size)) if multiplicity is None else multiplicity

    def mean_over_patients(self, multiplicity: Floats | None) -> Floats:
        """Mean over patients in each replicate; ``None`` for the sample itself."""
        drawn = self._drawn(multiplicity)
        return ratio(drawn @ self._inside, drawn @ self._both)

    def over_pairs(self, multiplicity: Floats | None) -> Floats:
        """Share of pairs in each replicate; ``None`` for the sample itself."""
        drawn = self._drawn(multiplicity)
        return ratio(drawn @ self._won, drawn @ self._pairs)


def _parts(
    target: ArrayLike, probability: ArrayLike, patient: ArrayLike, weights: ArrayLike | None
) -> WithinPatients:
    sample = make_sample(target, probability, patient, weights, any_score=True)
    return WithinPatients(patient_placements(sample))
