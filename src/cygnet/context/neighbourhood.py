"""How do one patient's lesions lie to each other? Nearest neighbours, the odd one, and a flat map.

All in the space of the one fold that holds the patient. A map of it in two dimensions loses
distances; how much is told, and neighbours are taken from the whole space, never from the map.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cygnet.context.lesions import Codes, Floats, Lesions
from cygnet.context.relative import median_difference, rows_of_each
from cygnet.context.resemblance import Space, distances
from cygnet.errors import InputError

N_NEIGHBOURS = 3
FEWEST_LESIONS = 3  # of two lesions each is as far from the other


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """One patient's lesions, ``n`` of them, in the order of their rows.

    ``nearest`` ``(n, k)`` are the k nearest *other* lesions, nearest first, as positions in
    0 to n - 1; ``oddness`` ``(n,)`` is the mean distance to them, high is odd, NaN where the
    patient has fewer than 3 lesions. ``position`` ``(n, 2)`` is the map, in the units of the
    space; ``share`` the share of the squared distances that it keeps, ``stress`` Kruskal's stress-1
    of it (0: every distance is right); both NaN where all lesions lie on one point.
    """

    nearest: Codes
    oddness: Floats
    position: Floats
    share: float
    stress: float

    @property
    def duckling(self) -> int | None:
        """The lesion of greatest oddness, or ``None`` where none can be called odd."""
        if not np.isfinite(self.oddness).all() or float(np.ptp(self.oddness)) == 0:
            return None
        return int(np.argmax(self.oddness))


def neighbourhood(lesions: Lesions, rows: Codes, space: Space | None) -> Neighbourhood:
    """Lay out the lesions ``rows`` of one patient, all scored by one fold's model.

    Without a ``space`` the lesions lie on a line by their score, on the scale of normal scores, and
    their oddness is how far it lies above the median of the others. Raises :class:`InputError` for
    no rows, and for rows of several patients or folds.
    """
    _of_one_patient(lesions, rows)
    points = _points(lesions, rows, space)
    apart = distances(points, points)
    np.fill_diagonal(apart, 0.0)
    nearest, oddness = _nearest(apart, lesions.lesion[rows])
    if space is None:
        oddness = _above_the_others(lesions)[rows]
    position, share, stress = classical_map(points, apart)
    turned = _turned(position, lesions.logit[rows], oddness)
    return Neighbourhood(nearest, oddness, turned, share, stress)


def oddness_of(lesions: Lesions, space: Space | None) -> Floats:
    """Give the oddness of every image among its patient's, ``(n_images,)``; NaN below 3 lesions.

    A patient whose images lie in several folds is taken apart: spaces are never mixed.
    """
    if space is None:
        return _above_the_others(lesions)
    found = np.full(lesions.n_images, np.nan)
    for whole in rows_of_each(lesions.patient, lesions.n_patients):
        for fold in np.unique(lesions.fold[whole]):
            rows = whole[lesions.fold[whole] == fold]
            points = _points(lesions, rows, space)
            found[rows] = _nearest(distances(points, points), lesions.lesion[rows])[1]
    return found


def classical_map(points: NDArray[np.float32], apart: Floats) -> tuple[Floats, float, float]:
    r"""Give positions ``(n, 2)``, the share of squared distances kept, and Kruskal's stress-1.

    Classical scaling of Euclidean distances, which is the principal components of the points
    themselves: of all flat projections the one that keeps most of this patient's distances.
    Torgerson (1952), 10.1007/BF02288916; Kruskal (1964), 10.1007/BF02289565:

    .. math:: \sqrt{\sum_{i<j} (d_{ij} - \hat d_{ij})^2 / \sum_{i<j} d_{ij}^2}

    with d in the space and :math:`\hat d` on the map. ``apart`` are the distances of ``points``.
    """
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    kept = (left * singular)[:, :2]
    position = np.zeros((len(points), 2))
    position[:, : kept.shape[1]] = kept
    whole = float(np.sum(singular**2))
    if whole <= 1e-12:
        return np.zeros_like(position), float("nan"), float("nan")
    flat = distances(position.astype(np.float32), position.astype(np.float32))
    np.fill_diagonal(flat, 0.0)
    stress = float(np.sqrt(np.sum((apart - flat) ** 2) / np.sum(apart**2)))
    return position, float(np.sum(singular[:2] ** 2)) / whole, stress


def _of_one_patient(lesions: Lesions, rows: Codes) -> None:
    for what, codes in (("patients", lesions.patient[rows]), ("folds", lesions.fold[rows])):
        n = np.unique(codes).size
        if n != 1:
            raise InputError.of(
                f"A map is of one patient in one fold; the rows are of {n} {what}.",
                "Give the rows of one patient, scored by one model.",
            )


def _points(lesions: Lesions, rows: Codes, space: Space | None) -> NDArray[np.float32]:
    if space is None:
        return lesions.score[rows].astype(np.float32)[:, None]
    return space.points(lesions, rows)


def _above_the_others(lesions: Lesions) -> Floats:
    return np.where(
        lesions.counts()[1] < FEWEST_LESIONS, np.nan, median_difference(lesions)
    ).astype(np.float64)


def _nearest(apart: Floats, lesion: Codes) -> tuple[Codes, Floats]:
    """Find the nearest other lesions; of several images of one, the first stands for it."""
    other = apart.copy()
    other[lesion[:, None] == lesion[None, :]] = np.inf
    kinds, first = np.unique(lesion, return_index=True)
    other[:, np.setdiff1d(np.arange(lesion.size), first)] = np.inf
    k = min(N_NEIGHBOURS, kinds.size - 1)
    nearest = np.argsort(other, axis=1, kind="stable")[:, :k].astype(np.int64)
    if kinds.size < FEWEST_LESIONS:
        return nearest, np.full(lesion.size, np.nan)
    return nearest, np.take_along_axis(other, nearest, axis=1).mean(axis=1)


def _turned(position: Floats, logit: Floats, oddness: Floats) -> Floats:
    """Turn the map so that probability rises to the right and the odd one lies above the middle.

    Which way an axis points means nothing; this makes it the same every time.
    """
    turned = position.copy()
    if float(turned[:, 0] @ (logit - logit.mean())) < 0:
        turned[:, 0] *= -1
    odd = int(np.argmax(np.nan_to_num(oddness)))
    if turned[odd, 1] < 0:
        turned[:, 1] *= -1
    return turned
