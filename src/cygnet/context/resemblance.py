"""How alike do a patient's lesions look to the image model? Embeddings, each fold its own space.

A lesion's distance to the patient's others is judged among its distances to strangers' lesions, so
that neither the scale of a space nor a lesion that is far from everything counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cygnet.context.lesions import Codes, Floats, Lesions
from cygnet.context.relative import rows_of_each
from cygnet.errors import InputError

_STRANGERS = 512
_NEIGHBOURS = 5


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
class _Patient:
    """One patient's images: distances ``(n, n)``, infinite within a lesion, and to strangers."""

    rows: Codes
    points: NDArray[np.float32]
    apart: Floats
    strange: Floats
    fold: int


def _patients(lesions: Lesions, space: Space) -> list[_Patient]:
    found = []
    for whole in rows_of_each(lesions.patient, lesions.n_patients):
        for fold in np.unique(lesions.fold[whole]).tolist():
            rows = whole[lesions.fold[whole] == fold]
            if np.unique(lesions.lesion[rows]).size < 2:
                continue
            points = space.points(lesions, rows)
            apart = distances(points, points)
            lesion = lesions.lesion[rows]
            apart[lesion[:, None] == lesion[None, :]] = np.inf
            # Of several images of one other lesion the first stands for it.
            _, first = np.unique(lesion, return_index=True)
            copies = np.setdiff1d(np.arange(rows.size), first)
            apart[:, copies] = np.inf
            strange = np.sort(distances(points, space.strangers[fold]), axis=1)
            found.append(_Patient(rows, points, apart, strange, fold))
    return found


def places(lesions: Lesions, space: Space) -> tuple[Floats, Floats]:
    """Give each image's place, ``(n_images, n_axes)``, and its distance to a middling stranger."""
    found = np.zeros((lesions.n_images, 0))
    strange = np.ones(lesions.n_images)
    for fold in np.unique(lesions.fold).tolist():
        rows = np.flatnonzero(lesions.fold == fold)
        points = space.points(lesions, rows)
        if not found.shape[1]:
            found = np.zeros((lesions.n_images, points.shape[1]))
        found[rows] = points
        strange[rows] = np.median(distances(points, space.strangers[fold]), axis=1)
    return found, strange


def resemblances(lesions: Lesions, space: Space) -> dict[str, Floats]:
    """Give each of :data:`RESEMBLANCES`, ``(n_images,)``; 0 where a patient has one lesion.

    ``strangeness`` is the mean place of the patient's others among strangers, by distance;
    ``nearest_own`` that of the nearest of them; ``outlier_factor`` the distance to the nearest of
    the patient's lesions over their own distances to their nearest, the local outlier factor of
    Breunig et al. (2000), 10.1145/342009.335388, with mean distances; ``nevus_distance`` the place
    of the centre of the patient's other, likely benign lesions. Of all of them high is unlike.
    """
    found = {name: np.zeros(lesions.n_images) for name in RESEMBLANCES}
    for patient in _patients(lesions, space):
        for name, number in _NUMBERS.items():
            found[name][patient.rows] = number(patient, lesions)
    return found


def _mean_place(patient: _Patient, _: Lesions) -> Floats:
    places = np.stack(
        [
            np.searchsorted(strange, apart) / strange.size
            for strange, apart in zip(patient.strange, patient.apart, strict=True)
        ]
    )
    other = np.isfinite(patient.apart)
    return np.asarray((places * other).sum(axis=1) / np.maximum(other.sum(axis=1), 1))


def _nearest_place(patient: _Patient, _: Lesions) -> Floats:
    nearest = patient.apart.min(axis=1)
    pairs = zip(patient.strange, nearest, strict=True)
    return np.array([np.searchsorted(strange, one) / strange.size for strange, one in pairs])


def _outlier(patient: _Patient, _: Lesions) -> Floats:
    other = int(np.isfinite(patient.apart).sum(axis=1).min())
    m = max(1, min(_NEIGHBOURS, other))
    order = np.argsort(patient.apart, axis=1)[:, :m]
    reach = np.take_along_axis(patient.apart, order, axis=1).mean(axis=1)
    return np.asarray(reach / np.maximum(reach[order].mean(axis=1), 1e-12))


def _nevus(patient: _Patient, lesions: Lesions) -> Floats:
    probability = 0.5 * (1 + np.tanh(lesions.logit[patient.rows] / 2))
    weight = np.where(np.isfinite(patient.apart), (1 - probability)[None, :], 0.0)
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    centre = (weight / total) @ patient.points
    distance = np.sqrt(np.sum((patient.points - centre) ** 2, axis=1))
    pairs = zip(patient.strange, distance, strict=True)
    return np.array([np.searchsorted(strange, one) / strange.size for strange, one in pairs])


_NUMBERS: Mapping[str, Callable[[_Patient, Lesions], Floats]] = MappingProxyType(
    {
        "strangeness": _mean_place,
        "nearest_own": _nearest_place,
        "outlier_factor": _outlier,
        "nevus_distance": _nevus,
    }
)
RESEMBLANCES = tuple(_NUMBERS)
