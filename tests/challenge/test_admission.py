from datetime import datetime, timedelta

import pytest

from challenge_cohort import CLOSES, OPENS, settings
from cygnet.challenge.admission import (
    Admitted,
    KnownKey,
    Refusal,
    RefusalCode,
    Replayed,
    Standing,
    admission,
    body_digest,
    validate_key,
)
from cygnet.challenge.phases import Phase
from cygnet.errors import InputError

NOON = OPENS + timedelta(days=3, hours=12)
BODY = body_digest(b"image_name,target\n")


def standing(*accepted_at: datetime, **changes: object) -> Standing:
    given: dict[str, object] = {
        "team_id": "swans",
        "accepted_at": accepted_at,
        "rules_accepted": True,
        "banned": False,
    }
    return Standing(**{**given, **changes})  # type: ignore[arg-type]


def code_of(answer: object) -> RefusalCode:
    assert isinstance(answer, Refusal)
    return answer.code


def test_what_is_left_counts_the_submission_itself() -> None:
    made = settings(daily_limit=3, total_limit=10)
    answer = admission(made, standing(NOON - timedelta(hours=1)), now=NOON, body_digest=BODY)
    assert answer == Admitted(Phase.OPEN, left_today=1, left_in_all=8)


def test_the_daily_limit_ends_at_midnight_of_utc() -> None:
    made = settings(daily_limit=2)
    full = standing(NOON, NOON + timedelta(minutes=1))
    evening = NOON.replace(hour=23, minute=59, second=59)
    answer = admission(made, full, now=evening, body_digest=BODY)
    assert code_of(answer) is RefusalCode.DAILY_LIMIT
    assert isinstance(answer, Refusal)
    assert answer.retry_at == evening + timedelta(seconds=1)
    after = admission(made, full, now=evening + timedelta(seconds=1), body_digest=BODY)
    assert isinstance(after, Admitted)


def test_the_limit_in_all_holds_over_days() -> None:
    made = settings(total_limit=2)
    used = standing(OPENS, OPENS + timedelta(days=1))
    assert code_of(admission(made, used, now=NOON, body_digest=BODY)) is RefusalCode.TOTAL_LIMIT


def test_the_late_phase_has_a_limit_of_its_own_and_none_in_all() -> None:
    late = CLOSES + timedelta(hours=12)
    made = settings(total_limit=1, late_daily_limit=1)
    # Two of the same UTC day, one a minute before the close: only the late one counts.
    before = standing(CLOSES)
    assert admission(made, before, now=CLOSES + timedelta(seconds=30), body_digest=BODY) == (
        Admitted(Phase.LATE, left_today=0, left_in_all=None)
    )
    used = standing(CLOSES, late)
    assert code_of(admission(made, used, now=late, body_digest=BODY)) is RefusalCode.DAILY_LIMIT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"banned": True}, RefusalCode.BANNED),
        ({"team_id": None}, RefusalCode.NO_TEAM),
        ({"rules_accepted": False}, RefusalCode.RULES_NOT_ACCEPTED),
    ],
)
def test_who_may_not_submit_is_told_why(changes: dict[str, object], code: RefusalCode) -> None:
    answer = admission(settings(), standing(**changes), now=NOON, body_digest=BODY)
    assert code_of(answer) is code


def test_before_the_opening_it_says_when_to_come_back() -> None:
    answer = admission(settings(), standing(), now=OPENS - timedelta(seconds=1), body_digest=BODY)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.retry_at) == (RefusalCode.NOT_OPEN, OPENS)


def test_after_the_late_board_nothing_is_taken() -> None:
    made = settings(late_closes=CLOSES + timedelta(days=1))
    answer = admission(made, standing(), now=CLOSES + timedelta(days=2), body_digest=BODY)
    assert code_of(answer) is RefusalCode.OVER


def test_a_known_key_is_answered_as_then_whatever_has_closed_since() -> None:
    known = KnownKey(BODY, "s1")
    gone = standing(banned=True, rules_accepted=False)
    over = settings(late_closes=CLOSES + timedelta(days=1))
    answer = admission(over, gone, now=CLOSES + timedelta(days=9), body_digest=BODY, known=known)
    assert answer == Replayed("s1")


def test_a_known_key_with_another_body_is_a_conflict() -> None:
    answer = admission(
        settings(), standing(), now=NOON, body_digest=body_digest(b"x"), known=KnownKey(BODY, "s1")
    )
    assert code_of(answer) is RefusalCode.CONFLICT


@pytest.mark.parametrize("key", ["", "a b", "k" * 201, "é", "line\n"])
def test_an_unfit_key_is_refused(key: str) -> None:
    with pytest.raises(InputError, match="200 visible"):
        validate_key(key)


def test_a_uuid_is_a_key() -> None:
    assert validate_key("0b0cfe9e-1a2b") == "0b0cfe9e-1a2b"
