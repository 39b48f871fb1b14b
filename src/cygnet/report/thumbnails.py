"""How does a lesion's picture get onto a page? Small, in its true proportions, inside the page.

The picture is decoded and encoded anew, so that only pixels reach the page, whatever the file held.
What cannot be decoded becomes no picture, never an error: the page says so in its place.
"""

import base64
from collections.abc import Callable

import cv2
import numpy as np

ThumbnailSource = Callable[[str], bytes | None]

SIDE_PX = 224  # twice the size at which a lesion is shown, for sharp screens
_QUALITY = 82


def small_jpeg(
    encoded: bytes, aspect: float | None = None, *, side_px: int = SIDE_PX
) -> bytes | None:
    """Give the picture as a JPEG whose longer side is at most ``side_px``, or ``None``.

    ``aspect`` is width over height of the original where ``encoded`` was squashed to a square;
    the picture is brought back to it. ``None`` keeps the proportions as they are.
    """
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    if pixels is None:
        return None
    height, width = pixels.shape[:2]
    shape = aspect if aspect is not None else width / height
    longer = min(side_px, max(height, width))
    size = (longer, longer / shape) if shape >= 1 else (longer * shape, longer)
    small = cv2.resize(
        pixels, (max(round(size[0]), 1), max(round(size[1]), 1)), interpolation=cv2.INTER_AREA
    )
    done, stream = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(stream.tobytes()) if done else None


def data_uri(encoded: bytes, aspect: float | None = None, *, side_px: int = SIDE_PX) -> str | None:
    """Give the picture as a ``data:`` URI whose longer side is at most ``side_px``, or ``None``.

    ``aspect`` is as in :func:`small_jpeg`.
    """
    jpeg = small_jpeg(encoded, aspect, side_px=side_px)
    return None if jpeg is None else f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
