"""Is deciding by the model worth more than biopsying all lesions, or none? Net benefit, moved too.

A threshold t says what a missed melanoma costs beside a needless biopsy: (1 - t) to t. Predictive
values and net benefit can be moved to another prevalence. Thresholds are given, never chosen here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cygnet.errors import InputError
from cygnet.evaluation.estimate import BOOTSTRAP, ratio
from cygnet.evaluation.sample import Floats, Sample, as_one_patient, sum_in_table
from cygnet.evaluation.thresholded import DEFAULT_THRESHOLD

CURVE_THRESHOLDS: Floats = np.round(np.arange(1, 51) / 100, 2)


def net_benefit(
    target: ArrayLike,
    probability: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    prevalence: float | None = None,
) -> float:
    r"""Net benefit of calling images at or above a threshold malignant, in true positives an image.

    .. math:: \frac{TP}{N} - \frac{FP}{N} \frac{t}{1 - t}, \quad \text{or at a prevalence } \pi
              \text{:} \quad \pi \, sens - (1 - \pi)(1 - spec) \frac{t}{1 - t}

    Higher is better; at most the prevalence. To call none malignant gives 0, to call all gives
    :math:`\pi - (1 - \pi) t / (1 - t)`. It moves with prevalence: ``prevalence`` (0 to 1) says of
    which population it is, else that of the images, weighed. Images tied with the threshold are
    called malignant; ``weights`` count an image as so many. NaN without images, and with a
    ``prevalence`` where a class is missing. Arrays as in :func:`brier_score`. Raises
    :class:`InputError` on NaN, a threshold of 1 or outside 0 to 1, a prevalence outside 0 to 1.

    Vickers and Elkin (2006), 10.1177/0272989X06295361.

    >>> net_benefit([1, 1, 0, 0], [0.9, 0.1, 0.3, 0.1], threshold=0.2)  # 1/4 - 1/4 * 1/4
    0.1875
    """
    validate_prevalence(prevalence)
    if not 0 <= threshold < 1:
        raise InputError.of(
            f"The threshold must lie in 0 to 1 and below 1, not {threshold}.", "Give another."
        )
    sample = as_one_patient(target, probability, weights)
    made = NetBenefits(sample, np.array([threshold]), prevalence)
    return float(made.model(np.ones((1, sample.n_patients)))[0, 0]) if sample.n_images else np.nan


def validate_prevalence(prevalence: float | None) -> None:
    """Raise :class:`InputError` for a prevalence that is given and not between 0 and 1."""
    if prevalence is not None and not 0 < prevalence < 1:
        raise InputError.of(
            f"The prevalence must lie between 0 and 1, not {prevalence}.",
            "Give the share of malignant images where the model is to be used, such as 0.02.",
        )


def moved_ppv(sensitivity: Floats, specificity: Floats, prevalence: float) -> Floats:
    r"""Move the positive predictive value to a prevalence, by Bayes' rule.

    .. math:: \frac{\pi \, sens}{\pi \, sens + (1 - \pi)(1 - spec)}

    Higher is better. NaN where nothing would be called malignant. It holds where sensitivity and
    specificity do not change with the population.

    Altman and Bland (1994), 10.1136/bmj.309.6947.102.

    >>> float(moved_ppv(np.array(0.5), np.array(0.75), 0.5))  # 1/4 : (1/4 + 1/8)
    0.6666666666666666
    """
    true = prevalence * sensitivity
    return ratio(true, true + (1 - prevalence) * (1 - specificity))


def moved_npv(sensitivity: Floats, specificity: Floats, prevalence: float) -> Floats:
    r"""Move the negative predictive value to a prevalence; as :func:`moved_ppv`.

    .. math:: \frac{(1 - \pi) spec}{(1 - \pi) spec + \pi (1 - sens)}

    >>> float(moved_npv(np.array(0.5), np.array(0.75), 0.5))  # 3/8 : (3/8 + 1/4)
    0.6
    """
    true = (1 - prevalence) * specificity
    return ratio(true, true + prevalence * (1 - sensitivity))


class NetBenefits:
    """Net benefit at ``thresholds`` of a sample and of drawings of its patients.

    ``thresholds`` ``(n_thresholds,)`` rise and lie below 1; ``prevalence`` is that to move to.
    """

    def __init__(self, sample: Sample, thresholds: Floats, prevalence: float | None) -> None:
        self.thresholds = thresholds
        self._odds: Floats = thresholds / (1 - thresholds)
        self._prevalence = prevalence
        # An image is called malignant at the first n thresholds, for n in 0 to n_thresholds.
        n_called = np.searchsorted(thresholds, sample.probability, "right")
        shape = sample.n_patients, thresholds.size + 1
        self._called = [
            _reversed_sums(
                sum_in_table(
                    sample.patient[images], n_called[images], sample.weights[images], shape
                )
            )
            for images in (sample.target, ~sample.target)
        ]

    def _rates(self, multiplicity: Floats) -> tuple[Floats, Floats, Floats]:
        """Give true and false positive shares of all images, and the prevalence of each row."""
        malignant, benign = (multiplicity @ called for called in self._called)
        n_malignant, n_benign = malignant[:, :1], benign[:, :1]
        if self._prevalence is None:
            total = n_malignant + n_benign
            return (
                ratio(malignant[:, 1:], total),
                ratio(benign[:, 1:], total),
                ratio(n_malignant, total),
            )
        pi = self._prevalence
        prevalence = np.where((n_malignant > 0) & (n_benign > 0), pi, np.nan)
        sensitivity, alarms = ratio(malignant[:, 1:], n_malignant), ratio(benign[:, 1:], n_benign)
        return pi * sensitivity, (1 - pi) * alarms, prevalence

    def model(self, multiplicity: Floats) -> Floats:
        """Net benefit of the model, ``(n_replicates, n_thresholds)``."""
        true, false, _ = self._rates(multiplicity)
        return np.asarray(true - false * self._odds)

    def both(self, multiplicity: Floats) -> tuple[Floats, Floats]:
        """Net benefit of the model and of calling all malignant, each as in :meth:`model`."""
        true, false, prevalence = self._rates(multiplicity)
        return true - false * self._odds, prevalence - (1 - prevalence) * self._odds


def _reversed_sums(table: Floats) -> Floats:
    return np.ascontiguousarray(np.cumsum(table[:, ::-1], axis=1)[:, ::-1])


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """Net benefit over thresholds, each array ``(n_thresholds,)``; to call none is 0 throughout.

    ``lower`` and ``upper`` are pointwise percentile limits of the patient-cluster bootstrap, NaN
    with a ``reason`` where there are none.
    """

    thresholds: Floats
    model: Floats
    model_lower: Floats
    model_upper: Floats
    treat_all: Floats
    treat_all_lower: Floats
    treat_all_upper: Floats
    prevalence: float | None
    confidence_level: float
    undefined_replicates: int
    method: str = BOOTSTRAP
    reason: str | None = None

    def as_json(self) -> dict[str, object]:
        """Give a document in which NaN is ``None``."""
        document: dict[str, object] = {"thresholds": self.thresholds.tolist()}
        for name, of in (("model", "model"), ("treat_all", "treat_all")):
            document[name] = {
                "estimate": _listed(getattr(self, of)),
                "lower": _listed(getattr(self, f"{of}_lower")),
                "upper": _listed(getattr(self, f"{of}_upper")),
            }
        zeros = [0.0] * self.thresholds.size
        document["treat_none"] = {"estimate": zeros, "lower": zeros, "upper": zeros}
        document |= {
            "prevalence": self.prevalence,
            "confidence_level": self.confidence_level,
            "undefined_replicates": self.undefined_replicates,
            "method": self.method,
        }
        return document | ({} if self.reason is None else {"reason": self.reason})


def _listed(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _enclosing(line: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    return np.minimum(lower, line), np.maximum(upper, line)


def decision_curve_of(
    made: NetBenefits,
    n_patients: int,
    drawn: tuple[Floats, Floats] | None,
    *,
    prevalence: float | None,
    confidence_level: float,
    reason: str | None,
) -> DecisionCurve:
    """Join the curve of a sample with the limits of its replicates, unless ``reason`` forbids."""
    lines = [line[0] for line in made.both(np.ones((1, n_patients)))]
    limits, n_undefined = [(np.full_like(line, np.nan),) * 2 for line in lines], 0
    if drawn is not None:
        defined = np.isfinite(drawn[0]).all(axis=1)
        n_undefined = int(np.count_nonzero(~defined))
        if reason is None and defined.any():
            tails = [(1 - confidence_level) / 2, (1 + confidence_level) / 2]
            limits = [
                _enclosing(line, *np.quantile(rows[defined], tails, axis=0))
                for line, rows in zip(lines, drawn, strict=True)
            ]
    (model_lower, model_upper), (all_lower, all_upper) = limits
    return DecisionCurve(
        made.thresholds, lines[0], model_lower, model_upper, lines[1], all_lower, all_upper,
        prevalence, confidence_level, n_undefined, reason=reason,
    )  # fmt: skip
