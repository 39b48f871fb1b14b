"""How is the body drawn? A front and a back in plain lines, with the lesions at their places.

Darker is earlier in the order of attention, and the number says it too. Every mark is a link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from cygnet.report.svg import tag
from cygnet.site.reader.phrases import say
from cygnet.site.reader.places import PLACE_BY_KEY

_WIDTH, _HEIGHT = 200, 440
_APART = 17.0
# One half of a standing person, the palms turned to the front, mirrored about x = 100.
_HALF = (
    "M100 6C116 6 124 18 123 36C122 50 116 62 110 66L110 80C124 86 140 86 148 94"
    "C158 104 160 128 166 150C172 172 180 196 186 218C192 228 192 246 186 252"
    "C178 258 172 246 172 232C164 212 154 190 150 168C147 156 144 144 141 134"
    "C140 156 138 172 140 192C146 222 146 250 140 284C138 304 138 316 136 330"
    "C136 360 130 380 128 404C130 414 138 424 136 430C130 436 116 434 112 428"
    "C110 400 108 372 108 344C106 310 104 268 100 232"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One lesion on the body: its place's key, its number, how dark (0 to 3), its link, words."""

    place: str
    number: int
    shade: int
    link: str
    told: str


def shade_of(place: int | None, n_ranked: int) -> int:
    """Give how dark a place in the order is drawn: 3 for the first third, 0 without a place.

    >>> [shade_of(place, 6) for place in (1, 2, 3, 5, 6, None)]
    [3, 3, 2, 1, 1, 0]
    """
    if place is None or n_ranked == 0:
        return 0
    return 3 - min(2, 3 * (place - 1) // n_ranked)


def body_drawings(marks: Sequence[Mark]) -> Markup:
    """Draw front and back with ``marks``; links are to pages of the same patient."""
    front = _view("front", say("Front of the body"), marks)
    back = _view("back", say("Back of the body"), marks)
    # Every text and attribute went through ``escape``.
    return Markup(front + back)  # noqa: S704


def outline(view: str) -> str:
    """Give the lines of a body, without any mark."""
    half = tag("path", d=_HALF, class_="body-half")
    mirrored = tag("g", half, transform=f"translate({_WIDTH} 0) scale(-1 1)")
    parts = [half, mirrored]
    if view == "back":
        parts.append(tag("path", d="M100 92L100 226", class_="body-line"))
    else:
        parts.append(tag("path", d="M92 48Q100 53 108 48M100 172l0 4", class_="body-line"))
    return "".join(parts)


def _view(view: str, name: str, marks: Sequence[Mark]) -> str:
    here = [one for one in marks if PLACE_BY_KEY[one.place].view == view]
    seen: dict[str, int] = {}
    parts = [tag("title", escape(name)), outline(view)]
    for one in here:
        place = PLACE_BY_KEY[one.place]
        nth = seen.get(one.place, 0)
        seen[one.place] = nth + 1
        parts.append(_mark(one, place.x, place.y + nth * _APART))
    caption = tag(
        "text", escape(name), x=_WIDTH / 2, y=_HEIGHT + 16, class_="body-name", text_anchor="middle"
    )
    return tag(
        "svg",
        "".join(parts) + caption,
        class_="body-map",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT + 24}",
        role="group",
        aria_label=name,
    )


def _mark(one: Mark, x: float, y: float) -> str:
    drawn = tag("circle", cx=x, cy=y, r=11, class_=f"body-mark p{one.shade}")
    number = tag(
        "text",
        str(one.number),
        x=x,
        y=y + 4,
        class_=f"body-number p{one.shade}",
        text_anchor="middle",
    )
    return tag(
        "a", tag("title", escape(one.told)) + drawn + number, href=one.link, aria_label=one.told
    )
