"""How does a picture become a changed copy of itself? One function a kind, all seeded.

Pictures are ``(height, width, 3)``, uint8, RGB; a copy is encoded as JPEG, as a file would be.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels, np.random.Generator], Pixels]

QUALITY = 90
BORDERS = ("black", "white", "reflected", "cut inside", "whole on black")


def same(picture: Pixels, _: np.random.Generator) -> Pixels:
    """Leave it as it is; what encodes it changes it."""
    return picture


def resized(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Scale both sides to between a quarter and three halves."""
    factor = float(rng.choice([0.25, 0.35, 0.5, 0.75, 1.5]))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=method))


def flipped(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Mirror left to right or top to bottom."""
    return np.ascontiguousarray(np.flip(picture, int(rng.integers(0, 2))))


def right_angle(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn by 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(picture, int(rng.integers(1, 4))))


def turned(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn by any angle; the empty corners are treated in one of five ways."""
    return _turned(picture, float(rng.uniform(3, 357)), str(rng.choice(BORDERS)))


def turned_oblong(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn the picture as it was before it was squashed from 3 by 2."""
    height, width = picture.shape[:2]
    oblong = cv2.resize(picture, (round(width * 1.2), round(height * 0.8)))
    return turned(np.asarray(oblong), rng)


def _turned(picture: Pixels, degrees: float, border: str) -> Pixels:
    height, width = picture.shape[:2]
    matrix: Any = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    size = (width, height)
    if border == "whole on black":
        cosine, sine = np.abs(matrix[0, :2])
        size = (int(height * sine + width * cosine), int(height * cosine + width * sine))
        matrix[:, 2] += (np.array(size) - (width, height)) / 2
    options = {"reflected": cv2.BORDER_REFLECT}
    filled = (255, 255, 255) if border == "white" else (0, 0, 0)
    moved = cv2.warpAffine(
        picture,
        matrix,
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=options.get(border, cv2.BORDER_CONSTANT),
        borderValue=filled,
    )
    if border == "cut inside":
        angle = np.radians(degrees % 90)
        share = min(height, width) / max(height, width) / (np.cos(angle) + np.sin(angle))
        rows, columns = int(height * share), int(width * share)
        top, left = (height - rows) // 2, (width - columns) // 2
        moved = moved[top : top + rows, left : left + columns]
    return np.ascontiguousarray(moved, np.uint8)


def _cut(picture: Pixels, share_of_side: float, rng: np.random.Generator) -> Pixels:
    height, width = picture.shape[:2]
    rows, columns = int(height * share_of_side), int(width * share_of_side)
    top, left = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    return np.ascontiguousarray(picture[top : top + rows, left : left + columns])


def cut_to_60_of_sides(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Keep 60 % of either side (36 % of the area), anywhere."""
    return _cut(picture, 0.6, rng)


def cut_to_60_of_area(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Keep 60 % of the area, anywhere."""
    return _cut(picture, 0.6**0.5, rng)


def brightened(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Raise all levels by a gain and an offset, or by a gamma."""
    level = picture.astype(np.float32) / 255
    if rng.random() < 0.5:
        level = level * rng.uniform(1.15, 1.4) + rng.uniform(0, 0.08)
    else:
        level = level ** rng.uniform(0.55, 0.8)
    return np.asarray(level.clip(0, 1) * 255, np.uint8)


def colour_shifted(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Scale the channels apart, turn the hue by up to 24 degrees, change the saturation."""
    scaled = (picture * rng.uniform(0.75, 1.2, 3)).clip(0, 255).astype(np.uint8)
    hsv = cv2.cvtColor(scaled, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + rng.integers(-12, 13)) % 180
    hsv[..., 1] = (hsv[..., 1] * rng.uniform(0.6, 1.4)).clip(0, 255)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def all_at_once(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Mirror half of them, turn, cut to 80 % of the sides, brighten and shift the colours."""
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
    picture = _cut(_turned(picture, float(rng.uniform(0, 360)), "black"), 0.8, rng)
    return colour_shifted(brightened(picture, rng), rng)


CHANGES: dict[str, Change] = {
    "resized": resized,
    "recompressed": same,
    "flipped": flipped,
    "right angle": right_angle,
    "free rotation": turned,
    "free rotation of a 3:2 original": turned_oblong,
    "cropped to 60 % of the sides": cut_to_60_of_sides,
    "cropped to 60 % of the area": cut_to_60_of_area,
    "brightened": brightened,
    "colour-shifted": colour_shifted,
    "all at once": all_at_once,
}


def planted(picture: Pixels, kind: str, seed: int) -> bytes:
    """Give the copy of ``picture`` of one kind as JPEG; the same seed gives the same bytes."""
    rng = np.random.default_rng([seed, list(CHANGES).index(kind)])
    changed = np.ascontiguousarray(CHANGES[kind](picture, rng))
    quality = int(rng.integers(20, 61)) if kind == "recompressed" else QUALITY
    return bytes(simplejpeg.encode_jpeg(changed, quality=quality, colorsubsampling="420"))
