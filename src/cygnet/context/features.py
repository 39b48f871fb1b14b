"""Which numbers may a learner see? Columns by name, each blind to how many lesions a patient has.

``SAFE_TOGETHER`` may be combined freely: jointly, too, they tell nothing of the number. Those
``ADDED_UP`` are blind one by one, which is enough for a sum of curves. ``LEVEL`` keeps its mean but
not its spread, so only a straight line may see it: bent, it tells the number (a placebo found it at
AUROC 0.65).
"""

from dataclasses import dataclass

import numpy as np

from cygnet.context.circumstances import SITE, site_rarity
from cygnet.context.lesions import Floats, Lesions, normal_quantile
from cygnet.context.relative import (
    Levelled,
    dealt_within_folds,
    median_difference,
    others_mean,
    others_of,
    others_spread,
    robust_z,
    shrunk_level,
    variance_ratio,
)
from cygnet.context.resemblance import Looks, Space, looks_of

OWN = "logit"
SAFE_TOGETHER = ("others_mean", "others_spread")
ADDED_UP = (*SAFE_TOGETHER, "robust_z", "median_difference")
LEVEL = "shrunk_level"
# What the set network sees beside the columns: who belongs to whom, and where each looks to lie.
PATIENT, LESION, FOLD = "@patient", "@lesion", "@fold"
SCORE, PLACE, STRANGE = "@score", "@place", "@strange"


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
        generator = np.random.default_rng(seed)
        dealt = lesions.dealt(dealt_within_folds(lesions.fold, generator))
        space = Space.of(lesions, seed=seed) if lesions.embedding is not None else None
        n = others_of(lesions).n
        looks = None if space is None else looks_of(dealt, space)
        given = _to_level(dealt, looks)
        levelled = {name: Levelled.of(values, n) for name, values in given.items()}
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
        looks = None if self.space is None else looks_of(lesions, self.space)
        given = _to_level(lesions, looks)
        for name, levelled in self.levelled.items():
            # What the table of new lesions does not know is as usual.
            values = given.get(name)
            found[name] = (
                np.zeros(lesions.n_images) if values is None else levelled(values, others.n)
            )
        return found if looks is None else found | _as_sets(lesions, looks)


def _as_sets(lesions: Lesions, looks: Looks) -> dict[str, Floats]:
    codes = {PATIENT: lesions.patient, LESION: lesions.lesion, FOLD: lesions.fold}
    found = {name: of.astype(np.float64) for name, of in codes.items()}
    return found | {
        SCORE: lesions.score,
        PLACE: looks.place.astype(np.float64),
        STRANGE: looks.strange,
    }


def _to_level(lesions: Lesions, looks: Looks | None) -> dict[str, Floats]:
    """Give the numbers that only a dealt copy can make blind to the count."""
    found = {"robust_z": robust_z(lesions), "median_difference": median_difference(lesions)}
    if (rarity := site_rarity(lesions)) is not None:
        found[SITE] = rarity
    return found if looks is None else found | looks.numbers


def lots(lesions: Lesions) -> Floats:
    """Give each image a standard normal number that its name alone decides, ``(n_images,)``."""
    import zlib

    drawn = [zlib.crc32(str(name).encode()) for name in lesions.image_name]
    return normal_quantile((np.array(drawn, dtype=np.float64) + 0.5) / 2**32)
