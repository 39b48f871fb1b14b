"""Which phase is a contest in at a given moment? Exact to the second, in UTC.

The second that a deadline names still belongs to it. The caller brings the moment; there is no
clock here.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cygnet.challenge.settings import ContestSettings, utc
from cygnet.errors import InputError

SETTLES: Final = timedelta(minutes=1)


class Phase(StrEnum):
    """What a contest is doing."""

    BEFORE = "before"
    OPEN = "open"
    LATE = "late"
    OVER = "over"


def phase_at(settings: ContestSettings, now: datetime) -> Phase:
    """Give the phase at ``now``; the seconds of ``opens``, ``closes``, ``late_closes`` are inside.

    Raises :class:`InputError` for a moment without a zone.
    """
    moment = utc(now)
    if moment < settings.opens:
        return Phase.BEFORE
    if moment <= settings.closes:
        return Phase.OPEN
    if settings.late_closes is None or moment <= settings.late_closes:
        return Phase.LATE
    return Phase.OVER


def closed_at(settings: ContestSettings, now: datetime) -> bool:
    """Say whether the contest proper is over, so that private scores may be computed."""
    return phase_at(settings, now) in {Phase.LATE, Phase.OVER}


def may_be_scored_at(settings: ContestSettings, now: datetime) -> bool:
    """Say whether the private part may be scored: a minute after the close.

    What arrived in the last second may still be being written.
    """
    return utc(now) >= settings.closes + SETTLES


def may_merge_at(settings: ContestSettings, now: datetime) -> bool:
    """Say whether teams may still form, join and merge."""
    return utc(now) <= (settings.merge_deadline or settings.closes)


def extended(settings: ContestSettings, closes: datetime, *, now: datetime) -> ContestSettings:
    """Move the close later; the merge deadline stays where it was.

    Raises :class:`InputError` once the contest has closed, and for a moment that is not later:
    who planned by a published deadline must not lose by a change.
    """
    if closed_at(settings, now):
        raise InputError.of(
            f"The contest closed at {settings.closes.isoformat()}.",
            "Private scores may be known by now; a new contest is the way.",
        )
    if utc(closes) <= settings.closes:
        raise InputError.of(
            f"{utc(closes).isoformat()} is not later than {settings.closes.isoformat()}.",
            "A deadline can be moved to a later moment only.",
        )
    frozen = settings.merge_deadline or settings.closes
    return replace(settings, closes=closes, merge_deadline=frozen)
