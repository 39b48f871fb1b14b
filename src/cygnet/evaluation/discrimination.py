"""How well are malignant images ranked above benign ones, in the parts of the curve that matter?

Point estimates, one function a metric. Their intervals come from :func:`score_card`, which counts
the same operating points in replicates. AUROC itself is in ``placement``. Refuses NaN.
"""

import numpy as np
from numpy.typing import ArrayLike

from cygnet.errors import InputError
from cygnet.evaluation.operating_points import (
    Counts,
    OperatingPoints,
    auc_sens_of,
    average_precision_of,
    pauc_above_tpr_of,
    sensitivity_at_specificity_of,
    specificity_at_sensitivity_of,
)
from cygnet.evaluation.sample import as_one_patient


def _counts(target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None) -> Counts | None:
    """Count the operating points of all images together, or ``None`` where a class is missing."""
    sample = as_one_patient(target, probability, weights, any_score=True)
    if not sample.has_both_classes:
        return None
    return OperatingPoints(sample).counts(np.ones((1, 1)))


def _checked_share(share: float, what: str) -> float:
    if not 0 <= share <= 1:
        raise InputError.of(f"The {what} must lie in 0 to 1, not {share}.", "Give a share.")
    return share


def average_precision(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> float:
    r"""Average precision: precision at each threshold, weighed by the recall it adds.

    .. math:: \sum_k (R_k - R_{k-1}) P_k

    over the distinct scores in falling order, with precision P and recall R of the images at or
    above each; a step function, no interpolation. Higher is better; chance level is the (weighted)
    share of malignant images, so the number moves with prevalence. Tied images enter together.
    ``weights`` count an image as so many. NaN where a class is missing. Arrays as in
    :func:`auroc`; raises :class:`InputError` on NaN.

    Davis and Goadrich (2006), 10.1145/1143844.1143874; Boyd, Eng and Page (2013),
    10.1007/978-3-642-40994-3_29.

    >>> average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])  # 1/2 * 1/1 + 1/2 * 2/3 = 5/6
    0.8333333333333333
    """
    counts = _counts(target, probability, weights)
    return float("nan") if counts is None else float(average_precision_of(counts)[0])


def pauc_above_tpr(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    min_tpr: float = 0.80,
) -> float:
    r"""Partial area above a true positive rate, as ISIC 2024 defines it.

    .. math:: \int_{t_{min}}^{1} (1 - \mathrm{FPR}(t)) \, dt

    along the ROC curve with straight lines between its points, a tie being a slope. Higher is
    better; from 0 to 1 - ``min_tpr`` (0.2 by default), chance is (1 - ``min_tpr``)^2 / 2. Weights,
    ties and missing classes as in :func:`auroc`. Raises :class:`InputError` on NaN or a ``min_tpr``
    outside 0 to 1.

    Jiang, Metz and Nishikawa (1996), 10.1148/radiology.201.3.8939225; Kurtansky et al. (2024),
    10.1038/s41597-024-03743-w.

    >>> round(pauc_above_tpr([1, 1, 0, 0], [0.9, 0.4, 0.5, 0.1]), 12)  # 0.2 * (1 - 1/2)
    0.1
    """
    _checked_share(min_tpr, "true positive rate")
    counts = _counts(target, probability, weights)
    return float("nan") if counts is None else float(pauc_above_tpr_of(counts, min_tpr)[0])


def auc_sens_80(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    min_sensitivity: float = 0.80,
) -> float:
    r"""Area under the part of the ROC curve where sensitivity is at least 0.80, as in ISIC 2018.

    .. math:: \int_{x_0}^{1} \mathrm{TPR}(x) \, dx, \quad
              x_0 = \min \{ x : \mathrm{TPR}(x) \ge 0.80 \}

    along the ROC curve with straight lines between its points. It reaches down to the axis, which
    :func:`pauc_above_tpr` does not: the two differ by 0.80 (1 - x_0). Higher is better, from 0 to
    1. Weights, ties and missing classes as in :func:`auroc`. Raises :class:`InputError` on NaN or a
    ``min_sensitivity`` outside 0 to 1.

    Codella et al. (2019), 10.48550/arXiv.1902.03368.

    >>> round(auc_sens_80([1, 1, 0, 0], [0.9, 0.4, 0.5, 0.1]), 12)  # (1 - 1/2) * 1
    0.5
    """
    _checked_share(min_sensitivity, "sensitivity")
    counts = _counts(target, probability, weights)
    return float("nan") if counts is None else float(auc_sens_of(counts, min_sensitivity)[0])


def sensitivity_at_specificity(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    specificity: float = 0.90,
) -> float:
    r"""Highest sensitivity of any threshold whose specificity is at least the one given.

    .. math:: \max_t \{ \mathrm{sens}(t) : \mathrm{spec}(t) \ge s \}, \quad
              \text{malignant where } s_i \ge t

    Only thresholds that exist count: no interpolation, so the number can be reached in use. Higher
    is better; 0 where every threshold raises too many false alarms. Tied images are called alike.
    Weights count an image as so many. NaN where a class is missing. Raises :class:`InputError` on
    NaN or a ``specificity`` outside 0 to 1.

    Pepe (2003), The Statistical Evaluation of Medical Tests, ISBN 978-0-19-856582-6.

    >>> sensitivity_at_specificity([1, 1, 0, 0], [0.9, 0.4, 0.5, 0.1], specificity=0.9)
    0.5
    """
    _checked_share(specificity, "specificity")
    counts = _counts(target, probability, weights)
    if counts is None:
        return float("nan")
    return float(sensitivity_at_specificity_of(counts, specificity)[0])


def specificity_at_sensitivity(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    sensitivity: float = 0.90,
) -> float:
    r"""Highest specificity of any threshold whose sensitivity is at least the one given.

    .. math:: \max_t \{ \mathrm{spec}(t) : \mathrm{sens}(t) \ge s \}, \quad
              \text{malignant where } s_i \ge t

    Only thresholds that exist count: no interpolation. Higher is better. Ties, weights, missing
    classes and errors as in :func:`sensitivity_at_specificity`.

    Pepe (2003), The Statistical Evaluation of Medical Tests, ISBN 978-0-19-856582-6.

    >>> specificity_at_sensitivity([1, 1, 0, 0], [0.9, 0.4, 0.5, 0.1], sensitivity=0.9)
    0.5
    """
    _checked_share(sensitivity, "sensitivity")
    counts = _counts(target, probability, weights)
    if counts is None:
        return float("nan")
    return float(specificity_at_sensitivity_of(counts, sensitivity)[0])
