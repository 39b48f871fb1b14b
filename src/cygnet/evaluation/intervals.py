"""Which interval does each metric of a score card get, and what cautions stand beside it?

AUROC by the jackknife; shares at a given threshold by Wilson's interval with a design effect;
everything else by the percentiles of the patient-cluster bootstrap.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cygnet.evaluation.auroc_interval import ONE_CLASS, auroc_of
from cygnet.evaluation.calibration import DEFAULT_BINS
from cygnet.evaluation.estimate import (
    SAME_IN_ALL,
    Detail,
    Estimate,
    bootstrap_estimate,
    few,
    too_few,
)
from cygnet.evaluation.further_metrics import (
    benefit_metrics,
    number_needed_of,
    patient_metrics,
)
from cygnet.evaluation.operating_points import (
    threshold_at_sensitivity,
    threshold_at_specificity,
)
from cygnet.evaluation.recalibration import CLIP_EPSILON
from cygnet.evaluation.replicates import FIXED_SHARES, MIN_TPR, Statistics, at_share
from cygnet.evaluation.sample import Floats, Sample
from cygnet.evaluation.shares import called_shares, share_estimate

_NO_SLOPE = "all probabilities are equal, or one value parts the classes: no finite slope is best"
_ISOTONIC = "isotonic regression on the images that are scored"
_BINS = "equal mass; descriptive, as it depends on the bins"


@dataclass(frozen=True, slots=True)
class Intervals:
    """Joins the estimates of a sample with their replicates, counts and cautions.

    ``estimates`` and ``drawn`` are what ``statistics`` gives for the sample and its replicates.
    """

    sample: Sample
    statistics: Statistics
    estimates: dict[str, float]
    drawn: dict[str, Floats]
    confidence_level: float

    def metrics(self) -> dict[str, Estimate]:
        """Give every metric of the score card by name, AUROC first."""
        min_tpr = self.statistics.settings.min_tpr
        drawn = self.drawn.get("auroc")
        return {
            "auroc": auroc_of(self.sample, drawn, confidence_level=self.confidence_level),
            "average_precision": self.bootstrap("average_precision"),
            "pauc_above_tpr": self.bootstrap("pauc_above_tpr").with_details(min_tpr=min_tpr),
            "auc_sens_80": self.bootstrap("auc_sens_80").with_details(min_sensitivity=MIN_TPR),
            **self._at_fixed_shares(),
            **self._at_threshold(),
            **self._calibration(),
            **patient_metrics(self),
        }

    def bootstrap(
        self,
        name: str,
        *,
        because: str = ONE_CLASS,
        scarce: tuple[int, str] | None = None,
        n: int | None = None,
        unit: str = "images",
    ) -> Estimate:
        """Join the estimate ``name`` with its replicates; ``scarce`` patients bear on it."""
        who = scarce or self.sample.scarcer_patients
        made = bootstrap_estimate(
            self.estimates.get(name, np.nan),
            self.drawn.get(name, np.empty(0)),
            confidence_level=self.confidence_level,
            undefined_because=because,
            no_interval_because=too_few(*who),
            flag=few(*who),
        )
        return made.with_details(n=self.sample.n_images if n is None else n, unit=unit)

    def _at_fixed_shares(self) -> dict[str, Estimate]:
        """Sensitivity at fixed specificity and the reverse, thresholds anew in each replicate."""
        sample, metrics = self.sample, {}
        for share in FIXED_SHARES:
            for name, threshold_at, fixed, of_class, sign in (
                (
                    "sensitivity_at_specificity",
                    threshold_at_specificity,
                    "specificity",
                    sample.target,
                    True,
                ),
                (
                    "specificity_at_sensitivity",
                    threshold_at_sensitivity,
                    "sensitivity",
                    ~sample.target,
                    False,
                ),
            ):
                full = at_share(name, share)
                metric = self.bootstrap(full)
                threshold = np.nan
                if sample.has_both_classes:
                    counts = self.statistics.own_counts()
                    threshold = threshold_at(self.statistics.points, counts, share)
                if metric.reason == SAME_IN_ALL:
                    hit = (sample.probability >= threshold) == sign
                    metric = self.share(full, hit, of_class, "images of the class", ONE_CLASS)
                details: dict[str, Detail] = {fixed: share, "threshold": threshold}
                metrics[full] = metric.with_details(
                    **details, interpolation="none: the best threshold that exists"
                )
        return metrics

    def _at_threshold(self) -> dict[str, Estimate]:
        sample, threshold = self.sample, self.statistics.settings.threshold
        called = sample.probability >= threshold
        metrics = {
            one.name: self.share(one.name, one.hit, one.among, one.unit, one.undefined_because)
            for one in called_shares(sample.target, called)
        }
        metrics["number_needed_to_biopsy"] = number_needed_of(metrics["ppv"])
        metrics["f1"] = self.bootstrap("f1", because="nothing is malignant or called so")
        metrics["balanced_accuracy"] = self.bootstrap("balanced_accuracy")
        metrics |= benefit_metrics(self)
        return {name: metric.with_details(threshold=threshold) for name, metric in metrics.items()}

    def share(
        self,
        name: str,
        hit: NDArray[np.bool_] | Floats,
        among: NDArray[np.bool_],
        unit: str,
        because: str,
    ) -> Estimate:
        """Estimate a share by Wilson's interval, the bootstrap's beside it."""
        share = share_estimate(
            self.sample,
            hit,
            among,
            confidence_level=self.confidence_level,
            unit=unit,
            undefined_because=because,
        )
        if not share.has_interval:
            return share
        bootstrap = bootstrap_estimate(
            share.estimate,
            self.drawn[name],
            confidence_level=self.confidence_level,
            undefined_because=because,
        )
        return replace(share, alternatives={"cluster_bootstrap_percentile": bootstrap})

    def _calibration(self) -> dict[str, Estimate]:
        anything = "there are no images"
        slope_reason = _NO_SLOPE if self.sample.has_both_classes else ONE_CLASS
        clipped: dict[str, Detail] = {"epsilon": CLIP_EPSILON}
        error = self._recentred("expected_calibration_error", anything)
        return {
            "brier_score": self.bootstrap("brier_score", because=anything),
            **{
                name: self._recentred(name, ONE_CLASS).with_details(recalibrated_by=_ISOTONIC)
                for name in ("brier_miscalibration", "brier_discrimination")
            },
            "brier_uncertainty": self.bootstrap("brier_uncertainty"),
            "log_loss": self.bootstrap("log_loss", because=anything).with_details(**clipped),
            "calibration_intercept": self.bootstrap("calibration_intercept").with_details(
                **clipped, slope=1.0
            ),
            "calibration_slope": self.bootstrap(
                "calibration_slope", because=slope_reason
            ).with_details(**clipped),
            "expected_calibration_error": error.with_details(bins=DEFAULT_BINS, binning=_BINS),
            "observed_over_expected": self.bootstrap(
                "observed_over_expected", because="the probabilities add up to nothing"
            ),
        }

    def _recentred(self, name: str, because: str) -> Estimate:
        """Shift the replicates, which carry the noise twice, so that their mean is the estimate."""
        metric = self.bootstrap(name, because=because)
        if not metric.has_interval:
            return metric
        shift = metric.estimate - float(np.nanmean(self.drawn[name]))
        return replace(
            metric,
            lower=min(max(0.0, metric.lower + shift), metric.estimate),
            upper=max(metric.upper + shift, metric.estimate),
            method=f"{metric.method}-recentred",
        )
