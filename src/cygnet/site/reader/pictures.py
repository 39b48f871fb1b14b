"""Which pictures does a page show? Small copies, the whole at full resolution, and heat maps.

All are encoded anew from pixels, so that nothing of a file but its pixels leaves the memory.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.images.decode import Geometry
from cygnet.site.reader.uploads import Picture, decode_in_proportion, encode_jpeg

SIDES_PX = (224, 448)
_WHOLE_QUALITY = 92
_HEAT_PX = 512
_HEAT_RGB = (0, 88, 190)  # one hue that skin does not have; how much is told by its opacity


def picture_jpeg(picture: Picture, side_px: int | None) -> bytes:
    """Give a picture with its longer side at most ``side_px``, whole where that is ``None``."""
    longer = max(picture.width_px, picture.height_px)
    if side_px is None:
        pixels = decode_in_proportion(picture.data, picture.width_px, picture.height_px, longer)
        return encode_jpeg(pixels, _WHOLE_QUALITY)
    shown = copy_pixels(picture)
    height, width = shown.shape[:2]
    if max(height, width) <= side_px:
        return picture.copy
    scale = side_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return encode_jpeg(np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8))


def copy_pixels(picture: Picture) -> NDArray[np.uint8]:
    """Decode the kept copy, ``(height, width, 3)``, uint8, RGB."""
    import simplejpeg

    return np.asarray(simplejpeg.decode_jpeg(picture.copy, "RGB"), np.uint8)


def heat_png(heat: NDArray[np.float32], picture: Picture, geometry: Geometry = "squash") -> bytes:
    """Draw what each place added to the log odds as a PNG to lay over the picture.

    ``heat`` ``(height, width)`` covers the square that the network sees, made by ``geometry``. What
    raised the probability is blue, the more the less it lets through; what lowered it, and what the
    network does not see, is left clear.
    """
    raised = np.maximum(heat, np.float32(0))
    share = np.asarray(raised / max(float(raised.max()), 1e-12), np.float32)
    longer = max(picture.width_px, picture.height_px)
    width = max(1, round(picture.width_px * _HEAT_PX / longer))
    height = max(1, round(picture.height_px * _HEAT_PX / longer))
    smooth = np.clip(_laid_over(share, width, height, geometry), 0, 1)
    drawn = np.empty((*smooth.shape, 4), np.uint8)
    drawn[:, :, :3] = _HEAT_RGB[::-1]
    drawn[:, :, 3] = np.round(255 * smooth).astype(np.uint8)
    done, encoded = cv2.imencode(".png", drawn)
    if not done:
        raise AssertionError("a PNG of drawn numbers can be encoded")
    return encoded.tobytes()


def _laid_over(
    share: NDArray[np.float32], width: int, height: int, geometry: Geometry
) -> NDArray[np.float32]:
    """Bring what the network's square shows back to the shape of the picture."""

    def sized(columns: int, rows: int) -> NDArray[np.float32]:
        drawn = cv2.resize(share, (columns, rows), interpolation=cv2.INTER_CUBIC)
        return np.asarray(drawn, np.float32)

    if geometry == "squash":
        return sized(width, height)
    side = max(width, height) if geometry == "pad" else min(width, height)
    square = sized(side, side)
    left, top = abs(width - side) // 2, abs(height - side) // 2
    if geometry == "pad":
        return square[top : top + height, left : left + width]
    whole = np.zeros((height, width), np.float32)
    whole[top : top + side, left : left + side] = square
    return whole
