"""Which patients does a bootstrap replicate hold, and how often each? Drawn with replacement.

Every metric sees the same draws, so that replicates of two numbers can be compared. Refuses no
size: replicates come in blocks, whose length does not change what is drawn.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BLOCK_NUMBERS = 2_000_000


def multiplicity_blocks(
    n_patients: int, replicates: int, seed: int, *, block: int | None = None
) -> Iterator[Floats]:
    """Yield blocks ``(n_block, n_patients)``: how often each patient stands in each replicate.

    A row sums to ``n_patients``. The same ``seed`` gives the same draws, however long the blocks.

    >>> [rows.sum(axis=1).tolist() for rows in multiplicity_blocks(3, 2, seed=0)]
    [[3.0, 3.0]]
    """
    generator = np.random.default_rng(seed)
    # Short integers cost half the random bits.
    dtype = np.uint16 if n_patients <= 2**16 else np.int64
    length = block or max(1, _BLOCK_NUMBERS // max(n_patients, 1))
    for start in range(0, replicates, length):
        drawn = np.empty((min(length, replicates - start), n_patients))
        for row in drawn:
            patients = generator.integers(0, n_patients, n_patients, dtype=dtype)
            row[:] = np.bincount(patients, minlength=n_patients)
        yield drawn
