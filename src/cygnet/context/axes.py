"""In which few directions do a fold's embeddings differ? Principal axes, each fold its own.

What lies outside them is noise to distances and a burden to what is kept. No label is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cygnet.context.lesions import Codes
from cygnet.errors import InputError

N_AXES = 64
_MORE, _ITERATIONS = 10, 2

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """The principal axes of each fold's embeddings: ``(n_dimensions, at most 64)``, orthonormal."""

    of_fold: Mapping[int, Vectors]

    @classmethod
    def of(cls, embedding: Vectors, fold: Codes) -> "Axes":
        """Find each fold's axes in its ``embedding`` ``(n_images, n_dimensions)``.

        By a randomised range finder with a fixed seed: Halko, Martinsson and Tropp (2011),
        10.1137/090771806. Spaces of 64 dimensions or fewer keep all of them.
        """
        found = {}
        for one in np.unique(fold).tolist():
            points = embedding[fold == one].astype(np.float32)
            found[one] = _principal(points - points.mean(axis=0))
        return cls(found)

    def __call__(self, embedding: Vectors, fold: Codes) -> Vectors:
        """Give each image's place along the axes of its fold, ``(n_images, n_axes)``."""
        width = next(iter(self.of_fold.values())).shape
        if embedding.shape[1] != width[0]:
            raise InputError.of(
                f"The embeddings have {embedding.shape[1]} dimensions; the context stage was "
                f"fitted on {width[0]}.",
                "Give those of the same network.",
            )
        placed = np.empty((len(embedding), max(one.shape[1] for one in self.of_fold.values())))
        for one in np.unique(fold).tolist():
            if one not in self.of_fold:
                raise InputError.of(f"The space of fold {one} is not known.", "Refit the stage.")
            inside = fold == one
            axes = self.of_fold[one]
            placed[inside] = 0.0
            placed[inside, : axes.shape[1]] = embedding[inside] @ axes
        return placed.astype(np.float32)

    def as_json(self) -> dict[str, Any]:
        """Give the document that :meth:`from_json` reads."""
        return {
            str(fold): [[float(f"{value:.7g}") for value in row] for row in axes]
            for fold, axes in self.of_fold.items()
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Axes":
        """Read what :meth:`as_json` wrote."""
        return cls({int(fold): np.array(rows, np.float32) for fold, rows in document.items()})


def _principal(centred: Vectors) -> Vectors:
    n_images, n_dimensions = centred.shape
    if n_dimensions <= N_AXES:
        return np.eye(n_dimensions, dtype=np.float32)
    n_wanted = min(N_AXES, n_images)
    drawn = np.random.default_rng(0).standard_normal((n_dimensions, n_wanted + _MORE))
    reached = centred @ drawn.astype(np.float32)
    for _ in range(_ITERATIONS):
        reached, _ = np.linalg.qr(reached)
        reached = centred @ (centred.T @ reached)
    basis, _ = np.linalg.qr(reached)
    _, _, axes = np.linalg.svd(basis.T @ centred, full_matrices=False)
    return np.ascontiguousarray(axes[:n_wanted].T, dtype=np.float32)
