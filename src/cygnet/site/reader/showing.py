"""What does the page of one patient hold? Cards, map, moves and body, made of a reading.

Figures are the report's own; no truth is known here, so no lesion is marked as melanoma.
"""

import math
from dataclasses import dataclass

from markupsafe import Markup

from cygnet.report import numbers
from cygnet.report.patient_map import MapOf, Tile, map_drawings, pictures
from cygnet.report.patient_slope import SlopeWords, slope_drawing
from cygnet.site.reader.body import Mark, body_drawings, shade_of
from cygnet.site.reader.moves_words import why_moved
from cygnet.site.reader.phrases import say, say_many
from cygnet.site.reader.places import PLACE_BY_KEY
from cygnet.site.reader.together import Judged, Reading

_MAP_PX = 224


@dataclass(frozen=True, slots=True)
class Together:
    """What is drawn of all lesions; empty where there is nothing to draw."""

    pictures: Markup
    map: tuple[Markup, ...]
    map_caption: str
    slope: Markup | None
    moved: tuple[str, ...]
    body: Markup
    n_placed: int


def lesion_link(key: str, at: int) -> str:
    """Give the page of the picture that came at ``at``; in links they count from 1."""
    return f"/patients/{key}/lesions/{at + 1}/"


def picture_link(key: str, at: int, side_px: int | None = None, *, earlier: bool = False) -> str:
    """Give where a picture is had, whole or with its longer side ``side_px``."""
    which = "earlier" if earlier else "picture"
    return f"/patients/{key}/lesions/{at + 1}/{which}.jpg" + (f"?side={side_px}" if side_px else "")


def told_of(one: Judged) -> str:
    """Say in a few words which lesion this is, for a pointer and a screen reader."""
    if one.place is None:
        return say("Lesion {number}, without a place", number=one.number)
    return say(
        "Lesion {number}, place {place}, probability {probability}",
        number=one.number,
        place=one.place,
        probability=numbers.format_probability(one.probability),
    )


def together_of(reading: Reading, key: str) -> Together:
    """Draw the map, the moves and the body of ``reading``."""
    tiles = [
        Tile(
            f"picture-{one.number}",
            one.number,
            melanoma=False,
            told=told_of(one),
            picture=picture_link(key, one.at, _MAP_PX),
        )
        for one in reading.lesions
    ]
    n_placed = sum(one.lesion.place is not None for one in reading.lesions)
    return Together(
        pictures(tiles) if reading.around is not None else Markup(),
        _map(reading, tiles),
        _map_caption(reading),
        _slope(reading, tiles),
        _moved(reading),
        body_drawings(_marks(reading, key)),
        n_placed,
    )


def _map(reading: Reading, tiles: list[Tile]) -> tuple[Markup, ...]:
    around = reading.around
    if around is None:
        return ()
    odd = around.duckling
    described = say_many("{n} lesion", "{n} lesions", len(tiles))
    if odd is not None:
        described += "; " + say("the duckling is number {number}", number=odd + 1)
    return map_drawings(
        MapOf(
            say("Map of this patient's lesions"),
            described,
            around.position,
            tiles,
            odd,
            around.nearest,
            say("duckling"),
        )
    )


def _map_caption(reading: Reading) -> str:
    around = reading.around
    if around is None:
        return ""
    near = say("Each picture stands near those in which the network sees the like.")
    odd = around.duckling
    if odd is None:
        return near + " " + say("None can be called the duckling: too few lesions, or all alike.")
    others = ", ".join(str(one + 1) for one in around.nearest[odd].tolist())
    duckling = say(
        "The duckling, number {number}, lies farthest from its nearest, numbers {others}. It is"
        " found by looks alone, not by the score.",
        number=odd + 1,
        others=others,
    )
    kept = ""
    if not math.isnan(around.share):
        kept = " " + say(
            "The map keeps {share} of the squared distances.",
            share=numbers.format_share(around.share),
        )
    return f"{near} {duckling}{kept}"


def _slope(reading: Reading, tiles: list[Tile]) -> Markup | None:
    moves = reading.moves
    if moves is None or len(tiles) < 2:
        return None
    n_moved = int((moves.before != moves.after).sum())
    return slope_drawing(
        say("Places without and with patient context"),
        say_many("{n} lesion changes its place", "{n} lesions change their place", n_moved),
        moves,
        tiles,
        reading.duckling,
        SlopeWords(say("alone"), say("with context"), say("melanoma"), say("duckling")),
    )


def _moved(reading: Reading) -> tuple[str, ...]:
    """Tell of those that context moved, by number."""
    moves = reading.moves
    if moves is None:
        return ()
    told = moves.telling([] if reading.duckling is None else [reading.duckling])
    return tuple(
        say("Lesion {number}", number=reading.lesions[at].number) + ": " + why_moved(moves, at)
        for at in told
    )


def _marks(reading: Reading, key: str) -> list[Mark]:
    n_ranked = len(reading.ranked)
    marks = []
    for one in reading.lesions:
        place = one.lesion.place
        if place is None:
            continue
        told = f"{told_of(one)}, {say(PLACE_BY_KEY[place].label)}"
        shade = shade_of(one.place, n_ranked)
        marks.append(Mark(place, one.number, shade, lesion_link(key, one.at), told))
    return marks
