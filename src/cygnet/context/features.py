"""Which numbers may a learner see? Columns by name, each blind to how many lesions a patient has.

``SAFE_TOGETHER`` may be combined freely: jointly, too, they tell nothing of the number. Those
``ADDED_UP`` are blind one by one, which is enough for a sum of curves. ``LEVEL`` keeps its mean but
not its spread, so only a straight line may see it: bent, it tells the number (a placebo found it at
AUROC 0.65).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cygnet.context.lesions import Floats, Lesions, normal_quantile
from cygnet.context.relative import (
    Levelled,
    median_difference,
    others_mean,
    others_of,
    others_spread,
    robust_z,
    shrunk_level,
    variance_ratio,
)
from cygnet.context.resemblance import RESEMBLANCES, Space

OWN = "logit"
SAFE_TOGETHER = ("others_mean", "others_spread")
ADDED_UP = (*SAFE_TOGETHER, "robust_z", "median_difference")
LEVEL = "shrunk_level"
_LEVELLED = {"robust_z": robust_z, "median_difference": median_difference}


@dataclass(frozen=True, slots=True)
class Features:
    """What is learned of lesions without a label, so that any patient's numbers can be computed.

    ``ratio`` is the variance of scores within patients over that between them; ``levelled`` holds
    what turns a number into its quantile among dealt lesions, ``space`` what embeddings need.
    """

    ratio: float
    levelled: dict[str, Levelled]
    space: Space | None = None

    @classmethod
    def of(cls, lesions: Lesions, *, seed: int = 0) -> "Features":
        """Learn from ``lesions``; no label is looked at."""
        levelled = {
            name: Levelled.of(statistic, lesions, seed) for name, statistic in _LEVELLED.items()
        }
        space = None
        if lesions.embedding is not None:
            space = Space.of(lesions, seed=seed)
            for name, resemblance in RESEMBLANCES.items():
                levelled[name] = Levelled.of(_within(space, resemblance), lesions, seed)
        return cls(variance_ratio(lesions), levelled, space)

    def columns(self, lesions: Lesions) -> dict[str, Floats]:
        """Compute every number of ``lesions``, ``(n_images,)`` each; 0 where there is no other."""
        others = others_of(lesions)
        found = {
            OWN: lesions.logit,
            "others_mean": others_mean(others),
            "others_spread": others_spread(others, lots(lesions)),
            LEVEL: shrunk_level(others, self.ratio),
        }
        for name, statistic in _LEVELLED.items():
            found[name] = self.levelled[name](statistic(lesions), others.n)
        if self.space is not None:
            for name, resemblance in RESEMBLANCES.items():
                found[name] = self.levelled[name](resemblance(lesions, self.space), others.n)
        return found


def _within(
    space: Space, resemblance: Callable[[Lesions, Space], Floats]
) -> Callable[[Lesions], Floats]:
    return lambda lesions: resemblance(lesions, space)


def lots(lesions: Lesions) -> Floats:
    """Give each image a standard normal number that its name alone decides, ``(n_images,)``."""
    import zlib

    drawn = [zlib.crc32(str(name).encode()) for name in lesions.image_name]
    return normal_quantile((np.array(drawn, dtype=np.float64) + 0.5) / 2**32)
