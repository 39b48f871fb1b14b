"""How is a picture made smaller without aliasing? Smoothed on its own grid, then sampled.

As Pillow's bicubic resize does it in the mean to a third of a grey level: Keys' cubic, widened by
the reduction. Here its taps first smooth the picture on its own grid and a cubic then samples the
result, which OpenCV does several times faster than one widened filter.
"""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# Keys (1981), doi:10.1109/TASSP.1981.1163711: this slope at 1 makes the cubic exact to third order.
_SLOPE = -0.5
# Beyond this reduction whole blocks are averaged first, so that the filter stays short; it still
# reduces at least twofold, as it must for the averaging not to show.
_LARGEST_FILTERED = 4.0


def reduce_to(pixels: Pixels, width: float, height: float, columns: int, rows: int) -> Pixels:
    """Scale the picture of ``pixels`` to ``(rows, columns, 3)``, uint8.

    The picture fills ``width`` by ``height`` of the array from its top left; either may be a
    fraction below the array's own side, as it is after a JPEG is decoded to a fraction of its size.
    Sides that grow are interpolated by a cubic.
    """
    across_block, down_block = _block(width / columns), _block(height / rows)
    if across_block > 1 or down_block > 1:
        pixels = _average_blocks(pixels, across_block, down_block)
        width, height = width / across_block, height / down_block
    across, down = _taps(width / columns), _taps(height / rows)
    smooth: Any = pixels
    if across.size > 1 or down.size > 1:
        smooth = cv2.sepFilter2D(pixels, -1, across, down, borderType=cv2.BORDER_REFLECT)
    # Scales, not a size: only they place the grid right when the picture fills a fraction.
    scaled = cv2.resize(
        smooth, None, fx=columns / width, fy=rows / height, interpolation=cv2.INTER_CUBIC
    )
    return np.ascontiguousarray(scaled[:rows, :columns], np.uint8)


def _block(reduction: float) -> int:
    return int(reduction / 2) if reduction >= _LARGEST_FILTERED else 1


def _average_blocks(pixels: Pixels, across: int, down: int) -> Pixels:
    bottom, right = -pixels.shape[0] % down, -pixels.shape[1] % across
    whole = cv2.copyMakeBorder(pixels, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    size = (whole.shape[1] // across, whole.shape[0] // down)
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=256)
def _taps(reduction: float) -> NDArray[np.float64]:
    """Give the cubic, widened by ``reduction``, at whole pixels; a single 1 where nothing shrinks.

    >>> (_taps(2.0).round(3) + 0.0).tolist()
    [-0.031, 0.0, 0.281, 0.5, 0.281, 0.0, -0.031]
    """
    if reduction <= 1:
        return np.ones(1)
    reach = int(np.ceil(2 * reduction)) - 1
    x = np.abs(np.arange(-reach, reach + 1)) / reduction
    near = ((_SLOPE + 2) * x - (_SLOPE + 3)) * x**2 + 1
    far = _SLOPE * (((x - 5) * x + 8) * x - 4)
    taps = np.where(x < 1, near, far)
    taps /= taps.sum()
    taps.setflags(write=False)
    return taps
