"""Does a picture show skin well enough, and what does it show besides? A few numbers a picture.

Measured on a copy of a few thousand pixels, so that all of them together cost a fraction of
decoding. They describe; which value is too much is for the audit to say, with the limits that
stand here and were set by looking at real images (``docs/reference/image-facts.md``).
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.images.artefacts import chart_score, ruler_score

Pixels = NDArray[np.uint8]

BLURRED_BELOW: Final = 0.5
MOSTLY_BLACK_ABOVE: Final = 0.5
GREY_BELOW: Final = 3.0
DARK_CORNERS_ABOVE: Final = 0.2
RULER_ABOVE: Final = 0.55
CHART_ABOVE: Final = 0.5


@dataclass(frozen=True, slots=True)
class PixelFacts:
    """What the pixels of one picture show. Shares and scores are 0 to 1.

    ``sharpness``
        at 256 px, or on its own grid where it is smaller: 0 where nothing changes from one pixel to
        the next, 1 where everything does.
    ``black_share``
        of the area, where no channel reaches a tenth of white.
    ``colourfulness``
        mean difference, in grey levels, between the largest and the smallest channel.
    ``dark_corner_share``, ``white_corner_share``
        of the area of the four corners: the field stop of a dermatoscope, or a round mask.
    ``is_ycbcr_as_rgb``
        whether luma and chroma stand where red, green and blue should (the picture looks pink).
    ``ruler_score``, ``chart_score``
        how surely a scale with ticks, or a chart of several saturated colours, is in the picture.

    ``sharpness`` and ``ruler_score`` are NaN of a small picture that was not looked at closely.
    """

    sharpness: float
    black_share: float
    colourfulness: float
    dark_corner_share: float
    white_corner_share: float
    is_ycbcr_as_rgb: bool
    ruler_score: float
    chart_score: float

    @property
    def is_blurred(self) -> bool:
        """Whether ``sharpness`` is below ``BLURRED_BELOW``."""
        return self.sharpness < BLURRED_BELOW

    @property
    def is_mostly_black(self) -> bool:
        """Whether ``black_share`` is above ``MOSTLY_BLACK_ABOVE``."""
        return self.black_share > MOSTLY_BLACK_ABOVE

    @property
    def is_grey(self) -> bool:
        """Whether ``colourfulness`` is below ``GREY_BELOW``."""
        return self.colourfulness < GREY_BELOW

    @property
    def has_dark_corners(self) -> bool:
        """Whether ``dark_corner_share`` is above ``DARK_CORNERS_ABOVE``."""
        return self.dark_corner_share > DARK_CORNERS_ABOVE

    @property
    def has_ruler(self) -> bool:
        """Whether ``ruler_score`` is above ``RULER_ABOVE``."""
        return self.ruler_score > RULER_ABOVE

    @property
    def has_chart(self) -> bool:
        """Whether ``chart_score`` is above ``CHART_ABOVE``."""
        return self.chart_score > CHART_ABOVE


WORKING_PX: Final = 256
_SMALL_PX: Final = 64
_BLACK: Final = 25
# The corner beyond the diagonal that cuts a quarter off either side: a field stop that touches all
# four sides leaves just that.
_CORNER_PX: Final = _SMALL_PX // 6
_NOISE_LEVELS: Final = 2
_DARK: Final = 60
_DARK_OF_MIDDLE: Final = 0.5
_WHITE: Final = 245


def pixel_facts(
    pixels: Pixels, *, copy: Pixels | None = None, grey: Pixels | None = None, closely: bool = True
) -> PixelFacts:
    """Measure a picture, ``(height, width, 3)``, uint8, RGB, of at least 64 x 64 pixels.

    Everything is measured on a copy of 256 px; a JPEG is best decoded to that size at once. A
    smaller picture is measured as it is. ``copy`` is what :func:`working_copy` gives, and ``grey``
    what :func:`grey_copy` gives of it, where they are at hand already. Without ``closely``
    a small one has neither sharpness nor ticks. Raises ``ValueError`` for another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"pixels are (height, width, 3) of uint8, not {pixels.shape}")
    if min(pixels.shape[:2]) < _SMALL_PX:
        raise ValueError(f"a side is shorter than {_SMALL_PX} px")
    if copy is None:
        copy = working_copy(pixels)
    closely |= is_whole(copy)
    if closely and grey is None:
        grey = grey_copy(copy)
    # Halving is many times faster in OpenCV than any other averaging.
    half: Any = copy
    if is_whole(copy):
        half = cv2.resize(copy, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    elif min(copy.shape[:2]) > _SMALL_PX:
        half = cv2.resize(copy, (2 * _SMALL_PX, 2 * _SMALL_PX), interpolation=cv2.INTER_LINEAR)
    small = np.asarray(
        cv2.resize(half, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA), np.uint8
    )
    red, green, blue = cv2.split(small)
    brightest: Any = cv2.max(cv2.max(red, green), blue)
    darkest: Any = cv2.min(cv2.min(red, green), blue)
    dark, white = _corner_shares(brightest, darkest)
    return PixelFacts(
        sharpness=_sharpness(copy) if closely else math.nan,
        black_share=float(np.count_nonzero(brightest <= _BLACK)) / brightest.size,
        colourfulness=float(cv2.mean(cv2.subtract(brightest, darkest))[0]),
        dark_corner_share=dark,
        white_corner_share=white,
        is_ycbcr_as_rgb=_is_ycbcr_as_rgb(small),
        ruler_score=ruler_score(grey) if closely and grey is not None else math.nan,
        chart_score=chart_score(small),
    )


def working_copy(pixels: Pixels) -> Pixels:
    """Bring a picture to 256 x 256 pixels, the copy on which it is measured.

    One of which both sides are shorter stays as it is.
    """
    size = (WORKING_PX, WORKING_PX)
    if max(pixels.shape[:2]) < WORKING_PX or pixels.shape[:2] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def is_whole(copy: Pixels) -> bool:
    """Tell whether what :func:`working_copy` gave is 256 x 256 pixels."""
    return copy.shape[:2] == (WORKING_PX, WORKING_PX)


def grey_copy(copy: Pixels) -> Pixels:
    """Give what :func:`working_copy` gave in grey and ``(256, 256)``: ticks have a size there."""
    grey: Any = cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY)
    if grey.shape != (WORKING_PX, WORKING_PX):
        grey = cv2.resize(grey, (WORKING_PX, WORKING_PX), interpolation=cv2.INTER_CUBIC)
    return np.asarray(grey, np.uint8)


def _corners() -> NDArray[np.bool_]:
    rows, columns = np.indices((_SMALL_PX, _SMALL_PX))
    rows = np.minimum(rows, _SMALL_PX - 1 - rows)
    columns = np.minimum(columns, _SMALL_PX - 1 - columns)
    return np.asarray(rows + columns < _CORNER_PX, bool)


_IS_CORNER: Final = np.flatnonzero(_corners())
_MIDDLE: Final = slice(_SMALL_PX // 4, -_SMALL_PX // 4)


def _corner_shares(brightest: Pixels, darkest: Pixels) -> tuple[float, float]:
    middle = float(brightest[_MIDDLE, _MIDDLE].mean())
    corner = brightest.ravel()[_IS_CORNER]
    dark = np.count_nonzero(corner < min(_DARK, _DARK_OF_MIDDLE * middle))
    white = np.count_nonzero(darkest.ravel()[_IS_CORNER] >= _WHITE)
    return float(dark) / _IS_CORNER.size, float(white) / _IS_CORNER.size


def _sharpness(pixels: Pixels) -> float:
    """Compare steps of one pixel with steps of two, in the middle of the green channel.

    Steps of up to two grey levels are noise and rounding, and count for nothing.
    """
    height, width = pixels.shape[:2]
    rows = slice(height * 3 // 8, height - height * 3 // 8)
    middle = pixels[rows, width * 3 // 8 : width - width * 3 // 8]
    green: Any = cv2.extractChannel(middle, 1)
    one = _step(green[1:], green[:-1]) + _step(green[:, 1:], green[:, :-1])
    two = _step(green[2:], green[:-2]) + _step(green[:, 2:], green[:, :-2])
    return float((one / two) ** 0.5) if two else 0.0


def _step(one: Any, other: Any) -> float:
    return cv2.norm(cv2.subtract(cv2.absdiff(one, other), _NOISE_LEVELS)) ** 2  # type: ignore[call-overload]


def _is_ycbcr_as_rgb(small: Pixels) -> bool:
    # Skin has little chroma: Cb stays a little below 128 and Cr above it, in hair and in lesions
    # too, where all of red, green and blue are low in a true picture.
    means, deviations = (values.ravel() for values in cv2.meanStdDev(small))
    if not (85 <= means[1] <= 138 and 122 <= means[2] <= 190):
        return False
    if deviations[0] <= 1.3 * min(deviations[1], deviations[2]):
        return False
    green, blue = small[:, :, 1], small[:, :, 2]
    return bool(green.min() > 60 and green.max() < 170 and blue.min() > 95 and blue.max() < 215)
