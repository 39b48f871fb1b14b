"""How is one patient's map drawn? Pictures at their places, the duckling marked by shape and word.

Every picture is defined once on the page and used in the wide and the narrow drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from cygnet.report.patient_layout import Layout, placed
from cygnet.report.svg import Drawing, FloatArray, tag

WIDE, NARROW = 780.0, 350.0
MOST_ON_A_PHONE = 16  # more pictures go on one map that is moved under the finger
DUCKLING = "duckling"
_UNIT = 100
_UNDER = 20.0  # room for the number under a picture
_OVER = 20.0  # room for the word over the duckling's
_SMALLEST, _LARGEST = 44.0, 104.0
_FILLED = 0.30
_FEW_PX = 5.0


@dataclass(frozen=True, slots=True)
class Tile:
    """One lesion on the map: its number, what a pointer that rests on it is told, and its picture.

    ``key`` names the picture on the page; ``picture`` is a ``data:`` URI or ``None``.
    """

    key: str
    number: int
    melanoma: bool
    told: str
    picture: str | None


@dataclass(frozen=True, slots=True, eq=False)
class MapOf:
    """What is drawn: points ``(n, 2)``, one tile each, the duckling and its nearest.

    ``word`` is what stands over the duckling.
    """

    name: str
    description: str
    position: FloatArray
    tiles: Sequence[Tile]
    duckling: int | None
    nearest: NDArray[np.int64]
    word: str = DUCKLING


def shown_side(n: int, width: float) -> float:
    """Give the side at which each of ``n`` pictures is shown, in user units."""
    room = width * _height(n, width)
    return float(np.clip(np.sqrt(_FILLED * room / n) - 12, _SMALLEST, _LARGEST))


def _height(n: int, width: float) -> float:
    base = 420.0 if width == WIDE else 380.0
    return float(max(base, n * (_SMALLEST + 6) * (_SMALLEST + _UNDER + 6) / 0.42 / width))


def pictures(tiles: Sequence[Tile]) -> Markup:
    """Define each picture once, unseen; drawings use it by its key."""
    inside = "".join(
        tag(
            "image",
            id=one.key,
            href=one.picture,
            width=_UNIT,
            height=_UNIT,
            preserveAspectRatio="xMidYMid meet",
        )
        for one in tiles
        if one.picture is not None
    )
    # Keys are made of numbers, and attribute values are escaped.
    return Markup(  # noqa: S704
        tag("svg", tag("defs", inside), class_="pictures", width=0, height=0, aria_hidden="true")
    )


def map_drawings(one: MapOf) -> tuple[Markup, ...]:
    """Draw the map for a desk and, where pictures are few, for a phone."""
    if len(one.tiles) > MOST_ON_A_PHONE:
        return (_drawn(one, WIDE).markup("map"),)
    return (_drawn(one, WIDE).markup("map wide"), _drawn(one, NARROW).markup("map narrow"))


def _drawn(one: MapOf, width: float) -> Drawing:
    n = len(one.tiles)
    side = shown_side(n, width)
    sizes = np.tile([side, side + _UNDER], (n, 1))
    if one.duckling is not None:
        sizes[one.duckling] = [max(side + 12, 72.0), side + _UNDER + _OVER + 4]
    first = [] if one.duckling is None else [one.duckling]
    melanomas = [at for at in range(n) if one.tiles[at].melanoma and at not in first]
    rest = [at for at in range(n) if at not in first and at not in melanomas]
    order = np.array([*first, *melanomas, *rest])
    ordered = placed(one.position[order], sizes[order], width, _height(n, width))
    back = np.argsort(order)
    layout = Layout(ordered.width, ordered.height, ordered.centre[back], ordered.true[back])
    drawing = Drawing(width, layout.height, one.name, one.description)
    _leaders(drawing, layout)
    _neighbours(drawing, one, layout)
    for at, tile in enumerate(one.tiles):
        x, y = layout.centre[at].tolist()
        over = _OVER + 4 if at == one.duckling else 0.0
        # The picture stands in its box above its number, and below the word.
        word = one.word if at == one.duckling else None
        drawing.add(_tile(tile, x, y + (over - _UNDER) / 2, side, word))
    return drawing


def _leaders(drawing: Drawing, layout: Layout) -> None:
    for at in np.flatnonzero(layout.moved > _FEW_PX).tolist():
        (x, y), (true_x, true_y) = layout.centre[at].tolist(), layout.true[at].tolist()
        drawing.line(x, y, true_x, true_y, "leader")
        drawing.dot(true_x, true_y, 2.5, "true-place")


def _neighbours(drawing: Drawing, one: MapOf, layout: Layout) -> None:
    if one.duckling is None:
        return
    x, y = layout.centre[one.duckling].tolist()
    for at in one.nearest[one.duckling].tolist():
        other_x, other_y = layout.centre[at].tolist()
        drawing.line(x, y, other_x, other_y, "neighbour")


def _tile(tile: Tile, x: float, y: float, side: float, word: str | None) -> str:
    """Write one picture with its middle at ``x``, ``y``, its number under it.

    With a ``word`` over it, it is the duckling.
    """
    left, top = x - side / 2, y - side / 2
    parts = [
        tag("title", escape(tile.told)),
        tag("rect", x=left, y=top, width=side, height=side, class_="tile-ground"),
    ]
    if tile.picture is None:
        parts.append(tag("text", "?", x=x, y=y + 6, class_="no-picture", text_anchor="middle"))
    else:
        moved = f"translate({left:.1f} {top:.1f}) scale({side / _UNIT:.4f})"
        parts.append(tag("use", href=f"#{tile.key}", transform=moved))
    foot = top + side + 15
    if tile.melanoma:
        drawn = Drawing(0, 0, "", "")
        drawn.text(x - 3, foot, str(tile.number), "label strong", "end")
        drawn.diamond(x + 8, foot - 5, 6.5, "melanoma-mark")
        parts += drawn.parts
    else:
        parts.append(
            tag("text", str(tile.number), x=x, y=foot, class_="label", text_anchor="middle")
        )
    if word is not None:
        parts.append(tag("path", d=_corners(left - 4, top - 4, side + 8), class_="duckling-mark"))
        told = escape(word)
        parts.append(
            tag("text", told, x=x, y=top - 11, class_="label strong", text_anchor="middle")
        )
    return tag("g", "".join(parts))


def _corners(left: float, top: float, side: float) -> str:
    """Write four corner brackets around a square: a mark that hides nothing."""
    arm = min(side / 4, 16.0)
    right, foot = left + side, top + side
    strokes = (
        (left, top + arm, left, top, left + arm, top),
        (right - arm, top, right, top, right, top + arm),
        (right, foot - arm, right, foot, right - arm, foot),
        (left + arm, foot, left, foot, left, foot - arm),
    )
    return "".join(
        f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}L{e:.1f} {f:.1f}" for a, b, c, d, e, f in strokes
    )
