"""Is a melanoma ranked above other patients' benign lesions, and a patient with one above the rest?

The counterpart of ``within_patient``: what differences between patients add. Refuses NaN.
"""

import numpy as np
from numpy.typing import ArrayLike

from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.placement import PatientPlacements, auroc, patient_placements
from cygnet.evaluation.sample import Floats, Sample, make_sample


def between_patient_auroc(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike,
    weights: ArrayLike | None = None,
) -> float:
    r"""AUROC of the pairs of a malignant image and another patient's benign image.

    .. math:: \frac{\sum_{p \ne q} U_{pq}}{\sum_{p \ne q} m_p n_q}

    with U the pairs that patient p's m malignant images win against patient q's n benign ones.
    Higher is better; 0.5 is chance. Copies of a patient in a replicate form no pairs with one
    another. Ties count one half; arrays, weights and errors as in :func:`within_patient_auroc`.
    NaN where no two patients form a pair.

    Obuchowski (1997), 10.2307/2533958, of whose pairs these are the ones between clusters.

    >>> scores = [0.2, 0.1, 0.9, 0.9, 0.1]
    >>> between_patient_auroc([1, 0, 1, 0, 0], scores, list("aabbb"))  # a: 1 of 2, b: 1 of 1
    0.6666666666666666
    """
    sample = make_sample(target, probability, patient, weights, any_score=True)
    between = BetweenPatients(patient_placements(sample))
    return between.auroc


class BetweenPatients:
    """The AUROC between patients, of the sample and of any drawing of its patients."""

    def __init__(self, parts: PatientPlacements) -> None:
        self._parts = parts
        self._pairs_within: Floats = parts.malignant * parts.benign
        self._by_patient: Floats = np.column_stack([parts.malignant, parts.benign])
        self._squared: Floats = np.column_stack([parts.within, self._pairs_within])
        won = parts.won_by.sum() - parts.within.sum()
        self.auroc = float(self._share(np.array(won), np.array(self._n_pairs_of_all())))

    def _n_pairs_of_all(self) -> float:
        within = self._pairs_within.sum()
        pairs = self._parts.malignant.sum() * self._parts.benign.sum()
        return float(pairs - within if pairs > within * (1 + 1e-12) else 0.0)

    def _share(self, won: Floats, pairs: Floats) -> Floats:
        return np.clip(ratio(won, pairs), 0.0, 1.0)

    def replicates(self, multiplicity: Floats, auroc_of_all: Floats) -> Floats:
        """Give it in each replicate, whose AUROC of all pairs is ``auroc_of_all``."""
        malignant, benign = (multiplicity @ self._by_patient).T
        won_within, within = (multiplicity**2 @ self._squared).T
        pairs = malignant * benign
        rest = np.where(pairs > within * (1 + 1e-12), pairs - within, 0.0)
        return self._share(auroc_of_all * pairs - won_within, rest)


def patient_auroc(target: ArrayLike, probability: ArrayLike, patient: ArrayLike) -> float:
    r"""AUROC of patients: one with a melanoma against one without, by their highest probability.

    Higher is better; 0.5 is chance. A patient with many images has a higher maximum by chance
    alone. Each patient counts once: sampling weights of images do not bear on it. Ties count one
    half; arrays and errors as in :func:`within_patient_auroc`. NaN where all patients, or none,
    have a melanoma.

    Hanley and McNeil (1982), 10.1148/radiology.143.1.7063747, with the patient as the case.

    >>> patient_auroc([1, 0, 0, 0], [0.2, 0.6, 0.5, 0.6], list("aabc"))  # 0.6 against 0.5 and 0.6
    0.75
    """
    made = patients_of(make_sample(target, probability, patient, any_score=True))
    return auroc(made.target, made.probability)


def patients_of(sample: Sample) -> Sample:
    """Give the sample of patients: target and probability are the highest of their images."""
    target = np.zeros(sample.n_patients, dtype=np.bool_)
    target[sample.patient[sample.target]] = True
    highest = np.full(sample.n_patients, -np.inf)
    np.maximum.at(highest, sample.patient, sample.probability)
    return Sample(
        target=target,
        probability=highest,
        patient=np.arange(sample.n_patients, dtype=np.intp),
        patient_unknown=np.zeros(sample.n_patients, dtype=np.bool_),
        weights=np.ones(sample.n_patients),
        n_patients=sample.n_patients,
        weighted=False,
    )
