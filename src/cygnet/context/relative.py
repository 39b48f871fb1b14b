"""How does a lesion's score stand among the patient's others, whatever their number?

How many images a patient has tells the target in ISIC 2020, so every number here has the same
distribution for patients of few and of many lesions when lesions are dealt to patients at random:
standard normal. Exactly so for mean and spread; by a dealt copy of the cohort for the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cygnet.context.lesions import Codes, Floats, Lesions, normal_quantile

_FEWEST_DEALT = 1_000
_QUANTILES = 257


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """The patient's other lesions of each image, by sums; ``(n_images,)`` each.

    ``n`` counts the other lesions (0 where there is none); images of the lesion itself are left
    out, and each other lesion counts once with the mean score of its images.
    """

    n: Codes
    total: Floats
    squares: Floats

    @property
    def mean(self) -> Floats:
        """The mean score of the other lesions; 0 where there is none."""
        return np.asarray(self.total / np.maximum(self.n, 1))


def lesion_scores(lesions: Lesions) -> tuple[Floats, Codes]:
    """Give each lesion's score and patient, ``(n_lesions,)`` each.

    A mean of several images varies less: times the root of their number it is standard normal
    again, as if the images were of strangers.
    """
    _, first, size = np.unique(lesions.lesion, return_index=True, return_counts=True)
    value = np.bincount(lesions.lesion, lesions.score) / np.sqrt(size)
    return value, lesions.patient[first]


def others_of(lesions: Lesions) -> Others:
    """Sum what the patient's other lesions score."""
    value, owner = lesion_scores(lesions)
    total = np.bincount(owner, value, lesions.n_patients)
    squares = np.bincount(owner, value**2, lesions.n_patients)
    n_lesions = np.bincount(owner, minlength=lesions.n_patients)
    own = value[lesions.lesion]
    n = n_lesions[lesions.patient] - 1
    return Others(
        n.astype(np.int64),
        np.where(n > 0, total[lesions.patient] - own, 0.0),
        np.where(n > 0, squares[lesions.patient] - own**2, 0.0),
    )


def others_mean(others: Others) -> Floats:
    r"""Level of the patient's other lesions: :math:`\sqrt{k}` times their mean score.

    Standard normal and independent of the lesion's own score when lesions are dealt at random, for
    every number k of others. 0 where there is none.
    """
    return np.asarray(others.total / np.sqrt(np.maximum(others.n, 1)))


def others_spread(others: Others, lot: Floats) -> Floats:
    r"""Spread of the patient's other lesions, as a normal quantile.

    The sum of squares about their mean is chi-squared with k - 1 degrees of freedom under dealing,
    and independent of their mean. With one other there is no spread: a standard normal ``lot``
    ``(n_images,)`` stands in its place, so that nothing tells how many there are.
    """
    from scipy.special import gammainc

    freedom = np.maximum(others.n - 1, 1)
    about = others.squares - others.total**2 / np.maximum(others.n, 1)
    share = gammainc(freedom / 2, np.maximum(about, 0.0) / 2)
    return np.where(others.n > 1, normal_quantile(share), np.where(others.n > 0, lot, 0.0))


def shrunk_level(others: Others, ratio: float) -> Floats:
    r"""Best guess of the patient's level: :math:`\frac{k}{k + \rho}` times the others' mean.

    ``ratio`` is the variance within patients over that between them. Its spread grows with k, so
    only learners that add it up may see it.
    """
    return np.asarray(others.n / (others.n + ratio) * others.mean)


def variance_ratio(lesions: Lesions) -> float:
    r"""Variance of scores within patients over that between them, by moments; no label is used.

    Searle, Casella and McCulloch (1992), Variance Components: one-way analysis of variance. At
    least 0.01; infinite scatter between patients is not believed, nor none (10,000).
    """
    n = np.bincount(lesions.patient, minlength=lesions.n_patients).astype(np.float64)
    total = np.bincount(lesions.patient, lesions.score, lesions.n_patients)
    several = n > 1
    if np.count_nonzero(several) < 2:
        return 10_000.0
    inside = several[lesions.patient]
    mean = total / n
    within = float(np.sum((lesions.score - mean[lesions.patient])[inside] ** 2))
    n, mean = n[several], mean[several]
    within /= float(np.sum(n - 1))
    centre = float(n @ mean / n.sum())
    between = float(n @ (mean - centre) ** 2) / (n.size - 1)
    size = (n.sum() - np.sum(n**2) / n.sum()) / (n.size - 1)
    component = (between - within) / float(size)
    return float(np.clip(within / component, 0.01, 10_000.0)) if component > 0 else 10_000.0


def median_difference(lesions: Lesions) -> Floats:
    """Give the score less the median of the patient's other lesions; 0 where there is none."""
    middle, others = _medians(lesions)
    return np.where(others.n > 0, lesions.score - middle, 0.0)


def robust_z(lesions: Lesions, *, prior: float = 5.0) -> Floats:
    r"""Difference to the others' median over their spread, shrunk towards the population's.

    .. math:: \frac{z - \tilde z}{\sqrt{(\nu + \sum (z_j - \tilde z)^2) / (\nu + k)}}

    with the k others' median and ``prior`` observations of variance 1. 0 where there is no other.
    """
    middle, others = _medians(lesions)
    about = others.squares - 2 * middle * others.total + others.n * middle**2
    spread = np.sqrt((prior + np.maximum(about, 0.0)) / (prior + others.n))
    return np.where(others.n > 0, (lesions.score - middle) / spread, 0.0)


def _medians(lesions: Lesions) -> tuple[Floats, Others]:
    """Give each image the median of its patient's other lesions, and their sums."""
    value, owner = lesion_scores(lesions)
    middle = np.zeros(value.size)
    for rows in rows_of_each(owner, lesions.n_patients):
        if rows.size > 1:
            middle[rows] = _left_out_medians(value[rows])
    return middle[lesions.lesion], others_of(lesions)


def _left_out_medians(values: Floats) -> Floats:
    """Give the median of the others for each of ``values`` ``(n,)``, n at least 2."""
    order = np.argsort(values, kind="stable")
    ordered, n = values[order], values.size
    place = np.arange(n)
    low, high = (n - 2) // 2, (n - 1) // 2

    def without(at: int) -> Floats:
        return np.asarray(ordered[at + (place <= at)])

    medians = np.empty(n)
    medians[order] = (without(low) + without(high)) / 2
    return medians


def rows_of_each(owner: Codes, n_owners: int) -> list[Codes]:
    """Give the rows of each owner, in order."""
    order = np.argsort(owner, kind="stable")
    ends = np.cumsum(np.bincount(owner, minlength=n_owners))
    return [rows.astype(np.int64) for rows in np.split(order, ends[:-1])]


def dealt_within_folds(fold: Codes, generator: np.random.Generator) -> Codes:
    """Give a random order of the images in which each stays in its fold, ``(n_images,)``."""
    order = np.arange(fold.size)
    for one in np.unique(fold):
        inside = np.flatnonzero(fold == one)
        order[inside] = generator.permutation(inside)
    return order


@dataclass(frozen=True, slots=True)
class Levelled:
    """Turns a number into its normal quantile among dealt lesions of patients of like size.

    ``sizes`` are the largest number of others of each bin, ``quantiles`` one row a bin.
    """

    sizes: tuple[int, ...]
    quantiles: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, dealt: Floats, n: Codes) -> "Levelled":
        """Keep the quantiles of ``dealt``, the number of a dealt copy, by the ``n`` of others."""
        sizes, rows = [], []
        order = np.argsort(n, kind="stable")
        order = order[n[order] > 0]
        start = 0
        while start < order.size:
            stop = min(start + _FEWEST_DEALT, order.size)
            largest = n[order[stop - 1]]
            stop = int(np.searchsorted(n[order], largest, "right"))
            if order.size - stop < _FEWEST_DEALT:
                stop = order.size
            sizes.append(int(n[order[stop - 1]]))
            shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
            rows.append(tuple(np.quantile(dealt[order[start:stop]], shares).tolist()))
            start = stop
        return cls(tuple(sizes), tuple(rows))

    def as_json(self) -> dict[str, Any]:
        """Give the document that :meth:`from_json` reads."""
        return {"sizes": list(self.sizes), "quantiles": [list(row) for row in self.quantiles]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Levelled":
        """Read what :meth:`as_json` wrote."""
        return cls(tuple(document["sizes"]), tuple(tuple(row) for row in document["quantiles"]))

    def __call__(self, values: Floats, n_others: Codes) -> Floats:
        """Give the normal quantile of each value; 0 where there are no others."""
        found = np.zeros(values.size)
        if not self.sizes:
            return found
        bins = np.minimum(np.searchsorted(self.sizes, n_others), len(self.sizes) - 1)
        shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
        for place in np.unique(bins).tolist():
            inside = (bins == place) & (n_others > 0)
            row = np.asarray(self.quantiles[place])
            low = np.searchsorted(row, values[inside], "left")
            high = np.searchsorted(row, values[inside], "right")
            tied = (low + high) / 2 / _QUANTILES
            between = np.interp(values[inside], row, shares)
            found[inside] = normal_quantile(np.where(high > low, tied, between))
        return found
