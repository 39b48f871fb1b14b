from datetime import datetime, timedelta

import pytest

from challenge_cohort import CLOSES, OPENS, settings
from cygnet.challenge.admission import Refusal, RefusalCode
from cygnet.challenge.selection import Candidate, final_selections, selection_refusal
from cygnet.challenge.settings import Track
from cygnet.challenge.teams import Team, join_refusal, merge_refusal, merged
from cygnet.errors import InputError

DAY = timedelta(days=1)
NOW = OPENS + 2 * DAY + timedelta(hours=12)


def team(name: str, *accepted_at: datetime, size: int = 1, **changes: bool) -> Team:
    members = frozenset(f"{name}-{i}" for i in range(size))
    return Team(team_id=name, members=members, accepted_at=accepted_at, **changes)


def code_of(refusal: Refusal | None) -> RefusalCode | None:
    return None if refusal is None else refusal.code


def test_a_merged_team_holds_members_and_submissions_of_both() -> None:
    one, other = team("a", OPENS + DAY, verified=True), team("b", OPENS, verified=True)
    made = merged(settings(), one, other, now=NOW)
    assert made.team_id == "a"
    assert made.members == {"a-0", "b-0"}
    assert made.accepted_at == (OPENS, OPENS + DAY)
    assert made.verified


def test_a_merge_with_an_unverified_team_is_unverified() -> None:
    assert not merged(settings(), team("a", verified=True), team("b"), now=NOW).verified


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (team("a"), team("a"), RefusalCode.IN_A_TEAM),
        (team("a"), team("b", banned=True), RefusalCode.BANNED),
        (team("a", size=3), team("b", size=3), RefusalCode.TEAM_SIZE),
        # Two of three days' two submissions each: together eight where one team has six.
        (team("a", *[OPENS] * 4), team("b", *[OPENS + DAY] * 4), RefusalCode.MERGE_COUNT),
        (team("a", NOW, NOW), team("b", NOW), RefusalCode.MERGE_COUNT),
        (team("a", OPENS, OPENS), team("b", OPENS + DAY), None),
    ],
)
def test_merging_buys_no_submissions(one: Team, other: Team, code: RefusalCode | None) -> None:
    made = settings(daily_limit=2)
    assert code_of(merge_refusal(made, one, other, now=NOW)) is code
    if code is not None:
        with pytest.raises(InputError):
            merged(made, one, other, now=NOW)


def test_the_limit_in_all_bounds_a_merge_too() -> None:
    made = settings(total_limit=3)
    refusal = merge_refusal(made, team("a", OPENS, OPENS), team("b", OPENS, OPENS), now=NOW)
    assert code_of(refusal) is RefusalCode.MERGE_COUNT


def test_teams_are_fixed_after_the_merge_deadline() -> None:
    made = settings(merge_deadline=OPENS + DAY)
    late = OPENS + DAY + timedelta(seconds=1)
    assert merge_refusal(made, team("a"), team("b"), now=OPENS + DAY) is None
    refusal = merge_refusal(made, team("a"), team("b"), now=late)
    assert code_of(refusal) is RefusalCode.MERGE_DEADLINE
    joining = join_refusal(made, team("a"), "x", other_team=None, now=late)
    assert code_of(joining) is RefusalCode.MERGE_DEADLINE


def test_a_person_is_in_one_team() -> None:
    made = settings(team_size=2)
    assert join_refusal(made, team("a"), "x", other_team=None, now=NOW) is None
    in_one = join_refusal(made, team("a"), "x", other_team="b", now=NOW)
    assert code_of(in_one) is RefusalCode.IN_A_TEAM
    full = join_refusal(made, team("a", size=2), "x", other_team=None, now=NOW)
    assert code_of(full) is RefusalCode.TEAM_SIZE


def candidate(name: str, hours: int, *, selected: bool = False, moved: bool = False) -> Candidate:
    return Candidate(
        submission_id=name,
        received=OPENS + timedelta(hours=hours),
        selected=selected,
        moved=moved,
        track=Track.WITHOUT_CONTEXT,
    )


def test_the_selected_count_latest_first() -> None:
    given = [candidate("a", 1, selected=True), candidate("b", 2), candidate("c", 3, selected=True)]
    assert final_selections(settings(), given) == ("c", "a")


def test_without_a_selection_those_count_that_moved_the_number_then_the_latest() -> None:
    given = [
        candidate("a", 1, moved=True),
        *(candidate(name, i + 2) for i, name in enumerate("bcd")),
    ]
    assert final_selections(settings(), given) == ("a", "d", "c")


def test_a_late_submission_never_counts() -> None:
    late = Candidate(
        submission_id="z",
        received=CLOSES + timedelta(seconds=1),
        selected=True,
        moved=True,
        track=Track.WITH_CONTEXT,
    )
    assert final_selections(settings(), [candidate("a", 1), late]) == ("a",)


@pytest.mark.parametrize(
    ("wanted", "now", "code"),
    [
        (["a"], CLOSES, None),
        (["a"], CLOSES + timedelta(seconds=1), RefusalCode.CLOSED),
        (["a", "x"], NOW, RefusalCode.UNKNOWN_SUBMISSION),
        (["a", "b", "c", "d"], NOW, RefusalCode.TOO_MANY_FINALS),
    ],
)
def test_a_selection_is_checked(wanted: list[str], now: datetime, code: RefusalCode | None) -> None:
    given = [candidate(name, i) for i, name in enumerate("abcd")]
    assert code_of(selection_refusal(settings(), given, wanted, now=now)) is code
