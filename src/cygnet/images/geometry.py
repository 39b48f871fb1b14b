"""How is a picture fitted into a square, and under which name? Words alone; nothing is decoded.

Apart from ``decode``, so that a pack is read where no decoder is installed.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Geometry = Literal["squash", "crop", "pad"]
GEOMETRIES: tuple[Geometry, ...] = get_args(Geometry)
_VERSION = 1

Pixels = NDArray[np.uint8]


def decoding_name(geometry: Geometry) -> str:
    """Name the decoding, as packs and models record it.

    >>> decoding_name("squash")
    'squash-cubic-stored-1'
    """
    return f"{geometry}-cubic-stored-{_VERSION}"
