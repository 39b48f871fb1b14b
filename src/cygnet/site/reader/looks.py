"""Which of the patient's lesions look alike to the network, and which like none? The duckling map.

Squared distances are averaged over the folds' own spaces, as their probabilities are: no embedding
of one fold is ever mixed with another's.
"""

import numpy as np
from numpy.typing import NDArray

from cygnet.context.lesions import Floats, Lesions
from cygnet.context.neighbourhood import Neighbourhood, neighbourhood
from cygnet.context.resemblance import Space


def lie_together(
    embedding: NDArray[np.float32], probability: Floats, lesion: NDArray[np.int64]
) -> Neighbourhood | None:
    """Lay out one patient's ``n`` lesions; ``None`` for fewer than two.

    ``embedding`` is ``(n, folds, width)``, ``probability`` ``(n,)``, and ``lesion`` ``(n,)`` tells
    which pictures are of one lesion.
    """
    n = len(probability)
    if n < 2:
        return None
    points = side_by_side(embedding)
    logit = np.log(np.clip(probability, 1e-6, 1 - 1e-6))
    lesions = Lesions(
        image_name=np.array([str(at) for at in range(n)], object),
        patient=np.zeros(n, np.int64),
        lesion=lesion,
        fold=np.zeros(n, np.int64),
        logit=logit,
        score=logit,
        embedding=points,
    )
    centre = np.zeros(points.shape[1], np.float32)
    space = Space({0: centre}, {0: 1.0}, {0: centre[None, :]})
    return neighbourhood(lesions, np.arange(n), space)


def side_by_side(embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    """Set the folds' spaces side by side, ``(n, folds * width)``, each at the same spread.

    Then a squared distance is the mean of the folds' squared distances.
    """
    n, n_folds, width = embedding.shape
    centred = embedding - embedding.mean(axis=0, keepdims=True)
    spread = np.sqrt(np.mean(centred.astype(np.float64) ** 2, axis=(0, 2), keepdims=True))
    scaled = centred / np.where(spread > 0, spread, 1.0) / np.sqrt(n_folds)
    return np.ascontiguousarray(scaled.reshape(n, n_folds * width), np.float32)
