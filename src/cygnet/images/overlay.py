"""Can one picture be laid over another? By their keypoints first, then pixel by pixel.

Every pair of like keypoints proposes a shift, turn, scale and mirroring; the proposal that most
pairs share is refined to an affine map, and the pictures must then agree in their fine structure
wherever they overlap. Two lesions of the same shape and colour do not; dark corners, ruler marks
and blown-out skin are not compared.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.images.keypoints import THUMBNAIL_PX, Floats

LEAST_AGREEING: Final = 4

# Chosen by measurement: docs/decisions/near-duplicates.md.
LEAST_CORRELATION: Final = 0.6
LEAST_OVERLAP: Final = 0.2
_NEAR: Final = 0.03
_NEAR_REFINED: Final = 0.02
_SCALE_APART: Final = 0.5
_TURN_APART: Final = 0.5
_REFINEMENTS: Final = 3
_LARGEST_ZOOM: Final = 9.0
_FINE_PX: Final = 5.0
_FLAT_GREY: Final = 4.0
_FLAT_SPREAD: Final = 1e-3
_DARK_GREY, _BLOWN_OUT_GREY = 16.0, 253.0
_FEWEST_PIXELS: Final = 150

Affine = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overlay:
    """How a picture lies on another.

    ``affine`` ``(2, 3)`` takes a place of the first picture to its place in the second, both in
    units of :class:`~cygnet.images.keypoints.Keypoints`; ``n_agreeing`` pairs of keypoints agree
    with it.
    """

    affine: Affine
    n_agreeing: int

    @property
    def mirrored(self) -> bool:
        """Whether one picture is the mirror image of the other."""
        return bool(np.linalg.det(self.affine[:, :2]) < 0)

    @property
    def turned_degrees(self) -> float:
        """By how much the first, mirrored top to bottom if so, is then turned: -180 to 180.

        Clockwise is positive.
        """
        return float(np.degrees(np.arctan2(self.affine[1, 0], self.affine[0, 0])))

    @property
    def scale(self) -> float:
        """How large a thing of the first picture is in the second, as a ratio of lengths."""
        return float(np.sqrt(abs(np.linalg.det(self.affine[:, :2]))))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two pictures agree where they overlap.

    ``correlation`` (-1 to 1) is that of their fine structure; ``overlap`` (0 to 1) is the share of
    the smaller of the two that was compared.
    """

    correlation: float
    overlap: float

    @property
    def same_picture(self) -> bool:
        """Whether this is one picture twice, or one lesion so alike that it might be."""
        return self.correlation >= LEAST_CORRELATION and self.overlap >= LEAST_OVERLAP


def lay_over(places_1: Floats, places_2: Floats) -> Overlay | None:
    """Find the map on which most pairs of keypoints agree; None where fewer than 4 do.

    ``places_1`` and ``places_2`` are ``(n_pairs, 4)`` as :class:`Keypoints` gives them, row by row
    alike.
    """
    agreeing = max(
        (_agreeing(places_1, places_2, mirrored=mirrored) for mirrored in (False, True)),
        key=lambda found: int(found.sum()),
    )
    affine = None
    for _ in range(_REFINEMENTS):
        affine = _least_squares(places_1[agreeing, :2], places_2[agreeing, :2])
        if affine is None:
            return None
        moved = places_1[:, :2] @ affine[:, :2].T + affine[:, 2]
        agreeing = np.abs(moved - places_2[:, :2]).max(axis=1) < _NEAR_REFINED
    if affine is None or agreeing.sum() < LEAST_AGREEING:
        return None
    zoom = abs(np.linalg.det(affine[:, :2]))
    if not 1 / _LARGEST_ZOOM < zoom < _LARGEST_ZOOM:
        return None
    return Overlay(affine, int(agreeing.sum()))


def _agreeing(places_1: Floats, places_2: Floats, *, mirrored: bool) -> NDArray[np.bool_]:
    """Give the pairs that share the most widely shared similarity, ``(n_pairs,)``."""
    one = places_1[:, 0] + 1j * places_1[:, 1]
    two = places_2[:, 0] + 1j * places_2[:, 1]
    angle = np.radians(places_1[:, 3])
    if mirrored:
        one, angle = one.conj(), -angle
    scale = places_2[:, 2] / places_1[:, 2]
    turn = np.radians(places_2[:, 3]) - angle
    factor = scale * np.exp(1j * turn)
    shift = two - factor * one
    away = np.abs(factor[:, None] * one + shift[:, None] - two)
    shared: NDArray[np.bool_] = away < _NEAR * np.maximum(1, scale)[:, None]
    shared &= np.abs(np.log(scale / scale[:, None])) < _SCALE_APART
    shared &= np.abs(np.angle(factor / factor[:, None])) < _TURN_APART
    best: NDArray[np.bool_] = shared[shared.sum(axis=1).argmax()]
    return best


def _least_squares(one: Floats, two: Floats) -> Affine | None:
    if len(one) < LEAST_AGREEING:
        return None
    design = np.column_stack([one, np.ones(len(one))]).astype(np.float64)
    solution, _, rank, _ = np.linalg.lstsq(design, two.astype(np.float64), rcond=1e-4)
    return np.asarray(solution.T, np.float64) if rank == 3 else None


def agreement(thumbnail_1: Floats, thumbnail_2: Floats, overlay: Overlay) -> Agreement:
    """Compare two thumbnails, ``(height, width)``, in the frame of the first."""
    # From units to pixels, whose centres lie at halves.
    affine = overlay.affine.copy()
    affine[:, 2] = affine[:, 2] * THUMBNAIL_PX + affine[:, :2].sum(axis=1) / 2 - 0.5
    zoom = overlay.scale**2
    one, two = _blurred(thumbnail_1, 1 / zoom), _blurred(thumbnail_2, zoom)
    size = one.shape[::-1]
    moved = cv2.warpAffine(two, affine, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
    inside: Any = cv2.warpAffine(
        np.ones_like(two), affine, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    )
    for picture in (one, moved):
        inside = inside * ((picture > _DARK_GREY) & (picture < _BLOWN_OUT_GREY))
    compared: Any = cv2.erode(inside.astype(np.float32), np.ones((3, 3), np.uint8))
    smaller = THUMBNAIL_PX**2 * min(1.0, 1 / zoom)
    overlap = min(1.0, float(compared.sum()) / smaller)
    if compared.sum() < _FEWEST_PIXELS:
        return Agreement(0.0, overlap)
    where = compared > 0
    x, y = (_fine_structure(picture, compared)[where] for picture in (one, moved))
    x, y = x - x.mean(), y - y.mean()
    if min(x.std(), y.std()) < _FLAT_SPREAD:
        return Agreement(0.0, overlap)
    return Agreement(float((x * y).mean() / (x.std() * y.std())), overlap)


def _blurred(thumbnail: Floats, zoom: float) -> Floats:
    """Smooth a picture that is about to lose ``zoom`` times its pixels."""
    if zoom < 1.3:
        return thumbnail
    return np.asarray(cv2.GaussianBlur(thumbnail, (0, 0), 0.5 * np.sqrt(zoom - 1)), np.float32)


def _fine_structure(picture: Any, compared: Any) -> Any:
    """Take the local mean off ``picture`` and divide by the local spread, within ``compared``."""
    weight = cv2.GaussianBlur(compared, (0, 0), _FINE_PX) + 1e-6
    mean = cv2.GaussianBlur(picture * compared, (0, 0), _FINE_PX) / weight
    high = (picture - mean) * compared
    spread = np.sqrt(cv2.GaussianBlur(high * high, (0, 0), _FINE_PX) / weight)
    return high / (spread + _FLAT_GREY)
