"""What is a number of each model without each patient in turn? For models on the same images.

The numbers whose value without a patient is a matter of sums; thresholds and precision are not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from cygnet.errors import InputError
from cygnet.evaluation.calibration import negative_log, squared_error
from cygnet.evaluation.estimate import few, ratio, too_few
from cygnet.evaluation.field import Field, field_of
from cygnet.evaluation.jackknife import decisive_patients, jackknife_deviations
from cygnet.evaluation.placement import without_each
from cygnet.evaluation.sample import Floats, Sample


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One number of several models, with what each patient does to it.

    ``estimates`` is ``(n_models,)``; ``deviations`` ``(n_models, n_patients)`` as
    :func:`jackknife_deviations` scales them, over the patients who bear on the number; ``limit`` is
    the largest size of a difference. ``reason`` says why no interval is given, ``flag`` cautions.
    """

    estimates: Floats
    deviations: Floats
    degrees_of_freedom: int
    limit: float
    reason: str | None
    flag: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Several models' probabilities on the images of ``sample``, and their ``field``."""

    sample: Sample
    scores: Mapping[str, ArrayLike]
    field: Field

    @classmethod
    def of(cls, sample: Sample, scores: Mapping[str, ArrayLike]) -> "Models":
        """Sum the placement values of ``scores``, each ``(n_images,)``, by patient."""
        return cls(sample, scores, field_of(sample, scores.values()))

    def compared_by(self, metric: str) -> Compared:
        """Give ``metric`` of each model; raises :class:`InputError` for one not comparable."""
        if metric == "auroc":
            left_out = self.field.leave_one_out()
            return self._judged(self.field.auroc, left_out, limit=1.0)
        if metric == "within_patient_auroc":
            return self._within_patients()
        if metric in _LOSSES:
            return self._mean_loss(_LOSSES[metric])
        raise InputError.of(
            f"Models cannot be compared by {metric}.", f"Take one of {', '.join(COMPARABLE)}."
        )

    def _within_patients(self) -> Compared:
        pairs = self.field.malignant * self.field.benign
        inside = ratio(self.field.within[:, pairs > 0], pairs[pairs > 0])
        n, whose = inside.shape[1], "with both classes"
        if not n:
            inside = np.full((self.field.n_models, 1), np.nan)
        others = (inside.sum(axis=1, keepdims=True) - inside) / max(n - 1, 1)
        return Compared(
            inside.mean(axis=1),
            jackknife_deviations(others),
            max(n - 1, 0),
            1.0,
            reason=too_few(n, whose),
            flag=few(n, whose),
        )

    def _mean_loss(self, loss: Callable[[Sample], Floats]) -> Compared:
        sample = self.sample
        weight = sample.sum_by_patient(sample.weights)
        losses = (loss(sample.with_scores(one)) for one in self.scores.values())
        sums = np.stack([sample.sum_by_patient(sample.weights * one) for one in losses])
        total = sums.sum(axis=1, keepdims=True)
        left_out = ratio(total - sums, without_each(weight))
        return self._judged(total[:, 0] / weight.sum(), left_out, limit=np.inf)

    def _judged(self, estimates: Floats, leave_one_out: Floats, *, limit: float) -> Compared:
        """Join a number of all patients with what their count allows."""
        scarce = self.sample.scarcer_patients
        reason = too_few(*scarce)
        if not np.isfinite(leave_one_out).all():
            reason = reason or "without some patient the number does not exist"
        return Compared(
            estimates,
            jackknife_deviations(leave_one_out),
            decisive_patients(self.sample) - 1,
            limit,
            reason,
            few(*scarce),
        )


_LOSSES: Mapping[str, Callable[[Sample], Floats]] = MappingProxyType(
    {"brier_score": squared_error, "log_loss": negative_log}
)
COMPARABLE = ("auroc", "within_patient_auroc", *_LOSSES)
