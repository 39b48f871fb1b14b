"""How is a drawing written as SVG? Elements, a frame of two scales, and their axes.

Colours are never named here: every element carries a class that the page's stylesheet colours, so
that one drawing serves light, dark and paper. All text is escaped.
"""

import math
from dataclasses import dataclass, field
from html import escape
from typing import Literal

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Anchor = Literal["start", "middle", "end"]

LOGIT_LIMIT = 0.0005  # the ends of a log-odds axis: what lies beyond is drawn at the end
# Mean width of a letter of a wide system sans serif, in its own size.
_TEXT_WIDTH, _BOLD_WIDTH = 0.57, 0.65


@dataclass(frozen=True, slots=True)
class Scale:
    """Map values of ``low`` to ``high`` onto ``start`` to ``end`` (user units of the drawing).

    ``kind`` "logit" spaces probabilities by their log odds and ends at 0.0005 and 0.9995.
    """

    low: float
    high: float
    start: float
    end: float
    kind: Literal["linear", "logit"] = "linear"

    def __call__(self, values: FloatArray | float) -> FloatArray:
        """Give positions; what lies outside is put at the nearer end."""
        inside = np.clip(np.asarray(values, dtype=np.float64), self.low, self.high)
        if self.kind == "logit":
            share = (_logit(inside) - _logit(self.low)) / (_logit(self.high) - _logit(self.low))
        else:
            share = (inside - self.low) / (self.high - self.low)
        return np.asarray(self.start + share * (self.end - self.start), dtype=np.float64)

    def at(self, value: float) -> float:
        """Give the position of one value."""
        return float(self(value))

    def ticks(self) -> list[float]:
        """Give round values to mark."""
        if self.kind == "logit":
            marks = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999]
            return [mark for mark in marks if self.low <= mark <= self.high]
        return round_ticks(self.low, self.high)


def probability_scale(start: float, end: float, *, logit: bool) -> Scale:
    """Give a scale of probabilities, plain from 0 to 1 or by log odds."""
    if logit:
        return Scale(LOGIT_LIMIT, 1 - LOGIT_LIMIT, start, end, "logit")
    return Scale(0.0, 1.0, start, end)


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Give at most ``most`` round values from ``low`` to ``high``.

    >>> round_ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(s * power for s in (1, 2, 5, 10, 20) if span / (s * power) <= most - 1 + 1e-9)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 10) + 0.0 for index in range(first, last + 1)]


def _logit(probability: FloatArray | float) -> FloatArray:
    values = np.asarray(probability, dtype=np.float64)
    return np.asarray(np.log(values / (1 - values)), dtype=np.float64)


def shortened(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Cut the middle of ``text`` so that it fits ``width`` at font size ``size``.

    >>> shortened("submission_EfficientNetB6_384x384", 120, 14)
    'submiss…384x384'
    """
    room = max(int(width / (size * (_BOLD_WIDTH if bold else _TEXT_WIDTH))), 4)
    if len(text) <= room:
        return text
    tail = (room - 1) // 2
    return f"{text[: room - 1 - tail].rstrip()}\u2026{text[-tail:].lstrip()}"


def tag(name: str, content: str = "", /, **attributes: str | float | None) -> str:
    """Write one element; ``content`` is SVG already, attribute values are escaped.

    A trailing underscore is dropped and inner ones become hyphens: ``class_``, ``text_anchor``.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def _attribute(value: str | float) -> str:
    if isinstance(value, str):
        return escape(value, quote=True)
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass(slots=True)
class Drawing:
    """An SVG of ``width`` by ``height`` user units, built in drawing order.

    ``size`` is the font size that the layout was planned for; ``name`` is what a screen reader
    says, with ``description`` after it.
    """

    width: float
    height: float
    name: str
    description: str
    parts: list[str] = field(default_factory=list)

    def add(self, element: str) -> None:
        """Append one element written by :func:`tag`."""
        self.parts.append(element)

    def text(
        self, x: float, y: float, words: str, class_: str = "label", anchor: Anchor = "start"
    ) -> None:
        """Write words with their baseline at ``y``."""
        where = None if anchor == "start" else anchor
        self.add(tag("text", escape(words), x=x, y=y, class_=class_, text_anchor=where))

    def line(self, x1: float, y1: float, x2: float, y2: float, class_: str) -> None:
        """Draw a straight line."""
        self.add(tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_))

    def box(self, x: float, y: float, width: float, height: float, class_: str) -> None:
        """Draw a rectangle; one without area is left out."""
        if width > 0 and height > 0:
            self.add(tag("rect", x=x, y=y, width=width, height=height, class_=class_))

    def path(self, x: FloatArray, y: FloatArray, class_: str, *, closed: bool = False) -> None:
        """Draw a polyline; runs of undefined points break it."""
        data = path_data(x, y, closed=closed)
        if data:
            self.add(tag("path", d=data, class_=class_))

    def dot(self, x: float, y: float, radius: float, class_: str) -> None:
        """Draw a round mark."""
        self.add(tag("circle", cx=x, cy=y, r=radius, class_=class_))

    def diamond(self, x: float, y: float, radius: float, class_: str) -> None:
        """Draw a mark on its corner."""
        data = f"M{x:.1f} {y - radius:.1f}l{radius:.1f} {radius:.1f}l{-radius:.1f} {radius:.1f}"
        self.add(tag("path", d=f"{data}l{-radius:.1f} {-radius:.1f}z", class_=class_))

    def markup(self, class_: str = "", *, styled: bool = True) -> Markup:
        """Give the whole SVG, named for a screen reader.

        ``styled`` writes its natural width into a style attribute, which a page under a strict
        Content-Security-Policy may not have.
        """
        content = tag("title", escape(self.name)) + tag("desc", escape(self.description))
        written = tag(
            "svg",
            content + "".join(self.parts),
            class_=f"drawing {class_}".strip(),
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            role="img",
            aria_label=f"{self.name}. {self.description}",
            style=f"--natural:{self.width:g}px" if styled else None,
        )
        # Every text and attribute above went through ``escape``.
        return Markup(written)  # noqa: S704


def path_data(x: FloatArray, y: FloatArray, *, closed: bool = False) -> str:
    """Write the points of a path, one tenth of a unit exact, repeated points left out."""
    pieces: list[str] = []
    last: tuple[float, float] | None = None
    for point in zip(np.round(x, 1).tolist(), np.round(y, 1).tolist(), strict=True):
        if math.isnan(point[0]) or math.isnan(point[1]):
            last = None
        elif last is None:
            pieces.append(f"M{point[0]:g} {point[1]:g}")
            last = point
        elif point != last:
            pieces.append(f"L{point[0]:g} {point[1]:g}")
            last = point
    return "".join(pieces) + ("z" if closed and pieces else "")


@dataclass(frozen=True, slots=True)
class Frame:
    """The two scales of a plot, and how their axes are drawn."""

    x: Scale
    y: Scale

    def axes(self, drawing: Drawing, x_title: str, y_title: str) -> None:
        """Draw a light grid, tick labels, and the titles: y's above its axis, x's at its end."""
        self.grid(drawing)
        for value in self.x.ticks():
            drawing.text(self.x.at(value), self.y.start + 20, tick_label(value), "tick", "middle")
        for value in self.y.ticks():
            drawing.text(self.x.start - 8, self.y.at(value) + 5, tick_label(value), "tick", "end")
        drawing.text(self.x.start - 40, self.y.end - 14, y_title, "axis-title")
        drawing.text(self.x.end, self.y.start + 44, x_title, "axis-title", "end")

    def grid(self, drawing: Drawing) -> None:
        """Draw faint lines at the ticks and a firmer one at the foot."""
        for value in self.x.ticks():
            at = self.x.at(value)
            drawing.line(at, self.y.start, at, self.y.end, "grid")
        for value in self.y.ticks():
            at = self.y.at(value)
            drawing.line(self.x.start, at, self.x.end, at, "grid")
        drawing.line(self.x.start, self.y.start, self.x.end, self.y.start, "axis")
        drawing.line(self.x.start, self.y.start, self.x.start, self.y.end, "axis")

    def band(
        self, drawing: Drawing, x: FloatArray, lower: FloatArray, upper: FloatArray, class_: str
    ) -> None:
        """Fill between two curves where both are known."""
        known = np.isfinite(x) & np.isfinite(lower) & np.isfinite(upper)
        if known.sum() < 2:
            return
        along = self.x(x[known])
        around = np.concatenate([along, along[::-1]])
        ends = np.concatenate([self.y(upper[known]), self.y(lower[known])[::-1]])
        drawing.path(around, ends, class_, closed=True)

    def curve(self, drawing: Drawing, x: FloatArray, y: FloatArray, class_: str) -> None:
        """Draw a line through values; undefined ones break it."""
        known = np.isfinite(x) & np.isfinite(y)
        along = np.where(known, self.x(np.nan_to_num(x)), np.nan)
        drawing.path(along, np.where(known, self.y(np.nan_to_num(y)), np.nan), class_)


def tick_label(value: float) -> str:
    """Write a tick with as few digits as it needs and a true minus sign."""
    return f"{value:g}".replace("-", "\u2212")
