"""Which bytes of a file does a request ask for? The rules of RFC 9110, sections 13 and 14.

Pure: headers in, a decision out. A range that is no range is ignored, as the RFC asks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

MOST_RANGES: Final = 16

_ONE: Final = re.compile(r"^(\d{0,18})-(\d{0,18})$")

Span = tuple[int, int]  # first byte and the one after the last


@dataclass(frozen=True, slots=True)
class Wanted:
    """The answer's status, and the spans to send: one of all for 200, none for 304, 412, 416."""

    status: int
    spans: tuple[Span, ...] = ()

    @property
    def n_bytes(self) -> int:
        """How many bytes of the file are sent."""
        return sum(end - start for start, end in self.spans)


def wanted(headers: Mapping[str, str], *, size: int, etag: str, modified_s: int) -> Wanted:
    """Decide on a GET or HEAD of a file of ``size`` bytes; ``headers`` are in lower case.

    ``etag`` is strong and quoted, ``modified_s`` is in whole seconds since 1970.
    """
    if not _may_go_on(headers, etag, modified_s):
        return Wanted(412)
    if _is_known(headers, etag, modified_s):
        return Wanted(304)
    whole = Wanted(200, ((0, size),) if size else ())
    asked = headers.get("range")
    if asked is None or not _range_still_holds(headers.get("if-range"), etag, modified_s):
        return whole
    spans = parse_ranges(asked, size)
    if spans is None:
        return whole
    return Wanted(206, spans) if spans else Wanted(416)


def parse_ranges(asked: str, size: int) -> tuple[Span, ...] | None:
    """Give the spans of a Range header that a file of ``size`` bytes can satisfy.

    Empty: none of them can. ``None``: to be ignored, as it is no list of byte ranges, has more than
    16, or has overlapping ones.

    >>> parse_ranges("bytes=0-9", 100), parse_ranges("bytes=-5", 100), parse_ranges("bytes=90-", 95)
    (((0, 10),), ((95, 100),), ((90, 95),))
    >>> parse_ranges("bytes=100-", 100), parse_ranges("bytes=5-2", 100), parse_ranges("rows=1-2", 9)
    ((), None, None)
    """
    unit, equals, listed = asked.partition("=")
    if unit.strip().lower() != "bytes" or not equals:
        return None
    parts = [part.strip() for part in listed.split(",") if part.strip()]
    if not 0 < len(parts) <= MOST_RANGES:
        return None
    spans: list[Span] = []
    for part in parts:
        found = _ONE.match(part)
        if found is None or found[0] == "-":
            return None
        first, last = found[1], found[2]
        if first and last and int(last) < int(first):
            return None
        span = _span(first, last, size)
        if span is not None:
            spans.append(span)
    ordered = sorted(spans)
    if any(one[1] > two[0] for one, two in pairwise(ordered)):
        return None
    return tuple(spans)


def _span(first: str, last: str, size: int) -> Span | None:
    if not first:
        start = max(size - int(last), 0)
        return (start, size) if int(last) and size else None
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    return (start, end) if start < size else None


def _may_go_on(headers: Mapping[str, str], etag: str, modified_s: int) -> bool:
    match = headers.get("if-match")
    if match is not None:
        return match.strip() == "*" or etag in _tags(match)
    since = _seconds(headers.get("if-unmodified-since"))
    return since is None or modified_s <= since


def _is_known(headers: Mapping[str, str], etag: str, modified_s: int) -> bool:
    match = headers.get("if-none-match")
    if match is not None:
        # Compared weakly, which section 13.1.2 asks for.
        return match.strip() == "*" or etag in {tag.removeprefix("W/") for tag in _tags(match)}
    since = _seconds(headers.get("if-modified-since"))
    return since is not None and modified_s <= since


def _range_still_holds(if_range: str | None, etag: str, modified_s: int) -> bool:
    if if_range is None:
        return True
    if if_range.strip().startswith(('"', "W/")):
        return if_range.strip() == etag
    since = _seconds(if_range)
    return since is not None and modified_s == since


def _tags(text: str) -> set[str]:
    return set(re.findall(r'(?:W/)?"[^"]*"', text))


def _seconds(date: str | None) -> int | None:
    if date is None:
        return None
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (ValueError, OverflowError):
        return None
