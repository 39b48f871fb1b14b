"""May this submission be taken now? Idempotency key, ban, team, rules, phase and limits, in order.

A key that was answered before is answered alike, whatever has closed since. Only submissions that
were scored count against a limit; a failure consumes nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cygnet.challenge.phases import Phase, phase_at
from cygnet.challenge.settings import ContestSettings, utc
from cygnet.errors import InputError


class RefusalCode(StrEnum):
    """Why something was refused."""

    CONFLICT = "conflict"
    BANNED = "banned"
    NO_TEAM = "no-team"
    RULES_NOT_ACCEPTED = "rules-not-accepted"
    NOT_OPEN = "not-open"
    CLOSED = "closed"
    OVER = "over"
    DAILY_LIMIT = "daily-limit"
    TOTAL_LIMIT = "total-limit"
    MERGE_DEADLINE = "merge-deadline"
    MERGE_COUNT = "merge-count"
    TEAM_SIZE = "team-size"
    IN_A_TEAM = "in-a-team"
    TOO_MANY_FINALS = "too-many-finals"
    UNKNOWN_SUBMISSION = "unknown-submission"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, in a sentence for the person, and when it is worth trying again."""

    code: RefusalCode
    message: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of who submits.

    ``accepted_at`` are the arrivals of the team's scored submissions, after a merge those of all
    its parts; ``team_id`` is ``None`` for a person without a team.
    """

    team_id: str | None
    accepted_at: tuple[datetime, ...]
    rules_accepted: bool
    banned: bool


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What this account sent with this idempotency key before, and what became of it."""

    body_digest: str
    submission_id: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """It may be taken; how many are left after it, today and (``None``: no limit) in all."""

    phase: Phase
    left_today: int
    left_in_all: int | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """It was taken before under this key: answer as then."""

    submission_id: str


def body_digest(data: bytes) -> str:
    """Give the SHA-256 of a request's file in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def validate_key(key: str) -> str:
    """Give an idempotency key back; raises :class:`InputError` unless 1 to 200 visible ASCII."""
    if not 1 <= len(key) <= 200 or not all("!" <= letter <= "~" for letter in key):
        raise InputError.of(
            "An idempotency key has 1 to 200 visible ASCII characters.",
            "A random UUID is a good one.",
        )
    return key


def admission(
    settings: ContestSettings,
    standing: Standing,
    *,
    now: datetime,
    body_digest: str,
    known: KnownKey | None = None,
) -> Admitted | Replayed | Refusal:
    """Decide on a submission that arrived at ``now``.

    ``known`` is what the account's idempotency key was used for before, if it was. Days are UTC
    days; in the late phase ``late_daily_limit`` holds and the limit in all does not.
    """
    if known is not None:
        if known.body_digest == body_digest:
            return Replayed(known.submission_id)
        return Refusal(
            RefusalCode.CONFLICT,
            "This idempotency key was used for another file. Use a new key for a new file.",
        )
    phase = phase_at(settings, now)
    return _personal(standing) or _untimely(settings, phase) or _counted(settings, standing, now)


def _personal(standing: Standing) -> Refusal | None:
    if standing.banned:
        return Refusal(
            RefusalCode.BANNED, "This account or team is banned. Write to the organisers."
        )
    if standing.team_id is None:
        return Refusal(RefusalCode.NO_TEAM, "Found a team or join one before you submit.")
    if not standing.rules_accepted:
        return Refusal(
            RefusalCode.RULES_NOT_ACCEPTED, "Accept the rules of the contest before you submit."
        )
    return None


def _untimely(settings: ContestSettings, phase: Phase) -> Refusal | None:
    if phase is Phase.BEFORE:
        opens = settings.opens
        return Refusal(RefusalCode.NOT_OPEN, f"The contest opens at {opens.isoformat()}.", opens)
    if phase is Phase.OVER:
        return Refusal(RefusalCode.OVER, "The contest is over, and so is its late board.")
    return None


def _counted(settings: ContestSettings, standing: Standing, now: datetime) -> Admitted | Refusal:
    moment, phase = utc(now), phase_at(settings, now)
    late = phase is Phase.LATE
    taken = [utc(one) for one in standing.accepted_at if phase_at(settings, one) is phase]
    total = None if late else settings.total_limit
    if total is not None and len(taken) >= total:
        return Refusal(RefusalCode.TOTAL_LIMIT, f"The team has used all its {total} submissions.")
    daily = settings.late_daily_limit if late else settings.daily_limit
    today = on_day(taken, moment)
    if today >= daily:
        midnight = moment.replace(hour=0, minute=0, second=0) + timedelta(days=1)
        return Refusal(
            RefusalCode.DAILY_LIMIT,
            f"The team has used its {daily} submissions of this UTC day.",
            midnight,
        )
    in_all = None if total is None else total - len(taken) - 1
    return Admitted(phase, daily - today - 1, in_all)


def on_day(moments: Sequence[datetime], day: datetime) -> int:
    """Count the ``moments`` on the UTC day of ``day``."""
    return sum(utc(one).date() == utc(day).date() for one in moments)
