from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from cygnet.errors import InputError
from cygnet.evaluation import fit_beta, fit_isotonic, fit_platt
from cygnet.evaluation.recalibrators import FITS, LogitCalibrator, Method, platt_line

METHODS: tuple[Method, ...] = ("platt", "isotonic", "beta")


def logit(probability: Any) -> Any:
    return np.log(probability) - np.log1p(-np.asarray(probability))


def grouped(*groups: tuple[float, int, int]) -> tuple[Any, Any]:
    """Give target and probability of groups, each a probability, its images and malignant ones."""
    target = [int(i < malignant) for _, n, malignant in groups for i in range(n)]
    return np.array(target), np.repeat([g[0] for g in groups], [g[1] for g in groups])


def test_platt_on_two_groups_gives_each_its_smoothed_share() -> None:
    # 5 malignant count 6/7 each, 7 benign 1/9: two groups and two parameters, an exact fit.
    target, probability = grouped((0.2, 8, 2), (0.8, 4, 3))
    shares = [(2 * 6 / 7 + 6 / 9) / 8, (3 * 6 / 7 + 1 / 9) / 4]
    calibrator = fit_platt(target, probability)
    assert_allclose(calibrator([0.2, 0.8]), shares, atol=1e-7)
    assert calibrator.a == calibrator.b
    slope = (logit(shares[1]) - logit(shares[0])) / (logit(0.8) - logit(0.2))
    assert calibrator.a == pytest.approx(slope, abs=1e-6)


def test_isotonic_gives_the_shares_of_pooled_blocks() -> None:
    # Shares by level: 0/1, 1/2 | 1/4, 2/2; the middle two fall and pool to 2/6.
    target, probability = grouped((0.1, 1, 0), (0.2, 2, 1), (0.4, 4, 1), (0.9, 2, 2))
    calibrator = fit_isotonic(target, probability)
    assert_allclose(calibrator([0.1, 0.2, 0.3, 0.4, 0.9]), [0, 2 / 6, 2 / 6, 2 / 6, 1])
    # Half way between 0.4 and 0.9, half way between 2/6 and 1; flat beyond the ends.
    assert_allclose(calibrator([0.0, 0.65, 1.0]), [0, 2 / 3, 1])


@pytest.mark.parametrize("decimals", [None, 2, 1])
@pytest.mark.parametrize("weighted", [False, True])
def test_scikit_learn_s_isotonic_regression_agrees(
    draw_images: Callable[..., Any], decimals: int | None, weighted: bool
) -> None:
    images = draw_images(1000, 100, decimals=decimals)
    weights = images.weights if weighted else None
    theirs = IsotonicRegression(out_of_bounds="clip").fit(
        images.probability, images.target, sample_weight=weights
    )
    ours = fit_isotonic(images.target, images.probability, weights)
    grid = np.linspace(0, 1, 777)
    assert_allclose(ours(images.probability), theirs.predict(images.probability), atol=1e-9)
    assert_allclose(ours(grid), theirs.predict(grid), atol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_general_optimiser_finds_the_same_beta_map(
    draw_images: Callable[..., Any], weighted: bool
) -> None:
    images = draw_images(600)
    weights = images.weights if weighted else np.ones(600)
    n1 = images.target.sum()
    wanted = np.where(images.target == 1, (n1 + 1) / (n1 + 2), 1 / (600 - n1 + 2))
    clipped = np.clip(images.probability, 1e-6, 1 - 1e-6)

    def loss(line: Any) -> float:
        value = line[0] * np.log(clipped) - line[1] * np.log1p(-clipped) + line[2]
        return float(np.average(np.logaddexp(0, value) - wanted * value, weights=weights))

    best = minimize(loss, [1, 1, 0], bounds=[(0, None), (0, None), (None, None)], tol=1e-12)
    made = fit_beta(images.target, images.probability, images.weights if weighted else None)
    assert_allclose((made.a, made.b, made.c), best.x, atol=2e-3)
    assert loss((made.a, made.b, made.c)) <= best.fun + 1e-12


def test_beta_leaves_calibrated_probabilities_as_they_are() -> None:
    levels = np.arange(1, 10) / 10
    target, probability = grouped(*((p, 10_000, round(10_000 * p)) for p in levels))
    made = fit_beta(target, probability)
    assert_allclose((made.a, made.b, made.c), (1, 1, 0), atol=2e-3)
    assert_allclose(made(levels), levels, atol=1e-4)


def test_beta_is_platt_where_the_two_sides_mirror_each_other() -> None:
    target, probability = grouped((0.1, 10, 2), (0.5, 10, 5), (0.9, 10, 8))
    beta, platt = fit_beta(target, probability), fit_platt(target, probability)
    assert beta.a == pytest.approx(beta.b, abs=1e-6)
    assert_allclose((beta.a, beta.c), (platt.a, platt.c), atol=1e-6)


def test_a_negative_coefficient_of_beta_is_zero_and_the_others_are_refitted() -> None:
    # Malignant where p is near 1 alone: ln p would fall. Refitted on -ln(1 - p) by itself.
    target, probability = grouped((0.05, 50, 20), (0.5, 50, 10), (0.9, 50, 20), (0.999, 50, 45))
    made = fit_beta(target, probability)
    assert made.a == 0
    assert made.b > 0
    slope, intercept = platt_line(target, -np.log1p(-probability))
    assert_allclose((made.b, made.c), (slope, intercept), atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_reversed_ranking_is_flattened_not_turned_around(method: Method) -> None:
    target, probability = grouped((0.2, 10, 9), (0.4, 10, 5), (0.8, 10, 1))
    made = FITS[method](target, probability, None)
    assert_allclose(made([0.1, 0.9]), [0.5, 0.5], atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_equal_probabilities_give_the_share_of_malignant_images(method: Method) -> None:
    target, probability = grouped((0.3, 4, 1))
    # Smoothed, the malignant image counts 2/3 and each of the three benign ones 1/5.
    share = 1 / 4 if method == "isotonic" else (2 / 3 + 3 / 5) / 4
    assert_allclose(FITS[method](target, probability, None)([0.1, 0.3, 0.9]), share, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_separable_classes_give_a_finite_fit_that_rises(method: Method) -> None:
    target, probability = grouped((0.1, 5, 0), (0.2, 5, 0), (0.7, 5, 5), (0.9, 5, 5))
    made = FITS[method](target, probability, None)(np.linspace(0, 1, 101))
    assert np.isfinite(made).all()
    assert (np.diff(made) >= 0).all()
    assert made[15] < 0.15
    assert made[85] > 0.85


@pytest.mark.parametrize("method", METHODS)
@given(st.lists(st.tuples(st.sampled_from([0.0, 1e-9, 0.1, 0.5, 0.97, 1.0]), st.booleans())))
def test_every_map_rises_and_stays_in_0_to_1(
    method: Method, images: list[tuple[float, bool]]
) -> None:
    target = np.array([1, 0, *(int(malignant) for _, malignant in images)])
    probability = np.array([0.6, 0.3, *(p for p, _ in images)])
    made = FITS[method](target, probability, None)(np.linspace(0, 1, 41))
    assert ((made >= 0) & (made <= 1)).all()
    assert (np.diff(made) >= -1e-12).all()


@pytest.mark.parametrize("method", METHODS)
def test_only_ratios_of_weights_matter(method: Method, draw_images: Callable[..., Any]) -> None:
    images = draw_images(200, decimals=2)
    once = FITS[method](images.target, images.probability, images.weights)
    scaled = FITS[method](images.target, images.probability, 1e4 * images.weights)
    assert_allclose(once(images.probability), scaled(images.probability), atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("target", "probability", "words"),
    [
        ([1, 1], [0.2, 0.3], "one class"),
        ([], [], "one class"),
        ([0, 1], [0.2, np.nan], "NaN"),
        ([0, 1], [0.2, 1.2], "0 to 1"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    method: Method, target: list[int], probability: list[float], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        FITS[method](target, probability, None)


@pytest.mark.parametrize("method", METHODS)
def test_a_calibrator_refuses_what_is_no_probability(method: Method) -> None:
    made = FITS[method]([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], None)
    with pytest.raises(InputError, match="0 to 1"):
        made([1.5])


def test_a_calibrator_is_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        fit_beta([0, 1], [0.1, 0.2]).a = 3.0  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        fit_isotonic([0, 1], [0.1, 0.2]).knots = ()  # type: ignore[misc]


def test_probabilities_are_clipped_before_their_logarithm() -> None:
    assert_allclose(LogitCalibrator(1, 1, 0)([0.0, 1.0]), [1e-6, 1 - 1e-6], atol=1e-15)


def test_a_line_on_the_logit_of_one_class_is_the_identity() -> None:
    assert platt_line([1, 1], [0.0, 1.0]) == (1.0, 0.0)
