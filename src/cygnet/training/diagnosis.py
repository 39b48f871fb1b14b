"""Which of the nine diagnoses does a word of a table mean? Words of ISIC, its Archive and HAM10000.

What is in none of the nine (a scar, a melanocytic proliferation that may go either way) is not
known, and so is an empty cell: nothing is made up for it.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cygnet.training.loss import MELANOMA, UNKNOWN
from cygnet.training.network import DIAGNOSIS_CLASSES
from cygnet.vocabulary import is_melanoma

_WORDS: dict[str, tuple[str, ...]] = {
    "melanoma": ("mel",),
    "nevus": ("nv", "melanocytic nevus", "melanocytic nevi", "blue nevus", "spitz nevus"),
    "benign keratosis": (
        "bkl",
        "lentigo nos",
        "lentigo simplex",
        "lichen planus like keratosis",
        "lichenoid keratosis",
        "pigmented benign keratosis",
        "seborrheic keratosis",
        "solar lentigo",
    ),
    "basal cell carcinoma": ("bcc",),
    "actinic keratosis": ("ak", "akiec", "solar or actinic keratosis"),
    "dermatofibroma": ("df",),
    "vascular lesion": ("vasc", "angiokeratoma", "angioma", "hemangioma", "pyogenic granuloma"),
    "squamous cell carcinoma": (
        "scc",
        "squamous cell carcinoma in situ",
        "squamous cell carcinoma, invasive",
        "squamous cell carcinoma, nos",
    ),
    "unknown": ("unk",),
}
_CLASSES = {
    word: DIAGNOSIS_CLASSES.index(name) for name, words in _WORDS.items() for word in (name, *words)
}


def diagnosis_class(word: str | None) -> int:
    """Give the place of a diagnosis among the nine, -1 where it is none of them or missing.

    >>> [diagnosis_class(word) for word in ("NV", "lichenoid keratosis", "akiec", "scar", None)]
    [1, 2, 4, -1, -1]
    """
    if word is None:
        return UNKNOWN
    if is_melanoma(word):
        return MELANOMA
    return _CLASSES.get(word.strip().lower(), UNKNOWN)


def diagnosis_classes(
    words: Iterable[str | None], targets: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Give ``(n,)`` classes.

    A word that says melanoma where the target says benign counts for nothing.
    """
    classes = np.array([diagnosis_class(word) for word in words], dtype=np.int64)
    return np.where((classes == MELANOMA) & (targets <= 0.5), UNKNOWN, classes)
