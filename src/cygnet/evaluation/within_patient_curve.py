"""Of a patient's images in order of score, how many must be looked at to meet their melanomas?

A curve over the share looked at, on patients who have both classes, beside what chance would find.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cygnet.evaluation.estimate import BOOTSTRAP, ratio, too_few
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Floats, Sample, make_sample
from cygnet.evaluation.top_of_patient import ranks_within

_GRID = np.linspace(0, 1, 101)
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class FoundWithin:
    """Shares of melanomas found, each ``(n_points,)`` over the share ``x`` of images looked at.

    ``y`` with its pointwise band ``lower`` to ``upper`` (NaN with a ``reason``), and ``chance``,
    what a random order would find. ``n_patients`` have both classes; ``n`` melanomas are theirs.
    """

    x: Floats
    y: Floats
    lower: Floats
    upper: Floats
    chance: Floats
    n: int
    n_patients: int
    confidence_level: float
    method: str = BOOTSTRAP
    reason: str | None = None


def found_within_patients(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    replicates: int = 2000,
    confidence_level: float = 0.95,
    seed: int = 0,
) -> FoundWithin:
    r"""Share of melanomas among the first images of their patient, from the highest score down.

    At a share x of a patient's n images the first :math:`\lfloor x n \rfloor` have been looked at;
    ties are averaged over their orders. Only patients who have both classes bear on it. Arrays and
    errors as in :func:`top_k_share`; the band is NaN with a reason below 10 such patients.

    >>> made = found_within_patients([1, 0, 0, 0], [0.5, 0.9, 0.1, 0.1], list("aaaa"))
    >>> made.y[[25, 50, 100]].tolist(), made.chance[[25, 50, 100]].tolist()
    ([0.0, 1.0, 1.0], [0.25, 0.5, 1.0])
    """
    sample = make_sample(target, probability, patient, weights, any_score=True)
    found, by_chance, total = _by_patient(sample)
    bears = total > 0
    n_patients = int(np.count_nonzero(bears))
    kept = sample.target & bears[sample.patient]
    nothing = np.full(_GRID.size, np.nan)
    reason = too_few(n_patients, "with both classes")
    lower = upper = nothing
    if reason is None:
        drawn = np.concatenate(
            [
                ratio(block @ found, (block @ total)[:, None])
                for block in multiplicity_blocks(sample.n_patients, replicates, seed)
            ]
        )
        tail = (1 - confidence_level) / 2
        lower, upper = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return FoundWithin(
        x=_GRID,
        y=ratio(found.sum(axis=0), total.sum()),
        lower=lower,
        upper=upper,
        chance=ratio(by_chance.sum(axis=0), total.sum()),
        n=int(np.count_nonzero(kept)),
        n_patients=n_patients,
        confidence_level=confidence_level,
        reason=reason,
    )


def _by_patient(sample: Sample) -> tuple[Floats, Floats, Floats]:
    """Sum by patient what is found, what chance finds, and the melanomas' weights."""
    ranks = ranks_within(sample)
    has_benign = sample.sum_by_patient((~sample.target).astype(np.float64)) > 0
    images = np.flatnonzero(sample.target & has_benign[sample.patient])
    seen = np.floor(_GRID * ranks.of[images, None] + _ROUNDING)
    hit = np.clip((seen - ranks.above[images, None]) / ranks.tied[images, None], 0.0, 1.0)
    weight, patient = sample.weights[images], sample.patient[images]
    shape = sample.n_patients, _GRID.size
    found, by_chance = np.zeros(shape), np.zeros(shape)
    np.add.at(found, patient, weight[:, None] * hit)
    np.add.at(by_chance, patient, weight[:, None] * seen / ranks.of[images, None])
    return found, by_chance, np.bincount(patient, weight, sample.n_patients).astype(np.float64)
