"""Scored images in clusters: patients with several lesions, few of them melanomas."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray


class Images(NamedTuple):
    target: NDArray[np.int64]
    probability: NDArray[np.float64]
    patient: NDArray[np.int64]
    weights: NDArray[np.float64]


@pytest.fixture
def draw_images(rng: np.random.Generator) -> Callable[..., Images]:
    """Draw images of patients; ``decimals`` rounds probabilities so that many are tied."""

    def draw(
        n_images: int = 400, n_patients: int = 60, share: float = 0.25, decimals: int | None = None
    ) -> Images:
        patient = rng.integers(0, n_patients, n_images)
        target = (rng.random(n_images) < share).astype(np.int64)
        logit = rng.normal(size=n_patients)[patient] + rng.normal(size=n_images) + 1.5 * target - 1
        probability = 1 / (1 + np.exp(-logit))
        if decimals is not None:
            probability = probability.round(decimals)
        return Images(target, probability, patient, rng.uniform(0.2, 3.0, n_images))

    return draw
