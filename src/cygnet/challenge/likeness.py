"""Which submissions say nothing, and which say what another said? For organisers alone.

A sketch of some hundred images is kept a submission, so that one is held against tens of thousands
in a moment. A flag is a reason to look, never a verdict.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from cygnet.challenge.scoring import mid_ranks
from cygnet.errors import InputError
from cygnet.evaluation.sample import Floats

SAMPLED: Final = 512
NEAR_SPEARMAN: Final = 0.999
NEAR_DIFFERENCE: Final = 1e-3
_CONSTANT_SHARE: Final = 0.95
_CONSTANT_RANGE: Final = 1e-6
_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A submission on the sampled images: standardised ranks and values, ``(n_sampled,)`` each."""

    ranks: NDArray[np.float32]
    values: NDArray[np.float32]

    def to_bytes(self) -> bytes:
        """Give the sketch as bytes: ranks, then values, little-endian float32."""
        return np.stack([self.ranks, self.values]).astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read back what :meth:`to_bytes` gave; raises :class:`InputError` for a torn one."""
        if len(data) % 8:
            raise InputError.of("This is no sketch.", "Make it from the submission again.")
        ranks, values = np.frombuffer(data, dtype="<f4").reshape(2, -1).astype(np.float32)
        return cls(ranks, values)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Another submission that is nearly the same, on the sampled images."""

    other: str
    spearman: float
    max_difference: float


def sketch(probability: Floats, *, seed: bytes = b"") -> Sketch:
    """Sample a submission ``(n_images,)``, in the order of the contest's ids.

    The images are drawn by ``seed``: a secret one keeps anybody from changing just these. All
    sketches of a contest must have one seed.
    """
    drawn = int.from_bytes(hashlib.sha256(b"contest sketch\0" + seed).digest()[:8], "big")
    n_sampled = min(SAMPLED, probability.size)
    chosen = np.random.default_rng(drawn).choice(probability.size, n_sampled, replace=False)
    values = probability[np.sort(chosen)]
    ranks = mid_ranks(values) - (values.size + 1) / 2
    length = float(np.sqrt(np.sum(ranks**2)))
    return Sketch((ranks / (length or 1.0)).astype(np.float32), values.astype(np.float32))


def is_near_constant(probability: Floats) -> bool:
    """Say whether 95 % of the images have one value, or all lie within a millionth."""
    if not probability.size:
        return True
    _, counts = np.unique(probability, return_counts=True)
    narrow = float(np.ptp(probability)) <= _CONSTANT_RANGE
    return narrow or int(counts.max()) >= _CONSTANT_SHARE * probability.size


def near_duplicates(one: Sketch, others: Mapping[str, Sketch]) -> tuple[Likeness, ...]:
    """Give those of ``others`` that rank the images alike or differ by next to nothing.

    Spearman's correlation of at least 0.999, or no difference above 0.001, most alike first.
    Constant submissions rank nothing and are alike by value alone.
    """
    names = list(others)
    found: list[Likeness] = []
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        spearman = np.stack([others[name].ranks for name in some]) @ one.ranks
        apart = np.stack([others[name].values for name in some]) - one.values
        difference = np.maximum(apart.max(axis=1), -apart.min(axis=1))
        alike = (spearman >= NEAR_SPEARMAN) | (difference <= NEAR_DIFFERENCE)
        found += [
            Likeness(some[index], min(float(spearman[index]), 1.0), float(difference[index]))
            for index in np.flatnonzero(alike)
        ]
    return tuple(sorted(found, key=lambda like: (-like.spearman, like.max_difference, like.other)))
