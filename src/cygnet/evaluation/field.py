"""Several models on the same images: AUROC's parts by patient, for one model or for thousands.

What :mod:`placement` sums for one model is summed here for each of many, the patients counted once.
The covariance of their AUROCs is then one product of matrices. Refuses NaN.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cygnet.errors import InputError
from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.placement import PatientPlacements, patient_placements, without_each
from cygnet.evaluation.sample import Floats, Sample

_PAIRS_LISTED = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The parts of :class:`PatientPlacements` for several models, ``(n_models, n_patients)``.

    ``malignant`` and ``benign``, the patients' summed weights, are ``(n_patients,)``: all models
    are scored on the same images.
    """

    won_by: Floats
    won_over: Floats
    within: Floats
    malignant: Floats
    benign: Floats

    @classmethod
    def of_one(cls, parts: PatientPlacements) -> "Field":
        """Give the field that holds one model alone."""
        return cls(
            parts.won_by[None],
            parts.won_over[None],
            parts.within[None],
            parts.malignant,
            parts.benign,
        )

    @property
    def n_models(self) -> int:
        """How many models there are."""
        return int(self.won_by.shape[0])

    @property
    def n_patients(self) -> int:
        """How many patients there are."""
        return int(self.malignant.size)

    @property
    def auroc(self) -> Floats:
        """The AUROC of each model, ``(n_models,)``; NaN where a class is missing."""
        pairs = self.malignant.sum() * self.benign.sum()
        return ratio(self.won_by.sum(axis=1), pairs)

    def leave_one_out(self) -> Floats:
        """Give each AUROC without each patient, ``(n_models, n_patients)``; NaN: one class left."""
        total = self.won_by.sum(axis=1, keepdims=True)
        won = total - self.won_by - self.won_over + self.within
        pairs = without_each(self.malignant) * without_each(self.benign)
        return np.clip(ratio(won, pairs), 0.0, 1.0)

    def influence(self) -> Floats:
        r"""Give the influence of each patient on each AUROC, ``(n_models, n_patients)``.

        .. math:: \frac{W_{p \cdot} + W_{\cdot p}}{M N} - A \left( \frac{m_p}{M} + \frac{n_p}{N}
                  \right)

        with the pairs won by and over the patient's images, and its malignant and benign weight: by
        how much AUROC grows as the patient's multiplicity does. A row sums to 0.

        Hampel (1974), 10.1080/01621459.1974.10482962.
        """
        malignant, benign = self.malignant.sum(), self.benign.sum()
        share = self.malignant / malignant + self.benign / benign
        won = (self.won_by + self.won_over) / (malignant * benign)
        return np.asarray(won - self.auroc[:, None] * share)

    def linear_replicates(self, multiplicity: Floats) -> Floats:
        r"""Approximate each AUROC in each replicate of the patients, ``(n_replicates, n_models)``.

        .. math:: A + \sum_p (m_p - 1) \, IF_p

        ``multiplicity`` ``(n_replicates, n_patients)`` says how often each patient stands in each.
        For a whole field, where exact replicates (:func:`auroc_replicator`) would take minutes;
        ``benchmarks/rank_intervals.py`` measures the error. Not cut to 0 and 1, so that ranks stay.

        Efron and Tibshirani (1993), 10.1201/9780429246593, on linear approximations.

        >>> field = Field(*np.zeros((3, 1, 2)), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
        >>> field.linear_replicates(np.array([[1.0, 1.0]])).tolist()
        [[0.0]]
        """
        return np.asarray(self.auroc + (multiplicity - 1) @ self.influence().T)


def field_of(sample: Sample, scores: Iterable[ArrayLike]) -> Field:
    """Sum the placement values of several models by patient.

    ``sample`` gives the images, with both classes; its own probabilities are not looked at.
    ``scores`` are arrays ``(n_images,)``, a model each, any numbers but NaN; a generator may read
    them one after the other. Ties count one half, weights multiply, as in :func:`auroc`. Time is
    images times the logarithm of the malignant ones, for each model. Raises :class:`InputError` for
    an array of another length, NaN, or where a class is missing.

    >>> from cygnet.evaluation.sample import make_sample
    >>> sample = make_sample([1, 0, 0], [0.0, 0.0, 0.0])
    >>> field_of(sample, [[0.9, 0.5, 0.1], [0.5, 0.5, 0.9]]).auroc.tolist()
    [1.0, 0.25]
    """
    if not sample.has_both_classes:
        raise InputError.of(
            "Models can be compared only on images of both classes.", "Give images of both."
        )
    malignant = sample.sum_by_patient(np.where(sample.target, sample.weights, 0.0))
    benign = sample.sum_by_patient(np.where(sample.target, 0.0, sample.weights))
    within_of = _within_counter(sample)
    rows = []
    for one in scores:
        scored = sample.with_scores(one)
        won_by, won_over = _won(scored)
        rows.append((won_by, won_over, within_of(scored)))
    if not rows:
        raise InputError.of("There is no model.", "Give at least one.")
    won_by, won_over, within = (np.stack(part) for part in zip(*rows, strict=True))
    return Field(won_by, won_over, within, malignant, benign)


def _won(sample: Sample) -> tuple[Floats, Floats]:
    """Weigh the pairs won by and over each patient; only the malignant images are sorted."""
    malignant, benign = sample.target, ~sample.target
    below = sample.probability[benign]
    heavy, light = sample.weights[malignant], sample.weights[benign]
    levels, level_of = np.unique(sample.probability[malignant], return_inverse=True)
    # Step 2k lies below level k and above the one before; 2k + 1 is tied with level k.
    place = np.searchsorted(levels, below, "left")
    tied = levels[np.minimum(place, levels.size - 1)] == below
    step = 2 * place + tied
    beaten = np.cumsum(np.bincount(step, weights=light, minlength=2 * levels.size + 1))
    won_at = (beaten[0:-1:2] + beaten[1::2]) / 2
    on_level = np.bincount(level_of, weights=heavy, minlength=levels.size)
    above = np.concatenate([np.cumsum(on_level[::-1])[::-1], [0.0]])
    lost_at = np.empty(2 * levels.size + 1)
    lost_at[0::2] = above
    lost_at[1::2] = (above[:-1] + above[1:]) / 2
    n = sample.n_patients
    won_by = np.bincount(sample.patient[malignant], won_at[level_of] * heavy, n)
    won_over = np.bincount(sample.patient[benign], lost_at[step] * light, n)
    return won_by.astype(np.float64), won_over.astype(np.float64)


def _within_counter(sample: Sample) -> Callable[[Sample], Floats]:
    """Prepare to weigh the pairs won inside each patient: they are the same for every model."""
    images = np.argsort(sample.patient, kind="stable")
    per_patient = np.split(images, np.cumsum(np.bincount(sample.patient))[:-1])
    has_malignant = sample.sum_by_patient(sample.target.astype(np.float64)) > 0
    groups = [per_patient[p] for p in np.flatnonzero(has_malignant)]
    sides = [(one[sample.target[one]], one[~sample.target[one]]) for one in groups]
    if sum(above.size * below.size for above, below in sides) > _PAIRS_LISTED:
        return lambda scored: patient_placements(scored).within
    above = np.concatenate([np.repeat(one, other.size) for one, other in sides])
    below = np.concatenate([np.tile(other, one.size) for one, other in sides])
    patient, weight = sample.patient[above], sample.weights[above] * sample.weights[below]

    def within(scored: Sample) -> Floats:
        high, low = scored.probability[above], scored.probability[below]
        won = ((high > low) + 0.5 * (high == low)) * weight
        return np.bincount(patient, won, sample.n_patients).astype(np.float64)

    return within
