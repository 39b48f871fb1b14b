"""What do the headers of an answer mean? Ranges and waits; what makes no sense is ``None``."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)", re.ASCII)


class ContentRange(NamedTuple):
    """Which bytes a response holds, both ends included, and of how many (``None``: not said)."""

    first: int | None
    last: int | None
    total: int | None


def content_range(text: str | None) -> ContentRange | None:
    """Read a ``Content-Range``; ``None`` where there is none that makes sense.

    >>> content_range("bytes 0-9/100")
    ContentRange(first=0, last=9, total=100)
    """
    found = _CONTENT_RANGE.fullmatch((text or "").strip())
    if found is None:
        return None
    first, last, total = (int(part) if part and part != "*" else None for part in found.groups())
    if first is not None and last is not None and (last < first or (total or last + 1) <= last):
        return None
    return ContentRange(first, last, total)


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After``, seconds or a date; ``None`` where there is none that makes sense.

    >>> retry_after_s("120", datetime(2020, 11, 23, tzinfo=UTC))
    120.0
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())
