"""Is writing burned into the pixels near the borders? A name can stand there, or a date.

A cheap look at the density of strokes comes first; only where it is high are single letters
searched for. It reads nothing: a box is given, and how many signs stand in it.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of writing: its box as shares (0 to 1) of width and height, and its signs."""

    left: float
    top: float
    right: float
    bottom: float
    n_signs: int


# The border is a fifth of either side.
_BORDER: Final = 0.2
_COPY_PX: Final = 256
_CELL_PX: Final = 8
_CELLS: Final = _COPY_PX // _CELL_PX
_STEP_LEVELS: Final = 28
_FEWEST_STEPS: Final = 0.14
_FEWEST_CELLS: Final = 3
_FEWEST_SIGNS: Final = 4
# Signs are searched for at about this size of the picture.
_SEARCH_PX: Final = 512
_STROKE_LEVELS: Final = 45
_SMALLEST_SIGN_PX, _LARGEST_SIGN_PX = 6, 44


def burned_in_text(pixels: Pixels, *, copy: Pixels | None = None) -> tuple[TextLine, ...]:
    """Find lines of at least four signs near the borders of ``(height, width, 3)``, uint8, RGB.

    Lines run across the picture or, turned by a quarter, up or down it; they are darker or lighter
    than what is around them. ``copy`` is the picture at 256 x 256 px where it is at hand already.
    """
    if copy is None:
        copy = np.asarray(
            cv2.resize(pixels, (_COPY_PX, _COPY_PX), interpolation=cv2.INTER_AREA), np.uint8
        )
    grey: Any = cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY)
    lines: list[TextLine] = []
    across = _busy_bands(cv2.absdiff(grey[:, 1:], grey[:, :-1]))
    down = _busy_bands(cv2.absdiff(grey[1:], grey[:-1]).T)
    if not across and not down:
        return ()
    whole = _search_copy(pixels)
    for first, last in across:
        lines.extend(_lines_in(whole, first, last))
    turned = np.ascontiguousarray(whole.T)
    for first, last in down:
        lines.extend(_turned(line) for line in _lines_in(turned, first, last))
    return tuple(line for line in lines if _is_near_border(line))


def _busy_bands(steps: Any) -> list[tuple[float, float]]:
    """Give the bands, as shares of the height, in which steps are dense along a run of cells."""
    strong = cv2.threshold(steps, _STEP_LEVELS, 255, cv2.THRESH_BINARY)[1]
    density = np.asarray(cv2.resize(strong, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA))
    busy = density > 255 * _FEWEST_STEPS
    runs = busy[:, 2:] & busy[:, 1:-1] & busy[:, :-2]
    rows = np.flatnonzero(runs.any(axis=1))
    bands: list[tuple[float, float]] = []
    for row in rows:
        first, last = (row - 1) / _CELLS, (row + 2) / _CELLS
        if bands and first <= bands[-1][1]:
            bands[-1] = (bands[-1][0], last)
        else:
            bands.append((first, last))
    return bands


def _search_copy(pixels: Pixels) -> Any:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if pixels.shape[:2] == (_SEARCH_PX, _SEARCH_PX):
        return grey
    return cv2.resize(grey, (_SEARCH_PX, _SEARCH_PX), interpolation=cv2.INTER_AREA)


def _lines_in(grey: Any, first: float, last: float) -> list[TextLine]:
    height, width = grey.shape
    top, bottom = max(0, int(first * height)), min(height, int(np.ceil(last * height)))
    band = grey[top:bottom]
    lines = []
    for operation in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        strokes = cv2.morphologyEx(band, operation, _STROKE_KERNEL)
        mask = cv2.threshold(strokes, _STROKE_LEVELS, 255, cv2.THRESH_BINARY)[1]
        for boxes in _chains(_signs(mask)):
            left, upper = boxes[:, 0].min(), boxes[:, 1].min() + top
            right = (boxes[:, 0] + boxes[:, 2]).max()
            lower = (boxes[:, 1] + boxes[:, 3]).max() + top
            lines.append(
                TextLine(left / width, upper / height, right / width, lower / height, len(boxes))
            )
    return lines


_STROKE_KERNEL: Final = np.ones((11, 11), np.uint8)


def _signs(mask: Any) -> NDArray[np.int32]:
    """Give the boxes (left, top, width, height) of parts that may be letters or digits."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes = np.asarray(stats[1:], np.int32)
    left, top, width, height, area = boxes.T
    fits = (
        (height >= _SMALLEST_SIGN_PX)
        & (height <= _LARGEST_SIGN_PX)
        & (width <= 1.6 * height)
        & (area >= 0.15 * width * height)
        & (area >= 6)
    )
    return boxes[fits][:, :4]


def _chains(boxes: NDArray[np.int32]) -> list[NDArray[np.int32]]:
    """Join signs that stand side by side, alike in height, into lines of at least four."""
    boxes = boxes[np.argsort(boxes[:, 0], kind="stable")]
    chains: list[list[NDArray[np.int32]]] = []
    for box in boxes:
        for chain in chains:
            if _follows(chain[-1], box):
                chain.append(box)
                break
        else:
            chains.append([box])
    return [np.stack(chain) for chain in chains if len(chain) >= _FEWEST_SIGNS]


def _follows(one: NDArray[np.int32], other: NDArray[np.int32]) -> bool:
    taller, shorter = max(one[3], other[3]), min(one[3], other[3])
    gap = other[0] - (one[0] + one[2])
    foot = abs((one[1] + one[3]) - (other[1] + other[3]))
    return bool(
        taller <= 1.7 * shorter and -0.2 * taller <= gap <= 1.3 * taller and foot <= 0.25 * taller
    )


def _turned(line: TextLine) -> TextLine:
    return TextLine(line.top, line.left, line.bottom, line.right, line.n_signs)


def _is_near_border(line: TextLine) -> bool:
    across, down = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    return min(across, down, 1 - across, 1 - down) <= _BORDER
