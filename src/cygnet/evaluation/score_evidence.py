"""Of images that score like this, how many were melanoma? Counted out of fold, never modelled.

A few dozen windows along the scores, each of the images nearest in rank, wide enough to hold ten
melanomas. Neighbours whose shares would fall while the score rises are made one window (as in
isotonic regression), so that a higher score never counts for less. What a window holds is a count,
and its interval knows that patients bring several images. Small enough to travel inside a model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

FEWEST_MELANOMAS = 10
_FEWEST_IMAGES = 100
_POINTS_EACH = 24
_LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class ScoreEvidence:
    """What was found in each window, by rising score; all arrays are ``(n_windows,)``.

    ``probability`` is the score in the middle of the window, ``n`` its images, ``n_positive`` the
    melanomas among them, ``n_patients`` whose they are; ``lower`` and ``upper`` the 95 % limits of
    the share. ``lowest`` and ``highest`` are the ends of all ``n_images`` scores, ``prevalence``
    the share of melanomas among them.
    """

    probability: Floats
    n: Counts
    n_positive: Counts
    n_patients: Counts
    lower: Floats
    upper: Floats
    lowest: float
    highest: float
    prevalence: float
    n_images: int

    def as_json(self) -> dict[str, Any]:
        """Give the document that :meth:`from_json` reads; five digits are more than is known."""
        arrays = {
            name: [float(f"{value:.5g}") for value in getattr(self, name).tolist()]
            for name in ("probability", "lower", "upper")
        }
        counts = {name: getattr(self, name).tolist() for name in ("n", "n_positive", "n_patients")}
        return {
            **arrays,
            **counts,
            "lowest": self.lowest,
            "highest": self.highest,
            "prevalence": self.prevalence,
            "n_images": self.n_images,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ScoreEvidence":
        """Read what :meth:`as_json` wrote.

        Raises :class:`KeyError`, :class:`TypeError` or :class:`ValueError` for another document.
        """
        floats = {k: np.array(document[k], np.float64) for k in ("probability", "lower", "upper")}
        counts = {k: np.array(document[k], np.int64) for k in ("n", "n_positive", "n_patients")}
        sizes = {one.shape for one in (*floats.values(), *counts.values())}
        if len(sizes) != 1 or not floats["probability"].size or floats["probability"].ndim != 1:
            raise ValueError("the windows differ in number")
        return cls(
            floats["probability"],
            counts["n"],
            counts["n_positive"],
            counts["n_patients"],
            floats["lower"],
            floats["upper"],
            float(document["lowest"]),
            float(document["highest"]),
            float(document["prevalence"]),
            int(document["n_images"]),
        )

    def nearest(self, probability: float) -> int | None:
        """Give the window whose middle is nearest in log odds; ``None`` beyond all scores seen."""
        if not self.lowest <= probability <= self.highest:
            return None
        return int(np.argmin(np.abs(_logit(self.probability) - _logit(np.array(probability)))))


def score_evidence(
    target: ArrayLike, probability: ArrayLike, patient_id: ArrayLike
) -> ScoreEvidence | None:
    """Count melanomas among like-scored images; arguments are ``(n_images,)``, out of fold.

    ``target`` is 0 or 1; ``patient_id`` says whose an image is. ``None`` where there are fewer
    than 10 melanomas or as few benign images, of which nothing can be told.
    """
    truth = np.asarray(target, np.int64)
    score = np.asarray(probability, np.float64)
    n_positive = int(truth.sum())
    if min(n_positive, truth.size - n_positive) < FEWEST_MELANOMAS:
        return None
    order = np.argsort(score, kind="stable")
    truth, score = truth[order], score[order]
    _, patient = np.unique(np.asarray(patient_id).astype(str)[order], return_inverse=True)
    found = []
    for middles, first, last in _rising(truth, score):
        inside = slice(first, last)
        n, k = last - first, int(truth[inside].sum())
        whose = patient[inside]
        counted = (n, k, int(np.unique(whose).size), *clustered_limits(truth[inside], whose))
        # A window stands once at either end of its middles; between them it is the nearest.
        ends = dict.fromkeys((middles[0], middles[-1]))
        found += [(float(score[middle]), *counted) for middle in ends]
    middle_score, n_all, k_all, patients, lowers, uppers = zip(*found, strict=True)
    return ScoreEvidence(
        np.array(middle_score),
        np.array(n_all, np.int64),
        np.array(k_all, np.int64),
        np.array(patients, np.int64),
        np.array(lowers),
        np.array(uppers),
        float(score[0]),
        float(score[-1]),
        n_positive / truth.size,
        int(truth.size),
    )


def clustered_limits(target: Counts, patient: NDArray[np.intp]) -> tuple[float, float]:
    """Give the 95 % limits of the share of melanomas where a patient may bring several images.

    The exact binomial interval of as many independent images as are worth these: their number over
    the design effect of whole patients. Korn and Graubard (1998), Survey Methodology 24, 193-201.
    """
    from scipy.special import betaincinv

    n, k = int(target.size), int(target.sum())
    share = k / n
    effect = 1.0
    if 0 < k < n:
        _, whose = np.unique(patient, return_inverse=True)
        n_patients = int(whose.max()) + 1
        residual = np.bincount(whose, target - share)
        if n_patients > 1:
            variance = n_patients / (n_patients - 1) * float(np.sum(residual**2)) / n**2
            effect = max(1.0, variance / (share * (1 - share) / n))
    worth = n / effect
    tail, positives = (1 - _LEVEL) / 2, share * worth
    lower = float(betaincinv(positives, worth - positives + 1, tail)) if k else 0.0
    upper = float(betaincinv(positives + 1, worth - positives, 1 - tail)) if k < n else 1.0
    return lower, upper


def at_prevalence(share: float, studied: float, wanted: float) -> float:
    """Give the share that a ``share`` at the prevalence ``studied`` becomes at ``wanted``.

    Bayes' rule: the odds change as the odds of the prevalence do, while melanomas and benign
    lesions are thought to score as they did.

    >>> round(at_prevalence(0.5, 0.5, 0.1), 3)
    0.1
    """
    if share <= 0 or share >= 1:
        return share
    odds = share / (1 - share) * (wanted / (1 - wanted)) / (studied / (1 - studied))
    return odds / (1 + odds)


def _middles(truth: Counts) -> list[int]:
    """Spread points evenly over the ranks of all images, and over those of melanomas."""
    positive = np.flatnonzero(truth == 1)
    steps = np.linspace(0, 1, _POINTS_EACH)
    every = np.rint(steps * (truth.size - 1)).astype(int)
    among = positive[np.rint(steps * (positive.size - 1)).astype(int)]
    return sorted({*every.tolist(), *among.tolist()})


def _rising(truth: Counts, score: Floats) -> list[tuple[list[int], int, int]]:
    """Give windows with their middles, neighbours joined until the share of melanomas rises."""
    cumulated = np.concatenate([[0], np.cumsum(truth)])

    def share(first: int, last: int) -> float:
        return float(cumulated[last] - cumulated[first]) / (last - first)

    joined: list[tuple[list[int], int, int]] = []
    for middle in _middles(truth):
        middles, (first, last) = [middle], _window(truth, score, middle)
        while joined and share(joined[-1][1], joined[-1][2]) >= share(first, last):
            before = joined.pop()
            middles = [*before[0], *middles]
            first, last = min(before[1], first), max(before[2], last)
        joined.append((middles, first, last))
    return joined


def _window(truth: Counts, score: Floats, middle: int) -> tuple[int, int]:
    """Give the first rank of the window around ``middle`` and the one after its last."""
    cumulated = np.concatenate([[0], np.cumsum(truth)])
    most = max(_FEWEST_IMAGES, truth.size // 3)
    half = _FEWEST_IMAGES // 2
    while True:
        first, last = max(0, middle - half), min(truth.size, middle + half + 1)
        enough = cumulated[last] - cumulated[first] >= FEWEST_MELANOMAS
        if enough or last - first >= most or (first == 0 and last == truth.size):
            break
        half = half * 5 // 4
    # Of equal scores none is left out.
    return (
        int(np.searchsorted(score, score[first], "left")),
        int(np.searchsorted(score, score[last - 1], "right")),
    )


def _logit(probability: Floats) -> Floats:
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inside / (1 - inside)))
