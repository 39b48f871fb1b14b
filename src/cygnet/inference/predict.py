"""Which probability does each image file get? Files in, a table out, in bounded memory.

Images are cut into shards; a shard is decoded and scored in one place, here or on a Ray cluster.
Within a shard threads read and decode while the network runs on what was decoded before.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cygnet.errors import Fault, ImageError, InputError, ModelError
from cygnet.images.decode import decode_to_size, decoding_name
from cygnet.inference import object_store
from cygnet.inference.model import Model, Patient, Prediction, open_model
from cygnet.shards import run_shards

_IMAGES_A_SHARD = 128
_IMAGES_A_BATCH = 16
_BATCHES_AHEAD = 3
_DECODERS = 2
# A store answers slowly and side by side.
_FETCHERS = 12

Item = tuple[str, Path | str]
"""An image's name and its path or ``s3://`` URL; text is half the size of a Path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of the model besides probabilities.

    ``views`` of each image are averaged (the recipe's number where it is None); ``patients`` are
    age, sex and site by image name, for models that take them; ``embeddings`` are kept if asked.
    """

    views: int | None = None
    embeddings: bool = False
    patients: dict[str, Patient] = field(default_factory=dict)


class _OfFolds:
    """What follows from the folds' probabilities ``by_fold``, ``(n, n_folds)``."""

    __slots__ = ()
    by_fold: NDArray[np.float64]

    @property
    def probability(self) -> NDArray[np.float64]:
        """The mean of the folds' probabilities, ``(n,)``."""
        return np.asarray(self.by_fold.mean(axis=1))

    @property
    def fold_spread(self) -> NDArray[np.float64]:
        """The standard deviation over the folds of their probabilities; NaN with one fold."""
        return fold_spread(self.by_fold)


@dataclass(frozen=True, slots=True)
class Scored(_OfFolds):
    """What the model's folds say of the images of a shard; bad images are left out and named.

    ``by_fold`` is ``(n, n_folds)``; ``view_spread`` and ``unlikeness`` are ``(n,)``, NaN where
    they cannot be told; ``embedding`` is ``(n, n_folds, width)`` where it was asked for.
    """

    image_names: list[str]
    by_fold: NDArray[np.float64]
    view_spread: NDArray[np.float64]
    unlikeness: NDArray[np.float64]
    bad: list[Fault]
    embedding: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class PredictedImages(_OfFolds):
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
    view_spread: NDArray[np.float64] | None = None
    unlikeness: NDArray[np.float64] | None = None


def fold_spread(by_fold: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the standard deviation over the folds of ``(n, n_folds)``; NaN with one fold."""
    if by_fold.shape[1] < 2:
        return np.full(len(by_fold), np.nan)
    return np.asarray(by_fold.std(axis=1, ddof=1))


@dataclass(frozen=True, slots=True)
class _Shard:
    model: Path
    items: tuple[Item, ...]
    threads: int | None
    wanted: Wanted


class _Shards(Sequence[_Shard]):
    """The shards of many items, each made when it is asked for."""

    def __init__(
        self, model: Path, items: Sequence[Item], threads: int | None, wanted: Wanted
    ) -> None:
        self._model, self._items, self._threads, self._wanted = model, items, threads, wanted

    def __len__(self) -> int:
        return (len(self._items) + _IMAGES_A_SHARD - 1) // _IMAGES_A_SHARD

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = index * _IMAGES_A_SHARD
        items = tuple(self._items[start : start + _IMAGES_A_SHARD])
        patients = self._wanted.patients
        of_these = {name: patients[name] for name, _ in items if name in patients}
        wanted = Wanted(
            views=self._wanted.views, embeddings=self._wanted.embeddings, patients=of_these
        )
        return _Shard(self._model, items, self._threads, wanted)


def scored_shards(
    model: Path,
    items: Sequence[Item],
    *,
    wanted: Wanted | None = None,
    workers: int | None = 1,
    ray_address: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[Scored]:
    """Yield what the model says of the images, shard by shard, in the order of ``items``.

    What is yielded is not kept, so memory does not grow with the number of images. Raises
    :class:`ModelError` for a model that cannot be opened or was made with another decoding.
    """
    threads = None if workers == 1 and ray_address is None else 1
    check_decoding(opened_once(model, threads))
    shards = _Shards(model, items, threads, wanted or Wanted())
    early: dict[int, Scored] = {}
    due = 0
    for index, scored in run_shards(
        _predict_shard, shards, workers=workers, ray_address=ray_address
    ):
        early[index] = scored
        advance(len(scored.image_names) + len(scored.bad))
        while due in early:
            yield early.pop(due)
            due += 1


def predict_files(
    model: Path,
    items: Sequence[Item],
    *,
    skip_bad_images: bool = False,
    wanted: Wanted | None = None,
    workers: int | None = 1,
    ray_address: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> PredictedImages:
    """Score image files given as ``(image_name, path)`` and keep all that is said of them.

    Raises :class:`ImageError` naming every image that cannot be read, unless
    ``skip_bad_images``; then they are listed in the result. Raises :class:`ModelError` for a model
    that cannot be opened or was made with another decoding than this version's.
    """
    opened = opened_once(model, None if workers == 1 and ray_address is None else 1)
    parts = list(
        scored_shards(
            model, items, wanted=wanted, workers=workers, ray_address=ray_address, advance=advance
        )
    )
    bad = [fault for part in parts for fault in part.bad]
    if bad and not skip_bad_images:
        raise ImageError(*bad)
    names = [name for part in parts for name in part.image_names]
    kept = [part.embedding for part in parts if part.embedding is not None]
    return PredictedImages(
        names,
        opened.folds,
        np.concatenate([part.by_fold for part in parts] or [np.empty((0, opened.n_folds))]),
        bad,
        [name for name in names if opened.was_trained_on(name)],
        np.concatenate(kept) if kept else None,
        np.concatenate([part.view_spread for part in parts] or [np.empty(0)]),
        np.concatenate([part.unlikeness for part in parts] or [np.empty(0)]),
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


def _predict_shard(shard: _Shard) -> Scored:
    model = opened_once(shard.model, shard.threads)
    names: list[str] = []
    bad: list[Fault] = []
    made: list[Prediction] = []
    batch: list[NDArray[np.uint8]] = []

    def score() -> None:
        known = shard.wanted.patients
        nobody: Patient = (None, None, None)
        patients = [known.get(name, nobody) for name in names[-len(batch) :]]
        made.append(model.predict(np.stack(batch), patients, views=shard.wanted.views))
        batch.clear()

    for name, found in _decoded(shard, model):
        if isinstance(found, list):
            bad += found
            continue
        names.append(name)
        batch.append(found)
        if len(batch) == _IMAGES_A_BATCH:
            score()
    if batch:
        score()
    return _together(model, names, made, bad, keep=shard.wanted.embeddings)


def _together(
    model: Model, names: list[str], made: list[Prediction], bad: list[Fault], *, keep: bool
) -> Scored:
    if not made:
        nothing = np.empty(0)
        return Scored([], np.empty((0, model.n_folds)), nothing, nothing, bad)
    embedding = np.concatenate([one.embedding for one in made])
    unlikeness = np.full(len(names), np.nan)
    if model.familiar is not None:
        unlikeness = model.familiar.unlikeness(embedding)
    return Scored(
        names,
        np.concatenate([one.by_fold for one in made]),
        np.concatenate([one.view_spread for one in made]),
        unlikeness,
        bad,
        embedding if keep else None,
    )


def _decoded(shard: _Shard, model: Model) -> Iterator[tuple[str, NDArray[np.uint8] | list[Fault]]]:
    """Give each image's pixels, or its faults, in order; threads decode a few batches ahead."""
    remote = any(_is_remote(place) for _, place in shard.items)
    pending: deque[tuple[str, Future[NDArray[np.uint8] | list[Fault]]]] = deque()
    items = iter(shard.items)
    with ThreadPoolExecutor(_FETCHERS if remote else _DECODERS) as pool:
        for name, place in islice(items, _IMAGES_A_BATCH * _BATCHES_AHEAD):
            pending.append((name, pool.submit(_pixels, place, model)))
        while pending:
            name, future = pending.popleft()
            yield name, future.result()
            for other, place in islice(items, 1):
                pending.append((other, pool.submit(_pixels, place, model)))


def bytes_of(place: Path | str) -> bytes:
    """Read a file or an object of a store.

    Raises :class:`ImageError` for a file and :class:`InputError` for an object that cannot be read.
    """
    if _is_remote(place):
        return object_store.read_object(str(place))
    file = Path(place)
    try:
        return file.read_bytes()
    except OSError as error:
        rule = f"This file cannot be read: {error.strerror}."
        raise ImageError.of(rule, "Check it.", file=file) from error


def _is_remote(place: Path | str) -> bool:
    return isinstance(place, str) and place.startswith(object_store.SCHEME)


def _pixels(place: Path | str, model: Model) -> NDArray[np.uint8] | list[Fault]:
    remote, file = _is_remote(place), Path(place)
    try:
        return decode_to_size(bytes_of(place), model.size_px, model.geometry)
    except InputError as error:
        if isinstance(error, ImageError) and remote:
            return [Fault(f"{place}: {fault.rule}", fault.remedy) for fault in error.faults]
        return [Fault(one.rule, one.remedy, None if remote else file) for one in error.faults]
