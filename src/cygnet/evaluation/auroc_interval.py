"""How sure is an AUROC when patients, not images, are the unit that was sampled?

The default interval is a delete-one-patient jackknife on the logit scale; DeLong's, with and
without patients, and the cluster bootstrap's stand beside it as alternatives. Refuses an interval
below ten patients of either class.
"""

import numpy as np
from numpy.typing import ArrayLike

from cygnet.evaluation.bca import bca_estimate
from cygnet.evaluation.delong import (
    CLUSTER_DELONG,
    DELONG,
    IGNORES_PATIENTS,
    delong_covariance,
    normal_estimate,
)
from cygnet.evaluation.estimate import (
    Detail,
    Estimate,
    bootstrap_estimate,
    few,
    too_few,
)
from cygnet.evaluation.field import Field
from cygnet.evaluation.jackknife import (
    LEAST_ERROR,
    NO_CHANGE,
    decisive_patients,
    jackknife_deviations,
)
from cygnet.evaluation.placement import (
    PatientPlacements,
    auroc_replicator,
    patient_placements,
)
from cygnet.evaluation.recalibration import expit
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Floats, Sample, make_sample
from cygnet.evaluation.student import t_reach

JACKKNIFE = "jackknife-logit-t"
ONE_CLASS = "only one class is present"


def auroc_estimate(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    replicates: int = 2000,
    confidence_level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    r"""AUROC of images with an interval that takes patients as the sampled unit.

    The interval is
    :math:`\operatorname{expit}(\operatorname{logit} A \pm t_{df} \cdot SE)`, where SE is the
    delete-one-patient jackknife standard error of logit A,
    :math:`SE^2 = \frac{P-1}{P} \sum_p (\operatorname{logit} A_{-p} - \overline{\cdot})^2`,
    and df is the number of patients with melanoma less one (of patients with a benign image, where
    those are the fewer and fewer than 40). Arrays are ``(n_images,)`` as :func:`auroc` and
    :func:`make_sample` take them; without ``patient`` each image is its own. ``replicates`` cluster
    bootstrap replicates, drawn from ``seed``, give the percentile and BCa intervals under
    ``alternatives``; 0 leaves them out. DeLong's intervals there take patients as clusters
    (``cluster_delong``) or ignore them (``delong``), which is said.

    The limits are NaN with a reason below 10 patients of either class, where all probabilities are
    equal, and where an AUROC of 0 or 1 leaves no logit; from 10 to 39 patients a flag stands
    beside them. Ties and weights as in :func:`auroc`. Raises :class:`InputError` for arrays that
    do not fit.

    Efron and Stein (1981), 10.1214/aos/1176345462; Obuchowski (1997), 10.2307/2533958.

    >>> made = auroc_estimate([1, 0, 1, 0], [0.9, 0.2, 0.4, 0.5], ["a", "a", "b", "b"])
    >>> made.estimate, made.reason[:40]
    (0.75, '2 patients with melanoma, fewer than 10:')
    """
    sample = make_sample(target, probability, patient, weights, any_score=True)
    drawn: Floats | None = None
    if replicates and sample.has_both_classes:
        replicator = auroc_replicator(sample)
        blocks = multiplicity_blocks(sample.n_patients, replicates, seed)
        drawn = np.concatenate([replicator.replicates(block) for block in blocks])
    return auroc_of(sample, drawn, confidence_level=confidence_level)


def auroc_of(sample: Sample, drawn: Floats | None, *, confidence_level: float = 0.95) -> Estimate:
    """AUROC of a sample; ``drawn`` are its bootstrap replicates, or ``None`` for no alternative."""
    n_positive = sample.n_patients_positive
    counts: dict[str, Detail] = {
        "n": sample.n_images,
        "unit": "images",
        "n_patients": sample.n_patients,
        "n_patients_positive": n_positive,
    }
    if not sample.has_both_classes:
        nothing = Estimate(
            np.nan, confidence_level=confidence_level, method=JACKKNIFE, reason=ONE_CLASS
        )
        return nothing.with_details(**counts)
    parts = patient_placements(sample)
    scarce = sample.scarcer_patients
    caution = few(*scarce)
    decisive = decisive_patients(sample)
    reason = _no_interval(sample, scarce)
    lower = upper = np.nan
    if reason is None:
        lower, upper, reason = jackknife_limits(
            parts.auroc, parts.leave_one_out(), decisive - 1, confidence_level
        )
    return Estimate(
        parts.auroc,
        lower,
        upper,
        confidence_level,
        JACKKNIFE,
        reason,
        caution if reason is None else None,
        {**counts, "degrees_of_freedom": decisive - 1},
        _alternatives(sample, parts, drawn, confidence_level),
    )


def _alternatives(
    sample: Sample, parts: PatientPlacements, drawn: Floats | None, confidence_level: float
) -> dict[str, Estimate]:
    """Give the other methods' intervals; each says that it covers less where patients are few."""
    caution = few(*sample.scarcer_patients)
    flag = f"{caution}: it covers less than it claims" if caution else None
    alone = patient_placements(sample.each_image_alone())
    made = {
        name: normal_estimate(
            parts.auroc,
            float(delong_covariance(Field.of_one(one))[0, 0]),
            confidence_level=confidence_level,
            method=method,
            flag=caution_of,
        )
        for name, method, one, caution_of in (
            ("cluster_delong", CLUSTER_DELONG, parts, flag),
            ("delong", DELONG, alone, IGNORES_PATIENTS),
        )
    }
    if drawn is not None:
        percentile = bootstrap_estimate(
            parts.auroc,
            drawn,
            confidence_level=confidence_level,
            undefined_because=ONE_CLASS,
            flag=flag,
        )
        made["cluster_bootstrap_percentile"] = percentile
        made["cluster_bootstrap_bca"] = bca_estimate(percentile, drawn, parts.leave_one_out())
    return made


def _no_interval(sample: Sample, scarce: tuple[int, str]) -> str | None:
    if sample.probability.min() == sample.probability.max():
        return "all probabilities are equal: every pair is tied, and ties count one half"
    return too_few(*scarce)


def jackknife_limits(
    estimate: float, leave_one_out: Floats, degrees_of_freedom: int, confidence_level: float
) -> tuple[float, float, str | None]:
    """Give the limits of :func:`auroc_estimate` from the AUROC without each patient in turn.

    ``leave_one_out`` is ``(n_patients,)``. NaN with a reason where there is no logit or no error.
    """
    # Sums of weights leave a complete separation a rounding error short of 0 or 1.
    areas = np.append(leave_one_out, estimate)
    if not ((areas > LEAST_ERROR) & (areas < 1 - LEAST_ERROR)).all():
        return np.nan, np.nan, "separation is complete, with or without some patient: no logit"
    deviations = jackknife_deviations(np.log(leave_one_out) - np.log1p(-leave_one_out))
    standard_error = float(np.sqrt(np.sum(deviations**2)))
    if standard_error <= LEAST_ERROR:
        return np.nan, np.nan, NO_CHANGE
    reach = t_reach(degrees_of_freedom, confidence_level) * standard_error
    centre = np.log(estimate) - np.log1p(-estimate)
    lower, upper = expit(np.array([centre - reach, centre + reach]))
    return float(lower), float(upper), None
