"""What gets between the lens and the lesion? Hair, ruler, gel, ink, and the lens itself."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.images.drawing.appearance import View
from cygnet.images.drawing.field import Floats, soften, step

Colours = NDArray[np.float32]

_INK = np.array([0.30, 0.20, 0.62], np.float32)
_FRACTION_BITS = 4


def add_obstacles(picture: Colours, view: View, rng: np.random.Generator) -> None:
    """Draw ink, hair, gel and ruler over ``picture`` ``(3, height, width)``, in place."""
    scale = max(picture.shape[1:]) / view.field_mm
    if view.ink:
        _add_ink(picture, view, scale, rng)
    if view.hairs:
        _add_hair(picture, view, scale, rng)
    if view.bubbles:
        _add_bubbles(picture, view, scale, rng)
    if view.glints:
        _add_glints(picture, view, scale, rng)
    if view.ruler != "none":
        _add_ruler(picture, view, scale, rng)


def _paint(picture: Colours, cover: Floats, colour: NDArray[np.float32]) -> None:
    for channel, value in enumerate(colour):
        picture[channel] += cover * (value - picture[channel])


def _cover(canvas: NDArray[np.uint8]) -> Floats:
    return canvas.astype(np.float32) * np.float32(1 / 255)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray(points * 2**_FRACTION_BITS).astype(np.int32)[:, None]


def _add_hair(picture: Colours, view: View, scale: float, rng: np.random.Generator) -> None:
    """Draw hairs as bent curves that taper, most of them combed one way."""
    height, width = picture.shape[1:]
    canvas = np.zeros((height, width), np.uint8)
    combed = rng.uniform(0, 2 * np.pi)
    along = np.linspace(0, 1, 14)[:, None]
    for _ in range(view.hairs):
        start = (rng.random(2) * 1.3 - 0.15) * (width, height)
        length = view.hair_mm * scale * rng.lognormal(0, 0.35)
        heading = combed + rng.normal(0, 0.55)
        bend = rng.normal(0, 0.55) + rng.normal(0, 0.35) * along
        angle = heading + bend * along
        points = start + length * along * np.hstack([np.cos(angle), np.sin(angle)])
        thick = scale * rng.uniform(0.025, 0.06)
        strength = int(255 * min(1.0, 0.3 + thick * 0.5))
        _taper(canvas, points, thick, strength)
    dark = np.array([0.20, 0.13, 0.09], np.float32)
    light = np.array([0.93, 0.86, 0.74], np.float32)
    colour = light + np.float32(view.hair_darkness) * (dark - light)
    _paint(picture, _cover(canvas), colour)


def _taper(
    canvas: NDArray[np.uint8], points: NDArray[np.float64], thick: float, strength: int
) -> None:
    """Draw a hair that thins towards its tip: where too thin to show it, one that fades."""
    tips = (1.0, 0.85, 0.7, 0.55)
    for part, tip in enumerate(tips):
        body = 0.5 + 0.5 * part / (len(tips) - 1)
        cv2.polylines(
            canvas,
            [_fixed(points[: round(tip * len(points))])],
            False,
            round((0.4 + 0.6 * body) * strength),
            max(1, round(body * thick)),
            cv2.LINE_AA,
            _FRACTION_BITS,
        )


def _add_bubbles(picture: Colours, view: View, scale: float, rng: np.random.Generator) -> None:
    """Draw bubbles in the gel: a thin dark rim, a bright one inside it, and a spark."""
    height, width = picture.shape[1:]
    bright, dark = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    near = rng.random(2) * (width, height)
    for _ in range(view.bubbles):
        centre = near + rng.normal(0, 2.2, 2) * scale
        radius = scale * rng.lognormal(-1.55, 0.6)
        place = (int(centre[0] * 16), int(centre[1] * 16))
        line = max(1, round(0.05 * scale))
        cv2.circle(dark, place, int(radius * 16), 95, line, cv2.LINE_AA, 4)
        cv2.circle(bright, place, int(max(radius - line, 0.7) * 16), 110, line, cv2.LINE_AA, 4)
        spark = (int((centre[0] - 0.4 * radius) * 16), int((centre[1] - 0.4 * radius) * 16))
        cv2.circle(bright, spark, int(max(0.16 * radius, 0.6) * 16), 235, -1, cv2.LINE_AA, 4)
    _paint(picture, _cover(dark), np.array([0.42, 0.33, 0.3], np.float32))
    _paint(picture, _cover(bright), np.array([1.0, 0.98, 0.96], np.float32))


def _add_glints(picture: Colours, view: View, scale: float, rng: np.random.Generator) -> None:
    """Let the lamp shine back from the wet edge of the contact plate."""
    height, width = picture.shape[1:]
    canvas = np.zeros((height, width), np.uint8)
    for _ in range(view.glints):
        side = rng.choice([0.03, 0.97])
        centre = (int(16 * side * width), int(16 * rng.uniform(0.15, 0.85) * height))
        axes = (int(16 * scale * rng.uniform(0.15, 0.5)), int(16 * scale * rng.uniform(0.4, 1.2)))
        cv2.ellipse(canvas, centre, axes, rng.normal(0, 12), 0, 360, 255, -1, cv2.LINE_AA, 4)
    _paint(picture, soften(_cover(canvas), 0.22 * scale), np.ones(3, np.float32))


def _add_ink(picture: Colours, view: View, scale: float, rng: np.random.Generator) -> None:
    """Mark the lesion with a surgical pen: short strokes or dots around it."""
    height, width = picture.shape[1:]
    canvas = np.zeros((height, width), np.uint8)
    middle = np.array([width, height]) * (0.5 + np.array(view.offset))
    start = rng.uniform(0, 2 * np.pi)
    for mark in range(view.ink):
        angle = start + 2 * np.pi * mark / view.ink + rng.normal(0, 0.2)
        away = scale * rng.uniform(4.2, 6.0)
        centre = middle + away * np.array([np.cos(angle), np.sin(angle)])
        points = centre + np.cumsum(rng.normal(0, 0.3, (7, 2)), axis=0) * scale
        thick = max(1, round(scale * rng.uniform(0.2, 0.6)))
        cv2.polylines(canvas, [_fixed(points)], False, 205, thick, cv2.LINE_AA, _FRACTION_BITS)
    streaky = 0.8 + 0.2 * rng.standard_normal((height, width), dtype=np.float32)
    cover = soften(_cover(canvas), 0.07 * scale) * np.clip(soften(streaky, 0.8), 0, 1)
    _paint(picture, np.asarray(cover * np.float32(0.85), np.float32), _INK)


def _add_ruler(picture: Colours, view: View, scale: float, rng: np.random.Generator) -> None:
    """Lay a millimetre scale along an edge, or loose and turned."""
    height, width = picture.shape[1:]
    canvas = np.zeros((height, width), np.uint8)
    loose = view.ruler == "loose"
    turn = rng.uniform(-0.6, 0.6) if loose else rng.normal(0, 0.025)
    upright = bool(rng.random() < 0.6) != loose
    direction = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-direction[1], direction[0]])
    if upright:
        direction, across = across, direction
    margin = 0.05 if rng.random() < 0.5 else 0.95
    anchor = np.array([margin, 0.08] if upright else [0.08, margin]) * (width, height)
    inward = across * (1 if margin < 0.5 else -1)
    line = max(1, round(0.035 * scale))
    count = int(rng.integers(9, 12)) if loose else int(max(width, height) / scale)
    for tick in range(count + 1):
        long = 0.75 if tick % 5 == 0 else 0.45
        begin = anchor + direction * tick * scale
        points = np.stack([begin, begin + inward * long * scale])
        cv2.polylines(canvas, [_fixed(points)], False, 225, line, cv2.LINE_AA, _FRACTION_BITS)
    if loose:
        bar = np.stack([anchor, anchor + direction * count * scale])
        cv2.polylines(canvas, [_fixed(bar)], False, 225, line, cv2.LINE_AA, _FRACTION_BITS)
    _letter(canvas, anchor + inward * 1.0 * scale, scale, upright=upright)
    _paint(picture, _cover(canvas), np.array([0.16, 0.14, 0.13], np.float32))


def _letter(
    canvas: NDArray[np.uint8], place: NDArray[np.float64], scale: float, *, upright: bool
) -> None:
    """Write "mm" beside the scale; turned by a quarter where the scale stands upright."""
    size = 0.030 * scale
    text = np.zeros((int(1.1 * scale) + 2, int(1.9 * scale) + 2), np.uint8)
    cv2.putText(
        text,
        "mm",
        (1, int(0.8 * scale)),
        cv2.FONT_HERSHEY_SIMPLEX,
        size,
        220,
        max(1, round(0.05 * scale)),
        cv2.LINE_AA,
    )
    if upright:
        text = np.ascontiguousarray(np.rot90(text))
    left, top = int(place[0]), int(place[1])
    height, width = canvas.shape
    left, top = max(0, min(left, width - 1)), max(0, min(top, height - 1))
    target = canvas[top : top + text.shape[0], left : left + text.shape[1]]
    np.maximum(target, text[: target.shape[0], : target.shape[1]], out=target)


def light_of(view: View, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Give the light that falls on each pixel: tilted, and falling off towards the corners."""
    height, width = shape
    half = max(height, width) / 2
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x = (x - np.float32(width / 2 - 0.5)) / np.float32(half)
    y = (y - np.float32(height / 2 - 0.5)) / np.float32(half)
    heading = rng.uniform(0, 2 * np.pi)
    light = 1 + np.float32(view.tilt) * (
        x * np.float32(np.cos(heading)) + y * np.float32(np.sin(heading))
    )
    away = np.sqrt(np.square(x + np.float32(rng.normal(0, 0.05))) + np.square(y))
    light *= 1 - np.float32(view.vignette) * step(away, 0.45, 1.3)
    if view.circle > 0:
        light *= step(away, view.circle + 0.012, view.circle - 0.012)
    return np.asarray(light, np.float32)
