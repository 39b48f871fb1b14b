"""What are the numbers of patients and of decisions worth? Their intervals, for the score card.

Within and between patients, top of the patient, net benefit, and what is moved to a prevalence.
"""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from cygnet.evaluation.auroc_interval import auroc_of
from cygnet.evaluation.estimate import Detail, Estimate
from cygnet.evaluation.replicates import top_name
from cygnet.evaluation.top_of_patient import TOP

if TYPE_CHECKING:
    from cygnet.evaluation.intervals import Intervals

_NO_BOTH = "no patient has a malignant and a benign image"
_NO_UPPER_LIMIT = "the predictive value may be as low as 0: there is no upper limit"
_INVERTED = "wilson-design-effect-inverted"


def number_needed_of(ppv: Estimate) -> Estimate:
    """Turn a positive predictive value into images called for each melanoma among them.

    The limits are those of the predictive value, inverted. Undefined where it is 0 or undefined;
    without an upper limit, and with a reason, where the lower one of the predictive value is 0.

    >>> number_needed_of(Estimate(0.25, 0.2, 0.5)).upper
    5.0
    """
    reason = ppv.reason if math.isnan(ppv.estimate) else None
    if ppv.estimate == 0:
        reason = "no malignant image is at or above the threshold"
    details = {name: value for name, value in ppv.details.items() if name in {"n", "unit"}}
    made = Estimate(
        math.nan,
        confidence_level=ppv.confidence_level,
        method=_INVERTED,
        reason=reason,
        details=details,
    )
    if reason is not None:
        return made
    made = replace(made, estimate=1 / ppv.estimate, lower=1 / ppv.upper, flag=ppv.flag)
    if not ppv.lower > 0:
        return replace(made, flag=None, reason=_NO_UPPER_LIMIT)
    return replace(made, upper=1 / ppv.lower)


def benefit_metrics(intervals: "Intervals") -> dict[str, Estimate]:
    """Net benefit at the threshold, and what is moved to the prevalence that was given."""
    settings = intervals.statistics.settings
    made = {}
    if settings.threshold < 1:
        odds = settings.threshold / (1 - settings.threshold)
        sample = intervals.sample
        share = float(sample.weights @ sample.target) / max(float(sample.weights.sum()), 1e-300)
        made["net_benefit"] = intervals.bootstrap(
            "net_benefit", because="there are no images"
        ).with_details(treat_all=share - (1 - share) * odds, treat_none=0.0)
    moved_to = settings.prevalence
    if moved_to is None:
        return made
    made["ppv_at_prevalence"] = intervals.bootstrap(
        "ppv_at_prevalence", because="there are no images at or above the threshold"
    )
    made["npv_at_prevalence"] = intervals.bootstrap(
        "npv_at_prevalence", because="there are no images below the threshold"
    )
    if settings.threshold < 1:
        made["net_benefit_at_prevalence"] = intervals.bootstrap(
            "net_benefit_at_prevalence"
        ).with_details(treat_all=moved_to - (1 - moved_to) * odds, treat_none=0.0)
    return {
        name: metric.with_details(prevalence=moved_to) if name.endswith("prevalence") else metric
        for name, metric in made.items()
    }


def patient_metrics(intervals: "Intervals") -> dict[str, Estimate]:
    """Within patients, between them, of them, and the top of each."""
    n_patients = intervals.statistics.within.n_patients
    made = {
        name: intervals.bootstrap(
            name,
            because=_NO_BOTH,
            scarce=(n_patients, "with both classes"),
            n=n_patients,
            unit="patients with both classes",
        )
        for name in ("within_patient_auroc", "within_patient_auroc_pair_weighted")
    }
    made["between_patient_auroc"] = intervals.bootstrap(
        "between_patient_auroc", because="no two patients form a pair of both classes"
    )
    made["patient_auroc"] = _of_patients(intervals)
    for larger in (False, True):
        made |= {top_name(k, larger=larger): _top(intervals, k, larger=larger) for k in TOP}
    return made


def _of_patients(intervals: "Intervals") -> Estimate:
    patients = intervals.statistics.patients
    made = auroc_of(
        patients,
        intervals.drawn.get("patient_auroc"),
        confidence_level=intervals.confidence_level,
    ).with_details(n=patients.n_images, unit="patients")
    if patients.has_both_classes or not intervals.sample.has_both_classes:
        return made
    return replace(made, reason="all patients have a melanoma, or none")


def _top(intervals: "Intervals", k: int, *, larger: bool) -> Estimate:
    """Share of melanomas among the top k of their patient, beside what chance would give."""
    statistics, sample = intervals.statistics, intervals.sample
    name = top_name(k, larger=larger)
    among = statistics.top_among(k, larger=larger)
    whose = f" of patients with more than {k} image{'s' * (k > 1)}" if larger else ""
    unit = f"malignant images{whose}"
    made = intervals.share(name, statistics.ranks.hit(k), among, unit, f"there are no {unit}")
    chance = math.nan
    if among.any():
        weights = sample.weights[among]
        chance = float(weights @ statistics.ranks.by_chance(k)[among] / weights.sum())
    details: dict[str, Detail] = {"k": k, "by_chance": chance, "ties": "averaged"}
    return made.with_details(**details)
