"""Student's t against scipy's, far out too, and with fractions of degrees of freedom."""

import math

import numpy as np
import pytest
from scipy.special import stdtr, stdtrit

from cygnet.evaluation.student import t_reach, t_tail

FREEDOMS = (0.7, 1, 2, 4.5, 9, 10, 15.77, 39, 57.1, 183, 583, 2055.5, 32_689)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_the_tail_is_scipys(freedom: float) -> None:
    for t in (*np.linspace(0, 8, 65), 15.0, 30.0, 60.0, 1e3, 1e6):
        expected = float(stdtr(freedom, -t))
        if expected > 1e-200:
            assert t_tail(float(t), freedom) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(("t", "freedom"), [(20.0, 183), (17.0, 2055.5), (1e6, 9), (16.45, 32_689)])
def test_far_tails_keep_their_digits(t: float, freedom: float) -> None:
    expected = float(stdtr(freedom, -t))
    assert 1e-70 < expected < 1e-45
    assert t_tail(t, freedom) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("freedom", FREEDOMS)
@pytest.mark.parametrize("level", [0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1 - 1e-6])
def test_the_reach_is_scipys(freedom: float, level: float) -> None:
    expected = float(stdtrit(freedom, (1 + level) / 2))
    assert t_reach(freedom, level) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_both_sides_make_up_the_whole() -> None:
    assert t_tail(-1.3, 7) == pytest.approx(1 - t_tail(1.3, 7), abs=1e-15)


def test_endless_degrees_of_freedom_are_the_normal_distribution() -> None:
    assert t_tail(1.959964, math.inf) == pytest.approx(0.025, abs=1e-8)
    assert t_reach(math.inf, 0.95) == pytest.approx(1.959964, abs=1e-6)
    assert t_tail(1.959964, 1e12) == pytest.approx(0.025, abs=1e-8)


@pytest.mark.parametrize(("t", "freedom"), [(math.nan, 9.0), (1.0, math.nan), (1.0, 0.0)])
def test_no_number_gives_none(t: float, freedom: float) -> None:
    assert math.isnan(t_tail(t, freedom))
    assert math.isnan(t_reach(freedom, 0.95)) or math.isnan(t)


def test_the_whole_line_is_reached_at_the_end_alone() -> None:
    assert t_reach(9, 1.0) == math.inf
    assert t_tail(math.inf, 9) == 0.0
