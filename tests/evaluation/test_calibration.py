import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from cygnet.errors import InputError
from cygnet.evaluation import (
    brier_score,
    calibration_intercept,
    calibration_slope,
    expected_calibration_error,
    log_loss,
    observed_over_expected,
)
from cygnet.evaluation.calibration import BinnedErrors, equal_mass_bins
from cygnet.evaluation.recalibration import Recalibration
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import make_sample

METRICS = (
    brier_score,
    log_loss,
    calibration_slope,
    calibration_intercept,
    expected_calibration_error,
)


def test_losses_by_hand() -> None:
    assert brier_score([1, 0, 0], [0.5, 0.5, 0.0]) == 0.5 / 3
    assert log_loss([1, 0], [0.25, 0.5]) == pytest.approx((math.log(4) + math.log(2)) / 2)


def test_one_certain_error_costs_what_epsilon_says() -> None:
    assert log_loss([1], [0.0]) == pytest.approx(-math.log(1e-6))
    assert log_loss([1], [0.0], epsilon=0.01) == pytest.approx(-math.log(0.01))


@pytest.mark.parametrize("weighted", [False, True])
def test_scikit_learn_agrees(draw_images: Callable[..., Any], weighted: bool) -> None:
    images = draw_images(2000, 100)
    target, probability = images.target, images.probability
    weights = images.weights if weighted else None
    expected = brier_score_loss(target, probability, sample_weight=weights)
    assert brier_score(target, probability, weights) == pytest.approx(expected, abs=1e-12)
    expected = sklearn_log_loss(target, probability, sample_weight=weights)
    assert log_loss(target, probability, weights) == pytest.approx(expected, abs=1e-12)
    fitted = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(
        logit(probability)[:, None], target, sample_weight=weights
    )
    slope = calibration_slope(target, probability, weights)
    assert slope == pytest.approx(float(fitted.coef_[0, 0]), abs=1e-6)


def test_a_line_on_the_logit_scale_is_found_again(rng: np.random.Generator) -> None:
    honest = rng.beta(1, 6, 100_000)
    target = rng.random(100_000) < honest
    assert calibration_slope(target, honest) == pytest.approx(1, abs=0.04)
    assert calibration_intercept(target, honest) == pytest.approx(0, abs=0.04)
    extreme = expit(2 * logit(honest))
    assert calibration_slope(target, extreme) == pytest.approx(0.5, abs=0.02)
    shifted = expit(logit(honest) - 0.7)
    assert calibration_intercept(target, shifted) == pytest.approx(0.7, abs=0.04)


def test_sampling_by_class_shifts_the_intercept_and_not_the_slope(
    rng: np.random.Generator,
) -> None:
    honest = rng.beta(1, 6, 100_000)
    target = rng.random(100_000) < honest
    kept = target | (rng.random(100_000) < 0.2)
    slope = calibration_slope(target[kept], honest[kept])
    assert slope == pytest.approx(1, abs=0.06)
    intercept = calibration_intercept(target[kept], honest[kept])
    assert intercept == pytest.approx(math.log(5), abs=0.06)
    weights = np.where(target, 1.0, 5.0)[kept]
    weighted = calibration_intercept(target[kept], honest[kept], weights)
    assert weighted == pytest.approx(0, abs=0.06)


def test_replicates_equal_refitting_every_image(draw_images: Callable[..., Any]) -> None:
    images = draw_images(3000, 120, share=0.1)
    sample = make_sample(images.target, images.probability, images.patient, images.weights)
    (drawn,) = multiplicity_blocks(sample.n_patients, 40, seed=2)
    intercepts, slopes = Recalibration(sample).replicates(drawn)
    errors = []
    for row, intercept, slope in zip(drawn, intercepts, slopes, strict=True):
        inside = row[sample.patient] > 0
        weights = (row[sample.patient] * sample.weights)[inside]
        refitted = Recalibration(
            make_sample(sample.target[inside], sample.probability[inside], None, weights)
        )
        errors.append((intercept - refitted.intercept, slope - refitted.slope))
    # Relative to the standard error, which is what an interval is made of.
    worst = np.abs(errors).max(axis=0) / [intercepts.std(), slopes.std()]
    assert worst.max() < 1e-4


@pytest.mark.parametrize("squeeze", [0.001, 0.02, 1.0, 8.0])
def test_replicates_keep_their_precision_for_squeezed_and_stretched_probabilities(
    draw_images: Callable[..., Any], squeeze: float
) -> None:
    images = draw_images(2000, 100)
    probability = expit(squeeze * logit(images.probability))
    sample = make_sample(images.target, probability, images.patient)
    made = Recalibration(sample)
    intercept, slope = made.replicates(np.ones((1, sample.n_patients)))
    assert slope[0] == pytest.approx(made.slope, rel=1e-4)
    assert intercept[0] == pytest.approx(made.intercept, abs=1e-4)
    if squeeze < 1:
        expected = calibration_slope(images.target, images.probability) / squeeze
        assert made.slope == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "probability", [[0.9, 0.8, 0.2, 0.1], [0.1, 0.2, 0.8, 0.9], [0.5] * 4, [0.5, 0.8, 0.5, 0.1]]
)
def test_no_slope_is_best_where_a_value_parts_the_classes(probability: list[float]) -> None:
    assert math.isnan(calibration_slope([1, 1, 0, 0], probability))
    assert math.isfinite(calibration_intercept([1, 1, 0, 0], probability))


def test_a_replicate_without_a_class_or_a_slope_is_undefined() -> None:
    sample = make_sample([1, 0, 0, 1], [0.9, 0.5, 0.6, 0.3], list("abcd"))
    drawn = np.array([[4.0, 0, 0, 0], [0, 2, 2, 0], [2, 1, 1, 0], [1, 1, 1, 1]])
    intercept, slope = Recalibration(sample).replicates(drawn)
    assert np.isnan(intercept).tolist() == [True, True, False, False]
    assert np.isnan(slope).tolist() == [True, True, True, False]


@pytest.mark.parametrize("metric", METRICS)
def test_probabilities_outside_zero_to_one_are_refused(metric: Callable[..., float]) -> None:
    with pytest.raises(InputError, match="must lie in 0 to 1"):
        metric([1, 0], [2.3, -0.1])


@pytest.mark.parametrize("metric", METRICS)
def test_no_image_is_undefined(metric: Callable[..., float]) -> None:
    assert math.isnan(metric([], []))


@pytest.mark.parametrize("metric", [m for m in METRICS if m is not expected_calibration_error])
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.4, 0.7, 1.0]), st.integers(1, 3)),
        min_size=1,
        max_size=20,
    )
)
def test_weights_equal_repetition(
    metric: Callable[..., float], images: list[tuple[bool, float, int]]
) -> None:
    target, probability, weights = map(np.array, zip(*images, strict=True))
    repeated = metric(np.repeat(target, weights), np.repeat(probability, weights))
    value = metric(target, probability, weights)
    assert value == pytest.approx(repeated, abs=1e-6, nan_ok=True)


def test_bins_hold_equal_mass_and_never_part_equal_probabilities() -> None:
    probability = np.array([0.1] * 6 + [0.2, 0.3, 0.4, 0.5])
    bins = equal_mass_bins(probability, np.ones(10), 5)
    assert bins.tolist() == [0] * 6 + [1, 1, 2, 2]


def test_calibration_error_by_hand() -> None:
    # Two bins of 4: frequency 1/4 against 0.1, and 3/4 against 0.8.
    target = [1, 0, 0, 0, 1, 1, 1, 0]
    probability = [0.1] * 4 + [0.8] * 4
    plain = BinnedErrors(make_sample(target, probability), bins=2).plain
    assert plain == pytest.approx(0.5 * 0.15 + 0.5 * 0.05)


def test_debiasing_takes_off_what_noise_alone_would_make(rng: np.random.Generator) -> None:
    plain, debiased = [], []
    for _ in range(200):
        honest = rng.beta(1, 4, 500)
        errors = BinnedErrors(make_sample(rng.random(500) < honest, honest))
        plain.append(errors.plain)
        debiased.append(errors.debiased)
    assert np.mean(plain) > 0.035
    # Without any true distance, 2 - sqrt(2) of the noise is left.
    assert np.mean(debiased) / np.mean(plain) == pytest.approx(2 - math.sqrt(2), abs=0.02)
    far_off = expected_calibration_error([0] * 100, [0.7] * 100)
    assert far_off == pytest.approx(0.7)


def test_replicates_of_the_bins_keep_the_sample_s_bins(draw_images: Callable[..., Any]) -> None:
    images = draw_images()
    sample = make_sample(images.target, images.probability, images.patient, images.weights)
    errors = BinnedErrors(sample)
    once = errors.replicates(np.ones((1, sample.n_patients)))
    assert once[0] == pytest.approx(errors.plain, abs=1e-12)


def test_observed_over_expected_by_hand_and_where_it_is_undefined() -> None:
    assert observed_over_expected([1, 1, 0], [0.5, 0.5, 0.25]) == 2 / 1.25
    assert observed_over_expected([1, 0], [0.5, 0.5], [3, 1]) == 3 / 2
    for none in (([1, 0], [0.0, 0.0]), ([1, 0], [5e-324, 0.0]), ([], [])):
        assert math.isnan(observed_over_expected(*none))
