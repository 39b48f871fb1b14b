"""Numbers are written as a reader wants them and never say more than is known."""

import math

import pytest

from cygnet.report import numbers

NARROW, MINUS = numbers.NARROW_SPACE, numbers.MINUS


def test_thousands_are_parted_by_thin_spaces_from_five_digits_on() -> None:
    assert numbers.format_count(33126) == f"33{NARROW}126"
    assert numbers.format_count(1_234_567) == f"1{NARROW}234{NARROW}567"
    assert numbers.format_count(2056) == "2056"
    assert numbers.format_count(0) == "0"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.84612, "0.846"),
        (0.5, "0.500"),
        (1.0, "1.000"),
        (0.0, "0.000"),
        (0.01234, "0.0123"),
        (12.345, "12.3"),
        (123.45, "123"),
        (-0.25, f"{MINUS}0.250"),
        (0.99983, "0.9998"),
        (-0.99996, f"{MINUS}0.99996"),
        (math.nan, "not defined"),
        (math.inf, "infinite"),
    ],
)
def test_three_digits_are_shown_and_more_where_they_would_round_away(
    value: float, written: str
) -> None:
    assert numbers.format_number(value) == written


def test_a_number_that_rounds_to_zero_keeps_no_minus_sign() -> None:
    assert numbers.format_number(-0.0, 3) == "0.000"


def test_an_interval_has_the_decimals_of_its_estimate() -> None:
    assert numbers.format_interval(0.84612, 0.81098, 0.87899) == "0.846 (0.811 to 0.879)"
    assert numbers.format_interval(-0.002, -0.0312, 0.0271) == (
        f"{MINUS}0.0020 ({MINUS}0.0312 to 0.0271)"
    )
    assert numbers.format_interval(1.0, 0.943, 1.0) == "1.000 (0.943 to 1.000)"


def test_what_is_undefined_is_said_and_never_a_number() -> None:
    nan = math.nan
    assert numbers.format_interval(nan, nan, nan) == "not defined"
    assert numbers.format_interval(0.8, nan, nan) == "0.800 (no interval)"
    assert numbers.format_probability(nan) == numbers.format_share(nan) == "not defined"
    assert numbers.format_count(nan) == "not defined"


def test_probabilities_near_the_ends_are_bounds() -> None:
    assert numbers.format_probability(0.0004) == "<0.001"
    assert numbers.format_probability(0.9996) == ">0.999"
    assert numbers.format_probability(0.0) == "0.000"
    assert numbers.format_probability(1.0) == "1.000"


def test_times_are_told_in_two_units() -> None:
    assert numbers.format_duration(3.24) == f"3.2{NARROW}s"
    assert numbers.format_duration(59.6) == f"1{NARROW}min 0{NARROW}s"
    assert numbers.format_duration(7384) == f"2{NARROW}h 3{NARROW}min"
