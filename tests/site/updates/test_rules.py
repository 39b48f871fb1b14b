"""When is what sent to whom? The rules alone."""

from datetime import UTC, datetime, timedelta

import pytest

from cygnet.site.updates import rules

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "hours_ago", "sent"),
    [
        (None, None, True),
        ("pending", 23.9, False),
        ("pending", 24, True),
        ("left", 1, False),
        ("left", 25, True),
        ("confirmed", None, False),
        ("confirmed", 1000, False),
        ("bounced", 25, False),
        ("bounced", 24 * 30, True),
    ],
)
def test_a_confirmation_is_sent_once_a_day_and_never_to_who_confirmed(
    state: rules.State | None, hours_ago: float | None, sent: bool
) -> None:
    last = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    assert rules.may_confirm_again(state, last, NOW) is sent


def test_limits_hold_for_a_network_and_in_all() -> None:
    assert rules.within_limits(19, 999)
    assert not rules.within_limits(20, 20)
    assert not rules.within_limits(0, 1000)


def test_pauses_grow_and_end() -> None:
    pauses = [rules.pause_after(n) for n in range(1, rules.MOST_ATTEMPTS + 1)]
    known = [pause for pause in pauses if pause is not None]
    assert pauses[-1] is None
    assert known == sorted(known)
    assert timedelta(hours=12) < sum(known, timedelta()) < timedelta(days=3)


def test_a_domain_that_cannot_be_spelt_in_ascii_is_refused() -> None:
    with pytest.raises(UnicodeError):
        rules.normal_address(f"a@{'x' * 70}.example")
