"""Which patients are looked at closely? A few that show something each, by a rule that is told.

For each reason the patient who shows it most, of those not yet taken. No picture is looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cygnet.report import numbers

FEWEST_LESIONS = 4
MOST_LESIONS = 60  # more pictures than these cannot be read on one map

Ranks = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PatientRanks:
    """One patient's images: their rows, and each one's place among them, 1 the highest.

    ``after`` are the places with context, or ``None`` where there is none; ``duckling`` is a
    position among the rows, or ``None``.
    """

    patient_id: str
    rows: NDArray[np.int64]
    target: NDArray[np.int64]
    before: Ranks
    after: Ranks | None
    duckling: int | None

    @property
    def last(self) -> Ranks:
        """The places with context where it is known, else those without."""
        return self.before if self.after is None else self.after

    @property
    def best(self) -> int | None:
        """The place of the melanoma that stands highest, or ``None`` where there is none."""
        melanomas = self.last[self.target == 1]
        return int(melanomas.min()) if melanomas.size else None

    def gains(self) -> Ranks:
        """Give how many places context raised each melanoma, ``(n_melanomas,)``."""
        if self.after is None:
            return np.zeros(0, dtype=np.int64)
        return np.asarray((self.before - self.after)[self.target == 1])


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A patient and the reason for which they were chosen."""

    reason: str
    patient: PatientRanks


def places(score: NDArray[np.float64]) -> Ranks:
    """Give each score's place, 1 the highest; of equals the earlier row stands higher.

    >>> places(np.array([0.2, 0.9, 0.2])).tolist()
    [2, 1, 3]
    """
    found = np.empty(score.size, dtype=np.int64)
    found[np.argsort(-score, kind="stable")] = np.arange(1, score.size + 1)
    return found


def _found(one: PatientRanks) -> float | None:
    return float(len(one.rows)) if one.best == 1 and (one.target == 0).any() else None


def _missed(one: PatientRanks) -> float | None:
    if one.best is None or one.best == 1:
        return None
    return (one.best - 1) / (len(one.rows) - 1)


def _raised(one: PatientRanks) -> float | None:
    gain = int(one.gains().max(initial=0))
    return float(gain) if gain > 0 else None


def _lowered(one: PatientRanks) -> float | None:
    loss = int((-one.gains()).max(initial=0))
    return float(loss) if loss > 0 else None


def _odd(one: PatientRanks) -> float | None:
    melanoma = one.duckling is not None and one.target[one.duckling] == 1
    return float(len(one.rows)) if melanoma and (one.target == 0).any() else None


def _benign(one: PatientRanks) -> float | None:
    return float(len(one.rows)) if one.best is None else None


_REASONS: Sequence[tuple[str, str, Callable[[PatientRanks], float | None]]] = (
    ("A melanoma ranked first", "of those whose first place is a melanoma, most lesions", _found),
    ("Melanomas ranked low", "the best-placed melanoma furthest down the patient's list", _missed),
    ("Context raised a melanoma", "by most places", _raised),
    ("Context lowered a melanoma", "by most places", _lowered),
    ("The duckling is a melanoma", "of those, most lesions", _odd),
    ("No melanoma", "of those, most lesions", _benign),
)


def choose_patients(every: Sequence[PatientRanks]) -> tuple[list[Chosen], str]:
    """Choose at most one patient a reason; give them, and the rule in words.

    Chosen from are patients of 4 to 60 images, or, where there is none, of 2 and more. Of equals
    the one with more images, then the lower identifier.
    """
    fit = [one for one in every if FEWEST_LESIONS <= len(one.rows) <= MOST_LESIONS]
    within = f"{FEWEST_LESIONS} to {MOST_LESIONS} lesions"
    if not fit:
        fit, within = [one for one in every if len(one.rows) > 1], "2 or more lesions"
    taken: list[Chosen] = []
    for reason, _, strength in _REASONS:
        left = [one for one in fit if all(one is not other.patient for other in taken)]
        graded = [(strength(one), one) for one in left]
        known = [(grade, one) for grade, one in graded if grade is not None]
        if known:
            known.sort(key=lambda pair: (-pair[0], -len(pair[1].rows), pair[1].patient_id))
            taken.append(Chosen(reason, known[0][1]))
    return taken, _rule(taken, within, len(fit))


def _rule(taken: Sequence[Chosen], within: str, n_fit: int) -> str:
    shown = {one.reason for one in taken}
    lines = [f"{reason.lower()} ({which})" for reason, which, _ in _REASONS if reason in shown]
    said = numbers.counted(n_fit, "patient")
    return (
        f"Of {said} with {within}, one for each of these reasons, the one who shows it most, no "
        f"patient twice: {'; '.join(lines)}."
    )
