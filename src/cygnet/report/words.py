"""What is each number called on a page, what does it say, and does it move with prevalence?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

DISCRIMINATION = "Telling melanomas from benign lesions"
AT_A_THRESHOLD = "At one threshold"
PROBABILITY = "The probability taken at its word"
WITHIN = "Within a patient"
OTHER = "Further numbers"

GROUPS = (DISCRIMINATION, AT_A_THRESHOLD, WITHIN, PROBABILITY, OTHER)


_NONE: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MetricWords:
    """How a metric is presented: ``moves`` is true where its value depends on prevalence."""

    title: str
    explained: str
    group: str
    moves: bool = False


# A key that no pattern knows is shown under its own name, so that nothing is left out.
_PATTERNS: tuple[tuple[str, MetricWords], ...] = (
    (
        r"auroc",
        MetricWords(
            "AUROC",
            "How often a melanoma gets the higher probability of the two, beside a benign image.",
            DISCRIMINATION,
        ),
    ),
    (
        r"average_precision",
        MetricWords(
            "Average precision",
            "Mean precision over all sensitivities; chance gives the prevalence.",
            DISCRIMINATION,
            moves=True,
        ),
    ),
    (
        r"pauc_above_tpr.*",
        MetricWords(
            "Partial AUC above sensitivity {at:0.80}, ISIC 2024",
            "Area between the curve and this sensitivity, as ISIC 2024 counts it.",
            DISCRIMINATION,
        ),
    ),
    (
        r"auc_sens_80.*",
        MetricWords(
            "AUC of sensitivity above 0.80, ISIC 2018",
            "As ISIC 2018 counts it.",
            DISCRIMINATION,
        ),
    ),
    (
        r"sensitivity_at_specificity.*",
        MetricWords(
            "Sensitivity at specificity {at}",
            "Share of melanomas found where that share of benign images is left alone.",
            DISCRIMINATION,
        ),
    ),
    (
        r"specificity_at_sensitivity.*",
        MetricWords(
            "Specificity at sensitivity {at}",
            "Share of benign images left alone where that share of melanomas is found.",
            DISCRIMINATION,
        ),
    ),
    (
        r"sensitivity",
        MetricWords("Sensitivity", "Share of melanomas at or above it.", AT_A_THRESHOLD),
    ),
    (
        r"specificity",
        MetricWords("Specificity", "Share of benign images below it.", AT_A_THRESHOLD),
    ),
    (
        r"ppv|precision|positive_predictive_value",
        MetricWords(
            "Positive predictive value",
            "Share of melanomas among the images at or above it.",
            AT_A_THRESHOLD,
            moves=True,
        ),
    ),
    (
        r"npv|negative_predictive_value",
        MetricWords(
            "Negative predictive value",
            "Share of benign among the images below it.",
            AT_A_THRESHOLD,
            moves=True,
        ),
    ),
    (
        r"f1",
        MetricWords(
            "F1", "Harmonic mean of sensitivity and precision.", AT_A_THRESHOLD, moves=True
        ),
    ),
    (
        r"balanced_accuracy",
        MetricWords("Balanced accuracy", "Mean of sensitivity and specificity.", AT_A_THRESHOLD),
    ),
    (
        r"number_needed_to_biopsy|nnb",
        MetricWords(
            "Number needed to biopsy",
            "Images at or above the threshold for each melanoma among them.",
            AT_A_THRESHOLD,
            moves=True,
        ),
    ),
    (
        r"ppv_at_prevalence",
        MetricWords(
            "PPV, moved",
            "What it would be at the prevalence stated, sensitivity and specificity kept.",
            AT_A_THRESHOLD,
        ),
    ),
    (
        r"npv_at_prevalence",
        MetricWords(
            "NPV, moved",
            "What it would be at the prevalence stated, sensitivity and specificity kept.",
            AT_A_THRESHOLD,
        ),
    ),
    (
        r"net_benefit_at_prevalence",
        MetricWords(
            "Net benefit, moved", "What it would be at the prevalence stated.", AT_A_THRESHOLD
        ),
    ),
    (
        r"top_(?P<k>\d+)_share",
        MetricWords(
            "Melanomas among top {k}",
            "Share that is among the highest {k} probabilities of its patient; ties averaged. "
            "Higher is better; chance stands beside it.",
            WITHIN,
        ),
    ),
    (
        r"top_(?P<k>\d+)_share_of_larger_patients",
        MetricWords(
            "Top {k}, patients with more images",
            "Share among the top {k} of patients with more images than that: others give it for "
            "nothing.",
            WITHIN,
        ),
    ),
    (
        r"(auroc_within|within).*pair.*",
        MetricWords(
            "AUROC within patients, by pairs",
            "Every pair of a melanoma and a benign image of one patient counts the same.",
            WITHIN,
        ),
    ),
    (
        r"(auroc_within|within).*",
        MetricWords(
            "AUROC within patients",
            "The ugly duckling number: mean over the patients who have both classes.",
            WITHIN,
        ),
    ),
    (
        r"(auroc_between|between).*",
        MetricWords(
            "AUROC between patients", "Pairs of a melanoma and another's benign image.", WITHIN
        ),
    ),
    (
        r"(auroc_patient|patient).*",
        MetricWords(
            "AUROC of patients",
            "Each patient judged by the highest probability of their images.",
            WITHIN,
        ),
    ),
    (
        r"brier_miscalibration",
        MetricWords(
            "Brier score: miscalibration",
            "What recalibration by isotonic regression would take off (CORP); 0 is right.",
            PROBABILITY,
            moves=True,
        ),
    ),
    (
        r"brier_discrimination",
        MetricWords(
            "Brier score: discrimination",
            "What telling apart takes off (CORP); higher is better, at most the uncertainty.",
            PROBABILITY,
            moves=True,
        ),
    ),
    (
        r"brier_uncertainty",
        MetricWords(
            "Brier score: uncertainty",
            "The score of the prevalence given to all images: no merit or fault of the model.",
            PROBABILITY,
            moves=True,
        ),
    ),
    (
        r"brier.*",
        MetricWords(
            "Brier score",
            "Mean squared distance of the probability from the truth; lower is better.",
            PROBABILITY,
            moves=True,
        ),
    ),
    (
        r"log_loss",
        MetricWords(
            "Log loss",
            "Mean surprise at the truth, in nats; lower is better.",
            PROBABILITY,
            moves=True,
        ),
    ),
    (
        r"calibration_slope",
        MetricWords(
            "Calibration slope",
            "1 is right; below 1, the probabilities are too far apart.",
            PROBABILITY,
        ),
    ),
    (
        r"calibration_intercept.*",
        MetricWords(
            "Calibration intercept",
            "0 is right; below 0, the probabilities are too high.",
            PROBABILITY,
            moves=True,
        ),
    ),
    (
        r"expected_calibration_error.*|ece.*",
        MetricWords(
            "Expected calibration error",
            "Mean distance of probability from observed share, over groups of images.",
            PROBABILITY,
            moves=True,
        ),
    ),
    (
        r"observed_over_expected",
        MetricWords(
            "Observed over expected",
            "Melanomas there are, over the sum of the probabilities; 1 is right.",
            PROBABILITY,
            moves=True,
        ),
    ),
    (
        r"net_benefit.*",
        MetricWords(
            "Net benefit {at}",
            "True positives an image, less false ones at the threshold's odds; 0 for none called.",
            AT_A_THRESHOLD,
            moves=True,
        ),
    ),
)


def metric_words(key: str, details: Mapping[str, object] = _NONE) -> MetricWords:
    """Give the words of a metric by its key.

    The title names a partial area's ``min_tpr`` where ``details`` have one, and else the digits at
    the key's end.

    >>> metric_words("sensitivity_at_specificity_90").title
    'Sensitivity at specificity 0.90'
    >>> metric_words("pauc_above_tpr", {"min_tpr": 0.9}).title
    'Partial AUC above sensitivity 0.90, ISIC 2024'
    """
    begins = details.get("min_tpr")
    for pattern, words in _PATTERNS:
        if match := re.fullmatch(pattern, key):
            k = match.groupdict().get("k", "")
            at = _share(begins) if isinstance(begins, int | float) else _digits_of(key)
            title = _with_share(words.title.replace("{k}", k), at)
            explained = words.explained.replace("{k}", k)
            return MetricWords(title, explained, words.group, words.moves)
    return MetricWords(key.replace("_", " "), "", OTHER)


def _digits_of(key: str) -> str:
    match = re.search(r"_(\d*\.?\d+)$", key)
    if not match:
        return ""
    digits = float(match[1])
    return _share(digits / 100 if digits > 1 else digits)


def _share(value: float) -> str:
    """Write a share with two places, or with all it has: a title must not round its name."""
    return max(f"{value:.2f}", f"{value:g}", key=len)


def _with_share(title: str, at: str) -> str:
    title = re.sub(r"\{at:([\d.]+)\}", lambda default: at or default[1], title)
    return title.replace("{at}", at).strip()


_COLUMNS = {
    "sex": "Sex",
    "age_band": "Age",
    "age_approx": "Age",
    "anatom_site_general_challenge": "Site",
    "fold": "Fold",
    "diagnosis": "Diagnosis",
}


def column_words(column: str) -> str:
    """Give a column's name as a reader says it.

    >>> column_words("anatom_site_general_challenge"), column_words("skin_type")
    ('Site', 'Skin type')
    """
    plain = column.replace("_", " ").strip()
    return _COLUMNS.get(column, plain[:1].upper() + plain[1:])
