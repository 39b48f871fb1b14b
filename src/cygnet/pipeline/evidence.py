"""What does a model's own evaluation say of a score and of a picture? Counts that travel with it.

The reader shows a probability as what was counted among images of like score, and shows none where
the evaluation held nothing alike. Counted out of fold, so that no image speaks for its own model.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from cygnet.evaluation.score_evidence import score_evidence
from cygnet.images.skin_seen import skin_seen

MOST_PICTURES = 400
_ENDS = (0.005, 0.995)


def patients_of(table: pl.DataFrame) -> Sequence[str]:
    """Give whose each image is; an image without a patient is one of its own."""
    own = pl.Series(np.arange(table.height)).cast(pl.String)
    known = table["patient_id"].cast(pl.String)
    return [mine if whose is None else whose for whose, mine in zip(known, own, strict=True)]


def score_document(
    target: ArrayLike, probability: ArrayLike, patient_id: ArrayLike
) -> dict[str, Any] | None:
    """Give what was counted by score, as JSON; ``None`` where melanomas are too few."""
    found = score_evidence(target, probability, patient_id)
    return None if found is None else found.as_json()


def skin_document(pictures: NDArray[np.uint8]) -> dict[str, Any] | None:
    """Give the range of skin tones of ``pictures`` ``(n, size, size, 3)``, as JSON.

    The typology angles between which 99 % of them lie; ``None`` where no skin is seen.
    """
    angles = np.array([skin_seen(one).ita_degrees for one in pictures])
    known = angles[np.isfinite(angles)]
    if known.size < 2:
        return None
    low, high = np.quantile(known, _ENDS)
    return {"ita_degrees": [round(float(low), 1), round(float(high), 1)], "n": int(known.size)}


def evenly_chosen(names: Sequence[str], most: int = MOST_PICTURES) -> list[str]:
    """Choose at most ``most`` names, evenly along the list.

    >>> evenly_chosen(["a", "b", "c", "d"], 2)
    ['a', 'd']
    """
    if len(names) <= most:
        return list(names)
    return [names[at] for at in np.linspace(0, len(names) - 1, most).round().astype(int).tolist()]
