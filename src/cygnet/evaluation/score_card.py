"""All the numbers of one model on one set of images, each with what it is worth.

The unit of analysis is the image, the unit of resampling the patient. No threshold is chosen on
what is scored but those that a metric's own definition chooses, and these anew in each replicate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from numpy.typing import ArrayLike

from cygnet.errors import InputError
from cygnet.evaluation.auroc_interval import ONE_CLASS
from cygnet.evaluation.estimate import Estimate, too_few
from cygnet.evaluation.gaps import Gap, auroc_gaps
from cygnet.evaluation.intervals import Intervals
from cygnet.evaluation.net_benefit import (
    DecisionCurve,
    decision_curve_of,
    validate_prevalence,
)
from cygnet.evaluation.replicates import MIN_TPR, Settings, Statistics
from cygnet.evaluation.sample import Floats, Sample, make_sample
from cygnet.evaluation.subgroups import Group, levels_of, score_subgroups
from cygnet.evaluation.thresholded import DEFAULT_THRESHOLD

# These change when the share of malignant images changes, whatever the model.
PREVALENCE_DEPENDENT = frozenset(
    {
        "average_precision",
        "ppv",
        "npv",
        "number_needed_to_biopsy",
        "f1",
        "net_benefit",
        "brier_score",
        "brier_miscalibration",
        "brier_discrimination",
        "brier_uncertainty",
        "log_loss",
        "calibration_intercept",
        "expected_calibration_error",
        "observed_over_expected",
    }
)


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """The score of one model.

    ``n_patients`` counts the resampled units: an image without a patient is one. ``metrics`` begin
    with ``auroc``; ``decision_curve`` is net benefit over thresholds; ``by`` holds
    ``{column: {level: group}}`` with counts and estimates, ``gaps`` the differences of AUROC
    between the levels of each; ``notes`` say what a reader must know of all of them.
    """

    n_images: int
    n_patients: int
    n_positive: int
    metrics: dict[str, Estimate]
    decision_curve: DecisionCurve | None = None
    by: dict[str, dict[str, Group]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Give the document of ``score --json``: counts, one object a metric, ``by``, ``gaps``.

        ``decision_curve`` stands between the metrics and ``by``, and is null without images;
        ``notes`` come last.
        """
        return {
            "n_images": self.n_images,
            "n_patients": self.n_patients,
            "n_positive": self.n_positive,
            **{name: metric.as_json() for name, metric in self.metrics.items()},
            "decision_curve": None
            if self.decision_curve is None
            else self.decision_curve.as_json(),
            "by": {
                column: {
                    level: {
                        name: value.as_json() if isinstance(value, Estimate) else value
                        for name, value in group.items()
                    }
                    for level, group in levels.items()
                }
                for column, levels in self.by.items()
            },
            "gaps": [gap.as_json() for gap in self.gaps],
            "notes": list(self.notes),
        }


def score_card(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    subgroups: Mapping[str, ArrayLike] | None = None,
    replicates: int = 2000,
    confidence_level: float = 0.95,
    seed: int = 0,
    threshold: float = DEFAULT_THRESHOLD,
    min_tpr: float = MIN_TPR,
    prevalence: float | None = None,
    prevalence_note: str | None = None,
) -> ScoreCard:
    """Score the probabilities of one model against the truth.

    ``target`` ``(n_images,)`` is 0, 1 or boolean; ``probability`` ``(n_images,)`` lies in 0 to 1;
    ``patient`` ``(n_images,)`` holds identifiers of any kind, an unknown one (``None``, empty text)
    making the image a patient of its own, and said; ``weights`` ``(n_images,)`` are sampling
    weights above 0. ``subgroups`` maps a column's name to its texts ``(n_images,)``. ``replicates``
    patient-cluster bootstrap replicates are drawn from ``seed``. An image is called malignant at or
    above ``threshold``. ``min_tpr`` is where the partial area of ISIC 2024 begins. ``prevalence``
    adds predictive values and net benefit moved to it, and moves the decision curve.
    ``prevalence_note`` says why the share of malignant images here is not that
    of practice: without weights, metrics that depend on it are then marked as not transferable.

    What is undefined is NaN with a reason. Raises :class:`InputError` when shapes differ, a number
    is NaN, or a target, probability, weight, threshold or confidence level is out of range.

    >>> card = score_card([1, 0, 0], [0.9, 0.2, 0.1], replicates=10)
    >>> card.metrics["auroc"].estimate, card.n_patients
    (1.0, 3)
    """
    sample = make_sample(target, probability, patient, weights)
    settings = Settings(threshold, min_tpr, prevalence)
    _validate(settings, confidence_level, replicates)
    statistics = Statistics(sample, settings)
    drawn, curves = statistics.replicates(replicates, seed) if sample.n_images else ({}, [])
    intervals = Intervals(
        sample=sample,
        statistics=statistics,
        estimates=statistics.estimates(),
        drawn=drawn,
        confidence_level=confidence_level,
    )
    metrics = {
        name: _mark_prevalence(name, metric, sample, prevalence_note)
        for name, metric in intervals.metrics().items()
    }
    columns = {
        name: levels_of(name, values, sample.n_images) for name, values in (subgroups or {}).items()
    }
    return ScoreCard(
        n_images=sample.n_images,
        n_patients=sample.n_patients,
        n_positive=sample.n_positive,
        metrics=metrics,
        decision_curve=_decision_curve(sample, statistics, curves, confidence_level),
        by=score_subgroups(sample, columns, threshold=threshold, confidence_level=confidence_level),
        gaps=auroc_gaps(sample, columns, confidence_level=confidence_level, seed=seed),
        notes=_notes(sample, prevalence_note),
    )


def _decision_curve(
    sample: Sample, statistics: Statistics, curves: list[Floats], confidence_level: float
) -> DecisionCurve | None:
    if not sample.n_images:
        return None
    prevalence = statistics.settings.prevalence
    reason = too_few(*sample.scarcer_patients)
    if prevalence is not None and not sample.has_both_classes:
        reason = ONE_CLASS
    return decision_curve_of(
        statistics.decision,
        sample.n_patients,
        (curves[0], curves[1]),
        prevalence=prevalence,
        confidence_level=confidence_level,
        reason=reason,
    )


def _validate(settings: Settings, confidence_level: float, replicates: int) -> None:
    for what, share in (("threshold", settings.threshold), ("min_tpr", settings.min_tpr)):
        if not 0 <= share <= 1:
            raise InputError.of(f"The {what} must lie in 0 to 1, not {share}.", "Give another.")
    validate_prevalence(settings.prevalence)
    if not 0 < confidence_level < 1:
        raise InputError.of(
            f"The confidence level must lie between 0 and 1, not {confidence_level}.",
            "0.95 is usual.",
        )
    if replicates < 1:
        raise InputError.of(
            f"There must be at least 1 replicate, not {replicates}.", "2000 are usual."
        )


def _mark_prevalence(
    name: str, metric: Estimate, sample: Sample, prevalence_note: str | None
) -> Estimate:
    if name not in PREVALENCE_DEPENDENT:
        return metric.with_details(prevalence_dependent=False)
    if prevalence_note is None or sample.weighted:
        return metric.with_details(prevalence_dependent=True)
    return metric.with_details(
        prevalence_dependent=True, transferable=False, prevalence_note=prevalence_note
    )


def _notes(sample: Sample, prevalence_note: str | None) -> tuple[str, ...]:
    notes = []
    if sample.n_without_patient:
        notes.append(
            f"The patient of {sample.n_without_patient} of {sample.n_images} images is unknown; "
            "each of these counts as a patient of its own, so intervals may be too narrow."
        )
    if not sample.has_both_classes:
        notes.append(f"Of the metrics, those that compare classes are undefined: {ONE_CLASS}.")
    elif sample.probability.min() == sample.probability.max():
        notes.append("All probabilities are equal: every pair is tied, so AUROC is one half.")
    if sample.weighted:
        notes.append(
            "Sampling weights are used. A weight that depends on the class alone cancels in AUROC, "
            "and does not in average precision, predictive values, net benefit, Brier score and "
            "calibration. AUROC of patients counts each once; a rank within a patient counts "
            "images as they are."
        )
    elif prevalence_note is not None:
        notes.append(f"Metrics that depend on prevalence do not transfer: {prevalence_note}")
    return tuple(notes)
