"""Which keypoints of many pictures look alike? Nearest neighbours within cells of a small space.

Descriptors are projected to the directions in which they vary most, and the space is cut into
cells; a keypoint is compared with those of its own and of the second nearest cell. Each cell is a
task by itself, so the comparison of millions of keypoints spreads over processes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cygnet.images.keypoints import DESCRIPTOR_LENGTH, Floats

DIMENSIONS: Final = 40
CELLS_LOOKED_IN: Final = 2

# Chosen by measurement: docs/decisions/near-duplicates.md.
_NEIGHBOURS: Final = 3
_FARTHEST: Final = 0.25
_STEPS_A_UNIT: Final = 160.0
_KEYPOINTS_A_CELL: Final = 1300
_MOST_CELLS: Final = 4096
_SAMPLE_A_CELL: Final = 30
_ITERATIONS: Final = 8
_BLOCK: Final = 512

Codes = NDArray[np.int8]
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class DescriptorSpace:
    """A projection of descriptors and the centres of its cells.

    ``mean`` is ``(128,)``, ``directions`` ``(128, dimensions)``, ``centres`` ``(n_cells,
    dimensions)``.
    """

    mean: Floats
    directions: Floats
    centres: Floats

    def place(self, descriptors: Floats) -> tuple[Codes, NDArray[np.int16]]:
        """Give the code of each descriptor and its nearest cells, ``(n, 2)``, the nearest first."""
        vectors = (descriptors - self.mean) @ self.directions
        codes = np.clip(np.rint(vectors * _STEPS_A_UNIT), -127, 127).astype(np.int8)
        nearness = vectors @ self.centres.T - (self.centres**2).sum(axis=1) / 2
        cells = np.empty((len(vectors), CELLS_LOOKED_IN), np.int16)
        rows = np.arange(len(vectors))
        for rank in range(CELLS_LOOKED_IN):
            cells[:, rank] = nearness.argmax(axis=1)
            nearness[rows, cells[:, rank]] = -np.inf
        return codes, cells


def sample_size(n_keypoints: int) -> int:
    """How many descriptors :func:`learn_space` wants to see, for ``n_keypoints`` in all."""
    return _n_cells(n_keypoints) * _SAMPLE_A_CELL


def learn_space(sample: Floats, n_keypoints: int) -> DescriptorSpace:
    """Fit the space to a ``sample`` of descriptors ``(n, 128)`` for ``n_keypoints`` in all.

    The cells are k-means' own, seeded and after a few rounds: where their borders lie decides who
    is compared with whom, not who is alike.
    """
    from sklearn.cluster import MiniBatchKMeans

    if not len(sample):
        sample = np.zeros((1, DESCRIPTOR_LENGTH), np.float32)
    mean = sample.mean(axis=0)
    spread, directions = np.linalg.eigh(np.cov(sample.T, bias=True).astype(np.float64))
    kept = np.ascontiguousarray(directions[:, np.argsort(-spread)[:DIMENSIONS]], np.float32)
    vectors = (sample - mean) @ kept
    count = max(CELLS_LOOKED_IN, min(_n_cells(n_keypoints), len(vectors) // 4))
    if len(np.unique(vectors, axis=0)) <= count:
        centres = np.zeros((CELLS_LOOKED_IN, DIMENSIONS), np.float32)
        return DescriptorSpace(mean, kept, centres)
    # In one thread, as sums of several differ in the last digit from run to run.
    with threadpool_limits(1):
        fitted = MiniBatchKMeans(
            count,
            init="random",
            n_init=1,
            batch_size=max(8192, count),
            max_iter=_ITERATIONS,
            random_state=0,
            reassignment_ratio=0.0,
        ).fit(vectors)
    return DescriptorSpace(mean, kept, np.asarray(fitted.cluster_centers_, np.float32))


def _n_cells(n_keypoints: int) -> int:
    return int(np.clip(n_keypoints // _KEYPOINTS_A_CELL, CELLS_LOOKED_IN, _MOST_CELLS))


def nearest_alike(
    asking: Codes, asking_image: Numbers, asked: Codes, asked_image: Numbers
) -> tuple[Numbers, Numbers]:
    """Find for each code its three nearest among ``asked`` that are near enough, of other images.

    Codes are ``(n, 40)``, the image of each is ``(n,)``. Gives the rows of ``asking`` and of
    ``asked`` that are alike, ``(n_alike,)`` each.
    """
    to = asked.astype(np.float32) / np.float32(_STEPS_A_UNIT)
    to_length = (to**2).sum(axis=1)
    ones: list[NDArray[np.intp]] = []
    others: list[NDArray[np.intp]] = []
    for first in range(0, len(asking), _BLOCK):
        block = asking[first : first + _BLOCK].astype(np.float32) / np.float32(_STEPS_A_UNIT)
        distance = to_length - 2 * (block @ to.T)
        image = asking_image[first : first + _BLOCK]
        distance[image[:, None] == asked_image] = np.inf
        limit = np.float32(_FARTHEST) - (block**2).sum(axis=1)
        rows = np.arange(len(block))
        for _ in range(min(_NEIGHBOURS, len(asked))):
            nearest = distance.argmin(axis=1)
            near = distance[rows, nearest] < limit
            ones.append(rows[near] + first)
            others.append(nearest[near])
            distance[rows, nearest] = np.inf
    if not ones:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    return np.concatenate(ones).astype(np.int32), np.concatenate(others).astype(np.int32)
