"""In which order does an epoch show its images, and where is it cut into batches?

From a generator alone, so that a run that is resumed sees what it would have seen.
"""

import numpy as np
from numpy.typing import NDArray


def epoch_order(
    targets: NDArray[np.float32],
    melanoma_fraction: float | None,
    generator: np.random.Generator,
) -> NDArray[np.intp]:
    """Give the order of one epoch as indices ``(n,)``.

    Without ``melanoma_fraction`` every image comes once. With it, that share of the epoch is
    melanomas and the rest benign, each class in whole rounds before any image comes again.
    """
    n = len(targets)
    positive, negative = np.flatnonzero(targets > 0.5), np.flatnonzero(targets <= 0.5)
    if melanoma_fraction is None or len(positive) == 0 or len(negative) == 0:
        return generator.permutation(n)
    n_positive = round(n * melanoma_fraction)
    mixed = np.concatenate(
        [
            _rounds(positive, n_positive, generator),
            _rounds(negative, n - n_positive, generator),
        ]
    )
    return generator.permutation(mixed)


def balanced_order(groups: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.intp]:
    """Give the order of one epoch, ``(n,)`` indices, in which every group comes equally often.

    ``groups`` ``(n,)`` is each image's class or patient. Where ``n`` is no multiple, the groups
    that come once more are drawn. A group's images come in whole rounds.
    """
    n = len(groups)
    _, code = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(code, kind="stable"), np.cumsum(np.bincount(code))[:-1])
    wanted = np.full(len(members), n // len(members))
    wanted[generator.permutation(len(members))[: n % len(members)]] += 1
    drawn = [
        _rounds(images, int(count), generator)
        for images, count in zip(members, wanted, strict=True)
    ]
    return generator.permutation(np.concatenate(drawn))


def _rounds(
    indices: NDArray[np.intp], wanted: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    repeats = -(-wanted // len(indices))
    drawn = [generator.permutation(indices) for _ in range(repeats)]
    return np.concatenate([*drawn, np.empty(0, np.intp)])[:wanted]


def batches(order: NDArray[np.intp], batch_size: int) -> list[NDArray[np.intp]]:
    """Cut an epoch into batches of nearly equal size, none above ``batch_size``."""
    return np.array_split(order, max(1, -(-len(order) // batch_size)))


def parts(n: int, count: int) -> list[tuple[int, int]]:
    """Cut a batch of ``n`` into ``count`` runs of rows, nearly equal: start and end of each.

    >>> parts(7, 3)
    [(0, 3), (3, 5), (5, 7)]
    """
    sizes = [n // count + (place < n % count) for place in range(count)]
    ends = np.cumsum(sizes).tolist()
    return [(end - size, end) for size, end in zip(sizes, ends, strict=True)]
