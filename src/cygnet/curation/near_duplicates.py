"""Which images are copies of one another, changed? By their keypoints, then laid over each other.

Finds copies that were resized, compressed again, mirrored, turned by any angle, cut, brightened or
shifted in colour, across all images at once, in four steps that each run on processes or a Ray
cluster: keypoints of every picture, like keypoints of all pictures, pairs of pictures whose like
keypoints lie alike, and of those the pairs whose pixels agree. One lesion photographed twice is
found too where its fine structure can be laid over itself; lesions that merely look alike are not.
See docs/decisions/near-duplicates.md.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cygnet.curation.pictures import Pictures, read_pictures
from cygnet.images.alike import (
    CELLS_LOOKED_IN,
    DIMENSIONS,
    DescriptorSpace,
    learn_space,
    nearest_alike,
    sample_size,
)
from cygnet.images.keypoints import (
    DESCRIPTOR_LENGTH,
    KEYPOINTS_AN_IMAGE,
    Floats,
    find_keypoints,
    read_thumbnail,
)
from cygnet.images.overlay import LEAST_AGREEING, Overlay, agreement, lay_over
from cygnet.shards import run_shards

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]

_IMAGES_A_SHARD: Final = 128
_LEAST_SAMPLED: Final = 64
_KEYPOINTS_A_SHARD: Final = 60_000
_PAIRS_A_SHARD: Final = 1024
_IMAGES_A_GROUPING: Final = 4096
# A process takes a second to start; below this many images one does it all sooner.
_IMAGES_WORTH_WORKERS: Final = 200

Shard = TypeVar("Shard")
Result = TypeVar("Result")
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two images of one picture, or one lesion, and how the first lies on the second.

    ``correlation`` (-1 to 1) is that of their fine structure where they overlap, ``overlap`` the
    share of the smaller that was compared; ``n_agreeing`` pairs of like keypoints lie as the whole
    does; ``scale`` is the length of a thing in the second over its length in the first, both
    pictures taken to be of one area.
    """

    image_name_1: str
    image_name_2: str
    correlation: float
    overlap: float
    n_agreeing: int
    mirrored: bool
    turned_degrees: float
    scale: float

    def as_json(self) -> dict[str, Any]:
        """Give what was measured, rounded to what it is good for."""
        return {
            "correlation": round(self.correlation, 3),
            "overlap": round(self.overlap, 3),
            "n_agreeing": self.n_agreeing,
            "mirrored": self.mirrored,
            "turned_degrees": round(self.turned_degrees, 1),
            "scale": round(self.scale, 3),
        }


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """The pairs found; of each readable image the digest of its pixels; the unreadable ones."""

    pairs: tuple[NearPair, ...]
    pixel_digests: dict[str, str]
    unreadable: tuple[str, ...]


def find_near_duplicates(
    pictures: Pictures,
    *,
    workers: int | None = None,
    ray_address: str | None = None,
    bar: Bar | None = None,
) -> NearDuplicates:
    """Find the pairs of ``pictures`` that are one picture.

    Of many copies of one picture each is paired with some of the others, not with all: follow the
    pairs. ``bar`` opens a progress bar for a step and its units.
    """
    if len(pictures) < _IMAGES_WORTH_WORKERS and workers is None:
        workers = 1
    run = _Runner(workers, ray_address, bar or no_bar)
    seen = _see(pictures, _learned(pictures), run)
    one, two = _like_keypoints(seen, run)
    seen.forget_codes()
    laid = _laid_over(seen, *_grouped(one, two, len(pictures)), run)
    pairs = _same_pictures(seen, laid, run)
    return NearDuplicates(pairs, seen.digests, tuple(seen.unreadable))


def no_bar(_: str, __: int) -> AbstractContextManager[Callable[[int], None]]:
    """Open no progress bar."""
    return nullcontext(lambda _: None)


class _Runner(NamedTuple):
    workers: int | None
    ray_address: str | None
    bar: Bar

    def over(
        self,
        title: str,
        task: Callable[[Shard], Result],
        shards: Sequence[Shard],
        units: Callable[[int], int],
    ) -> Iterator[tuple[int, Result]]:
        with self.bar(title, sum(units(index) for index in range(len(shards)))) as advance:
            for index, result in run_shards(
                task, shards, workers=self.workers, ray_address=self.ray_address
            ):
                yield index, result
                advance(units(index))


class _Lazy(Sequence[Any]):
    """Shards that are cut when they are asked for: all at once would not fit."""

    def __init__(self, count: int, cut: Callable[[int], Any]) -> None:
        self._count, self._cut = count, cut

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._cut(index)


class _Seen:
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


# -- Step 1: the keypoints of every picture ---------------------------------------------------


def _learned(pictures: Pictures) -> DescriptorSpace:
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


def _see(pictures: Pictures, space: DescriptorSpace, run: _Runner) -> _Seen:
    seen = _Seen(pictures.names)
    parts = pictures.shards(_IMAGES_A_SHARD)
    shards = _Lazy(len(parts), lambda index: (parts[index], space))
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


# -- Step 2: like keypoints of all pictures -----------------------------------------------------


class _Cell(NamedTuple):
    """The codes and images of the keypoints near a cell; the first ``n_inside`` lie in it."""

    codes: NDArray[np.int8]
    image: NDArray[np.int32]
    n_inside: int


def _alike_in_cells(cells: Sequence[_Cell]) -> list[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    with threadpool_limits(1):
        return [
            nearest_alike(
                cell.codes, cell.image, cell.codes[: cell.n_inside], cell.image[: cell.n_inside]
            )
            for cell in cells
        ]


def _like_keypoints(seen: _Seen, run: _Runner) -> tuple[Rows, Rows]:
    """Give the numbers of the keypoints that are alike, that of the earlier image first."""
    members = [_by_cell(seen.cells[..., rank].ravel()) for rank in range(CELLS_LOOKED_IN)]
    n_cells = max((len(starts) - 1 for _, starts in members), default=0)

    def numbers(cell: int) -> list[NDArray[np.int32]]:
        return [
            order[starts[cell] : starts[cell + 1]] if cell + 1 < len(starts) else order[:0]
            for order, starts in members
        ]

    codes = seen.codes.reshape(-1, DIMENSIONS)

    def cut(cell: int) -> _Cell:
        near = numbers(cell)
        rows = np.concatenate(near)
        return _Cell(codes[rows], (rows // KEYPOINTS_AN_IMAGE).astype(np.int32), len(near[0]))

    groups = _grouped_cells([sum(map(len, numbers(cell))) for cell in range(n_cells)])
    shards = _Lazy(len(groups), lambda index: [cut(cell) for cell in groups[index]])
    ones, others = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    for index, found in run.over(
        "Comparing keypoints", _alike_in_cells, shards, lambda index: len(groups[index])
    ):
        for cell, (asking, asked) in zip(groups[index], found, strict=True):
            near = numbers(cell)
            one, two = np.concatenate(near)[asking], near[0][asked]
            ones.append(np.minimum(one, two).astype(np.int32))
            others.append(np.maximum(one, two).astype(np.int32))
    return np.concatenate(ones), np.concatenate(others)


def _by_cell(cell: NDArray[np.int16]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give the keypoints in the order of their cells, and where each cell starts."""
    order = np.argsort(cell, kind="stable").astype(np.int32)
    n_cells = int(cell.max(initial=-1)) + 1
    return order, np.searchsorted(cell[order], np.arange(n_cells + 1))


def _grouped_cells(sizes: Sequence[int]) -> list[list[int]]:
    groups: list[list[int]] = []
    filled = _KEYPOINTS_A_SHARD
    for cell, size in enumerate(sizes):
        if filled >= _KEYPOINTS_A_SHARD:
            groups.append([])
            filled = 0
        groups[-1].append(cell)
        filled += size
    return groups


# -- Step 3: pairs of pictures whose like keypoints lie alike -----------------------------------


def _grouped(one: Any, two: Any, n_images: int) -> tuple[Rows, Rows, Rows]:
    """Group like keypoints by pairs of images; pairs with fewer than 4 are left out.

    Gives the keypoints of either image, and where each pair starts, with the end of the last. Some
    images at a time, as the keys of all pairs are larger than all else that is kept.
    """
    image = one // KEYPOINTS_AN_IMAGE
    parts = [
        _grouped_part(one[here], two[here], n_images)
        for first in range(0, n_images, _IMAGES_A_GROUPING)
        for here in [(image >= first) & (image < first + _IMAGES_A_GROUPING)]
    ]
    ones, twos, pairs = (
        np.concatenate([part[side] for part in parts] or [np.zeros(0, np.int64)])
        for side in range(3)
    )
    starts = np.flatnonzero(np.r_[True, pairs[1:] != pairs[:-1]]) if len(pairs) else pairs
    return ones, twos, np.append(starts, len(pairs))


def _grouped_part(one: Any, two: Any, n_images: int) -> tuple[Any, Any, Any]:
    pair = one // KEYPOINTS_AN_IMAGE * np.int64(n_images) + two // KEYPOINTS_AN_IMAGE
    one, two, pair = _often(pair, one, two)
    # What both images found in each other stands there twice.
    order = np.lexsort((two, one, pair))
    one, two, pair = one[order], two[order], pair[order]
    fresh = np.ones(len(pair), bool)
    fresh[1:] = (one[1:] != one[:-1]) | (two[1:] != two[:-1])
    return _often(pair[fresh], one[fresh], two[fresh])


def _often(pair: Any, one: Any, two: Any) -> tuple[Any, Any, Any]:
    """Keep what belongs to a pair that stands there at least 4 times."""
    known, count = np.unique(pair, return_counts=True)
    often = known[count >= LEAST_AGREEING]
    if not len(often):
        return one[:0], two[:0], pair[:0]
    at = np.minimum(np.searchsorted(often, pair), len(often) - 1)
    kept = often[at] == pair
    return one[kept], two[kept], pair[kept]


def _overlays(shard: Sequence[tuple[Floats, Floats]]) -> list[Overlay | None]:
    return [lay_over(*places) for places in shard]


class _Laid(NamedTuple):
    image_1: int
    image_2: int
    overlay: Overlay


def _laid_over(seen: _Seen, one: Rows, two: Rows, starts: Rows, run: _Runner) -> list[_Laid]:
    n_pairs = len(starts) - 1
    places = seen.places.reshape(-1, 4)
    firsts = range(0, n_pairs, _PAIRS_A_SHARD)

    def cut(index: int) -> list[tuple[Floats, Floats]]:
        pairs = range(firsts[index], min(firsts[index] + _PAIRS_A_SHARD, n_pairs))
        rows = (slice(starts[pair], starts[pair + 1]) for pair in pairs)
        return [(places[one[row]], places[two[row]]) for row in rows]

    laid = []
    for index, overlays in run.over(
        "Laying pictures over each other",
        _overlays,
        _Lazy(len(firsts), cut),
        lambda index: min(_PAIRS_A_SHARD, n_pairs - firsts[index]),
    ):
        for pair, overlay in enumerate(overlays, firsts[index]):
            if overlay is not None:
                at = starts[pair]
                image_1, image_2 = (int(side[at]) // KEYPOINTS_AN_IMAGE for side in (one, two))
                laid.append(_Laid(image_1, image_2, overlay))
    return sorted(laid, key=lambda found: found[:2])


# -- Step 4: the pairs whose pixels agree -------------------------------------------------------


def _agreements(shard: Sequence[tuple[bytes, bytes, Overlay]]) -> list[Any]:
    return [
        agreement(read_thumbnail(one), read_thumbnail(two), overlay) for one, two, overlay in shard
    ]


def _same_pictures(seen: _Seen, laid: Sequence[_Laid], run: _Runner) -> tuple[NearPair, ...]:
    parts = [laid[at : at + _PAIRS_A_SHARD] for at in range(0, len(laid), _PAIRS_A_SHARD)]
    small = seen.thumbnails

    def cut(index: int) -> list[tuple[bytes, bytes, Overlay]]:
        return [(small[one], small[two], overlay) for one, two, overlay in parts[index]]

    pairs = []
    for index, agreements in run.over(
        "Comparing pixels", _agreements, _Lazy(len(parts), cut), lambda index: len(parts[index])
    ):
        for (one, two, overlay), agreed in zip(parts[index], agreements, strict=True):
            if agreed.same_picture:
                pairs.append(_near_pair(seen.names[one], seen.names[two], overlay, agreed))
    return tuple(sorted(pairs, key=lambda pair: (pair.image_name_1, pair.image_name_2)))


def _near_pair(one: str, two: str, overlay: Overlay, agreed: Any) -> NearPair:
    mirrored, turned, scale = overlay.mirrored, overlay.turned_degrees, overlay.scale
    if one > two:
        # Said from the other side: a mirrored picture is turned by as much again.
        one, two, scale = two, one, 1 / scale
        turned = turned if mirrored else -turned
    return NearPair(
        one, two, agreed.correlation, agreed.overlap, overlay.n_agreeing, mirrored, turned, scale
    )
