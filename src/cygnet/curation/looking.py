"""What do the image files of a dataset show besides lesions? One pass over all of them.

Every file is read once, decoded to 256 px (a smaller one to its own side, at least 64), once more
to 512 px where strokes are dense enough to be writing, and described in one row: its format and
size, how it was compressed, its metadata by name, faults, artefacts, and a digest of its pixels. A
file that cannot be read has a row that says so; none stops the pass. Only rows are kept, never
pixels.

Writing costs as much to search for as a small picture to decode. So in large sets it is searched
for in every picture of 0.75 megapixels and more, and in one in four of the smaller ones, chosen by
a digest of the name: the same ones each time, on any number of workers. So are the ticks of rulers
in pictures below 256 px.
"""

import hashlib
import math
import struct
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.cohort.columns import Part
from cygnet.curation.present import Images
from cygnet.errors import ImageError
from cygnet.shards import run_shards

SIDE_PX: Final = 256
_LEAST_PX: Final = 64
# Writing is searched for at this size.
CLOSER_PX: Final = 512

# Up to so many files writing is searched for in all of them.
SEARCHED_ALL_UP_TO: Final = 500
SMALL_BELOW_PIXELS: Final = 750_000
SEARCHED_ONE_IN: Final = 4

_IMAGES_A_SHARD: Final = 64
# A process takes a second to start; below this many images one does it all sooner.
_IMAGES_WORTH_WORKERS: Final = 200

# What decoders let out on a file that nobody foresaw; the pass must outlive it.
_UNFORESEEN: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)

FILE_COLUMNS: Final[dict[str, Any]] = {
    "part": pl.String,
    "image_name": pl.String,
    "file": pl.String,
    "n_bytes": pl.Int64,
    "format": pl.String,
    "width_px": pl.Int32,
    "height_px": pl.Int32,
    "faults": pl.List(pl.String),
    "colour_profile": pl.String,
    "metadata": pl.String,
    "exif_tags": pl.String,
    "identifying_tags": pl.List(pl.String),
    "has_gps": pl.Boolean,
    "has_free_text": pl.Boolean,
    "dicom_attributes": pl.List(pl.String),
    "quantisation_key": pl.String,
    "jpeg_writer": pl.String,
    "sharpness": pl.Float32,
    "black_share": pl.Float32,
    "dark_corner_share": pl.Float32,
    "white_corner_share": pl.Float32,
    "ruler_score": pl.Float32,
    "chart_score": pl.Float32,
    "is_blurred": pl.Boolean,
    "is_mostly_black": pl.Boolean,
    "is_grey": pl.Boolean,
    "is_ycbcr_as_rgb": pl.Boolean,
    "n_text_lines": pl.Int32,
    "pixels_digest": pl.Binary,
}
"""The columns of what :func:`look_at_files` gives; null where a file could not be decoded,
and ``ruler_score`` and ``n_text_lines`` where it was not searched."""

_FREE_TEXT: Final = frozenset({"xmp", "iptc", "comment", "text"})

Item = tuple[Part, str, Path]
Row = dict[str, Any]


def look_at_files(
    images: Images,
    *,
    workers: int | None = None,
    ray_address: str | None = None,
    progress: Callable[[int], None] | None = None,
    all_writing: bool = False,
) -> pl.DataFrame:
    """Look at every file of ``images`` once; give a row of ``FILE_COLUMNS`` each, in their order.

    Of more than 500 files writing is searched for in a sample of the small ones, unless
    ``all_writing``; ``n_text_lines`` is null where it was not.
    Runs on ``workers`` processes or a Ray cluster; ``progress`` is told how many more are done.
    """
    items: list[Item] = [
        (part, name, path) for part, files in images.items() for name, path in files.items()
    ]
    shards = [items[at : at + _IMAGES_A_SHARD] for at in range(0, len(items), _IMAGES_A_SHARD)]
    if len(items) < _IMAGES_WORTH_WORKERS and workers is None:
        workers = 1
    tables: dict[int, pl.DataFrame] = {}
    look = partial(_look, all_writing=all_writing or len(items) <= SEARCHED_ALL_UP_TO)
    for index, table in run_shards(look, shards, workers=workers, ray_address=ray_address):
        tables[index] = table
        if progress is not None:
            progress(len(shards[index]))
    if not tables:
        return pl.DataFrame(schema=FILE_COLUMNS)
    return pl.concat([tables[index] for index in sorted(tables)])


def _look(shard: Sequence[Item], *, all_writing: bool) -> pl.DataFrame:
    rows = [look_at_file(*item, all_writing=all_writing) for item in shard]
    return pl.DataFrame(rows, schema=FILE_COLUMNS, orient="row")


def look_at_file(part: Part, image_name: str, path: Path, *, all_writing: bool = True) -> Row:
    """Describe one image file; whatever is wrong with it becomes a code among its ``faults``.

    Without ``all_writing`` a small one is searched for writing only if it is of the sample.
    """
    from cygnet.images.faults import fault_code

    row: Row = {"part": part, "image_name": image_name, "file": path.name, "faults": []}
    try:
        _describe(path, row, all_writing=all_writing)
    except ImageError as error:
        row["faults"].append(fault_code(error))
    except _UNFORESEEN:
        row["faults"].append("image-unreadable")
    row["faults"] = list(dict.fromkeys(row["faults"]))
    return row


def is_sampled(image_name: str) -> bool:
    """Say whether an image is of the one in four, by a digest of its name.

    >>> sum(is_sampled(f"ISIC_{number:07d}") for number in range(4000))
    959
    """
    digest = hashlib.blake2b(image_name.encode(), digest_size=4, salt=b"writing").digest()
    return int.from_bytes(digest, "big") % SEARCHED_ONE_IN == 0


def _describe(path: Path, row: Row, *, all_writing: bool) -> None:
    """Fill in ``row``, as far as the file can be followed."""
    from cygnet.images.decode import decode_to_size
    from cygnet.images.faults import read_image_bytes
    from cygnet.images.headers import header_faults, parse_header
    from cygnet.images.image_facts import image_facts

    data = read_image_bytes(path)
    row["n_bytes"] = len(data)
    header = parse_header(data, file=path)
    row |= {"format": header.format, "width_px": header.width_px, "height_px": header.height_px}
    faults = header_faults(header, file=path)
    row["faults"] += [fault.code for fault in faults]
    if any(fault.level == "error" for fault in faults):
        return
    shorter = min(header.width_px, header.height_px)

    def closer() -> NDArray[np.uint8]:
        return decode_to_size(data, CLOSER_PX, file=path, header=header)

    # Half the side takes a JPEG less than half the time, and other formats the whole of it.
    is_twice = header.format == "jpeg" and shorter > SIDE_PX
    if is_twice or shorter <= SIDE_PX:
        side = max(_LEAST_PX, min(SIDE_PX, shorter))
        pixels = decode_to_size(data, side, file=path, header=header)
    else:
        pixels = closer()
    # Every other row: other pictures differ in these too.
    row["pixels_digest"] = hashlib.sha256(pixels[::2].tobytes()).digest()[:16]
    is_large = header.width_px * header.height_px >= SMALL_BELOW_PIXELS
    facts = image_facts(
        data,
        pixels,
        closer=closer if is_twice else None,
        search_closely=all_writing or is_large or is_sampled(row["image_name"]),
    )
    metadata, jpeg, seen = facts.metadata, facts.jpeg, facts.pixels
    row |= {
        "colour_profile": facts.colour_profile,
        "metadata": " ".join(sorted(metadata.kinds)),
        "exif_tags": " ".join(sorted(metadata.exif_tags)),
        "identifying_tags": list(metadata.identifying_tags),
        "has_gps": metadata.has_gps,
        "has_free_text": not _FREE_TEXT.isdisjoint(metadata.kinds),
        "dicom_attributes": list(facts.dicom_attributes),
        "quantisation_key": None if jpeg is None else jpeg.quantisation_key,
        "jpeg_writer": None if jpeg is None else f"{jpeg.process} {jpeg.subsampling}",
        "n_text_lines": None if facts.text is None else len(facts.text),
    }
    row |= {
        name: getattr(seen, name)
        for name in (
            "black_share",
            "dark_corner_share",
            "white_corner_share",
            "chart_score",
            "is_mostly_black",
            "is_grey",
            "is_ycbcr_as_rgb",
        )
    }
    if not math.isnan(seen.ruler_score):
        row["ruler_score"] = seen.ruler_score
    if shorter >= CLOSER_PX:
        # The blur of a smaller one is that of whoever reduced it.
        row |= {"sharpness": seen.sharpness, "is_blurred": seen.is_blurred}
