import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm, studentized_range
from scipy.stats import t as student

from cygnet.evaluation.contrasts import (
    Contrasts,
    all_pairs,
    contrast_estimates,
    holm,
    joint_tail,
)
from cygnet.evaluation.jackknife import NO_CHANGE, jackknife_deviations

# The mean of each row without each of its four numbers; by hand the variance of a mean is s2 / 4.
ROWS = np.array([[1.0, 2.0, 3.0, 6.0], [2.0, 2.0, 5.0, 7.0], [2.0, 2.0, 5.0, 7.0]])
LEFT_OUT = (ROWS.sum(axis=1, keepdims=True) - ROWS) / 3


def contrasts(
    estimates: Any = None,
    deviations: Any = None,
    *,
    freedom: float = 3.0,
    reasons: Sequence[str | None] | None = None,
    flags: Sequence[str | None] | None = None,
) -> Contrasts:
    """All pairs of the rows' means, unless others are given."""
    values = ROWS.mean(axis=1) if estimates is None else np.asarray(estimates)
    moved = jackknife_deviations(LEFT_OUT) if deviations is None else np.asarray(deviations)
    first, second = all_pairs(values.size)
    nothing = [None] * first.size
    return Contrasts(
        values,
        moved,
        first,
        second,
        np.full(first.size, freedom),
        reasons or nothing,
        flags or nothing,
    )


def independent(n: int) -> Any:
    """Deviations of ``n`` estimates that have variance 1 and share nothing."""
    return np.eye(n)


def test_the_standard_error_is_the_jackknife_worked_by_hand() -> None:
    # Row by row b - a is 1, 0, 2, 1: mean 1, sum of squares about it 2, s2 = 2/3, over 4: 1/6.
    made = contrasts().standard_errors()
    assert made[0] == pytest.approx(math.sqrt(1 / 6), abs=1e-15)
    assert made[2] == 0


def test_limits_and_p_value_are_those_of_a_paired_t_test() -> None:
    one = contrast_estimates(contrasts())[0]
    expected = student(3)
    error = math.sqrt(1 / 6)
    assert one.estimate == 1
    assert one.method == "jackknife-t"
    assert one.lower == pytest.approx(1 - expected.ppf(0.975) * error, abs=1e-12)
    assert one.upper == pytest.approx(1 + expected.ppf(0.975) * error, abs=1e-12)
    assert one.details["p_value"] == pytest.approx(2 * expected.sf(1 / error), abs=1e-12)
    assert one.details["degrees_of_freedom"] == 3
    assert isinstance(one.details["degrees_of_freedom"], int)


def test_limits_are_cut_to_what_a_difference_can_be() -> None:
    one = contrast_estimates(contrasts(), limit=1.5)[0]
    assert one.upper == 1.5
    assert one.details["simultaneous_upper"] == 1.5
    assert one.lower > -1.5


def test_where_nothing_varies_it_is_said_why_and_nothing_is_claimed() -> None:
    same = contrast_estimates(contrasts())[2]
    assert (same.estimate, same.reason) == (0, "no patient tells the two apart")
    assert not same.has_interval
    assert set(same.details.values()) == {None}
    shifted = contrast_estimates(contrasts([0.5, 0.6], np.zeros((2, 5))))[0]
    assert shifted.reason == NO_CHANGE
    assert shifted.as_json()["p_value"] is None


def test_a_reason_given_takes_the_interval_away_and_a_flag_stands_beside_one() -> None:
    made = contrast_estimates(
        contrasts(reasons=[None, "too few", None], flags=["few", "few", None])
    )
    assert [one.reason for one in made[:2]] == [None, "too few"]
    assert [one.flag for one in made[:2]] == ["few", None]
    assert [one.has_interval for one in made[:2]] == [True, False]


def test_holm_corrects_for_the_differences_that_have_a_p_value_and_no_others() -> None:
    three = contrast_estimates(contrasts())
    # The third compares a row with its copy; the first two are alike: 2 p, and again 2 p.
    p = three[0].details["p_value"]
    assert isinstance(p, float)
    assert three[0].details["p_holm"] == pytest.approx(2 * p, abs=1e-15)
    assert three[1].details["p_holm"] == pytest.approx(2 * p, abs=1e-15)
    assert three[2].details["p_holm"] is None


def test_holm_by_hand_with_ties_and_at_the_end_of_the_scale() -> None:
    # Sorted 0.01, 0.02, 0.02, 0.5: times 4, 3, 2, 1 is 0.04, 0.06, 0.04, 0.5, never falling.
    assert_allclose(holm(np.array([0.5, 0.02, 0.01, 0.02])), [0.5, 0.06, 0.04, 0.06], atol=1e-15)
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]
    assert holm(np.array([0.03])).tolist() == [0.03]
    assert holm(np.empty(0)).size == 0


def tail(deviations: Any, *, level: float = 0.95, seed: int = 0) -> float:
    return joint_tail(deviations, *all_pairs(len(deviations)), confidence_level=level, seed=seed)


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("level", [0.90, 0.95])
def test_independent_equal_variances_give_tukeys_range(n: int, level: float) -> None:
    # The largest |difference| of n standard normals over sqrt(2): Tukey's studentized range.
    reach = studentized_range.ppf(level, n, np.inf) / math.sqrt(2)
    assert tail(independent(n), level=level) == pytest.approx(2 * norm.sf(reach), rel=0.03)


def test_one_against_others_gives_dunnetts_by_integration() -> None:
    # Three compared with one common estimate, all independent: P(max |z_j - z_0| / sqrt(2) < c)
    # is the mean over z_0 of (Phi(z_0 + c sqrt(2)) - Phi(z_0 - c sqrt(2)))^3.
    zero, one = np.zeros(3, dtype=np.intp), np.array([1, 2, 3], dtype=np.intp)
    made = joint_tail(independent(4), zero, one, confidence_level=0.95, seed=0)
    reach = norm.isf(made / 2) * math.sqrt(2)
    z, step = np.linspace(-9, 9, 20001, retstep=True)
    inside = norm.cdf(z + reach) - norm.cdf(z - reach)
    assert float(np.sum(norm.pdf(z) * inside**3) * step) == pytest.approx(0.95, abs=0.002)


def test_the_joint_tail_agrees_with_draws_of_unlike_correlated_differences(
    rng: np.random.Generator,
) -> None:
    deviations = rng.normal(size=(4, 30)) * np.array([[1.0], [0.2], [3.0], [1.0]])
    deviations[3] = deviations[0] + 0.1 * deviations[3]
    first, second = all_pairs(4)
    contrast = deviations[second] - deviations[first]
    covariance = contrast @ contrast.T
    error = np.sqrt(np.diag(covariance))
    drawn = rng.multivariate_normal(np.zeros(6), covariance, 200_000, method="eigh") / error
    reach = np.quantile(np.abs(drawn).max(axis=1), 0.95)
    assert tail(deviations) == pytest.approx(2 * norm.sf(reach), rel=0.04)


def test_the_joint_tail_lies_between_bonferronis_and_that_of_one(
    rng: np.random.Generator,
) -> None:
    for n in range(3, 9):
        made = tail(rng.normal(size=(n, 12)))
        m = n * (n - 1) / 2
        assert 0.05 / m <= made <= 0.05
    # Copies are one difference said three times: no price is paid for them.
    one = rng.normal(size=12)
    copies = np.stack([np.zeros(12), one, one, one])
    assert joint_tail(
        copies, np.array([0, 0, 0]), np.array([1, 2, 3]), confidence_level=0.95, seed=0
    ) == pytest.approx(0.05, rel=0.02)


def test_one_difference_pays_nothing_and_the_same_seed_gives_the_same_tail(
    rng: np.random.Generator,
) -> None:
    deviations = rng.normal(size=(5, 20))
    assert tail(deviations[:2]) == pytest.approx(0.05, abs=1e-15)
    assert tail(deviations, seed=4) == tail(deviations, seed=4)
    assert tail(deviations, seed=4) != tail(deviations, seed=5)
    one = contrast_estimates(contrasts([0.1, 0.3], deviations[:2]))[0]
    assert one.details["simultaneous_lower"] == pytest.approx(one.lower, abs=1e-12)


def test_simultaneous_limits_are_wider_and_hold_the_others(rng: np.random.Generator) -> None:
    made = contrast_estimates(contrasts([0.1, 0.3, 0.4], rng.normal(size=(3, 20)), freedom=12))
    assert len(made) == 3
    for one in made:
        lower, upper = one.details["simultaneous_lower"], one.details["simultaneous_upper"]
        assert isinstance(lower, float)
        assert isinstance(upper, float)
        assert lower < one.lower < one.upper < upper


@pytest.mark.parametrize("beyond", [1e-6, -1e-6])
def test_equivalence_is_decided_where_the_90_percent_interval_meets_the_margin(
    beyond: float,
) -> None:
    # d = 1, SE = sqrt(1/6): the upper limit at 90 % is the margin at which the decision turns.
    turn = 1 + student(3).ppf(0.95) * math.sqrt(1 / 6)
    one = contrast_estimates(contrasts(), margin=turn + beyond)[0]
    assert one.details["equivalence_upper"] == pytest.approx(turn, abs=1e-12)
    assert one.details["p_equivalence"] == pytest.approx(0.05, abs=1e-6)
    assert one.details["equivalent"] is (beyond > 0)
    assert one.details["margin"] == turn + beyond


def test_equivalence_looks_at_both_sides() -> None:
    for sign in (1, -1):
        estimates = np.array([0.0, sign * 1.0])
        one = contrast_estimates(contrasts(estimates, 0.5 * independent(2)), margin=1.01)[0]
        assert one.details["equivalent"] is False
        # (1.01 - 1) / SE above 0, SE = sqrt(1/2): one of the two tests has nearly p = 1/2.
        assert one.details["p_equivalence"] == pytest.approx(
            student(3).sf(0.01 / math.sqrt(0.5)), abs=1e-12
        )


def test_what_never_varies_is_equivalent_and_without_a_margin_it_is_not_asked() -> None:
    same = contrast_estimates(contrasts(), margin=0.1)[2]
    assert same.details["equivalent"] is True
    assert same.details["equivalence_lower"] == same.details["equivalence_upper"] == same.estimate
    assert same.details["p_equivalence"] is None
    assert same.details["margin"] == 0.1
    assert "equivalent" not in contrast_estimates(contrasts())[0].details
