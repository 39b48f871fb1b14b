"""Which spots of a picture would be known again in a copy of it? SIFT keypoints, blind to mirrors.

A copy may be resized, compressed again, mirrored, turned by any angle, cut, brightened or shifted
in colour; a keypoint's patch is described so that none of these changes it much. Pictures without
any structure give no keypoints.

Lowe (2004), doi:10.1023/B:VISI.0000029664.99615.94; square roots of the histograms as in
Arandjelovic and Zisserman (2012), doi:10.1109/CVPR.2012.6248018.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from cygnet.images.decode import Pixels

KEYPOINTS_AN_IMAGE: Final = 160
DESCRIPTOR_LENGTH: Final = 128
THUMBNAIL_PX: Final = 128

# Chosen by measurement: docs/decisions/near-duplicates.md.
_UNIT_PX: Final = 192
_LARGEST_ASPECT: Final = 4.0
_LEAST_CONTRAST: Final = 0.003
_EDGE_RATIO: Final = 15
_EQUALISED_TILES: Final = (4, 4)
_EQUALISED_CLIP: Final = 2.0
_CELLS, _ANGLES = 4, 8
_THUMBNAIL_QUALITY: Final = 92

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Keypoints:
    """The keypoints of one picture and a small grey picture of it.

    The unit of length is the side of a square of the picture's area. ``places`` is ``(n, 4)``: x, y
    and the diameter in that unit, the angle in degrees, clockwise from the right. ``descriptors``
    is ``(n, 128)``: of unit length, and the same for a patch and its mirror image. ``thumbnail`` is
    a grey JPEG with 128 px to the unit.
    """

    places: Floats
    descriptors: Floats
    thumbnail: bytes


def find_keypoints(pixels: Pixels, aspect: float = 1.0) -> Keypoints:
    """Find at most 160 keypoints in ``pixels``, ``(side, side, 3)``, uint8, RGB.

    ``aspect`` is the width of the picture over its height before it was squashed into the square:
    a picture that is turned and squashed again is another, unless both are stretched back first.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = _stretched(grey, _UNIT_PX, aspect)
    even: Any = cv2.createCLAHE(_EQUALISED_CLIP, _EQUALISED_TILES).apply(small)
    detector = cv2.SIFT.create(
        nfeatures=KEYPOINTS_AN_IMAGE,
        contrastThreshold=_LEAST_CONTRAST,
        edgeThreshold=_EDGE_RATIO,
        enable_precise_upscale=True,
    )
    found, histograms = detector.detectAndCompute(even, None)
    found = found[:KEYPOINTS_AN_IMAGE]
    places = np.array(
        [((p.pt[0] + 0.5), (p.pt[1] + 0.5), p.size, p.angle * _UNIT_PX) for p in found], np.float32
    ).reshape(-1, 4)
    if len(found):
        descriptors = mirror_blind(np.asarray(histograms[:KEYPOINTS_AN_IMAGE], np.float32))
    else:
        descriptors = np.zeros((0, DESCRIPTOR_LENGTH), np.float32)
    thumbnail = _stretched(grey, THUMBNAIL_PX, aspect)
    encoded = simplejpeg.encode_jpeg(
        np.ascontiguousarray(thumbnail)[..., None], quality=_THUMBNAIL_QUALITY, colorspace="GRAY"
    )
    return Keypoints(places / np.float32(_UNIT_PX), descriptors, bytes(encoded))


def _stretched(grey: Any, unit_px: int, aspect: float) -> Any:
    """Scale a squashed picture to its own shape, and to the area of ``unit_px`` squared."""
    stretch = float(np.clip(aspect, 1 / _LARGEST_ASPECT, _LARGEST_ASPECT)) ** 0.5
    size = (round(unit_px * stretch), round(unit_px / stretch))
    shrinks = grey.shape[0] >= size[0] and grey.shape[0] >= size[1]
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def mirror_blind(histograms: Floats) -> Floats:
    """Make SIFT's histograms ``(n, 128)`` the same for a patch and its mirror image.

    A mirror about the keypoint's own direction turns the 4 rows of cells over and reverses the 8
    angles. The sum and the absolute difference of a histogram and its mirrored one know nothing of
    which was which; the half of either that repeats is left out, so that the length stays 128.
    """
    roots = np.sqrt(histograms)
    roots /= np.linalg.norm(roots, axis=1, keepdims=True) + np.float32(1e-9)
    grid = roots.reshape(-1, _CELLS, _CELLS, _ANGLES)
    mirrored = grid[:, ::-1][..., -np.arange(_ANGLES) % _ANGLES]
    half = slice(0, _CELLS // 2)
    parts = [(grid + mirrored)[:, half], np.abs(grid - mirrored)[:, half]]
    blind = np.concatenate([part.reshape(len(roots), -1) for part in parts], axis=1)
    return np.asarray(blind / np.float32(np.sqrt(2)), np.float32)


def read_thumbnail(encoded: bytes) -> Floats:
    """Decode a thumbnail to ``(height, width)``, grey levels 0 to 255."""
    grey = simplejpeg.decode_jpeg(encoded, "GRAY")
    return np.asarray(grey[..., 0], np.float32)
