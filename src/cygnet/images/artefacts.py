"""Is a scale or a colour chart in the picture? Things beside the lesion that a model can learn.

A scale is told by ticks: thin dark strokes at equal distances across a line. A chart is told by
flat patches of several saturated colours that skin does not have.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_HUES: Final = 6


def ruler_score(grey: Pixels) -> float:
    """Score 0 to 1 whether ticks at equal distances are in ``grey``, ``(256, 256)``, uint8."""
    return max(_tick_score(grey), _tick_score(np.ascontiguousarray(grey.T)))


_STRIP_PX: Final = 8
_TICK_CONTRAST: Final = 14
_FEWEST_TICKS, _MOST_TICKS = 5, 60
_SHORTEST_PERIOD_PX, _LONGEST_PERIOD_PX = 5, 40


def _tick_score(grey: Pixels) -> float:
    """Score ticks that are horizontal strokes, one above the other."""
    # Darker than what is two pixels above and below: a thin horizontal stroke.
    stroke = cv2.subtract(cv2.min(grey[4:], grey[:-4]), grey[2:-2])
    strips = np.asarray(
        cv2.resize(
            stroke, (grey.shape[1] // _STRIP_PX, stroke.shape[0]), interpolation=cv2.INTER_AREA
        )
    )
    is_stroke = strips > _TICK_CONTRAST
    counts = np.count_nonzero(is_stroke, axis=0)
    likely = np.flatnonzero((counts >= _FEWEST_TICKS) & (counts <= _MOST_TICKS))
    return max((_periodicity(strips[:, column]) for column in likely), default=0.0)


def _periodicity(profile: Pixels) -> float:
    return 0.0


def chart_score(small: Pixels) -> float:
    """Score 0 to 1 whether patches of several saturated colours are in ``small``, RGB."""
    return 0.0
