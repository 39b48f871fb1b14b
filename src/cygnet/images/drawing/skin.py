"""What does the skin around the lesion look like? Its pigment, its blood, and its relief."""

import cv2
import numpy as np

from cygnet.images.drawing.appearance import Skin
from cygnet.images.drawing.field import Floats, fractal, noise, soften, step


def skin_layers(
    skin: Skin, shape: tuple[int, int], field_mm: float
) -> tuple[Floats, Floats, Floats]:
    """Draw the skin of a picture: ``(melanin, blood, relief)``, each ``(height, width)``.

    ``relief`` is a factor of brightness about 1: furrows catch the light.
    """
    rng = np.random.default_rng(skin.seed)
    longer = max(shape)
    extent = (field_mm * shape[0] / longer, field_mm * shape[1] / longer)
    melanin = _pigment(skin, shape, extent, rng)
    blood = _redness(skin, shape, extent, rng)
    return melanin, blood, _relief(skin, shape, extent, rng)


def _pigment(
    skin: Skin, shape: tuple[int, int], extent: tuple[float, float], rng: np.random.Generator
) -> Floats:
    broad = fractal(rng, shape, _cells(extent, 2.2), octaves=5, gain=0.88)
    spots = fractal(rng, shape, _cells(extent, 1.2), octaves=3, gain=0.6)
    speckle = noise(rng, shape, _cells(extent, 0.3))
    melanin = np.float32(skin.melanin) * (1 + np.float32(0.35 * skin.mottle) * broad)
    # Tan patches: where the mottle is thick it breaks into specks.
    melanin += np.float32(0.16 * skin.mottle) * step(broad + np.float32(0.35) * speckle, 0.3, 2.6)
    if skin.freckles > 0:
        specks = spots + np.float32(0.2) * speckle
        freckles = step(specks, 1.6 - 0.8 * skin.freckles, 2.5 - 0.8 * skin.freckles)
        melanin += np.float32(0.18 + 0.35 * skin.freckles) * freckles
    return np.asarray(np.maximum(melanin, 0), np.float32)


def _redness(
    skin: Skin, shape: tuple[int, int], extent: tuple[float, float], rng: np.random.Generator
) -> Floats:
    fine = fractal(rng, shape, _cells(extent, 2.0), octaves=5, gain=0.92)
    blood = np.float32(skin.blood) * (1 + np.float32(0.3 * skin.mottle) * fine)
    if skin.vessels > 0:
        blood += np.float32(0.35 * skin.vessels) * _vessels(shape, extent, skin.vessels, rng)
    return np.asarray(np.maximum(blood, 0), np.float32)


def _cells(extent: tuple[float, float], size_mm: float) -> tuple[float, float]:
    return extent[0] / size_mm, extent[1] / size_mm


def _vessels(
    shape: tuple[int, int], extent: tuple[float, float], amount: float, rng: np.random.Generator
) -> Floats:
    """Let a few thin vessels wander over the skin."""
    canvas = np.zeros(shape, np.uint8)
    scale = shape[1] / extent[1]
    for _ in range(rng.poisson(1 + 7 * amount)):
        start = rng.random(2) * (extent[1], extent[0])
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.38, 22))
        steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * 0.16
        points = (start + np.cumsum(steps, axis=0)) * scale
        strength = int(rng.integers(90, 240))
        fixed = (points * 16).astype(np.int32)[:, None]
        thick = max(1, round(scale * rng.uniform(0.03, 0.08)))
        cv2.polylines(canvas, [fixed], False, strength, thick, cv2.LINE_AA, 4)
    return soften(canvas.astype(np.float32) * np.float32(1 / 255), 0.05 * scale)


def _relief(
    skin: Skin, shape: tuple[int, int], extent: tuple[float, float], rng: np.random.Generator
) -> Floats:
    """Cross families of furrows, and add the pores between them."""
    height, width = shape
    scale = width / extent[1]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(scale)
    warp = fractal(rng, shape, _cells(extent, 1.6), octaves=2)
    relief = np.ones(shape, np.float32)
    base = rng.uniform(0, np.pi)
    for turn in (0.0, 1.05, 2.0):
        angle = base + turn + rng.normal(0, 0.12)
        pitch = rng.uniform(0.55, 0.95)
        across = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        wave = np.abs(np.sin((across + np.float32(0.16) * warp) * np.float32(np.pi / pitch)))
        fade = noise(rng, shape, _cells(extent, 1.3))
        relief += np.float32(0.06 * skin.lines) * step(wave, 0.2, 0.0) * np.maximum(fade, 0)
    pores = fractal(rng, shape, _cells(extent, 0.35), octaves=2, gain=0.8)
    relief += np.float32(0.01 + 0.014 * skin.lines) * pores
    return relief
