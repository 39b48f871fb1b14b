"""Every metric of a score card, in every bootstrap replicate, from one drawing of the patients.

Holds what is summed by patient once, so that a replicate is a handful of matrix products. Estimates
only; what an interval is worth is judged in ``intervals``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cygnet.evaluation import operating_points as op
from cygnet.evaluation import thresholded as at
from cygnet.evaluation.between_patients import BetweenPatients, patients_of
from cygnet.evaluation.calibration import BinnedErrors, negative_log, squared_error
from cygnet.evaluation.corp import brier_parts_of
from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.net_benefit import CURVE_THRESHOLDS, NetBenefits, moved_npv, moved_ppv
from cygnet.evaluation.operating_points import Counts, OperatingPoints
from cygnet.evaluation.placement import auroc_replicator, patient_placements
from cygnet.evaluation.recalibration import Recalibration
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Floats, Sample
from cygnet.evaluation.thresholded import DEFAULT_THRESHOLD
from cygnet.evaluation.top_of_patient import TOP, ranks_within
from cygnet.evaluation.within_patient import WithinPatients

FIXED_SHARES = (0.90, 0.95)
MIN_TPR = 0.80


@dataclass(frozen=True, slots=True)
class Settings:
    """What a score card is asked for: the threshold of calls, partial areas, and a prevalence."""

    threshold: float = DEFAULT_THRESHOLD
    min_tpr: float = MIN_TPR
    prevalence: float | None = None


def at_share(name: str, share: float) -> str:
    """Name a metric at a fixed share.

    >>> at_share("sensitivity_at_specificity", 0.9)
    'sensitivity_at_specificity_90'
    """
    return f"{name}_{round(100 * share)}"


def top_name(k: int, *, larger: bool) -> str:
    """Name the share of melanomas among the top k, of all patients or of those with more images.

    >>> top_name(3, larger=True)
    'top_3_share_of_larger_patients'
    """
    return f"top_{k}_share" + ("_of_larger_patients" if larger else "")


class Statistics:
    """The statistics of one sample. Those that need both classes are left out where one lacks."""

    def __init__(self, sample: Sample, settings: Settings) -> None:
        self._sample = sample
        self.settings = settings
        self._both = sample.has_both_classes
        self._calls = at.Calls(sample, settings.threshold)
        self.decision = NetBenefits(sample, CURVE_THRESHOLDS, settings.prevalence)
        self._losses = _losses_by_patient(sample)
        self._bins = BinnedErrors(sample) if sample.n_images else None
        parts = patient_placements(sample)
        self.within = WithinPatients(parts)
        self.ranks = ranks_within(sample)
        self._tops = {
            top_name(k, larger=larger): _top_by_patient(sample, self.ranks.hit(k), images)
            for larger in (False, True)
            for k in TOP
            if (images := self.top_among(k, larger=larger)).any()
        }
        self.patients = patients_of(sample)
        if self._both:
            self._between = BetweenPatients(parts)
            self._replicator = auroc_replicator(sample)
            self.points = OperatingPoints(sample)
            self.line = Recalibration(sample)
        if self.patients.has_both_classes:
            self._of_patients = auroc_replicator(self.patients)

    def top_among(self, k: int, *, larger: bool) -> NDArray[np.bool_]:
        """Mark the malignant images that a top-k share is of, ``(n_images,)``."""
        return self._sample.target & (self.ranks.of > k) if larger else self._sample.target

    def own_counts(self) -> Counts:
        """Give the operating points of the sample itself, one row."""
        return self.points.counts(np.ones((1, self._sample.n_patients)))

    def estimates(self) -> dict[str, float]:
        """Give each metric of the sample itself; what is undefined is NaN."""
        once = np.ones((1, self._sample.n_patients))
        values = {name: float(value[0]) for name, value in self._drawn(once).items()}
        if self._bins is not None:
            values["expected_calibration_error"] = self._bins.debiased
        if self._both:
            values["calibration_slope"] = self.line.slope
            values["calibration_intercept"] = self.line.intercept
        return values

    def replicates(self, replicates: int, seed: int) -> tuple[dict[str, Floats], list[Floats]]:
        """Give each metric in each replicate ``(n_replicates,)``, and the decision curves.

        The latter are net benefit of the model and of calling all malignant, each
        ``(n_replicates, n_thresholds)``.
        """
        parts: dict[str, list[Floats]] = {}
        curves: list[tuple[Floats, Floats]] = []
        for block in multiplicity_blocks(self._sample.n_patients, replicates, seed):
            curves.append(self.decision.both(block))
            for name, values in self._drawn(block).items():
                parts.setdefault(name, []).append(values)
        drawn = {name: np.concatenate(values) for name, values in parts.items()}
        return drawn, [np.concatenate(of) for of in zip(*curves, strict=True)]

    def _drawn(self, multiplicity: Floats) -> dict[str, Floats]:
        values = self._at_threshold(multiplicity) | self._losses_of(multiplicity)
        values["within_patient_auroc"] = self.within.mean_over_patients(multiplicity)
        values["within_patient_auroc_pair_weighted"] = self.within.over_pairs(multiplicity)
        if self._tops:
            # Side by side, so that the draws are gone through once.
            sums = multiplicity @ np.concatenate(list(self._tops.values()), axis=1)
            for name, hit, of in zip(self._tops, sums.T[0::2], sums.T[1::2], strict=True):
                values[name] = ratio(hit, of)
        if self.patients.has_both_classes:
            values["patient_auroc"] = self._of_patients.replicates(multiplicity)
        if self._both:
            area = self._replicator.replicates(multiplicity)
            values["auroc"] = area
            values["between_patient_auroc"] = self._between.replicates(multiplicity, area)
            values["calibration_intercept"], values["calibration_slope"] = self.line.replicates(
                multiplicity
            )
            values |= self._ranked(multiplicity, values["brier_score"])
        return values

    def _at_threshold(self, multiplicity: Floats) -> dict[str, Floats]:
        table, threshold = self._calls.table(multiplicity), self.settings.threshold
        values = {
            "sensitivity": at.sensitivity_of(table),
            "specificity": at.specificity_of(table),
            "ppv": at.ppv_of(table),
            "npv": at.npv_of(table),
            "number_needed_to_biopsy": at.number_needed_to_biopsy_of(table),
            "f1": at.f1_of(table),
            "balanced_accuracy": at.balanced_accuracy_of(table),
        }
        if threshold < 1:
            odds = threshold / (1 - threshold)
            values["net_benefit"] = ratio(table[0] - odds * table[2], table.sum(axis=0))
        if (moved_to := self.settings.prevalence) is not None:
            found, quiet = values["sensitivity"], values["specificity"]
            values["ppv_at_prevalence"] = moved_ppv(found, quiet, moved_to)
            values["npv_at_prevalence"] = moved_npv(found, quiet, moved_to)
            if threshold < 1:
                false = (1 - moved_to) * (1 - quiet)
                values["net_benefit_at_prevalence"] = moved_to * found - odds * false
        return values

    def _losses_of(self, multiplicity: Floats) -> dict[str, Floats]:
        brier, log, weight, observed, expected = (multiplicity @ self._losses).T
        values = {
            "brier_score": ratio(brier, weight),
            "log_loss": ratio(log, weight),
            "observed_over_expected": ratio(observed, expected),
        }
        if self._bins is not None:
            values["expected_calibration_error"] = self._bins.replicates(multiplicity)
        return values

    def _ranked(self, multiplicity: Floats, brier: Floats) -> dict[str, Floats]:
        parts: dict[str, list[Floats]] = {}
        begin = 0
        for counts in self.points.count_blocks(multiplicity):
            end = begin + counts.malignant.size
            for name, value in self._of_counts(counts, brier[begin:end]).items():
                parts.setdefault(name, []).append(value)
            begin = end
        return {name: np.concatenate(values) for name, values in parts.items()}

    def _of_counts(self, counts: Counts, brier: Floats) -> dict[str, Floats]:
        miscalibration, discrimination, uncertainty = brier_parts_of(counts, brier)
        above = {share: op.area_above(counts, share) for share in {self.settings.min_tpr, MIN_TPR}}
        values = {
            "average_precision": op.average_precision_of(counts),
            "pauc_above_tpr": above[self.settings.min_tpr][0],
            "auc_sens_80": op.with_area_below(above[MIN_TPR], MIN_TPR),
            "brier_miscalibration": miscalibration,
            "brier_discrimination": discrimination,
            "brier_uncertainty": uncertainty,
        }
        for share in FIXED_SHARES:
            name = at_share("sensitivity_at_specificity", share)
            values[name] = op.sensitivity_at_specificity_of(counts, share)
            name = at_share("specificity_at_sensitivity", share)
            values[name] = op.specificity_at_sensitivity_of(counts, share)
        return values


def _losses_by_patient(sample: Sample) -> Floats:
    """Sum squared error, log loss, weight, melanomas and probabilities, ``(n_patients, 5)``."""
    ones = np.ones(sample.n_images)
    target = sample.target.astype(np.float64)
    each = (squared_error(sample), negative_log(sample), ones, target, sample.probability)
    return np.stack([sample.sum_by_patient(sample.weights * loss) for loss in each], axis=1)


def _top_by_patient(sample: Sample, hit: Floats, among: NDArray[np.bool_]) -> Floats:
    weight = np.where(among, sample.weights, 0.0)
    return np.stack([sample.sum_by_patient(weight * hit), sample.sum_by_patient(weight)], axis=1)
