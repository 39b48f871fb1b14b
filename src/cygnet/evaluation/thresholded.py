"""What follows when images at or above one stated threshold are called malignant?

Sensitivity, specificity, predictive values, number needed to biopsy, F1, balanced accuracy. The
threshold is given, never chosen on what is scored. Undefined ratios are NaN, never a free 0 or 1.
"""

import numpy as np
from numpy.typing import ArrayLike

from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.sample import Floats, Sample, as_one_patient

DEFAULT_THRESHOLD = 0.5


class Calls:
    """The four cells of the confusion table by patient: ``cells`` is ``(n_patients, 4)``.

    In the order true positive, false negative, false positive, true negative; summed weights. An
    image is called malignant where its probability is at or above ``threshold``.
    """

    def __init__(self, sample: Sample, threshold: float) -> None:
        called = sample.probability >= threshold
        masks = (
            sample.target & called,
            sample.target & ~called,
            ~sample.target & called,
            ~sample.target & ~called,
        )
        sums = [sample.sum_by_patient(np.where(mask, sample.weights, 0.0)) for mask in masks]
        self.cells: Floats = np.stack(sums, axis=1)

    def table(self, multiplicity: Floats) -> Floats:
        """Give the table of each replicate, ``(4, n_replicates)``."""
        return np.asarray((multiplicity @ self.cells).T)


def sensitivity_of(table: Floats) -> Floats:
    """Sensitivity of each replicate of ``table`` ``(4, n_replicates)``."""
    return ratio(table[0], table[0] + table[1])


def specificity_of(table: Floats) -> Floats:
    """Specificity of each replicate of ``table``."""
    return ratio(table[3], table[2] + table[3])


def ppv_of(table: Floats) -> Floats:
    """Positive predictive value of each replicate of ``table``."""
    return ratio(table[0], table[0] + table[2])


def number_needed_to_biopsy_of(table: Floats) -> Floats:
    """Give the number needed to biopsy of each replicate of ``table``."""
    return ratio(table[0] + table[2], table[0])


def npv_of(table: Floats) -> Floats:
    """Negative predictive value of each replicate of ``table``."""
    return ratio(table[3], table[1] + table[3])


def f1_of(table: Floats) -> Floats:
    """F1 of each replicate of ``table``."""
    return ratio(2 * table[0], 2 * table[0] + table[1] + table[2])


def balanced_accuracy_of(table: Floats) -> Floats:
    """Balanced accuracy of each replicate of ``table``."""
    return (sensitivity_of(table) + specificity_of(table)) / 2


def _table(
    target: ArrayLike, probability: ArrayLike, threshold: float, weights: ArrayLike | None
) -> Floats:
    sample = as_one_patient(target, probability, weights, any_score=True)
    return Calls(sample, threshold).table(np.ones((1, 1)))


def sensitivity(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
) -> float:
    r"""Share of malignant images that are called malignant: TP / (TP + FN).

    An image is called malignant where its ``probability`` ``(n_images,)`` is at or above
    ``threshold`` (0.5 unless told), so images tied with it are. ``target`` ``(n_images,)`` is 0 or
    1; ``weights`` count an image as so many. Higher is better. NaN where no image is malignant.
    Raises :class:`InputError` on NaN.

    Yerushalmy (1947), 10.2307/4586294.

    >>> sensitivity([1, 1, 1, 0], [0.9, 0.5, 0.2, 0.7])
    0.6666666666666666
    """
    return float(sensitivity_of(_table(target, probability, threshold, weights))[0])


def specificity(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
) -> float:
    r"""Share of benign images that are called benign: TN / (TN + FP).

    Higher is better. NaN where no image is benign. Threshold, ties, weights and errors as in
    :func:`sensitivity`.

    Yerushalmy (1947), 10.2307/4586294.

    >>> specificity([1, 0, 0, 0], [0.9, 0.5, 0.2, 0.1])
    0.6666666666666666
    """
    return float(specificity_of(_table(target, probability, threshold, weights))[0])


def ppv(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
) -> float:
    r"""Positive predictive value, or precision: TP / (TP + FP).

    Higher is better. It moves with prevalence: on images chosen by diagnosis it needs sampling
    ``weights``. NaN where no image is at or above the threshold. Threshold, ties and errors as in
    :func:`sensitivity`.

    Altman and Bland (1994), 10.1136/bmj.309.6947.102.

    >>> ppv([1, 0, 0, 0], [0.9, 0.5, 0.2, 0.1])
    0.5
    """
    return float(ppv_of(_table(target, probability, threshold, weights))[0])


def npv(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
) -> float:
    r"""Negative predictive value: TN / (TN + FN).

    Higher is better. It moves with prevalence, as :func:`ppv` does. NaN where every image is at or
    above the threshold. Threshold, ties and errors as in :func:`sensitivity`.

    Altman and Bland (1994), 10.1136/bmj.309.6947.102.

    >>> npv([1, 0, 0, 1], [0.9, 0.5, 0.2, 0.1])
    0.5
    """
    return float(npv_of(_table(target, probability, threshold, weights))[0])


def number_needed_to_biopsy(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
) -> float:
    r"""Images at or above the threshold for each melanoma among them: 1 / PPV.

    Lower is better, 1 at best. It moves with prevalence, as :func:`ppv` does. NaN where no
    malignant image is at or above the threshold. Threshold, ties and errors as in
    :func:`sensitivity`.

    Sidhu, Bodger, Williams and Roberts (2012), 10.1111/j.1365-2230.2011.04148.x.

    >>> number_needed_to_biopsy([1, 0, 0, 0], [0.9, 0.7, 0.6, 0.1])
    3.0
    """
    table = _table(target, probability, threshold, weights)
    return float(number_needed_to_biopsy_of(table)[0])


def f1(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
) -> float:
    r"""F1, the harmonic mean of precision and sensitivity: 2 TP / (2 TP + FP + FN).

    Higher is better. It moves with prevalence, as :func:`ppv` does. NaN where no image is malignant
    and none is called so; 0 where one of the two holds. Threshold, ties and errors as in
    :func:`sensitivity`.

    Dice (1945), 10.2307/1932409.

    >>> f1([1, 1, 0, 0], [0.9, 0.2, 0.7, 0.1])
    0.5
    """
    return float(f1_of(_table(target, probability, threshold, weights))[0])


def balanced_accuracy(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
) -> float:
    r"""Mean of sensitivity and specificity at a threshold.

    Higher is better; 0.5 is chance. Prevalence does not move it. NaN where a class is missing.
    Threshold, ties, weights and errors as in :func:`sensitivity`.

    Brodersen et al. (2010), 10.1109/ICPR.2010.764.

    >>> balanced_accuracy([1, 1, 0, 0], [0.9, 0.2, 0.3, 0.1])
    0.75
    """
    return float(balanced_accuracy_of(_table(target, probability, threshold, weights))[0])
