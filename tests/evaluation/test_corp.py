import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from cygnet.evaluation import brier_decomposition, brier_score


def by_isotonic_regression(target: Any, probability: Any, weights: Any = None) -> list[float]:
    """The definition, by scikit-learn's isotonic regression of all images."""
    fitted = IsotonicRegression().fit_transform(probability, target, sample_weight=weights)
    score, recalibrated, reference = (
        brier_score_loss(target, np.clip(values, 0, 1), sample_weight=weights)
        for values in (
            probability,
            fitted,
            np.full(len(target), np.average(target, weights=weights)),
        )
    )
    return [score - recalibrated, reference - recalibrated, reference]


@pytest.mark.parametrize("decimals", [None, 2, 1])
@pytest.mark.parametrize("weighted", [False, True])
def test_scikit_learn_s_isotonic_regression_agrees(
    draw_images: Callable[..., Any], decimals: int | None, weighted: bool
) -> None:
    images = draw_images(1500, 100, decimals=decimals)
    weights = images.weights if weighted else None
    parts = brier_decomposition(images.target, images.probability, weights)
    expected = by_isotonic_regression(images.target, images.probability, weights)
    assert_allclose(parts, expected, atol=1e-9)


def test_benign_images_between_two_malignant_ones_belong_to_neither() -> None:
    # Falling: 1, 0, then a tie of 1 and 0. Shares 1, then {0, 1, 0} pooled to 1/3.
    parts = brier_decomposition([1, 0, 1, 0], [0.9, 0.8, 0.5, 0.5])
    score = brier_score([1, 0, 1, 0], [0.9, 0.8, 0.5, 0.5])
    recalibrated = 3 * (1 / 3) * (2 / 3) / 4
    assert_allclose(parts, (score - recalibrated, 1 / 4 - recalibrated, 1 / 4))


def test_its_parts_add_up_to_the_score(draw_images: Callable[..., Any]) -> None:
    images = draw_images()
    parts = brier_decomposition(images.target, images.probability, images.weights)
    whole = parts.miscalibration - parts.discrimination + parts.uncertainty
    assert whole == pytest.approx(brier_score(images.target, images.probability, images.weights))


def test_constant_probabilities_discriminate_nothing() -> None:
    parts = brier_decomposition([1, 0, 0, 0], [0.5] * 4)
    assert parts == pytest.approx((1 / 4 - 3 / 16, 0, 3 / 16))


def test_one_class_is_miscalibration_alone_and_no_image_is_undefined() -> None:
    assert brier_decomposition([0, 0], [0.5, 0.1]) == pytest.approx((0.13, 0, 0))
    assert all(math.isnan(part) for part in brier_decomposition([], []))


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1), st.integers(1, 3)), min_size=1, max_size=20)
)
def test_weights_equal_repetition(images: list[tuple[bool, float, int]]) -> None:
    target, probability, weights = map(np.array, zip(*images, strict=True))
    repeated = brier_decomposition(np.repeat(target, weights), np.repeat(probability, weights))
    assert_allclose(brier_decomposition(target, probability, weights), repeated, atol=1e-12)
