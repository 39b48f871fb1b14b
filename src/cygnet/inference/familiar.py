"""How unlike the training images is this image, by its embedding? A distance, and what is usual.

For each fold a Gaussian with a few principal axes and one variance for all other directions is
fitted to the embeddings of images that the fold's model did not learn from (Lee et al., A simple
unified framework for detecting out-of-distribution samples, 2018, without classes). The logarithm
of the distance is set against that of held-out lesions: 0 is their median, 1 one robust deviation.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cygnet.inference.description import damaged

KEY = "cygnet.familiar"
FEWEST_IMAGES = 40
N_AXES = 32
# An image this far out is told: of held-out lesions one in a hundred lies as far, of five everyday
# pictures three (docs/results/real-run.md).
UNLIKE = 3.0

_LEAST_VARIANCE = 1e-12

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """Embeddings of one fold: ``mean (width,)``, ``axes (k, width)``, their variances, the rest.

    ``location`` and ``scale`` are of the logarithm of the distance of held-out images.
    """

    mean: Vectors
    axes: Vectors
    variance: Floats
    rest: float
    location: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, embedding: Vectors) -> "Gaussian":
        """Fit to ``(n, width)``; location and scale by fitting on one half, measuring the other."""
        halves = embedding[::2], embedding[1::2]
        measured = [_fitted(one).log_distance(other) for one, other in (halves, halves[::-1])]
        logs = np.concatenate(measured)
        location = float(np.median(logs))
        scale = float(1.4826 * np.median(np.abs(logs - location)))
        whole = _fitted(embedding)
        return cls(whole.mean, whole.axes, whole.variance, whole.rest, location, max(scale, 1e-6))

    def log_distance(self, embedding: Vectors) -> Floats:
        """Give the logarithm of the mean squared distance a direction, ``(n,)``."""
        centred = (embedding - self.mean).astype(np.float64)
        along = centred @ self.axes.T.astype(np.float64)
        beside = np.maximum((centred**2).sum(1) - (along**2).sum(1), 0.0)
        squared = (along**2 / self.variance).sum(1) + beside / self.rest
        return np.asarray(np.log(np.maximum(squared / len(self.mean), _LEAST_VARIANCE)))

    def unlikeness(self, embedding: Vectors) -> Floats:
        """Give how far ``(n, width)`` lie out, in deviations of held-out lesions, ``(n,)``."""
        return (self.log_distance(embedding) - self.location) / self.scale

    def as_json(self) -> dict[str, Any]:
        """Give numbers, and arrays as base64 of little-endian float32."""
        return {
            "mean": _text(self.mean),
            "axes": _text(self.axes),
            "variance": _text(self.variance),
            "rest": self.rest,
            "location": self.location,
            "scale": self.scale,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Gaussian":
        """Read what :meth:`as_json` wrote."""
        mean = _array(document["mean"])
        return cls(
            mean,
            _array(document["axes"]).reshape(-1, len(mean)),
            _array(document["variance"]).astype(np.float64),
            float(document["rest"]),
            float(document["location"]),
            float(document["scale"]),
        )


def _fitted(embedding: Vectors) -> Gaussian:
    mean = embedding.mean(axis=0)
    centred = (embedding - mean).astype(np.float64)
    n_images, width = centred.shape
    n_axes = min(N_AXES, max(1, n_images // 4), width - 1)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    variance = singular**2 / max(1, n_images - 1)
    rest = variance[n_axes:].sum() / (width - n_axes)
    floor = max(float(rest), _LEAST_VARIANCE)
    return Gaussian(
        mean.astype(np.float32),
        axes[:n_axes].astype(np.float32),
        np.maximum(variance[:n_axes], floor),
        floor,
    )


def familiar_json(embeddings: Sequence[Vectors]) -> str | None:
    """Summarise held-out embeddings, one array a fold; ``None`` where a fold has under 40."""
    if min(len(one) for one in embeddings) < FEWEST_IMAGES:
        return None
    return json.dumps([Gaussian.of(one).as_json() for one in embeddings])


class Familiar:
    """The Gaussians of all folds, in the order of the model's outputs."""

    def __init__(self, folds: Sequence[Gaussian]) -> None:
        self.folds = list(folds)

    def unlikeness(self, embedding: Vectors) -> Floats:
        """Give the mean over the folds of how far ``(n, folds, width)`` lie out, ``(n,)``."""
        each = [fold.unlikeness(embedding[:, k]) for k, fold in enumerate(self.folds)]
        return np.asarray(np.mean(each, axis=0))


def read_familiar(text: str | None, n_folds: int, file: Path) -> Familiar | None:
    """Read a model's summary; ``None`` where it has none. Raises ``ModelError`` if damaged."""
    if text is None:
        return None
    try:
        folds = [Gaussian.from_json(one) for one in json.loads(text)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(file, f"{KEY}: {error}") from error
    if len(folds) != n_folds:
        raise damaged(file, f"{KEY}: {len(folds)} folds, not {n_folds}")
    return Familiar(folds)


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(array.astype("<f4").tobytes()).decode("ascii")


def _array(text: str) -> Vectors:
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").copy()
