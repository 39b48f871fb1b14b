"""What does the model say of some pictures, all that it can say? The one place that asks it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cygnet.inference.familiar import UNLIKE
from cygnet.inference.model import Model, Patient


@dataclass(frozen=True, slots=True)
class About:
    """What is told of the patient: age in years and sex, ``None`` where it is not told."""

    age_years: float | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the model's folds say of ``n`` pictures.

    ``by_fold`` ``(n, folds)`` are calibrated probabilities, ``embedding`` ``(n, folds, width)``,
    and ``unlike`` ``(n,)`` says which lie farther out than lesions do, by the embedding.
    """

    by_fold: NDArray[np.float64]
    embedding: NDArray[np.float32]
    unlike: NDArray[np.bool_]


def ask(
    model: Model, pictures: NDArray[np.uint8], about: About, sites: Sequence[str | None]
) -> Answer:
    """Ask ``model`` about ``pictures`` ``(n, size, size, 3)``, each at its body site."""
    said = model.predict(pictures, _patients(about, sites))
    unlike = np.zeros(len(pictures), np.bool_)
    if model.familiar is not None:
        unlike = model.familiar.unlikeness(said.embedding) > UNLIKE
    return Answer(said.by_fold, said.embedding, unlike)


def heat_of(
    model: Model, picture: NDArray[np.uint8], about: About, site: str | None
) -> NDArray[np.float32] | None:
    """Give what each place of ``picture`` ``(size, size, 3)`` added to the log odds.

    ``(height, width)``, calibrated, the mean over the folds; ``None`` where the model has no map.
    """
    if not model.has_maps:
        return None
    maps = model.maps(picture[None], _patients(about, [site])).map[0]
    return np.asarray((maps * model.slope[:, None, None]).mean(axis=0), np.float32)


def _patients(about: About, sites: Sequence[str | None]) -> list[Patient]:
    return [(about.age_years, about.sex, site) for site in sites]
