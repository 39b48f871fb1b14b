"""How alike do a patient's lesions look to the image model? Embeddings, each fold its own space.

A lesion's distance to the patient's others is judged among its distances to strangers' lesions, so
that neither the scale of a space nor a lesion that is far from everything counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cygnet.context.lesions import Codes, Floats, Lesions
from cygnet.errors import InputError

_STRANGERS = 512
_NEIGHBOURS = 5
_BLOCK = 4_096
RESEMBLANCES = ("strangeness", "nearest_own", "outlier_factor", "nevus_distance")


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """What a fold's embeddings are measured by: centre, scale, and strangers to compare with.

    Each maps a fold to ``(n_dimensions,)`` or ``(n_strangers, n_dimensions)``.
    """

    centre: Mapping[int, NDArray[np.float32]]
    scale: Mapping[int, float]
    strangers: Mapping[int, NDArray[np.float32]]

    @classmethod
    def of(cls, lesions: Lesions, *, seed: int = 0) -> "Space":
        """Learn each fold's space from its lesions, one image a patient among the strangers."""
        if lesions.embedding is None:
            raise InputError.of("There are no embeddings.", "Give them with --embeddings.")
        generator = np.random.default_rng(seed)
        centre, scale, strangers = {}, {}, {}
        for fold in np.unique(lesions.fold).tolist():
            rows = generator.permutation(np.flatnonzero(lesions.fold == fold))
            points = lesions.embedding[rows]
            centre[fold] = points.mean(axis=0)
            spread = float(np.sqrt(np.mean((points - centre[fold]) ** 2)))
            scale[fold] = spread if spread > 0 else 1.0
            _, one_each = np.unique(lesions.patient[rows], return_index=True)
            chosen = generator.permutation(one_each)[:_STRANGERS]
            strangers[fold] = (points[chosen] - centre[fold]) / scale[fold]
        return cls(centre, scale, strangers)

    def as_json(self) -> dict[str, Any]:
        """Give the document that :meth:`from_json` reads."""
        return {
            str(fold): {
                "centre": [float(value) for value in self.centre[fold]],
                "scale": self.scale[fold],
                "strangers": [[float(value) for value in row] for row in self.strangers[fold]],
            }
            for fold in self.centre
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Space":
        """Read what :meth:`as_json` wrote."""
        return cls(
            {int(fold): np.array(of["centre"], np.float32) for fold, of in document.items()},
            {int(fold): float(of["scale"]) for fold, of in document.items()},
            {int(fold): np.array(of["strangers"], np.float32) for fold, of in document.items()},
        )

    def points(self, lesions: Lesions, rows: Codes) -> NDArray[np.float32]:
        """Give the embeddings of ``rows``, all of one fold, in the units of their space."""
        if lesions.embedding is None:
            raise InputError.of("There are no embeddings.", "Give them with --embeddings.")
        fold = int(lesions.fold[rows[0]])
        if fold not in self.centre:
            raise InputError.of(f"The space of fold {fold} is not known.", "Refit the stage.")
        return np.asarray((lesions.embedding[rows] - self.centre[fold]) / self.scale[fold])


def distances(a: NDArray[np.float32], b: NDArray[np.float32]) -> Floats:
    """Give the Euclidean distances of the rows of ``a`` to those of ``b``, ``(n_a, n_b)``."""
    squared = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1)[None, :] - 2 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squared.astype(np.float64), 0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """How lesions look beside their patient's others.

    ``numbers`` are those of :func:`resemblances`; ``place`` ``(n_images, n_axes)`` is each image's
    point in the units of its fold's space, and ``strange`` ``(n_images,)`` its distance to a
    middling stranger there.
    """

    numbers: dict[str, Floats]
    place: NDArray[np.float32]
    strange: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Patient:
    """One patient's images of one fold: distances ``(n, n)``, infinite within a lesion.

    ``strange`` ``(n, n_strangers)`` are the distances to strangers, rising.
    """

    rows: Codes
    points: NDArray[np.float32]
    apart: Floats
    strange: NDArray[np.float32]

    def places(self, distance: Floats) -> Floats:
        """Give the share of strangers that are nearer than ``distance`` ``(n, k)``, row by row."""
        # All rows in one search: each is lifted above the one before.
        farthest = np.max(distance, where=distance < np.inf, initial=0.0)
        step = 1.0 + max(float(self.strange[:, -1].max()), float(farthest))
        lift = step * np.arange(len(distance))[:, None]
        ladder = (self.strange + lift).ravel()
        found = np.searchsorted(ladder, np.minimum(distance, step * 0.999) + lift)
        n_strangers = self.strange.shape[1]
        return np.asarray((found - n_strangers * np.arange(len(distance))[:, None]) / n_strangers)


def looks_of(lesions: Lesions, space: Space) -> Looks:
    """Compare all lesions with their patient's others and with strangers, in one pass."""
    numbers = {name: np.zeros(lesions.n_images) for name in RESEMBLANCES}
    place: NDArray[np.float32] | None = None
    middling = np.ones(lesions.n_images)
    for fold in np.unique(lesions.fold).tolist():
        rows = np.flatnonzero(lesions.fold == fold)
        points = space.points(lesions, rows)
        if place is None:
            place = np.zeros((lesions.n_images, points.shape[1]), dtype=np.float32)
        place[rows] = points
        order = np.argsort(lesions.patient[rows], kind="stable")
        ends = np.flatnonzero(np.diff(lesions.patient[rows][order])) + 1
        for block in _blocks(np.split(order, ends)):
            strange = _strangers(points[np.concatenate(block)], space.strangers[fold])
            start = 0
            for inside in block:
                here = strange[start : start + inside.size]
                start += inside.size
                middling[rows[inside]] = here[:, here.shape[1] // 2]
                _compare(lesions, rows[inside], points[inside], here, numbers)
    if place is None:
        place = np.zeros((0, 0), dtype=np.float32)
    return Looks(numbers, place, middling)


def _blocks(patients: list[NDArray[np.intp]]) -> Iterator[list[NDArray[np.intp]]]:
    """Gather whole patients into blocks of a few thousand images, to bound the memory."""
    block: list[NDArray[np.intp]] = []
    size = 0
    for rows in patients:
        block.append(rows)
        size += rows.size
        if size >= _BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _strangers(points: NDArray[np.float32], strangers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the distances of ``points`` to strangers, rising in each row, in single precision."""
    squared = points @ (-2 * strangers.T)
    squared += np.sum(points**2, axis=1)[:, None]
    squared += np.sum(strangers**2, axis=1)[None, :]
    np.maximum(squared, 0, out=squared)
    np.sqrt(squared, out=squared)
    squared.sort(axis=1)
    return squared


def _compare(
    lesions: Lesions,
    rows: Codes,
    points: NDArray[np.float32],
    strange: NDArray[np.float32],
    numbers: dict[str, Floats],
) -> None:
    """Fill in the numbers of one patient's images ``rows``, all of one fold."""
    lesion = lesions.lesion[rows]
    _, first = np.unique(lesion, return_index=True)
    if first.size < 2:
        return
    apart = distances(points, points)
    apart[lesion[:, None] == lesion[None, :]] = np.inf
    # Of several images of one other lesion the first stands for it.
    copy = np.ones(rows.size, dtype=np.bool_)
    copy[first] = False
    apart[:, copy] = np.inf
    patient = _Patient(rows, points, apart, strange)
    n = rows.size
    nevus = _nevus_distance(patient, lesions)
    placed = patient.places(np.column_stack([apart, nevus]))
    other = np.isfinite(apart)
    numbers["strangeness"][rows] = (placed[:, :n] * other).sum(axis=1) / other.sum(axis=1)
    numbers["nearest_own"][rows] = np.where(other, placed[:, :n], np.inf).min(axis=1)
    numbers["outlier_factor"][rows] = _outlier(apart, int(other.sum(axis=1).min()))
    numbers["nevus_distance"][rows] = placed[:, n]


def resemblances(lesions: Lesions, space: Space) -> dict[str, Floats]:
    """Give each of :data:`RESEMBLANCES`, ``(n_images,)``; 0 where a patient has one lesion.

    ``strangeness`` is the mean place of the patient's others among strangers, by distance;
    ``nearest_own`` that of the nearest of them; ``outlier_factor`` the distance to the nearest of
    the patient's lesions over their own distances to their nearest, the local outlier factor of
    Breunig et al. (2000), 10.1145/342009.335388, with mean distances; ``nevus_distance`` the place
    of the centre of the patient's other, likely benign lesions. Of all of them high is unlike.
    """
    return looks_of(lesions, space).numbers


def _outlier(apart: Floats, n_others: int) -> Floats:
    m = max(1, min(_NEIGHBOURS, n_others))
    order = np.argsort(apart, axis=1)[:, :m]
    reach = np.take_along_axis(apart, order, axis=1).mean(axis=1)
    return np.asarray(reach / np.maximum(reach[order].mean(axis=1), 1e-12))


def _nevus_distance(patient: _Patient, lesions: Lesions) -> Floats:
    probability = 0.5 * (1 + np.tanh(lesions.logit[patient.rows] / 2))
    weight = np.where(np.isfinite(patient.apart), (1 - probability)[None, :], 0.0)
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    centre = (weight / total) @ patient.points
    return np.asarray(np.sqrt(np.sum((patient.points - centre) ** 2, axis=1)))
