"""How are the images of a pack read? By number, from memory-mapped shards, without copies between.

Opening reads names and offsets, not pixels. A folder that is no whole pack is refused.
"""

from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cygnet.errors import ImageError, InputError, MissingExtraError, Offender
from cygnet.images.geometry import Geometry, Pixels
from cygnet.images.pack_format import (
    JPEG_QUALITY,
    JPEG_SUBSAMPLING,
    PackParameters,
    Storage,
    read_index,
    shard_entries,
)

_FEWEST_IMAGES_A_THREAD = 4
_UINT8 = np.dtype(np.uint8)


def _pixel_views(images: Any) -> list[Pixels]:
    return list(images.to_numpy_ndarray())


def _jpeg_views(images: Any) -> list[Pixels]:
    _, offsets, data = images.buffers()
    if not len(images):
        return []
    places = np.frombuffer(offsets, np.int32)[images.offset :][: len(images) + 1].tolist()
    content = np.frombuffer(data, np.uint8)
    return [content[start:end] for start, end in pairwise(places)]


class Pack:
    """The images of a pack, in the order in which they were packed.

    A pack can be sent to other processes; they map the same files. Open one with :func:`open_pack`.
    """

    def __init__(self, folder: Path) -> None:
        index = read_index(folder)
        self.folder = folder
        self._parameters = PackParameters(index["size_px"], index["geometry"], index["storage"])
        self.image_names: list[str] = []
        # One view of the mapped file for each image; a view is a hundred bytes, whatever it shows.
        self._views: list[Pixels] = []
        self._shards: list[tuple[Path, int]] = []
        self._ends: list[int] = []
        for file, n_images, n_bytes in shard_entries(index, folder):
            self._add_shard(folder / file, n_images, n_bytes)
            self._shards.append((folder / file, n_bytes))
            self._ends.append(len(self._views))
        self._places: dict[str, int] | None = None

    def _add_shard(self, path: Path, n_images: int, n_bytes: int) -> None:
        try:
            whole = path.stat().st_size == n_bytes
            batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
            # Offsets and names are looked at, pixels are not.
            batch.validate(full=True)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise _broken(path) from error
        sound = batch.schema.equals(self._parameters.schema({}))
        if not (whole and sound) or batch.num_rows != n_images:
            raise _broken(path)
        if any(column.null_count for column in batch.columns):
            raise _broken(path)
        views = _pixel_views if self.storage == "raw" else _jpeg_views
        self._views.extend(views(batch.column("image")))
        self.image_names.extend(batch.column("image_name").to_pylist())

    def __len__(self) -> int:
        return len(self.image_names)

    def __reduce__(self) -> tuple[type["Pack"], tuple[Path]]:
        return type(self), (self.folder,)

    @property
    def size_px(self) -> int:
        """The side of every image."""
        return self._parameters.size_px

    @property
    def geometry(self) -> Geometry:
        """How the originals were fitted into the square."""
        return self._parameters.geometry

    @property
    def decoding(self) -> str:
        """The name of the decoding; a model trained on this pack records it."""
        return self._parameters.decoding

    @property
    def storage(self) -> Storage:
        """``"raw"`` pixels or ``"jpeg"`` bytes."""
        return self._parameters.storage

    def __contains__(self, image_name: str) -> bool:
        return image_name in self._places_by_name()

    def index_of(self, image_name: str) -> int:
        """Give the number of ``image_name``; raises ``KeyError`` when it is not in the pack."""
        return self._places_by_name()[image_name]

    def _places_by_name(self) -> dict[str, int]:
        if self._places is None:
            self._places = {name: index for index, name in enumerate(self.image_names)}
        return self._places

    def read(
        self,
        indices: Sequence[int] | NDArray[np.integer],
        *,
        out: Pixels | None = None,
        threads: int = 1,
    ) -> Pixels:
        """Read images by number into ``(n, size_px, size_px, 3)``, uint8, RGB, in that order.

        ``out`` is filled and given back where it is given. Raises ``IndexError`` for a number that
        is not between 0 and the number of images.
        """
        wanted = indices.tolist() if isinstance(indices, np.ndarray) else list(indices)
        if wanted and (min(wanted) < 0 or max(wanted) >= len(self._views)):
            raise IndexError(f"the pack has images 0 to {len(self) - 1}")
        side = self._parameters.size_px
        shape = (len(wanted), side, side, 3)
        images = np.empty(shape, np.uint8) if out is None else out
        if images.shape != shape or images.dtype != _UINT8:
            raise ValueError(f"out is uint8 of shape {shape}")
        count = min(threads, len(wanted) // _FEWEST_IMAGES_A_THREAD)
        if count <= 1:
            self._read_part(images, wanted)
            return images
        with ThreadPoolExecutor(count) as pool:
            parts = [slice(first, None, count) for first in range(count)]
            done = [pool.submit(self._read_part, images[part], wanted[part]) for part in parts]
            for read in done:
                read.result()
        return images

    def check_shards(self) -> None:
        """Look whether every shard still has its size; :class:`InputError` names one that has not.

        A file that is cut while it is mapped ends the process that reads there, without a word.
        """
        for path, n_bytes in self._shards:
            try:
                whole = path.stat().st_size == n_bytes
            except OSError as error:
                raise _broken(path) from error
            if not whole:
                raise _broken(path)

    def _bad_image(self, index: int, what: str) -> ImageError:
        shard, _ = self._shards[bisect_right(self._ends, index)]
        return ImageError.of(
            f"An image of this shard of the pack was changed: {what}.",
            "Make the pack again.",
            file=shard,
            offenders=[Offender(self.image_names[index])],
        )

    def _read_part(self, images: Pixels, wanted: list[int]) -> None:
        views = self._views
        if self._parameters.storage == "raw":
            for place, index in enumerate(wanted):
                images[place] = views[index]
        else:
            simplejpeg = _simplejpeg(self.folder)
            side = self._parameters.size_px
            for place, index in enumerate(wanted):
                try:
                    picture = simplejpeg.decode_jpeg(views[index], "RGB", buffer=images[place])
                except ValueError as error:
                    raise self._bad_image(index, str(error)) from error
                if picture.shape != (side, side, 3):
                    raise self._bad_image(index, f"its size is {picture.shape[1]} px")

    def stored(self, index: int) -> memoryview:
        """Give the stored bytes of one image as they lie in the shard, without a copy."""
        return self._stored(index).data.cast("B")

    def jpeg(self, index: int) -> memoryview:
        """Give one image as JPEG: the stored bytes where they are JPEG, else encoded for the call.

        The pixels of a raw pack are encoded at the quality that a JPEG pack has.
        """
        stored = self._stored(index)
        if self.storage == "jpeg":
            return stored.data
        encoded = _simplejpeg(self.folder).encode_jpeg(
            stored, quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling=JPEG_SUBSAMPLING
        )
        return memoryview(encoded)

    def _stored(self, index: int) -> Pixels:
        if not 0 <= index < len(self):
            raise IndexError(f"the pack has images 0 to {len(self) - 1}")
        return self._views[index]


def open_pack(folder: Path) -> Pack:
    """Open the pack in ``folder`` for reading.

    Raises :class:`~cygnet.errors.InputError` when it is no whole pack, was made by another version
    or decoding, or has lost a shard.
    """
    return Pack(folder)


def _simplejpeg(folder: Path) -> Any:
    # Here, not above: a raw pack is read where no decoder is installed.
    try:
        import simplejpeg
    except ImportError as error:
        raise MissingExtraError.of(
            "This pack holds JPEGs, and simplejpeg is not installed.",
            "Install simplejpeg, or make a pack of raw pixels.",
            file=folder,
        ) from error
    return simplejpeg


def _broken(path: Path) -> InputError:
    return InputError.of(
        "This shard of the pack is missing or was changed.", "Make the pack again.", file=path
    )
