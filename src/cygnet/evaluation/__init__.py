"""Arrays in, numbers out: estimators, intervals, comparisons, ranks. No files."""

from cygnet.evaluation.agreement import NEAR_IDENTICAL, Agreement, agreements
from cygnet.evaluation.auroc_interval import auroc_estimate
from cygnet.evaluation.between_patients import between_patient_auroc, patient_auroc
from cygnet.evaluation.calibration import (
    brier_score,
    calibration_intercept,
    calibration_slope,
    expected_calibration_error,
    log_loss,
    observed_over_expected,
)
from cygnet.evaluation.comparison import Comparison, Pair, Rank, compare
from cygnet.evaluation.corp import BrierParts, brier_decomposition
from cygnet.evaluation.cross_fitting import (
    ChosenThreshold,
    CrossFit,
    cross_chosen_threshold,
    cross_fit,
    cross_fitted,
)
from cygnet.evaluation.curves import (
    Band,
    CalibrationBins,
    ScoreHistogram,
    calibration_bins,
    precision_recall_band,
    roc_curve_band,
    score_histogram,
)
from cygnet.evaluation.discrimination import (
    auc_sens_80,
    average_precision,
    pauc_above_tpr,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from cygnet.evaluation.estimate import Estimate
from cygnet.evaluation.gaps import Gap, telling_gaps
from cygnet.evaluation.net_benefit import DecisionCurve, net_benefit
from cygnet.evaluation.placement import auroc
from cygnet.evaluation.ranks import Ranks, bootstrap_ranks, rank_intervals
from cygnet.evaluation.recalibrators import fit_beta, fit_isotonic, fit_platt
from cygnet.evaluation.score_card import ScoreCard, score_card
from cygnet.evaluation.several_models import COMPARABLE
from cygnet.evaluation.threshold_rule import ThresholdRule
from cygnet.evaluation.thresholded import (
    balanced_accuracy,
    f1,
    npv,
    number_needed_to_biopsy,
    ppv,
    sensitivity,
    specificity,
)
from cygnet.evaluation.top_of_patient import top_k_share
from cygnet.evaluation.within_patient import (
    within_patient_auroc,
    within_patient_auroc_pair_weighted,
)
from cygnet.evaluation.within_patient_curve import FoundWithin, found_within_patients

__all__ = [
    "COMPARABLE",
    "NEAR_IDENTICAL",
    "Agreement",
    "Band",
    "BrierParts",
    "CalibrationBins",
    "ChosenThreshold",
    "Comparison",
    "CrossFit",
    "DecisionCurve",
    "Estimate",
    "FoundWithin",
    "Gap",
    "Pair",
    "Rank",
    "Ranks",
    "ScoreCard",
    "ScoreHistogram",
    "ThresholdRule",
    "agreements",
    "auc_sens_80",
    "auroc",
    "auroc_estimate",
    "average_precision",
    "balanced_accuracy",
    "between_patient_auroc",
    "bootstrap_ranks",
    "brier_decomposition",
    "brier_score",
    "calibration_bins",
    "calibration_intercept",
    "calibration_slope",
    "compare",
    "cross_chosen_threshold",
    "cross_fit",
    "cross_fitted",
    "expected_calibration_error",
    "f1",
    "fit_beta",
    "fit_isotonic",
    "fit_platt",
    "found_within_patients",
    "log_loss",
    "net_benefit",
    "npv",
    "number_needed_to_biopsy",
    "observed_over_expected",
    "patient_auroc",
    "pauc_above_tpr",
    "ppv",
    "precision_recall_band",
    "rank_intervals",
    "roc_curve_band",
    "score_card",
    "score_histogram",
    "sensitivity",
    "sensitivity_at_specificity",
    "specificity",
    "specificity_at_sensitivity",
    "telling_gaps",
    "top_k_share",
    "within_patient_auroc",
    "within_patient_auroc_pair_weighted",
]
