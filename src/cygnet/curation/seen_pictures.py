"""What is kept of every picture while changed copies are sought? Keypoints, codes, a thumbnail."""

import hashlib
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cygnet.curation.pictures import Pictures, read_pictures
from cygnet.curation.shard_steps import LazyShards, StepRunner
from cygnet.images.alike import (
    CELLS_LOOKED_IN,
    DIMENSIONS,
    DescriptorSpace,
    learn_space,
    sample_size,
)
from cygnet.images.keypoints import (
    DESCRIPTOR_LENGTH,
    KEYPOINTS_AN_IMAGE,
    Floats,
    find_keypoints,
)

_IMAGES_A_SHARD: Final = 128
_LEAST_SAMPLED: Final = 64


class SeenPictures:
    """What is kept of every picture; keypoint ``k`` of image ``i`` has number ``160 i + k``."""

    def __init__(self, names: tuple[str, ...]) -> None:
        shape = (len(names), KEYPOINTS_AN_IMAGE)
        self.names = names
        self.count = np.zeros(len(names), np.int64)
        self.places = np.zeros((*shape, 4), np.float32)
        self.codes = np.zeros((*shape, DIMENSIONS), np.int8)
        # An image has fewer keypoints where the cell is -1.
        self.cells = np.full((*shape, CELLS_LOOKED_IN), -1, np.int16)
        self.thumbnails: list[bytes] = [b""] * len(names)
        self.digests: dict[str, str] = {}
        self.unreadable: list[str] = []

    def forget_codes(self) -> None:
        """Give back the memory of what is not needed once like keypoints are known."""
        self.codes = np.zeros((0, 0, DIMENSIONS), np.int8)
        self.cells = np.zeros((0, 0, CELLS_LOOKED_IN), np.int16)


def learned_space(pictures: Pictures) -> DescriptorSpace:
    """Fit the space of descriptors to some of ``pictures``."""
    n_keypoints = len(pictures) * KEYPOINTS_AN_IMAGE
    wanted = max(_LEAST_SAMPLED, sample_size(n_keypoints) // KEYPOINTS_AN_IMAGE)
    sampled = pictures.part(slice(None, None, max(1, len(pictures) // wanted)))
    sample = [
        find_keypoints(picture.pixels, picture.aspect).descriptors
        for picture in read_pictures(sampled)
        if picture is not None
    ]
    return learn_space(
        np.concatenate(sample) if sample else np.zeros((0, DESCRIPTOR_LENGTH), np.float32),
        n_keypoints,
    )


class _Sight(NamedTuple):
    digest: str
    places: Floats
    codes: NDArray[np.int8]
    cells: NDArray[np.int16]
    thumbnail: bytes


def _sights(shard: tuple[Pictures, DescriptorSpace]) -> list[_Sight | None]:
    pictures, space = shard
    sights: list[_Sight | None] = []
    with threadpool_limits(1):
        for picture in read_pictures(pictures):
            if picture is None:
                sights.append(None)
                continue
            found = find_keypoints(picture.pixels, picture.aspect)
            codes, cells = space.place(found.descriptors)
            digest = hashlib.sha256(picture.pixels.tobytes()).hexdigest()
            sights.append(_Sight(digest, found.places, codes, cells, found.thumbnail))
    return sights


def see_pictures(pictures: Pictures, space: DescriptorSpace, run: StepRunner) -> SeenPictures:
    """Find the keypoints of every picture and place them in ``space``."""
    seen = SeenPictures(pictures.names)
    parts = pictures.shards(_IMAGES_A_SHARD)
    shards = LazyShards(len(parts), lambda index: (parts[index], space))
    for index, sights in run.over(
        "Seeing pictures", _sights, shards, lambda index: len(parts[index])
    ):
        for image, sight in enumerate(sights, index * _IMAGES_A_SHARD):
            if sight is None:
                continue
            count = len(sight.places)
            seen.count[image] = count
            seen.places[image, :count] = sight.places
            seen.codes[image, :count] = sight.codes
            seen.cells[image, :count] = sight.cells
            seen.thumbnails[image] = sight.thumbnail
            seen.digests[seen.names[image]] = sight.digest
    seen.unreadable = [name for name in seen.names if name not in seen.digests]
    return seen
