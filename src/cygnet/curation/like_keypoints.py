"""Which keypoints of different pictures are alike, and which pairs of pictures share several?"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cygnet.curation.seen_pictures import SeenPictures
from cygnet.curation.shard_steps import LazyShards, StepRunner
from cygnet.images.alike import CELLS_LOOKED_IN, DIMENSIONS, nearest_alike
from cygnet.images.keypoints import KEYPOINTS_AN_IMAGE
from cygnet.images.overlay import LEAST_AGREEING

_KEYPOINTS_A_SHARD: Final = 60_000
_IMAGES_A_GROUPING: Final = 4096

KeypointNumbers = NDArray[np.int64]


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


def like_keypoints(seen: SeenPictures, run: StepRunner) -> tuple[KeypointNumbers, KeypointNumbers]:
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
    shards = LazyShards(len(groups), lambda index: [cut(cell) for cell in groups[index]])
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


def grouped_by_pair(
    one: Any, two: Any, n_images: int
) -> tuple[KeypointNumbers, KeypointNumbers, KeypointNumbers]:
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
