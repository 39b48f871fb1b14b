"""How do more than 8 bits a channel become 8? By the full scale that the file announces.

Nothing is stretched to the brightest pixel: equal numbers in two files of one kind stay equal. A
picture that uses only the lowest eighth of its scale is refused, as its white level is not known.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cygnet.images.faults import image_error

Pixels = NDArray[np.uint8]

_LOWEST_SHARE = 8


def to_8_bits(pixels: NDArray[Any], bits: int, *, file: Path | None = None) -> Pixels:
    """Scale unsigned numbers of ``bits`` bits to 8: 0 stays 0, full scale becomes 255, rounded.

    Raises :class:`~cygnet.errors.ImageError` (``image-white-level``) when no number is above an
    eighth of full scale, and (``image-unreadable``) when one is above full scale.

    >>> to_8_bits(np.array([0, 2056, 65535], np.uint16), 16).tolist()
    [0, 8, 255]
    """
    full, highest = 2**bits - 1, int(pixels.max())
    if highest > full:
        raise image_error("image-unreadable", file=file, value=f"{highest} in {bits} bits")
    if bits > 8 and highest <= full // _LOWEST_SHARE:
        value = f"{highest} of {full} is the highest"
        raise image_error("image-white-level", file=file, value=value)
    if bits == 8:
        return pixels.astype(np.uint8)
    scaled = (pixels.astype(np.uint32) * 255 + full // 2) // full
    return np.asarray(scaled, np.uint8)
