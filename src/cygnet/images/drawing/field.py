"""Which building blocks do skin and lesion share? Smooth noise, lattices and steps.

Every pattern is laid out in millimetres or in cells of its frame, never in pixels, so that the same
seed gives the same picture at every size.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_FINE = 4
# Gives back most of the spread that interpolation and blur take from independent grid values.
_LOST_IN_BLUR = 1.6


def noise(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[float, float]) -> Floats:
    """Draw smooth noise of spread 0.8 with ``cells`` features along each axis of ``shape``."""
    rows, columns = (max(2, round(count)) + 1 for count in cells)
    grid = rng.standard_normal((rows, columns), dtype=np.float32)
    grid *= np.float32(_LOST_IN_BLUR)
    height, width = shape
    # Blurred at a few pixels a cell, where it is cheap: an unblurred lattice shows as a weave.
    middle = (min(columns * _FINE, width), min(rows * _FINE, height))
    smooth = _float(cv2.resize(grid, middle, interpolation=cv2.INTER_LINEAR))
    smooth = soften(smooth, 0.36 * middle[0] / columns)
    if middle == (width, height):
        return smooth
    return _float(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR))


def fractal(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cells: tuple[float, float],
    *,
    octaves: int = 3,
    gain: float = 0.55,
) -> Floats:
    """Sum noise of doubling fineness; the spread stays 0.8."""
    total = np.zeros(shape, np.float32)
    weight, power = 1.0, 0.0
    for octave in range(octaves):
        fine = 2**octave
        total += np.float32(weight) * noise(rng, shape, (cells[0] * fine, cells[1] * fine))
        power += weight**2
        weight *= gain
    total /= np.float32(power**0.5)
    return total


def step(values: Floats, low: float, high: float) -> Floats:
    """Rise smoothly from 0 at ``low`` to 1 at ``high`` (``high`` may lie below ``low``)."""
    share = np.clip((values - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0)
    return _float(share * share * (np.float32(3.0) - np.float32(2.0) * share))


def honeycomb(x: Floats, y: Floats, pitch: float) -> Floats:
    """Lay a hexagonal lattice: 1 in the middle of each cell, -0.5 where three walls meet."""
    wave = np.float32(4.0 * np.pi / (np.sqrt(3.0) * pitch))
    half, tall = np.float32(0.5), np.float32(np.sqrt(0.75))
    total = np.cos(wave * x)
    total += np.cos(wave * (half * x + tall * y))
    total += np.cos(wave * (half * x - tall * y))
    return _float(total * np.float32(1 / 3))


def soften(values: Floats, sigma: float) -> Floats:
    """Blur by ``sigma`` pixels; below a third of a pixel nothing is done."""
    if sigma < 0.33:
        return values
    return _float(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))


def _float(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float32)
