"""In which order, and how fast, do packed images reach the network?

The order of an epoch depends on the seed, the stage and the epoch alone, so a run that is resumed
sees what it would have seen. Decoding runs in one thread beside the network's.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cygnet.errors import Fault, InputError
from cygnet.images.pack import Pack
from cygnet.images.reduction import reduce_to

_BATCHES_AHEAD = 3


class PackedImages:
    """Several packs read as one, at the size that the network sees.

    A name that stands in two packs is read from the first. Raises :class:`InputError` when a pack
    is smaller than ``size_px`` (an image is never enlarged) or was packed with another geometry.
    """

    def __init__(self, packs: Sequence[Pack], *, size_px: int, geometry: str) -> None:
        for pack in packs:
            if pack.size_px < size_px or pack.geometry != geometry:
                raise InputError(
                    Fault(
                        f"This pack holds {pack.size_px} px images ({pack.geometry}); the recipe "
                        f"asks for {size_px} px ({geometry}).",
                        "Pack again at that size or larger, with that geometry.",
                        pack.folder,
                    )
                )
        self.size_px = size_px
        self._places = {
            name: (pack, index)
            for pack in reversed(packs)
            for index, name in enumerate(pack.image_names)
        }

    def __contains__(self, image_name: str) -> bool:
        """Tell whether an image of that name is packed."""
        return image_name in self._places

    def read(self, image_names: Sequence[str]) -> NDArray[np.uint8]:
        """Give ``(n, size, size, 3)`` RGB pixels in the order of ``image_names``."""
        pixels = np.empty((len(image_names), self.size_px, self.size_px, 3), np.uint8)
        for row, name in enumerate(image_names):
            pack, index = self._places[name]
            if pack.size_px == self.size_px:
                pack.read([index], out=pixels[row : row + 1])
            else:
                larger = pack.read([index])[0]
                side = pack.size_px
                pixels[row] = reduce_to(larger, side, side, self.size_px, self.size_px)
        return pixels


@dataclass(frozen=True, slots=True)
class Samples:
    """Images to learn from, by name, and their targets: ``(n,)`` float32, 1 is melanoma."""

    image_names: Sequence[str]
    targets: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.image_names)


def epoch_order(
    targets: NDArray[np.float32],
    melanoma_fraction: float | None,
    generator: np.random.Generator,
) -> NDArray[np.intp]:
    """Give the order of one epoch as indices ``(n,)``.

    Without ``melanoma_fraction`` every image comes once. With it, that share of the epoch is
    melanomas and the rest benign, each class in whole rounds before any image comes again.
    """
    n = len(targets)
    positive, negative = np.flatnonzero(targets > 0.5), np.flatnonzero(targets <= 0.5)
    if melanoma_fraction is None or len(positive) == 0 or len(negative) == 0:
        return generator.permutation(n)
    n_positive = round(n * melanoma_fraction)

    def rounds(indices: NDArray[np.intp], wanted: int) -> NDArray[np.intp]:
        repeats = -(-wanted // len(indices))
        drawn = [generator.permutation(indices) for _ in range(repeats)]
        return np.concatenate([*drawn, np.empty(0, np.intp)])[:wanted]

    mixed = np.concatenate([rounds(positive, n_positive), rounds(negative, n - n_positive)])
    return generator.permutation(mixed)


def batches(order: NDArray[np.intp], batch_size: int) -> list[NDArray[np.intp]]:
    """Cut an epoch into batches of nearly equal size, none above ``batch_size``."""
    return np.array_split(order, max(1, -(-len(order) // batch_size)))


def read_ahead(
    read: Callable[[Sequence[str]], NDArray[np.uint8]], batches_of_names: Sequence[Sequence[str]]
) -> Iterator[Tensor]:
    """Yield each batch as a uint8 tensor, decoded by a thread a few batches ahead.

    What the thread raises (a corrupt image, say) is raised here.
    """
    ready: queue.Queue[Tensor | BaseException] = queue.Queue(maxsize=_BATCHES_AHEAD)
    stopped = threading.Event()

    def offer(item: Tensor | BaseException) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def decode() -> None:
        try:
            for names in batches_of_names:
                if stopped.is_set():
                    return
                offer(torch.from_numpy(read(names)))
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, raised there
            offer(error)

    thread = threading.Thread(target=decode, name="cygnet-decode", daemon=True)
    thread.start()
    try:
        for _ in batches_of_names:
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
