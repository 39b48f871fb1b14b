"""Where does a place of one picture lie on another of the same lesion? A shift, turn and scale.

From keypoints that both pictures share. Where too few agree, nothing is claimed: the pictures are
then zoomed together by their middles, and the page says so.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE_PX = 512
_RATIO = 0.8
_FEWEST_AGREEING = 12
_LARGEST_ZOOM = 3.0


@dataclass(frozen=True, slots=True)
class Registration:
    """Takes a place of the second picture to the first: ``matrix`` row by row, six numbers.

    Both in widths of their own picture, x to the right, y down. ``n_agreeing`` keypoints agree.
    """

    matrix: tuple[float, float, float, float, float, float]
    n_agreeing: int


def registration(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Registration | None:
    """Lay ``second`` over ``first``, both RGB; ``None`` where they do not agree."""
    one, two = _keypoints(first), _keypoints(second)
    if one is None or two is None:
        return None
    pairs: Any = cv2.BFMatcher(cv2.NORM_L2).knnMatch(two[1], one[1], k=2)
    good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < _RATIO * p[1].distance]
    if len(good) < _FEWEST_AGREEING:
        return None
    source = np.array([two[0][match.queryIdx] for match in good], np.float32)
    goal = np.array([one[0][match.trainIdx] for match in good], np.float32)
    cv2.setRNGSeed(0)
    # Its types deny it, but it gives nothing where no places agree.
    fitted: Any = cv2.estimateAffinePartial2D(
        source, goal, method=cv2.RANSAC, ransacReprojThreshold=0.012
    )
    found, agreeing = fitted
    n_agreeing = 0 if agreeing is None else int(np.count_nonzero(agreeing))
    if found is None or n_agreeing < _FEWEST_AGREEING:
        return None
    zoom = float(np.hypot(found[0, 0], found[1, 0]))
    if not 1 / _LARGEST_ZOOM < zoom < _LARGEST_ZOOM:
        return None
    a, b, c, d, e, f = (float(value) for value in found.ravel())
    return Registration((a, b, c, d, e, f), n_agreeing)


def _keypoints(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Find keypoints, in widths of the picture, and their descriptors."""
    height, width = pixels.shape[:2]
    scale = _SIDE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey: Any = cv2.cvtColor(
        cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    even = cv2.createCLAHE(2.0, (4, 4)).apply(grey)
    found, described = cv2.SIFT.create(nfeatures=800, contrastThreshold=0.01).detectAndCompute(
        even, None
    )
    if described is None or len(found) < _FEWEST_AGREEING:
        return None
    places = np.array([one.pt for one in found], np.float32) / np.float32(size[0])
    return places, np.asarray(described, np.float32)
