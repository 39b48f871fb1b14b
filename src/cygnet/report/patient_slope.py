"""How do places change when the patient's other lesions are seen? A line a lesion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from cygnet.report.patient_map import DUCKLING, Tile
from cygnet.report.patient_moves import Moves
from cygnet.report.svg import Drawing

_WIDTH = 340.0
_LEFT, _RIGHT = 40.0, 118.0
_TOP = 44.0
_LABEL = 17.0  # the least between two lines of text


@dataclass(frozen=True, slots=True)
class SlopeWords:
    """The words of the drawing: over either end of the lines, and at the lesions of note."""

    alone: str = "alone"
    with_context: str = "with context"
    melanoma: str = "melanoma"
    duckling: str = DUCKLING


def slope_drawing(
    name: str,
    description: str,
    moves: Moves,
    tiles: Sequence[Tile],
    duckling: int | None,
    words: SlopeWords | None = None,
) -> Markup:
    """Draw every lesion's place without and with context; melanomas and the duckling stand out."""
    words = words or SlopeWords()
    n = len(tiles)
    pitch = float(np.clip(440 / n, 8.0, 28.0))
    drawing = Drawing(_WIDTH, _TOP + n * pitch + 12, name, description)
    drawing.text(_LEFT, 16, words.alone, "tick", "middle")
    drawing.text(_RIGHT, 16, words.with_context, "tick", "middle")
    before = _TOP + (moves.before - 0.5) * pitch
    after = _TOP + (moves.after - 0.5) * pitch
    marked = [at for at in range(n) if tiles[at].melanoma or at == duckling]
    plain = [at for at in range(n) if at not in marked]
    for at in [*plain, *marked]:
        _line(drawing, float(before[at]), float(after[at]), tiles[at], odd=at == duckling)
    named = list(range(n)) if pitch >= _LABEL else _ends(marked, moves, n)
    for at, y in zip(named, _spread(before[named]), strict=True):
        _tie(drawing, _LEFT - 7, float(before[at]), _LEFT - 17, y)
        drawing.text(_LEFT - 20, y + 5, str(moves.before[at]), _weight(at, marked), "end")
    for at, y in zip(named, _spread(after[named]), strict=True):
        _tie(drawing, _RIGHT + 7, float(after[at]), _RIGHT + 17, y)
        word = f" {words.duckling}" if at == duckling else ""
        truth = f" {words.melanoma}" if tiles[at].melanoma else ""
        said = f"{moves.after[at]}{truth}"
        said = f"{said}{',' if word and tiles[at].melanoma else ''}{word}"
        drawing.text(_RIGHT + 20, y + 5, said, _weight(at, marked))
    return drawing.markup("slope")


def _tie(drawing: Drawing, x1: float, y1: float, x2: float, y2: float) -> None:
    """Lead from a mark to its text where that had to make room."""
    if abs(y2 - y1) > 1:
        drawing.line(x1, y1, x2, y2, "leader")


def _ends(marked: Sequence[int], moves: Moves, n: int) -> list[int]:
    """Name, where lines lie close, those that are marked, and the first and the last place."""
    found = dict.fromkeys(marked)
    for at in (int(np.argmin(moves.after)), int(np.argmax(moves.after))):
        found.setdefault(at)
    return [at for at in found if at < n]


def _weight(at: int, marked: Sequence[int]) -> str:
    return "label strong" if at in marked else "tick"


def _line(drawing: Drawing, before: float, after: float, tile: Tile, *, odd: bool) -> None:
    kind = "melanoma-move" if tile.melanoma else "odd-move" if odd else "move"
    drawing.line(_LEFT, before, _RIGHT, after, kind)
    for x, y in ((_LEFT, before), (_RIGHT, after)):
        if tile.melanoma:
            drawing.diamond(x, y, 6, "melanoma-mark")
        elif odd:
            drawing.box(x - 4, y - 4, 8, 8, "odd-mark")
        else:
            drawing.dot(x, y, 2.5, "move-end")


def _spread(y: np.ndarray) -> list[float]:
    """Move lines of text apart until none lies on another, each pushed down only by those above.

    >>> _spread(np.array([10.0, 12.0, 60.0]))
    [10.0, 27.0, 60.0]
    """
    found = y.astype(np.float64).copy()
    last = -np.inf
    for at in np.argsort(y, kind="stable").tolist():
        found[at] = last = max(float(found[at]), last + _LABEL)
    return [float(one) for one in found]
