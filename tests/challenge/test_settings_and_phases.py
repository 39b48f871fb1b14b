from datetime import UTC, datetime, timedelta, timezone

import pytest

from challenge_cohort import CLOSES, OPENS, settings
from cygnet.challenge.phases import Phase, closed_at, extended, may_merge_at, phase_at
from cygnet.challenge.settings import ContestSettings, FeedbackRules, Track
from cygnet.errors import InputError

SECOND = timedelta(seconds=1)


def test_settings_survive_their_document() -> None:
    made = settings(total_limit=100, blind=True, tracks=(Track.WITH_CONTEXT,), team_size=3)
    assert ContestSettings.from_json(made.as_json()) == made


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(InputError, match="'dayly_limit'"):
        ContestSettings.from_json({**settings().as_json(), "dayly_limit": 3})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "ISIC 2020"),
        ("title", " "),
        ("closes", OPENS),
        ("merge_deadline", CLOSES + SECOND),
        ("late_closes", CLOSES),
        ("daily_limit", 0),
        ("public_share", 1.0),
        ("tracks", ()),
        ("opens", datetime(2020, 5, 27)),  # noqa: DTZ001
    ],
)
def test_settings_that_make_no_contest_are_refused(name: str, value: object) -> None:
    with pytest.raises(InputError):
        settings(**{name: value})


@pytest.mark.parametrize("document", [{"grid": 0.0}, {"gate_errors": 1.0}])
def test_the_protection_cannot_be_switched_off(document: dict[str, float]) -> None:
    with pytest.raises(InputError, match="studied"):
        FeedbackRules(**document)


@pytest.mark.parametrize("wrong", [True, "5", 5.5])
def test_a_limit_that_is_no_whole_number_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="daily_limit"):
        ContestSettings.from_json({**settings().as_json(), "daily_limit": wrong})


def test_a_missing_setting_is_an_input_error() -> None:
    document = settings().as_json()
    del document["closes"]
    with pytest.raises(InputError, match="closes"):
        ContestSettings.from_json(document)


def test_phases_change_at_the_second() -> None:
    made = settings(late_closes=CLOSES + timedelta(days=1))
    assert phase_at(made, OPENS - SECOND) is Phase.BEFORE
    assert phase_at(made, OPENS) is Phase.OPEN
    assert phase_at(made, CLOSES + timedelta(milliseconds=999)) is Phase.OPEN
    assert phase_at(made, CLOSES + SECOND) is Phase.LATE
    assert phase_at(made, CLOSES + timedelta(days=1)) is Phase.LATE
    assert phase_at(made, CLOSES + timedelta(days=1, seconds=1)) is Phase.OVER


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    paris = timezone(timedelta(hours=2))
    in_paris = CLOSES.astimezone(paris)
    assert phase_at(settings(), in_paris) is Phase.OPEN
    assert settings(closes=in_paris).closes.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(InputError, match="zone"):
        phase_at(settings(), datetime(2020, 6, 1))  # noqa: DTZ001


def test_a_deadline_moves_only_later_and_only_while_the_contest_is_open() -> None:
    later = CLOSES + timedelta(days=2)
    made = extended(settings(), later, now=CLOSES)
    assert made.closes == later
    assert not closed_at(made, CLOSES + SECOND)
    assert not may_merge_at(made, CLOSES + SECOND)
    with pytest.raises(InputError, match="not later"):
        extended(settings(), CLOSES, now=OPENS)
    with pytest.raises(InputError, match="closed"):
        extended(settings(), later, now=CLOSES + SECOND)
