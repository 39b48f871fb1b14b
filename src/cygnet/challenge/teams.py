"""Who may join a team, and which teams may become one? One team a person, one limit a team.

Merging must not buy submissions: what the parts used together may not exceed what one team might
have used by then.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cygnet.challenge.admission import Refusal, RefusalCode, on_day
from cygnet.challenge.phases import Phase, may_merge_at, phase_at
from cygnet.challenge.settings import ContestSettings, utc
from cygnet.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Its members and when its scored submissions arrived; ``verified`` as counted."""

    team_id: str
    members: frozenset[str]
    accepted_at: tuple[datetime, ...]
    verified: bool = False
    banned: bool = False


def counts_as_verified(organisers_word: bool | None, identified: Collection[bool]) -> bool:
    """Say whether a team counts as verified: by an organiser, or as all its members are identified.

    ``organisers_word`` is ``None`` where no organiser spoke, and wins otherwise; ``identified`` has
    a member each. One who is not identified could be in another team too, under another address.

    >>> counts_as_verified(None, [True, True]), counts_as_verified(None, [True, False])
    (True, False)
    >>> counts_as_verified(True, [False]), counts_as_verified(False, [True])
    (True, False)
    """
    if organisers_word is not None:
        return organisers_word
    return bool(identified) and all(identified)


def merged_word(one: bool | None, other: bool | None, *, verified: bool) -> bool | None:
    """Give the organisers' word on a team that two became; ``verified``: both were.

    >>> merged_word(True, None, verified=True), merged_word(True, None, verified=False)
    (True, None)
    >>> merged_word(True, False, verified=False)
    False
    """
    if one is False or other is False:
        return False
    return True if verified and (one or other) else None


def join_refusal(
    settings: ContestSettings,
    team: Team,
    person: str,
    *,
    other_team: str | None,
    now: datetime,
) -> Refusal | None:
    """Say why ``person``, now in ``other_team`` (``None``: in none), may not join; or ``None``."""
    if team.banned:
        return Refusal(RefusalCode.BANNED, "This team is banned.")
    if other_team is not None or person in team.members:
        return Refusal(
            RefusalCode.IN_A_TEAM, "A person is in one team alone. Leave it, or merge the two."
        )
    return _too_late(settings, now) or _too_many(settings, len(team.members) + 1)


def offer_refusal(settings: ContestSettings, asking: Team, *, now: datetime) -> Refusal | None:
    """Say why ``asking`` may not offer itself to another team; or ``None``.

    Of the other team nothing is looked at: whoever offers must not learn whether it is there, how
    large it is, what it sent. All else is asked when the offer is taken.
    """
    if asking.banned:
        return Refusal(RefusalCode.BANNED, "A banned team cannot merge.")
    return _too_late(settings, now)


def merge_refusal(
    settings: ContestSettings, one: Team, other: Team, *, now: datetime
) -> Refusal | None:
    """Say why the two may not become one team; or ``None`` where they may."""
    if one.team_id == other.team_id:
        return Refusal(RefusalCode.IN_A_TEAM, "This is one team already.")
    if one.banned or other.banned:
        return Refusal(RefusalCode.BANNED, "A banned team cannot merge.")
    members = len(one.members | other.members)
    return (
        _too_late(settings, now)
        or _too_many(settings, members)
        or _too_many_submissions(settings, (*one.accepted_at, *other.accepted_at), now)
    )


def merged(settings: ContestSettings, one: Team, other: Team, *, now: datetime) -> Team:
    """Give the team that the two become, under ``one.team_id``; verified only where both are.

    Its Ladder is what :func:`~cygnet.challenge.feedback.merged_ladder` gives. Raises
    :class:`InputError` where :func:`merge_refusal` gives a reason.
    """
    refusal = merge_refusal(settings, one, other, now=now)
    if refusal is not None:
        raise InputError.of(refusal.message, "Write to the organisers if this cannot be.")
    return Team(
        team_id=one.team_id,
        members=one.members | other.members,
        accepted_at=tuple(sorted((*one.accepted_at, *other.accepted_at), key=utc)),
        verified=one.verified and other.verified,
    )


def _too_late(settings: ContestSettings, now: datetime) -> Refusal | None:
    if may_merge_at(settings, now):
        return None
    deadline = settings.merge_deadline or settings.closes
    return Refusal(
        RefusalCode.MERGE_DEADLINE,
        f"Teams have been fixed since {deadline.isoformat()}.",
    )


def _too_many(settings: ContestSettings, members: int) -> Refusal | None:
    if members <= settings.team_size:
        return None
    return Refusal(
        RefusalCode.TEAM_SIZE, f"A team has at most {settings.team_size} members, not {members}."
    )


def _too_many_submissions(
    settings: ContestSettings, accepted_at: tuple[datetime, ...], now: datetime
) -> Refusal | None:
    counted = [one for one in accepted_at if phase_at(settings, one) is Phase.OPEN]
    today = on_day(counted, now)
    if today > settings.daily_limit:
        return Refusal(
            RefusalCode.MERGE_COUNT,
            f"Together you have {today} submissions of this UTC day; a team has "
            f"{settings.daily_limit}. Merge tomorrow.",
        )
    days = max((utc(now).date() - settings.opens.date()).days + 1, 0)
    most = days * settings.daily_limit
    if settings.total_limit is not None:
        most = min(most, settings.total_limit)
    if len(counted) > most:
        return Refusal(
            RefusalCode.MERGE_COUNT,
            f"Together you have {len(counted)} submissions; one team could have {most} by now.",
        )
    return None
