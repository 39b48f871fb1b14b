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
from cygnet.inference.model import Model, Prediction, open_model
from cygnet.shards import run_shards

_IMAGES_A_SHARD = 128
_IMAGES_A_BATCH = 16


@dataclass(frozen=True, slots=True)
class PredictedImages:
    """Names in the order given (bad images left out) and what the model's folds say of them.

    ``by_fold`` is ``(n, n_folds)``, calibrated, its columns in the order of ``folds``;
    ``embedding`` is ``(n, n_folds, width)`` where it was asked for. ``trained_on`` names images
    that the model was trained on: their probabilities flatter it.
    """

    image_names: list[str]
    folds: list[int]
    by_fold: NDArray[np.float64]
    bad: list[Fault]
    trained_on: list[str]
    embedding: NDArray[np.float32] | None = None

    @property
    def probability(self) -> NDArray[np.float64]:
        """The mean of the folds' probabilities, ``(n,)``."""
        return np.asarray(self.by_fold.mean(axis=1))


@dataclass(frozen=True, slots=True)
class _Shard:
    model: Path
    items: tuple[tuple[str, Path], ...]
    threads: int | None
    embeddings: bool


@dataclass(frozen=True, slots=True)
class _Scored:
    names: list[str]
    by_fold: NDArray[np.float64]
    embedding: NDArray[np.float32] | None
    bad: list[Fault]


def predict_files(
    model: Path,
    items: Sequence[tuple[str, Path]],
    *,
    skip_bad_images: bool = False,
    embeddings: bool = False,
    workers: int | None = 1,
    ray_address: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> PredictedImages:
    """Score image files given as ``(image_name, path)``; keep ``embeddings`` if asked to.

    Raises :class:`ImageError` naming every image that cannot be read, unless
    ``skip_bad_images``; then they are listed in the result. Raises :class:`ModelError` for a model
    that cannot be opened or was made with another decoding than this version's.
    """
    threads = None if workers == 1 and ray_address is None else 1
    opened = opened_once(model, threads)
    check_decoding(opened)
    shards = [
        _Shard(model, tuple(items[start : start + _IMAGES_A_SHARD]), threads, embeddings)
        for start in range(0, len(items), _IMAGES_A_SHARD)
    ]
    scored: dict[int, _Scored] = {}
    for index, result in run_shards(
        _predict_shard, shards, workers=workers, ray_address=ray_address
    ):
        scored[index] = result
        advance(len(shards[index].items))
    parts = [scored[index] for index in range(len(shards))]
    bad = [fault for part in parts for fault in part.bad]
    if bad and not skip_bad_images:
        raise ImageError(*bad)
    names = [name for part in parts for name in part.names]
    by_fold = np.concatenate([part.by_fold for part in parts] or [np.empty((0, opened.n_folds))])
    kept = [part.embedding for part in parts if part.embedding is not None]
    return PredictedImages(
        names,
        opened.folds,
        by_fold,
        bad,
        [name for name in names if opened.was_trained_on(name)],
        np.concatenate(kept) if kept else None,
    )


def check_decoding(model: Model) -> None:
    """Raise :class:`ModelError` for a model whose pixels were decoded otherwise than here."""
    ours = decoding_name(model.geometry)
    if model.decoding != ours:
        raise ModelError.of(
            f"This model was trained on pixels decoded as {model.decoding}; this version decodes "
            f"as {ours}.",
            "Use the version of Cygnet that trained it, or train again.",
            file=model.file,
        )


def opened_once(model: Path, threads: int | None = None) -> Model:
    """Open a model as :func:`open_model` does; the last one stays open while its file is as it was.

    Raises what :func:`open_model` raises.
    """
    file = model / "model.onnx" if model.is_dir() else model
    changed_ns = file.stat().st_mtime_ns if file.is_file() else 0
    return _opened(model, threads, changed_ns)


@lru_cache(maxsize=1)
def _opened(model: Path, threads: int | None, changed_ns: int) -> Model:
    del changed_ns
    return open_model(model, threads=threads)


def _predict_shard(shard: _Shard) -> _Scored:
    model = opened_once(shard.model, shard.threads)
    names: list[str] = []
    bad: list[Fault] = []
    pixels: list[NDArray[np.uint8]] = []
    made: list[Prediction] = []
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
            made.append(model.predict(np.stack(pixels)))
            pixels = []
    if pixels:
        made.append(model.predict(np.stack(pixels)))
    by_fold = np.concatenate([one.by_fold for one in made] or [np.empty((0, model.n_folds))])
    kept = shard.embeddings and made
    embedding = np.concatenate([one.embedding for one in made]) if kept else None
    return _Scored(names, by_fold, embedding, bad)
