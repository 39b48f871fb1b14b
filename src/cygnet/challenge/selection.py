"""Which of a team's submissions count at the close? Those it selected, or else a default.

The default looks at released feedback alone, so that the choice tells nothing that the team was
not told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cygnet.challenge.admission import Refusal, RefusalCode
from cygnet.challenge.phases import closed_at
from cygnet.challenge.settings import ContestSettings, Track, utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A scored submission; ``moved``: it raised the team's released number when it came."""

    submission_id: str
    received: datetime
    selected: bool
    moved: bool
    track: Track


def selection_refusal(
    settings: ContestSettings,
    candidates: Sequence[Candidate],
    wanted: Sequence[str],
    *,
    now: datetime,
) -> Refusal | None:
    """Say why a team may not select ``wanted`` of its ``candidates``; or ``None``."""
    if closed_at(settings, now):
        return Refusal(
            RefusalCode.CLOSED,
            f"Selections have been fixed since {settings.closes.isoformat()}.",
        )
    if len(set(wanted)) > settings.finals:
        return Refusal(
            RefusalCode.TOO_MANY_FINALS, f"At most {settings.finals} submissions can be selected."
        )
    own = {one.submission_id for one in candidates}
    if not own.issuperset(wanted):
        return Refusal(RefusalCode.UNKNOWN_SUBMISSION, "This is no scored submission of the team.")
    return None


def final_selections(settings: ContestSettings, candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """Give the ids that count, at most ``finals``, latest first.

    Where none is selected, those that raised the team's number come first, then the latest others.
    Late submissions are no candidates: those after the close are left out.
    """
    timely = [one for one in candidates if not closed_at(settings, one.received)]
    latest = sorted(timely, key=lambda one: (utc(one.received), one.submission_id), reverse=True)
    chosen = [one for one in latest if one.selected]
    if not chosen:
        chosen = sorted(latest, key=lambda one: not one.moved)
    return tuple(one.submission_id for one in chosen[: settings.finals])
