"""How fast do packed images reach the network? Decoded in a thread beside it, a few batches ahead.

Packs are read without polars, pydicom or a JPEG decoder where their pixels are raw.
"""

import os
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cygnet.errors import Fault, InputError
from cygnet.images.pack_reading import Pack
from cygnet.training.loss import UNKNOWN, Labels

_BATCHES_AHEAD = 3
_MOST_THREADS = 16


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
        self.size_px, self.geometry = size_px, geometry
        self.packs = list(packs)
        self._threads = min(_MOST_THREADS, max(1, (os.cpu_count() or 1) - 1))

    def at_size(self, size_px: int | None) -> "PackedImages":
        """Give the same images at another size, no larger than the packs'; ``None``: at this."""
        if size_px is None or size_px == self.size_px:
            return self
        return PackedImages(self.packs, size_px=size_px, geometry=self.geometry)

    def __contains__(self, image_name: str) -> bool:
        """Tell whether an image of that name is packed."""
        return any(image_name in pack for pack in self.packs)

    def check_shards(self) -> None:
        """Look whether the packs' files are as long as they were; :class:`InputError` if not."""
        for pack in self.packs:
            pack.check_shards()

    def read(self, image_names: Sequence[str]) -> NDArray[np.uint8]:
        """Give ``(n, size, size, 3)`` RGB pixels in the order of ``image_names``."""
        pixels = np.empty((len(image_names), self.size_px, self.size_px, 3), np.uint8)
        left = list(range(len(image_names)))
        for pack in self.packs:
            rows = [row for row in left if image_names[row] in pack]
            if rows:
                left = [row for row in left if image_names[row] not in pack]
                self._read_from(pack, rows, [image_names[row] for row in rows], pixels)
        if left:
            raise KeyError(image_names[left[0]])
        return pixels

    def _read_from(
        self, pack: Pack, rows: list[int], names: list[str], pixels: NDArray[np.uint8]
    ) -> None:
        indices = [pack.index_of(name) for name in names]
        threads = self._threads if pack.storage == "jpeg" else 1
        if pack.size_px == self.size_px and len(rows) == len(pixels):
            pack.read(indices, out=pixels, threads=threads)
            return
        larger = pack.read(indices, threads=threads)
        if pack.size_px == self.size_px:
            pixels[rows] = larger
            return
        from cygnet.images.reduction import reduce_to

        side = pack.size_px
        for row, picture in zip(rows, larger, strict=True):
            pixels[row] = reduce_to(picture, side, side, self.size_px, self.size_px)


@dataclass(frozen=True, slots=True)
class Samples:
    """Images to learn from, by name, and their targets: ``(n,)`` float32, 1 is melanoma.

    ``classes`` ``(n,)`` are places among the diagnoses, -1 where not known; ``patients`` ``(n,)``
    codes of patients; ``metadata`` ``(n, width)`` as ``encode_metadata`` gives it. Each may be
    ``None``: nothing is known of it.
    """

    image_names: Sequence[str]
    targets: NDArray[np.float32]
    classes: NDArray[np.int64] | None = None
    patients: NDArray[np.int64] | None = None
    metadata: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.image_names)

    def rows(self, chosen: NDArray[np.intp]) -> "Samples":
        """Give the samples of the rows ``chosen``."""
        return Samples(
            [self.image_names[int(row)] for row in chosen],
            self.targets[chosen],
            None if self.classes is None else self.classes[chosen],
            None if self.patients is None else self.patients[chosen],
            None if self.metadata is None else self.metadata[chosen],
        )

    def labels(self, rows: NDArray[np.intp]) -> Labels:
        """Give what is known of the rows, for the loss."""
        class_ = None if self.classes is None else torch.from_numpy(self.classes[rows])
        return Labels(torch.from_numpy(self.targets[rows]), class_)

    def classes_seen(self, n_classes: int) -> Tensor:
        """Give ``(n_classes,)``: which diagnoses stand here; melanoma by the target too.

        Where no benign image has one that is known, their class is the last, "unknown".
        """
        seen = torch.zeros(n_classes, dtype=torch.bool)
        if self.classes is not None:
            seen[np.unique(self.classes[self.classes != UNKNOWN])] = True
        seen[0] |= bool((self.targets > 0.5).any())
        if not seen[1:].any():
            seen[-1] = bool((self.targets <= 0.5).any())
        return seen


def joined_samples(one: Samples, two: Samples) -> Samples:
    """Give the samples of both; the patients of the second are other patients."""
    metadata = None
    if one.metadata is not None and two.metadata is not None:
        metadata = np.concatenate([one.metadata, two.metadata])
    patients = None
    if one.patients is not None and two.patients is not None:
        first_free = int(one.patients.max(initial=UNKNOWN)) + 1
        patients = np.concatenate([one.patients, two.patients + first_free])
    classes = None
    if one.classes is not None or two.classes is not None:
        classes = np.concatenate([_classes_or_unknown(one), _classes_or_unknown(two)])
    return Samples(
        [*one.image_names, *two.image_names],
        np.concatenate([one.targets, two.targets]),
        classes,
        patients,
        metadata,
    )


def _classes_or_unknown(samples: Samples) -> NDArray[np.int64]:
    return samples.classes if samples.classes is not None else np.full(len(samples), UNKNOWN)


def read_ahead(
    read: Callable[[Sequence[str]], NDArray[np.uint8]],
    batches_of_names: Sequence[Sequence[str]],
    *,
    pinned: bool = False,
) -> Generator[Tensor, None, None]:
    """Yield each batch as a uint8 tensor, decoded by a thread a few batches ahead.

    ``pinned`` ones are copied to a GPU while it works. What the thread raises (a corrupt image,
    say) is raised here.
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
                batch = torch.from_numpy(read(names))
                offer(batch.pin_memory() if pinned else batch)
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
