"""Which probability does each image file get? Files in, a table out, in bounded memory.

Images are cut into shards; a shard is decoded and scored in one place, here or on a Ray cluster.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cygnet.errors import Fault, ImageError, ModelError
from cygnet.images.decode import decode_to_size, decoding_name
from cygnet.inference.model import Model, open_model
from cygnet.shards import run_shards

_IMAGES_A_SHARD = 128
_IMAGES_A_BATCH = 16


@dataclass(frozen=True, slots=True)
class PredictedImages:
    """Names in the order given (bad images left out) and their melanoma probabilities ``(n,)``."""

    image_names: list[str]
    probability: NDArray[np.float64]
    bad: list[Fault]
    trained_on: list[str]
    """Names that the model was trained on: their probabilities flatter it."""


@dataclass(frozen=True, slots=True)
class _Shard:
    model: Path
    items: tuple[tuple[str, Path], ...]
    threads: int | None


def predict_files(
    model: Path,
    items: Sequence[tuple[str, Path]],
    *,
    skip_bad_images: bool = False,
    workers: int | None = 1,
    ray_address: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> PredictedImages:
    """Score image files given as ``(image_name, path)``.

    Raises :class:`ImageError` naming every image that cannot be read, unless
    ``skip_bad_images``; then they are listed in the result. Raises :class:`ModelError` for a model
    that cannot be opened or was made with another decoding than this version's.
    """
    opened = open_model(model)
    _check_decoding(opened)
    threads = None if workers == 1 and ray_address is None else 1
    shards = [
        _Shard(opened.file, tuple(items[start : start + _IMAGES_A_SHARD]), threads)
        for start in range(0, len(items), _IMAGES_A_SHARD)
    ]
    scored: dict[int, tuple[list[str], NDArray[np.float64], list[Fault]]] = {}
    for index, result in run_shards(
        _predict_shard, shards, workers=workers, ray_address=ray_address
    ):
        scored[index] = result
        advance(len(shards[index].items))
    names = [name for index in range(len(shards)) for name in scored[index][0]]
    bad = [fault for index in range(len(shards)) for fault in scored[index][2]]
    if bad and not skip_bad_images:
        raise ImageError(*bad)
    parts = [scored[index][1] for index in range(len(shards))]
    probability = np.concatenate([*parts, np.empty(0)])
    trained_on = [name for name in names if opened.was_trained_on(name)]
    return PredictedImages(names, probability, bad, trained_on)


def _check_decoding(model: Model) -> None:
    ours = decoding_name(model.geometry)
    if model.decoding != ours:
        raise ModelError.of(
            f"This model was trained on pixels decoded as {model.decoding}; this version decodes "
            f"as {ours}.",
            "Use the version of Cygnet that trained it, or train again.",
            file=model.file,
        )


@lru_cache(maxsize=1)
def _model_of_this_process(file: Path, threads: int | None) -> Model:
    return open_model(file, threads=threads)


def _predict_shard(shard: _Shard) -> tuple[list[str], NDArray[np.float64], list[Fault]]:
    model = _model_of_this_process(shard.model, shard.threads)
    names: list[str] = []
    bad: list[Fault] = []
    pixels: list[NDArray[np.uint8]] = []
    probabilities = [np.empty(0)]
    for name, path in shard.items:
        try:
            pixels.append(decode_to_size(path.read_bytes(), model.size_px, model.geometry))
        except ImageError as error:
            bad += [Fault(fault.rule, fault.remedy, path) for fault in error.faults]
            continue
        except OSError as error:
            bad.append(Fault(f"This file cannot be read: {error.strerror}.", "Check it.", path))
            continue
        names.append(name)
        if len(pixels) == _IMAGES_A_BATCH:
            probabilities.append(model.predict(np.stack(pixels)).probability)
            pixels = []
    if pixels:
        probabilities.append(model.predict(np.stack(pixels)).probability)
    return names, np.concatenate(probabilities), bad
