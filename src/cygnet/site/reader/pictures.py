"""Which pictures does a page show? Small copies, the whole at full resolution, and heat maps.

All are encoded anew from pixels, so that nothing of a file but its pixels leaves the memory.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

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


def heat_png(heat: NDArray[np.float32], picture: Picture) -> bytes:
    """Draw what each place added to the log odds as a PNG to lay over the picture.

    ``heat`` ``(height, width)`` covers the whole picture (a squashed square). What raised the
    probability is blue, the more the less it lets through; what lowered it is left clear.
    """
    raised = np.maximum(np.asarray(heat, np.float32), 0)
    most = float(raised.max())
    share = raised / most if most > 0 else raised
    longer = max(picture.width_px, picture.height_px)
    size = (
        max(1, round(picture.width_px * _HEAT_PX / longer)),
        max(1, round(picture.height_px * _HEAT_PX / longer)),
    )
    smooth = np.clip(cv2.resize(share, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    drawn = np.empty((*smooth.shape, 4), np.uint8)
    drawn[:, :, :3] = _HEAT_RGB[::-1]
    drawn[:, :, 3] = np.round(255 * smooth).astype(np.uint8)
    done, encoded = cv2.imencode(".png", drawn)
    if not done:
        raise AssertionError("a PNG of drawn numbers can be encoded")
    return encoded.tobytes()
