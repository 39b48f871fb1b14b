"""Is this table HAM10000 or a part of it, and does it have the published counts?

The counts of Tschandl, Rosendahl and Kittler, Scientific Data 5, 180161 (2018),
10.1038/sdata.2018.161, and of the table that goes with it, in the words of Cygnet's vocabulary.
Its images have 10,015 consecutive names. Refuses nothing.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

HAM10000: Final = "HAM10000 (10.1038/sdata.2018.161)"
HAM10000_IMAGES: Final = 10_015
HAM10000_LESIONS: Final = 7_470
# Of a table's names so many must be of HAM10000: the ISIC 2018 test set is often joined to it.
HAM10000_RECOGNISED_SHARE: Final = 0.5

HAM10000_VALUES: Final[Mapping[str, Mapping[str, int]]] = {
    "diagnosis": {
        "nevus": 6_705,
        "melanoma": 1_113,
        "benign keratosis": 1_099,
        "basal cell carcinoma": 514,
        "actinic keratosis": 327,
        "vascular lesion": 142,
        "dermatofibroma": 115,
    },
    "diagnosis_confirm_type": {
        "histopathology": 5_340,
        "serial imaging showing no change": 3_704,
        "single image expert consensus": 902,
        "confocal microscopy with consensus dermoscopy": 69,
    },
    "sex": {"male": 5_406, "female": 4_552, "missing": 57},
}

_FIRST, _LAST = "ISIC_0024306", "ISIC_0034320"


def is_of_ham10000() -> pl.Expr:
    """Give an expression that is true for rows whose image_name is one of HAM10000's."""
    name = pl.col("image_name")
    # Of one length and shape, names are in the order of their numbers.
    return name.str.contains(r"^ISIC_[0-9]{7}$") & name.is_between(pl.lit(_FIRST), pl.lit(_LAST))
