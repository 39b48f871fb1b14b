"""What is a pack on disk? Its parameters, its shards' schema and its index.

The format is described for other software in ``docs/reference/pack.md``; a change that a reader of
this version would misread raises ``VERSION``.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import pyarrow as pa

from cygnet.errors import InputError
from cygnet.images.geometry import GEOMETRIES, Geometry, decoding_name

FORMAT = "cygnet-pack"
VERSION = 1
INDEX_NAME = "index.json"
# Chosen by measurement: docs/decisions/decoding-and-pack.md.
JPEG_QUALITY = 95
JPEG_SUBSAMPLING = "444"

Storage = Literal["raw", "jpeg"]
STORAGES: tuple[Storage, ...] = get_args(Storage)

# No JPEG has a longer side.
_MAX_SIDE_PX = 65_500
_SHARDS_WANTED = 32
_FEWEST_IMAGES = 32
_MOST_IMAGES = 256
# What a worker holds in memory while it builds a shard.
_MOST_BYTES = 256 * 2**20


class ImageNote(NamedTuple):
    """What was wrong with one image, or worth telling: its fault's code and whole message."""

    image_name: str
    path: Path
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PackParameters:
    """How the images of a pack were decoded and are stored."""

    size_px: int
    geometry: Geometry = "squash"
    storage: Storage = "raw"

    def __post_init__(self) -> None:
        # It may have been read from an index, whatever its type promises.
        side: object = self.size_px
        whole = isinstance(side, int) and 1 <= side <= _MAX_SIDE_PX
        if self.geometry not in GEOMETRIES or self.storage not in STORAGES or not whole:
            raise ValueError(f"these are no parameters of a pack: {self}")

    @property
    def decoding(self) -> str:
        """The name of the decoding, which a model that was trained on the pack records."""
        return decoding_name(self.geometry)

    @property
    def image_bytes(self) -> int:
        """Bytes of one decoded image."""
        return self.size_px * self.size_px * 3

    def images_a_shard(self, n_images: int) -> int:
        """How many images a shard takes; it depends on nothing but the images, so packs agree."""
        wanted = min(max(-(-n_images // _SHARDS_WANTED), _FEWEST_IMAGES), _MOST_IMAGES)
        return max(1, min(wanted, _MOST_BYTES // self.image_bytes))

    def as_json(self) -> dict[str, Any]:
        """Give what index and shards record."""
        quality = {"jpeg_quality": JPEG_QUALITY, "jpeg_subsampling": JPEG_SUBSAMPLING}
        return (
            {"format": FORMAT, "version": VERSION}
            | asdict(self)
            | {"decoding": self.decoding}
            | (quality if self.storage == "jpeg" else {})
        )

    def schema(self, metadata: dict[str, Any]) -> pa.Schema:
        """Give the schema of a shard; ``metadata`` is added to the parameters, as JSON."""
        shape = (self.size_px, self.size_px, 3)
        image = pa.fixed_shape_tensor(pa.uint8(), shape) if self.storage == "raw" else pa.binary()
        document = json.dumps(self.as_json() | metadata, sort_keys=True)
        return pa.schema(
            [
                pa.field("image_name", pa.string(), nullable=False),
                pa.field("image", image, nullable=False),
                pa.field("source_sha256", pa.binary(32), nullable=False),
            ],
            metadata={FORMAT: document},
        )


def shard_name(number: int) -> str:
    """Name the file of shard ``number``.

    >>> shard_name(7)
    'shard-00007.arrow'
    """
    return f"shard-{number:05d}.arrow"


def read_index(folder: Path) -> dict[str, Any]:
    """Read the index of the pack in ``folder``.

    Raises :class:`~cygnet.errors.InputError` when the folder is no whole pack, or one of another
    version or made by another decoding.
    """
    path = folder / INDEX_NAME
    try:
        index: dict[str, Any] = json.loads(path.read_text("utf-8"))
        parameters = PackParameters(index["size_px"], index["geometry"], index["storage"])
    except FileNotFoundError as error:
        raise InputError.of(
            f"This folder is not a whole pack: it has no {INDEX_NAME}.",
            "Make it with: cygnet cohort pack DATA OUT --size PX",
            file=folder,
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_index(path) from error
    expected = parameters.as_json()
    for key in ("format", "version", "decoding"):
        if index.get(key) != expected[key]:
            raise InputError.of(
                f"The pack's {key} is {index.get(key)!r}; this version reads {expected[key]!r}.",
                "Make the pack again with this version.",
                file=path,
            )
    return index


def shard_entries(index: dict[str, Any], folder: Path) -> list[tuple[str, int, int]]:
    """Give file, number of images and bytes of each shard that ``index`` lists.

    Raises :class:`~cygnet.errors.InputError` for an index that names anything but shards.
    """
    try:
        entries = [(entry["file"], entry["n_images"], entry["bytes"]) for entry in index["shards"]]
    except (KeyError, TypeError) as error:
        raise _no_index(folder / INDEX_NAME) from error
    for number, (file, *counts) in enumerate(entries):
        if file != shard_name(number) or not all(type(count) is int for count in counts):
            raise _no_index(folder / INDEX_NAME)
    return entries


def _no_index(path: Path) -> InputError:
    return InputError.of("This is not the index of a pack.", "Make the pack again.", file=path)
