"""Where do the pixels of a dataset's images come from? Their files, or a pack made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cygnet.curation.present import Images
from cygnet.errors import ImageError, InputError

SIDE_PX: Final = 256


@dataclass(frozen=True, slots=True)
class Pictures:
    """Some images by name, each with its file, or its number in ``pack``."""

    names: tuple[str, ...]
    files: tuple[Path, ...] = ()
    pack: Path | None = None
    numbers: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def part(self, chosen: slice) -> "Pictures":
        """Give some of them."""
        return Pictures(self.names[chosen], self.files[chosen], self.pack, self.numbers[chosen])

    def shards(self, n_images: int) -> list["Pictures"]:
        """Cut them into shards of ``n_images``."""
        return [self.part(slice(at, at + n_images)) for at in range(0, len(self), n_images)]


def pictures_in_files(images: Images) -> Pictures:
    """Give all images of all parts, with their files."""
    items = [item for files in images.values() for item in files.items()]
    return Pictures(tuple(name for name, _ in items), tuple(path for _, path in items))


def pictures_in_pack(folder: Path, names: Sequence[str]) -> Pictures:
    """Give those of ``names`` that are in the pack in ``folder``.

    Raises :class:`InputError` when ``folder`` is no whole pack, or has none of them.
    """
    from cygnet.images.pack_reading import open_pack

    pack = open_pack(folder)
    here = tuple(name for name in names if name in pack)
    if not here:
        raise InputError.of(
            "This pack holds no image of the table.", "Give the pack of this dataset.", file=folder
        )
    return Pictures(here, (), folder.resolve(), tuple(pack.index_of(name) for name in here))


def read_pictures(pictures: Pictures) -> Iterator[tuple[str, NDArray[np.uint8] | None]]:
    """Yield name and pixels of each, ``(side, side, 3)``, uint8, RGB; None where unreadable.

    Files are squashed to 256 px; a pack gives its own size.
    """
    if pictures.pack is not None:
        from cygnet.images.pack_reading import open_pack

        # Opened a shard at a time, so that mapped pages do not pile up in a worker.
        pack = open_pack(pictures.pack)
        for name, number in zip(pictures.names, pictures.numbers, strict=True):
            yield name, pack.read([number])[0]
        return
    from cygnet.images.decode import read_to_size

    for name, path in zip(pictures.names, pictures.files, strict=True):
        try:
            yield name, read_to_size(path, SIDE_PX)
        except ImageError:
            yield name, None
