"""Arrays in, numbers out: estimators, intervals, comparisons, ranks. No files."""

from cygnet.evaluation.auroc_interval import auroc_estimate
from cygnet.evaluation.calibration import (
    brier_score,
    calibration_intercept,
    calibration_slope,
    expected_calibration_error,
    log_loss,
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
from cygnet.evaluation.placement import auroc
from cygnet.evaluation.score_card import ScoreCard, score_card
from cygnet.evaluation.thresholded import (
    balanced_accuracy,
    f1,
    npv,
    ppv,
    sensitivity,
    specificity,
)
from cygnet.evaluation.within_patient import (
    within_patient_auroc,
    within_patient_auroc_pair_weighted,
)

__all__ = [
    "Band",
    "CalibrationBins",
    "Estimate",
    "ScoreCard",
    "ScoreHistogram",
    "auc_sens_80",
    "auroc",
    "auroc_estimate",
    "average_precision",
    "balanced_accuracy",
    "brier_score",
    "calibration_bins",
    "calibration_intercept",
    "calibration_slope",
    "expected_calibration_error",
    "f1",
    "log_loss",
    "npv",
    "pauc_above_tpr",
    "ppv",
    "precision_recall_band",
    "roc_curve_band",
    "score_card",
    "score_histogram",
    "sensitivity",
    "sensitivity_at_specificity",
    "specificity",
    "specificity_at_sensitivity",
    "within_patient_auroc",
    "within_patient_auroc_pair_weighted",
]
