"""Do two prediction files say the same? No truth is needed.

Rank correlation of all images, how far the numbers lie apart, and which files are nearly copies.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cygnet.errors import InputError
from cygnet.evaluation.estimate import finite_or_none
from cygnet.evaluation.sample import Floats, checked_floats

NEAR_IDENTICAL = 0.99


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike the scores of ``a`` and ``b`` are.

    ``spearman`` is NaN with a ``reason`` where one of the two is constant. ``same_share`` is the
    share of images given the same number; ``mean_difference`` and ``largest_difference`` are of
    absolute differences, infinite where a score is infinite in one of the two alone.
    """

    a: str
    b: str
    n_images: int
    spearman: float
    same_share: float
    mean_difference: float
    largest_difference: float
    reason: str | None = None

    @property
    def near_identical(self) -> bool:
        """Whether the two rank nearly alike (Spearman at least 0.99) or are the same numbers."""
        return self.same_share == 1.0 or self.spearman >= NEAR_IDENTICAL

    def as_json(self) -> dict[str, object]:
        """Give the agreement as ``compare --json`` writes it."""
        document: dict[str, object] = {
            "a": self.a,
            "b": self.b,
            "n_images": self.n_images,
            "spearman": finite_or_none(self.spearman),
            "same_share": self.same_share,
            "mean_difference": finite_or_none(self.mean_difference),
            "largest_difference": finite_or_none(self.largest_difference),
            "near_identical": self.near_identical,
        }
        if self.reason is not None:
            document["reason"] = self.reason
        return document


def agreements(scores: Mapping[str, ArrayLike]) -> tuple[Agreement, ...]:
    """Compare every pair of ``scores``, each ``(n_images,)`` of the same images in one order.

    Spearman's correlation is Pearson's of the ranks, ties sharing the mean of theirs. Most alike
    first. Raises :class:`InputError` for fewer than two, lengths that differ, NaN and no image.

    Spearman (1904), 10.2307/1412159.

    >>> one = agreements({"a": [0.1, 0.2, 0.3], "b": [0.1, 0.9, 0.3]})[0]
    >>> one.spearman, one.near_identical
    (0.5, False)
    """
    if len(scores) < 2:
        raise InputError.of("There is nothing to compare.", "Give at least two files.")
    n_images = np.asarray(next(iter(scores.values()))).size
    if not n_images:
        raise InputError.of("There is no image.", "Give predictions of at least one.")
    values = [checked_floats(one, "score", n_images) for one in scores.values()]
    ranked = np.stack([_standard_ranks(one) for one in values])
    correlation = np.clip(ranked @ ranked.T, -1.0, 1.0)
    names = list(scores)
    made = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            # Infinite scores that agree do not differ.
            with np.errstate(invalid="ignore"):
                apart = np.where(values[i] == values[j], 0.0, np.abs(values[i] - values[j]))
            spearman = float(correlation[i, j])
            reason = "one of the two is constant" if math.isnan(spearman) else None
            made.append(
                Agreement(
                    names[i],
                    names[j],
                    n_images,
                    round(spearman, 12),
                    float(np.mean(apart == 0)),
                    float(apart.mean()),
                    float(apart.max()),
                    reason,
                )
            )
    return tuple(sorted(made, key=lambda one: -np.nan_to_num(one.spearman, nan=-2.0)))


def _standard_ranks(values: Floats) -> Floats:
    """Rank ``values``, centre the ranks and scale them to length 1; NaN where all are equal."""
    _, level, count = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2
    centred = middle[level] - middle[level].mean()
    length = float(np.sqrt(centred @ centred))
    return np.asarray(centred / length) if length > 0 else np.full(values.size, np.nan)
