"""Where does each picture stand on a map so that none covers another? As near its point as is free.

The same points give the same layout. Both axes keep one scale, so that far is far in any direction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_GAP = 4.0
_STEP = 3.0
_GROWTH = 1.12


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Boxes on a map of ``width`` by ``height``, in user units of the drawing.

    ``centre`` ``(n, 2)`` is where each box stands, ``true`` ``(n, 2)`` where its point lies.
    """

    width: float
    height: float
    centre: FloatArray
    true: FloatArray

    @property
    def moved(self) -> FloatArray:
        """How far each box was moved from its point, ``(n,)``."""
        return np.asarray(np.hypot(*(self.centre - self.true).T))


def placed(points: FloatArray, sizes: FloatArray, width: float, height: float) -> Layout:
    """Place boxes of ``sizes`` ``(n, 2)`` at ``points`` ``(n, 2)``, y upwards, none on another.

    Boxes are placed in order, each at its point or at the nearest place that is free, so the first
    lie truest. The map is ``width`` wide and ``height`` high, or higher where there is no room.
    Height that no box needs is cut off. Raises :class:`ValueError` where a box is wider than the
    map.
    """
    if len(points) and float(sizes[:, 0].max()) > width:
        raise ValueError(f"A box of {sizes[:, 0].max():g} does not fit a map {width:g} wide.")
    while True:
        true = _fitted(points, sizes, width, height)
        centre = _one_by_one(true, sizes, width, height)
        if centre is not None:
            return _trimmed(Layout(width, height, centre, true), sizes)
        height *= _GROWTH


def overlapping(centre: FloatArray, sizes: FloatArray) -> int:
    """Count the pairs of boxes that lie on one another."""
    apart = np.abs(centre[:, None, :] - centre[None, :, :])
    both = (apart < (sizes[:, None] + sizes[None, :]) / 2 - 1e-6).all(axis=2)
    return int((both.sum() - len(centre)) // 2)


def _fitted(points: FloatArray, sizes: FloatArray, width: float, height: float) -> FloatArray:
    """Scale the points onto the map, both axes alike, y downwards; one point lies in the middle."""
    room = np.array([width, height]) - sizes.max(axis=0)
    low, high = points.min(axis=0), points.max(axis=0)
    span = high - low
    filled = span > 1e-12
    scale = float((room[filled] / span[filled]).min()) if filled.any() else 0.0
    around = (points - (low + high) / 2) * scale * np.array([1.0, -1.0])
    return np.asarray(around + np.array([width, height]) / 2)


def _trimmed(layout: Layout, sizes: FloatArray) -> Layout:
    """Cut off what stands empty above and below."""
    half = sizes[:, 1] / 2
    top = float((layout.centre[:, 1] - half).min())
    foot = float((layout.centre[:, 1] + half).max())
    up = np.array([0.0, top])
    return Layout(layout.width, foot - top, layout.centre - up, layout.true - up)


def _one_by_one(
    true: FloatArray, sizes: FloatArray, width: float, height: float
) -> FloatArray | None:
    """Give each box the free place nearest its point, or ``None`` where one finds none."""
    x, y = np.arange(0, width + _STEP, _STEP), np.arange(0, height + _STEP, _STEP)
    centre = np.empty_like(true)
    for place, (point, size) in enumerate(zip(true, sizes, strict=True)):
        low, high = size / 2, np.array([width, height]) - size / 2
        reach = (size + sizes[:place]) / 2 + _GAP
        inside = ((point >= low - 1e-9) & (point <= high + 1e-9)).all()
        clear = (np.abs(centre[:place] - point) >= reach - 1e-9).any(axis=1).all()
        if inside and clear:
            centre[place] = point
            continue
        free = np.outer((x >= low[0]) & (x <= high[0]), (y >= low[1]) & (y <= high[1]))
        for other, near in zip(centre[:place], reach, strict=True):
            left, right = np.searchsorted(x, other[0] + near[0] * np.array([-1, 1]))
            top, foot = np.searchsorted(y, other[1] + near[1] * np.array([-1, 1]))
            free[left:right, top:foot] = False
        if not free.any():
            return None
        away = np.hypot(x[:, None] - point[0], y[None, :] - point[1])
        column, row = np.unravel_index(np.argmin(np.where(free, away, np.inf)), free.shape)
        centre[place] = x[column], y[row]
    return centre
