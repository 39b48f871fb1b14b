"""Is a scale or a colour chart in the picture? Things beside the lesion that a model can learn.

A scale is told by ticks: thin dark strokes at equal distances across a line. A chart is told by
flat patches of several saturated colours that skin does not have.
"""

from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_TICK_LENGTH_PX: Final = 4
_TICK_CONTRAST: Final = 20
_FEWEST_TICKS, _MOST_TICKS = 6, 40
_SHORTEST_PITCH_PX: Final = 4
_PITCH_TOLERANCE: Final = 0.18

# OpenCV's hues, 0 to 179, that skin, lesions, blood and violet ink do not have.
_UNSKINLIKE_HUES: Final = {
    "yellow": (23, 35),
    "green": (36, 80),
    "cyan": (81, 98),
    "blue": (99, 125),
}
_SATURATED: Final = 110
_BRIGHT: Final = 60
_FIRST: Final = (23, _SATURATED, _BRIGHT)
_LAST: Final = (125, 255, 255)
_SMALLEST_PATCH: Final = 0.004
_HUES_OF_A_CHART: Final = 3


def ruler_score(grey: Pixels) -> float:
    """Score 0 to 1 whether ticks at equal distances are in ``grey``, ``(256, 256)``, uint8.

    The score is the share of gaps between ticks that are alike, in the best line of ticks; six
    ticks at equal distances score 0.83.
    """
    return max(_tick_score(grey), _tick_score(cv2.transpose(grey)))


def _tick_score(grey: Any) -> float:
    """Score ticks that are horizontal strokes, one above the other."""
    # Darker than what is three pixels above and below: a thin horizontal stroke.
    stroke = cv2.subtract(cv2.min(grey[6:], grey[:-6]), grey[3:-3])
    counts = _count_of_eight(cv2.threshold(stroke, _TICK_CONTRAST, 1, cv2.THRESH_BINARY)[1])
    # A strip and its neighbour, so that a tick on the line between two counts whole.
    strips = cv2.transpose(cv2.add(counts[:, 1:], counts[:, :-1]))
    is_stroke = cv2.threshold(strips, _TICK_LENGTH_PX - 1, 1, cv2.THRESH_BINARY)[1]
    starts: Any = cv2.subtract(is_stroke[:, 1:], is_stroke[:, :-1])
    ticks = np.asarray(cv2.reduce(starts, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S))[:, 0]
    likely = np.flatnonzero((ticks >= _FEWEST_TICKS) & (ticks <= _MOST_TICKS))
    return max((_evenness(np.flatnonzero(starts[line]).tolist()) for line in likely), default=0.0)


def _count_of_eight(plane: Any) -> Pixels:
    """Count the ones in each run of eight pixels of a row, all eight in one 64-bit word.

    >>> _count_of_eight(np.array([[1, 0, 1, 1, 0, 0, 0, 0] + [1] * 8], np.uint8)).tolist()
    [[3, 8]]
    """
    # The product gathers the eight bytes' sum in its highest byte.
    return ((np.asarray(plane).view(np.uint64) * _ONE_EACH) >> _TOP).astype(np.uint8)


_ONE_EACH, _TOP = np.uint64(0x0101010101010101), np.uint64(56)


def _evenness(places: list[int]) -> float:
    gaps = [after - before for before, after in pairwise(places)]
    pitch = sorted(gaps)[len(gaps) // 2]
    if pitch < _SHORTEST_PITCH_PX:
        return 0.0
    slack = max(1.0, _PITCH_TOLERANCE * pitch)
    alike = sum(abs(gap - pitch) <= slack for gap in gaps)
    # One gap is taken off, so that few ticks need to be the more alike.
    return alike / (len(gaps) + 1)


def chart_score(small: Pixels) -> float:
    """Score 0 to 1 whether patches of several saturated colours are in ``small``, RGB.

    The score is the number of colours that skin does not have (yellow, green, cyan, blue) with an
    area of at least 0.4 % of the picture, over three.
    """
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    fewest = _SMALLEST_PATCH * small.shape[0] * small.shape[1]
    unskinlike = cv2.inRange(hsv, _FIRST, _LAST)
    if cv2.countNonZero(unskinlike) < fewest:
        return 0.0
    hue = np.asarray(hsv)[:, :, 0][np.asarray(unskinlike) > 0]
    counts = np.bincount(hue, minlength=180)
    found = sum(
        counts[first : last + 1].sum() >= fewest for first, last in _UNSKINLIKE_HUES.values()
    )
    return min(1.0, float(found) / _HUES_OF_A_CHART)
