"""How is a run's making written down? Nested settings as plain rows of name and value."""

from collections.abc import Mapping, Sequence
from datetime import datetime


def flattened(settings: Mapping[str, object], under: str = "") -> list[tuple[str, str]]:
    """Give nested settings as rows, a dot between the levels of a name.

    >>> flattened({"size_px": 192, "schedule": {"epochs": 3, "warm_up": True}})
    [('size_px', '192'), ('schedule.epochs', '3'), ('schedule.warm_up', 'yes')]
    """
    rows: list[tuple[str, str]] = []
    for name, value in settings.items():
        path = f"{under}{name}"
        if isinstance(value, Mapping):
            rows += flattened(value, f"{path}.")
        else:
            rows.append((path, _written(value)))
    return rows


def written_time(moment: datetime) -> str:
    """Write a moment with its time zone where it has one.

    >>> written_time(datetime(2020, 11, 3, 9, 5))
    '3 November 2020, 09:05'
    """
    return f"{moment.day} {moment:%B %Y, %H:%M %Z}".strip()


def _written(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ", ".join(_written(one) for one in value) or "none"
    return str(value)
