"""Where do the pixels of a dataset's images come from? Their files, or a pack made of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.cohort.table import Dataset
from cygnet.curation.present import Images
from cygnet.errors import ImageError, InputError

SIDE_PX: Final = 256


@dataclass(frozen=True, slots=True)
class Pictures:
    """Some images by name, each with its file, or its number in ``pack``.

    ``aspects`` are the widths over the heights of the originals, None where they are not known.
    """

    names: tuple[str, ...]
    files: tuple[Path, ...] = ()
    pack: Path | None = None
    numbers: tuple[int, ...] = ()
    aspects: tuple[float | None, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def part(self, chosen: slice) -> "Pictures":
        """Give some of them."""
        return Pictures(
            self.names[chosen],
            self.files[chosen],
            self.pack,
            self.numbers[chosen],
            self.aspects[chosen],
        )

    def shards(self, n_images: int) -> list["Pictures"]:
        """Cut them into shards of ``n_images``."""
        return [self.part(slice(at, at + n_images)) for at in range(0, len(self), n_images)]


def pictures_in_files(images: Images, aspects: Mapping[str, float] | None = None) -> Pictures:
    """Give all images of all parts, with their files.

    ``aspects`` gives the width over the height of originals; it is used where a file is square.
    """
    items = [item for files in images.values() for item in files.items()]
    known = tuple((aspects or {}).get(name) for name, _ in items)
    return Pictures(
        tuple(name for name, _ in items), tuple(path for _, path in items), aspects=known
    )


def pictures_in_pack(
    folder: Path, names: Sequence[str], aspects: Mapping[str, float] | None = None
) -> Pictures:
    """Give those of ``names`` that are in the pack in ``folder``.

    ``aspects`` gives the width over the height of originals; those not in it count as square. It is
    not used where the pack is not squashed.

    Raises :class:`InputError` when ``folder`` is no whole pack, or has none of them.
    """
    from cygnet.images.pack_reading import open_pack

    pack = open_pack(folder)
    here = tuple(name for name in names if name in pack)
    if not here:
        raise InputError.of(
            "This pack holds no image of the table.", "Give the pack of this dataset.", file=folder
        )
    known = aspects if aspects is not None and pack.geometry == "squash" else {}
    return Pictures(
        here,
        (),
        folder.resolve(),
        tuple(pack.index_of(name) for name in here),
        tuple(known.get(name) for name in here),
    )


def original_aspects(dataset: Dataset) -> dict[str, float]:
    """Give the width over the height of each image whose original size the tables tell."""
    width, height = pl.col("width_px"), pl.col("height_px")
    return {
        name: aspect
        for cohort in dataset.parts
        for name, aspect in cohort.table.filter(width.is_not_null() & height.is_not_null())
        .select("image_name", width / height)
        .iter_rows()
    }


def aspects_in_files(images: Images) -> dict[str, float]:
    """Give the width over the height of each image that can be read; only headers are read."""
    from cygnet.images.headers import read_header

    aspects = {}
    for files in images.values():
        for name, path in files.items():
            with suppress(ImageError):
                header = read_header(path)
                aspects[name] = header.width_px / header.height_px
    return aspects


class Picture(NamedTuple):
    """One image: its pixels, ``(side, side, 3)``, uint8, RGB, and its own width over its height."""

    name: str
    pixels: NDArray[np.uint8]
    aspect: float


def read_pictures(pictures: Pictures) -> Iterator[Picture | None]:
    """Yield the picture of each; None where it is unreadable.

    Files are squashed to 256 px; a pack gives its own size.
    """
    if pictures.pack is not None:
        from cygnet.images.pack_reading import open_pack

        # Opened a shard at a time, so that mapped pages do not pile up in a worker.
        pack = open_pack(pictures.pack)
        for name, number, aspect in zip(
            pictures.names, pictures.numbers, pictures.aspects, strict=True
        ):
            yield Picture(name, pack.read([number])[0], aspect or 1.0)
        return
    from cygnet.images.decode import decode_to_size
    from cygnet.images.faults import read_image_bytes
    from cygnet.images.headers import parse_header

    aspects = pictures.aspects or (None,) * len(pictures)
    for name, path, known in zip(pictures.names, pictures.files, aspects, strict=True):
        try:
            data = read_image_bytes(path)
            header = parse_header(data, file=path)
            pixels = decode_to_size(data, SIDE_PX, file=path)
        except ImageError:
            yield None
            continue
        aspect = header.width_px / header.height_px
        # A square file of an original that was not square has been squashed before.
        yield Picture(name, pixels, known if known is not None and aspect == 1 else aspect)
