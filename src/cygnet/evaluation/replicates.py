"""Every metric of a score card, in every bootstrap replicate, from one drawing of the patients.

Holds what is summed by patient once, so that a replicate is a handful of matrix products. Estimates
only; what an interval is worth is judged in ``score_card``.
"""

import numpy as np

from cygnet.evaluation import operating_points as op
from cygnet.evaluation import thresholded as at
from cygnet.evaluation.calibration import BinnedErrors, negative_log, squared_error
from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.operating_points import Counts, OperatingPoints
from cygnet.evaluation.placement import auroc_replicator, patient_placements
from cygnet.evaluation.recalibration import Recalibration
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Floats, Sample
from cygnet.evaluation.within_patient import WithinPatients

FIXED_SHARES = (0.90, 0.95)
MIN_TPR = 0.80


def at_share(name: str, share: float) -> str:
    """Name a metric at a fixed share.

    >>> at_share("sensitivity_at_specificity", 0.9)
    'sensitivity_at_specificity_90'
    """
    return f"{name}_{round(100 * share)}"


class Statistics:
    """The statistics of one sample. Those that need both classes are left out where one lacks."""

    def __init__(self, sample: Sample, threshold: float) -> None:
        self._sample = sample
        self.threshold = threshold
        self._both = sample.has_both_classes
        self._calls = at.Calls(sample, threshold)
        losses = [squared_error(sample), negative_log(sample), np.ones(sample.n_images)]
        self._losses: Floats = np.stack(
            [sample.sum_by_patient(sample.weights * loss) for loss in losses], axis=1
        )
        self._bins = BinnedErrors(sample) if sample.n_images else None
        self.within = WithinPatients(patient_placements(sample))
        if self._both:
            self._replicator = auroc_replicator(sample)
            self.points = OperatingPoints(sample)
            self.line = Recalibration(sample)

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

    def replicates(self, replicates: int, seed: int) -> dict[str, Floats]:
        """Give each metric in each replicate, ``(n_replicates,)``."""
        parts: dict[str, list[Floats]] = {}
        for block in multiplicity_blocks(self._sample.n_patients, replicates, seed):
            for name, values in self._drawn(block).items():
                parts.setdefault(name, []).append(values)
        return {name: np.concatenate(values) for name, values in parts.items()}

    def _drawn(self, multiplicity: Floats) -> dict[str, Floats]:
        values = self._at_threshold(multiplicity) | self._losses_of(multiplicity)
        values["within_patient_auroc"] = self.within.mean_over_patients(multiplicity)
        values["within_patient_auroc_pair_weighted"] = self.within.over_pairs(multiplicity)
        if self._both:
            values["auroc"] = self._replicator.replicates(multiplicity)
            values["calibration_intercept"], values["calibration_slope"] = self.line.replicates(
                multiplicity
            )
            values |= self._ranked(multiplicity)
        return values

    def _at_threshold(self, multiplicity: Floats) -> dict[str, Floats]:
        table = self._calls.table(multiplicity)
        return {
            "sensitivity": at.sensitivity_of(table),
            "specificity": at.specificity_of(table),
            "ppv": at.ppv_of(table),
            "npv": at.npv_of(table),
            "f1": at.f1_of(table),
            "balanced_accuracy": at.balanced_accuracy_of(table),
        }

    def _losses_of(self, multiplicity: Floats) -> dict[str, Floats]:
        brier, log, weight = (multiplicity @ self._losses).T
        values = {"brier_score": ratio(brier, weight), "log_loss": ratio(log, weight)}
        if self._bins is not None:
            values["expected_calibration_error"] = self._bins.replicates(multiplicity)
        return values

    def _ranked(self, multiplicity: Floats) -> dict[str, Floats]:
        parts: dict[str, list[Floats]] = {}
        for counts in self.points.count_blocks(multiplicity):
            values = {
                "average_precision": op.average_precision_of(counts),
                "pauc_above_tpr": op.pauc_above_tpr_of(counts, MIN_TPR),
                "auc_sens_80": op.auc_sens_of(counts, MIN_TPR),
            }
            for share in FIXED_SHARES:
                name = at_share("sensitivity_at_specificity", share)
                values[name] = op.sensitivity_at_specificity_of(counts, share)
                name = at_share("specificity_at_sensitivity", share)
                values[name] = op.specificity_at_sensitivity_of(counts, share)
            for name, value in values.items():
                parts.setdefault(name, []).append(value)
        return {name: np.concatenate(values) for name, values in parts.items()}
