"""Is writing burned into the pixels near the borders? A name can stand there, or a date.

A cheap look at the density of strokes comes first; only where it is high are single letters
searched for. It reads nothing: a box is given, and how many signs stand in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.images.quality import grey_copy

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
# Writing has strokes in both directions, three cells in a row; a hair has them in one.
_STEP_LEVELS: Final = 22
_STEPS_ONE_WAY: Final = 255 * 0.15
_STEPS_BOTH_WAYS: Final = 255 * 0.1
# In more parts than this, the widest ones, signs are not searched for: that is hair all over.
_MOST_PARTS: Final = 4
# A part that is all strokes and higher than this many cells (64 px of 256) is hair, no line.
_HIGHEST_PART: Final = 8
# Signs are searched for at about this size of the picture.
_SEARCH_PX: Final = 512
_STROKE_LEVELS: Final = 40
_STROKE_KERNEL: Final = np.ones((11, 11), np.uint8)
_FEWEST_SIGNS: Final = 4
_FEWEST_STROKE_PIXELS: Final = 40
_SMALLEST_SIGN_PX, _LARGEST_SIGN_PX = 6, 44
# A part with more pieces than this is hair or grain.
_MOST_PIECES: Final = 150
# Hairs cut short are narrower than the letters of a word.
_NARROWEST_MEDIAN: Final = 0.4
# Ticks and the strokes of "mm" are evenly spaced, letters are not; letters stand on a line.
_LEAST_UNEVEN: Final = 0.13
_MOST_ASLANT: Final = 0.13
_BLUE: Final = 2

Box = tuple[int, int, int, int]


def burned_in_text(
    pixels: Pixels,
    *,
    copy: Pixels | None = None,
    grey: Pixels | None = None,
    closer: Callable[[], Pixels] | None = None,
) -> tuple[TextLine, ...]:
    """Find lines of at least four signs near the borders of ``(height, width, 3)``, uint8, RGB.

    Lines run across the picture or, turned by a quarter, up or down it; they are darker or lighter
    than what is around them. ``copy`` is the picture at 256 x 256 px or less, and ``grey`` at 256 x
    256 px and in grey, where they are at hand already. ``closer`` gives the picture at 512 px:
    where ``pixels`` are fewer, it is asked for only if strokes are dense somewhere, one real
    picture in three.
    """
    if copy is None:
        size = (_COPY_PX, _COPY_PX)
        copy = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    if grey is None:
        grey = grey_copy(copy)
    lines: list[TextLine] = []
    parts = _busy_parts(copy, grey)
    if parts and closer is not None:
        pixels = closer()
    if parts and pixels.shape[:2] != (_SEARCH_PX, _SEARCH_PX):
        size = (_SEARCH_PX, _SEARCH_PX)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    for left, top, right, bottom, is_turned in parts:
        part = pixels[top * _SCALE : bottom * _SCALE, left * _SCALE : right * _SCALE]
        plane = _telling_plane(part)
        found = _lines_in(cv2.transpose(plane) if is_turned else plane)
        lines += [_line(box, left * _SCALE, top * _SCALE, is_turned) for box in found]
    return _once([line for line in lines if _is_near_border(line)])


_SCALE: Final = _SEARCH_PX // _CELLS


def _busy_parts(copy: Pixels, grey: Pixels) -> list[tuple[int, int, int, int, bool]]:
    """Give the parts, in cells, in which strokes are dense: left, top, right, bottom, turned."""
    # Skin and the usual colours of writing differ most in blue; on a dark box they may not.
    blue: Any = cv2.extractChannel(copy, _BLUE)
    if blue.shape != grey.shape:
        blue = cv2.resize(blue, grey.shape, interpolation=cv2.INTER_CUBIC)
    across = _density(blue, grey, (slice(None), slice(1, None)), (slice(None), slice(-1)))
    down = _density(blue, grey, (slice(1, None), slice(None)), (slice(-1), slice(None)))
    busy = (np.minimum(across, down) >= _STEPS_BOTH_WAYS) & (
        np.maximum(across, down) >= _STEPS_ONE_WAY
    )
    if np.count_nonzero(busy) < 3:
        return []
    parts = [
        *((*box, False) for box in _parts_of(busy)),
        *((top, left, bottom, right, True) for left, top, right, bottom in _parts_of(busy.T)),
    ]
    parts.sort(key=lambda part: max(part[2] - part[0], part[3] - part[1]), reverse=True)
    return parts[:_MOST_PARTS]


def _density(blue: Any, grey: Any, after: tuple[slice, slice], before: tuple[slice, slice]) -> Any:
    """Give the share (0 to 255) of pixels of each cell that differ from their neighbour."""
    steps = cv2.max(cv2.absdiff(blue[after], blue[before]), cv2.absdiff(grey[after], grey[before]))
    strong = np.zeros((_COPY_PX, _COPY_PX), np.uint8)
    strong[before] = cv2.threshold(steps, _STEP_LEVELS, 255, cv2.THRESH_BINARY)[1]
    # Halving is many times faster in OpenCV than any other reduction.
    for side in (_COPY_PX // 2, _COPY_PX // 4, _CELLS):
        strong = np.asarray(
            cv2.resize(strong, (side, side), interpolation=cv2.INTER_AREA), np.uint8
        )
    return strong


def _parts_of(busy: NDArray[np.bool_]) -> list[Box]:
    """Join runs of three cells across, near the border, into boxes with some cells around."""
    runs = busy[:, 2:] & busy[:, 1:-1] & busy[:, :-2] & _IS_BORDER
    if not runs.any():
        return []
    cells = np.zeros((_CELLS, _CELLS), np.uint8)
    cells[:, :-2] |= runs
    cells[:, 1:-1] |= runs
    cells[:, 2:] |= runs
    # Words of one line belong together.
    joined = cv2.dilate(cells, np.ones((1, 7), np.uint8))
    stats = cv2.connectedComponentsWithStats(joined, connectivity=4)[2][1:]
    boxes = []
    for left, top, width, height, _ in stats.tolist():
        if height > _HIGHEST_PART:
            continue
        boxes.append((left, max(0, top - 1), left + width, min(_CELLS, top + height + 1)))
    return boxes


def _border_runs() -> NDArray[np.bool_]:
    # Runs of three cells, by the place of their middle.
    rows, columns = np.indices((_CELLS, _CELLS - 2))
    columns += 1
    nearest = np.minimum(
        np.minimum(rows, _CELLS - 1 - rows), np.minimum(columns, _CELLS - 1 - columns)
    )
    return np.asarray(nearest < _BORDER * _CELLS, bool)


_IS_BORDER: Final = _border_runs()


def _telling_plane(part: Pixels) -> Any:
    """Give blue or grey, in which of the two the writing stands out more."""
    planes = [cv2.extractChannel(part, _BLUE), cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)]
    return max(planes, key=lambda plane: float(cv2.meanStdDev(plane)[1][0, 0]))


def _lines_in(plane: Any) -> list[tuple[Box, int]]:
    """Give the box (left, top, right, bottom) and the number of signs of each line."""
    lines = []
    for operation in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        strokes = cv2.morphologyEx(plane, operation, _STROKE_KERNEL)
        mask = cv2.threshold(strokes, _STROKE_LEVELS, 255, cv2.THRESH_BINARY)[1]
        if cv2.countNonZero(mask) < _FEWEST_STROKE_PIXELS:
            continue
        for signs in _chains(_signs(mask)):
            box = (
                min(left for left, _, _, _ in signs),
                min(top for _, top, _, _ in signs),
                max(left + width for left, _, width, _ in signs),
                max(top + height for _, top, _, height in signs),
            )
            lines.append((box, len(signs)))
    return lines


def _line(found: tuple[Box, int], left: int, top: int, is_turned: bool) -> TextLine:
    (x, y, right, lower), n_signs = found
    if is_turned:
        x, y, right, lower = y, x, lower, right
    return TextLine(
        (left + x) / _SEARCH_PX,
        (top + y) / _SEARCH_PX,
        (left + right) / _SEARCH_PX,
        (top + lower) / _SEARCH_PX,
        n_signs,
    )


def _signs(mask: Any) -> list[Box]:
    """Give the boxes (left, top, width, height) of parts that may be letters or digits."""
    # This algorithm takes a third of the time of the one that OpenCV takes by itself.
    stats = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_16U, cv2.CCL_BOLELLI)[2]
    boxes = np.asarray(stats[1:], np.int32)
    if len(boxes) > _MOST_PIECES:
        return []
    width, height, area = boxes[:, 2], boxes[:, 3], boxes[:, 4]
    fits = (
        (height >= _SMALLEST_SIGN_PX)
        & (height <= _LARGEST_SIGN_PX)
        & (width <= 2.2 * height)
        & (area >= 0.15 * width * height)
    )
    return sorted((left, top, wide, high) for left, top, wide, high, _ in boxes[fits].tolist())


def _chains(signs: list[Box]) -> list[list[Box]]:
    """Join signs that stand side by side, alike in height, into lines of at least four."""
    chains: list[list[Box]] = []
    for sign in signs:
        for chain in chains:
            if _follows(chain[-1], sign):
                chain.append(sign)
                break
        else:
            chains.append([sign])
    return [chain for chain in chains if len(chain) >= _FEWEST_SIGNS and _is_writing(chain)]


def _follows(one: Box, other: Box) -> bool:
    taller, shorter = max(one[3], other[3]), min(one[3], other[3])
    gap = other[0] - (one[0] + one[2])
    foot = abs((one[1] + one[3]) - (other[1] + other[3]))
    return taller <= 1.7 * shorter and -0.2 * taller <= gap <= taller and foot <= 0.25 * taller


def _is_writing(signs: list[Box]) -> bool:
    """Tell writing from the ticks of a scale, its unit, and hairs cut short."""
    shapes = sorted(width / height for _, _, width, height in signs)
    middles = np.array([left + width / 2 for left, _, width, _ in signs])
    pitch = np.diff(middles)
    feet = np.array([top + height for _, top, _, height in signs])
    mean_height = sum(height for _, _, _, height in signs) / len(signs)
    return bool(
        shapes[len(shapes) // 2] >= _NARROWEST_MEDIAN
        and pitch.std() >= _LEAST_UNEVEN * pitch.mean()
        and feet.std() <= _MOST_ASLANT * mean_height
    )


def _once(lines: list[TextLine]) -> tuple[TextLine, ...]:
    """Keep the longer of two lines that overlap: strokes and the gaps between them are one line."""
    kept: list[TextLine] = []
    for line in sorted(lines, key=lambda line: line.n_signs, reverse=True):
        if not any(_overlap(line, other) for other in kept):
            kept.append(line)
    return tuple(kept)


def _overlap(one: TextLine, other: TextLine) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > 0 and down > 0


def _is_near_border(line: TextLine) -> bool:
    across, down = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    return min(across, down, 1 - across, 1 - down) <= _BORDER
