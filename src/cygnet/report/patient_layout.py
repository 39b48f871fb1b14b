"""Where does each picture stand on a map so that none covers another? Moved apart, as little as can be.

The same points give the same layout. Distances along both axes keep one scale, so that far on the
map is far in both directions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_GAP = 4.0
_STEPS = 400
_TRIES = 12
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

    The map is ``width`` wide and ``height`` high, or as much higher as the boxes need.
    Raises :class:`ValueError` where a box is wider than the map.
    """
    if len(points) and float(sizes[:, 0].max()) > width:
        raise ValueError(f"A box of {sizes[:, 0].max():g} does not fit a map {width:g} wide.")
    for _ in range(_TRIES):
        true = _fitted(points, sizes, width, height)
        centre, clear = _moved_apart(true, sizes, width, height)
        if clear:
            return Layout(width, height, centre, true)
        height *= _GROWTH
    return _in_rows(true, sizes, width, height)


def overlapping(centre: FloatArray, sizes: FloatArray) -> int:
    """Count the pairs of boxes that lie on one another."""
    apart, reach = _apart(centre), (sizes[:, None] + sizes[None, :]) / 2
    both = (np.abs(apart) < reach - 1e-6).all(axis=2)
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


def _apart(centre: FloatArray) -> FloatArray:
    return centre[:, None, :] - centre[None, :, :]


def _moved_apart(
    true: FloatArray, sizes: FloatArray, width: float, height: float
) -> tuple[FloatArray, bool]:
    """Push boxes that lie on one another apart, along the axis where less is needed."""
    centre = true.copy()
    reach = (sizes[:, None] + sizes[None, :]) / 2 + _GAP
    n = len(centre)
    # Of two at one place the later goes right and down.
    order = np.sign(np.arange(n)[:, None] - np.arange(n)[None, :]).astype(np.float64)
    low, high = sizes / 2, np.array([width, height]) - sizes / 2
    for _ in range(_STEPS):
        apart = _apart(centre)
        lacking = reach - np.abs(apart)
        hit = (lacking > 0).all(axis=2)
        np.fill_diagonal(hit, val=False)
        if not hit.any():
            return centre, True
        along = lacking.argmin(axis=2)
        for axis in (0, 1):
            sign = np.sign(apart[:, :, axis])
            sign = np.where(sign == 0, order, sign)
            push = np.where(hit & (along == axis), sign * lacking[:, :, axis], 0.0)
            centre[:, axis] += 0.4 * push.sum(axis=1) + np.sign(push.sum(axis=1)) * 0.05
        centre = np.clip(centre, low, high)
    return centre, overlapping(centre, sizes) == 0


def _in_rows(true: FloatArray, sizes: FloatArray, width: float, height: float) -> Layout:
    """Give up on nearness: rows from left to right, in the order of the points from top to bottom."""
    wide, high = sizes.max(axis=0) + _GAP
    a_row = max(int((width + _GAP) // wide), 1)
    centre = np.empty_like(true)
    by_height = np.argsort(true[:, 1], kind="stable")
    for row, start in enumerate(range(0, len(true), a_row)):
        members = by_height[start : start + a_row]
        members = members[np.argsort(true[members, 0], kind="stable")]
        centre[members, 0] = (np.arange(len(members)) + 0.5) * wide
        centre[members, 1] = (row + 0.5) * high
    needed = float(centre[:, 1].max() + high / 2)
    return Layout(width, max(height, needed), centre, true)
