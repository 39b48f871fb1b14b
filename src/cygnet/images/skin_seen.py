"""How well is the skin of one picture seen: its light, its hair, its tone, and is it skin at all?

Measured on a copy of 256 px. They describe; which value is too much is for the reader to say, with
the limits that stand here and were set on real images (``docs/reference/reader.md``).
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

DARK_BELOW: Final = 70.0
GLARING_ABOVE: Final = 0.12
HAIRY_ABOVE: Final = 0.04
SKIN_BELOW: Final = 0.9

_SIDE_PX: Final = 256
_BLOWN: Final = 252
_HAIR_PX: Final = 9
_HAIR_DEPTH: Final = 22
_HAIR_LENGTH_PX: Final = 40
_BORDER: Final = 0.2
_FIELD_STOP: Final = 40
_WIDE_PX: Final = 13


@dataclass(frozen=True, slots=True)
class SkinSeen:
    """What a picture shows of the skin. Shares are 0 to 1, of the area inside the field stop.

    ``brightness``
        median of the brightest channel, 0 to 255.
    ``blown_share``
        where all three channels are at their end: glare, and white beyond the light.
    ``hair_share``
        under thin, long, dark strokes.
    ``skin_share``
        of pale colours and of hues between violet and yellow: skin, nevi and blood.
    ``ita_degrees``
        individual typology angle of the skin around the lesion, high is fair. Chardon, Cretois and
        Hourseau (1991), doi:10.1111/j.1467-2494.1991.tb00561.x. NaN where no skin is seen. It
        depends on the camera's light, so it is a rough angle.
    """

    brightness: float
    blown_share: float
    hair_share: float
    skin_share: float
    ita_degrees: float

    @property
    def is_dark(self) -> bool:
        """Whether ``brightness`` is below ``DARK_BELOW``."""
        return self.brightness < DARK_BELOW

    @property
    def is_glaring(self) -> bool:
        """Whether ``blown_share`` is above ``GLARING_ABOVE``."""
        return self.blown_share > GLARING_ABOVE

    @property
    def is_hairy(self) -> bool:
        """Whether ``hair_share`` is above ``HAIRY_ABOVE``."""
        return self.hair_share > HAIRY_ABOVE

    @property
    def is_no_skin(self) -> bool:
        """Whether ``skin_share`` is below ``SKIN_BELOW``."""
        return self.skin_share < SKIN_BELOW


def skin_seen(pixels: Pixels) -> SkinSeen:
    """Measure a picture, ``(height, width, 3)``, uint8, RGB; what is outside the stop is left."""
    copy = np.asarray(
        cv2.resize(pixels, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8
    )
    brightest = copy.max(axis=2)
    inside = _within_field(brightest)
    n_inside = max(int(inside.sum()), 1)
    blown = (copy.min(axis=2) >= _BLOWN) & inside
    skin = _skinlike(copy) & inside
    return SkinSeen(
        float(np.median(brightest[inside])) if inside.any() else 0.0,
        float(blown.sum()) / n_inside,
        float((_hair(copy) & inside).sum()) / n_inside,
        float((skin | blown).sum()) / n_inside,
        _ita(copy, skin),
    )


def _within_field(brightest: Pixels) -> NDArray[np.bool_]:
    """Leave out what is black over a wide area; a hair is as black, but thin."""
    black = np.asarray(brightest <= _FIELD_STOP, np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_WIDE_PX, _WIDE_PX))
    wide = np.asarray(cv2.morphologyEx(black, cv2.MORPH_OPEN, kernel), np.bool_)
    return np.logical_not(wide)


def _skinlike(copy: Pixels) -> NDArray[np.bool_]:
    """Tell pale colours, and saturated ones from violet to yellow; nearly black is a lesion's."""
    hsv = np.asarray(cv2.cvtColor(copy, cv2.COLOR_RGB2HSV))
    hue, saturation, value = hsv[:, :, 0], hsv[:, :, 1], hsv[:, :, 2]
    warm = (hue <= 22) | (hue >= 135)
    # Pale skin takes the hue of the light; the veil of a lesion is blue and grey.
    return np.asarray(warm | (saturation < 90) | (value < 60), np.bool_)


def _hair(copy: Pixels) -> NDArray[np.bool_]:
    """Find strokes that are thin, dark and long in any direction."""
    grey: Any = cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_HAIR_PX, _HAIR_PX))
    deep = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)
    stroke = np.asarray(deep > _HAIR_DEPTH, np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(stroke, connectivity=8)
    longest = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    thin = stats[:, cv2.CC_STAT_AREA] < _HAIR_PX * longest
    kept = (longest > _HAIR_LENGTH_PX) & thin & (np.arange(count) > 0)
    return np.asarray(kept[labels], np.bool_)


def _ita(copy: Pixels, skin: NDArray[np.bool_]) -> float:
    """Take the lighter half of the skin near the border, where the lesion usually is not."""
    lab = cv2.cvtColor(copy.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab)
    edge = round(_BORDER * _SIDE_PX)
    border = skin.copy()
    border[edge:-edge, edge:-edge] = False
    if border.sum() < 100:
        return float("nan")
    lightness, yellow = np.asarray(lab)[:, :, 0][border], np.asarray(lab)[:, :, 2][border]
    lighter = lightness >= np.median(lightness)
    over, blue = float(np.median(lightness[lighter])) - 50, float(np.median(yellow[lighter]))
    return float(np.degrees(np.arctan2(over, max(blue, 1.0))))
