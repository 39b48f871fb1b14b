from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from cygnet.errors import InputError
from cygnet.evaluation.discrimination import (
    auc_sens_80,
    average_precision,
    pauc_above_tpr,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from cygnet.evaluation.placement import auroc

METRICS = (
    average_precision,
    pauc_above_tpr,
    auc_sens_80,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
both_classes = st.lists(
    st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 3)), min_size=2, max_size=30
).filter(lambda images: len({image[0] for image in images}) == 2)


def by_isic_2024(target: Any, score: Any, min_tpr: float, weights: Any = None) -> float:
    """The convention of ISIC 2024: labels and scores flipped, then the corrected partial area."""
    standardised = roc_auc_score(1 - target, -score, max_fpr=1 - min_tpr, sample_weight=weights)
    area = 1 - min_tpr
    least = area**2 / 2
    return float(least + (area - least) * (2 * standardised - 1))


def by_trapezoids(target: Any, score: Any, min_tpr: float, weights: Any = None) -> float:
    """The convention of ISIC 2018: trapezoids from where the curve first reaches the rate."""
    fpr, tpr, _ = roc_curve(target, score, sample_weight=weights, drop_intermediate=False)
    first = int(np.searchsorted(tpr, min_tpr))
    rise = (min_tpr - tpr[first - 1]) / (tpr[first] - tpr[first - 1])
    start = fpr[first - 1] + rise * (fpr[first] - fpr[first - 1])
    xs, ys = np.append(start, fpr[first:]), np.append(min_tpr, tpr[first:])
    return float(np.sum(np.diff(xs) * (ys[1:] + ys[:-1]) / 2))


def test_average_precision_by_hand() -> None:
    # Falling: malignant, benign, {malignant, benign} tied: 1/2 * 1/1 + 1/2 * 2/4.
    value = average_precision([1, 0, 1, 0], [0.9, 0.8, 0.5, 0.5])
    assert value == float(Fraction(1, 2) + Fraction(1, 2) * Fraction(2, 4))


def test_partial_area_by_hand() -> None:
    # Malignant at ranks 1 to 5 but the fifth below one of two benign images: the curve stands at
    # FPR 0 up to TPR 0.8, and at 1/2 from there on: 0.2 * (1 - 1/2).
    target, score = [1, 1, 1, 1, 0, 1, 0], [7, 6, 5, 4, 3, 2, 1]
    assert pauc_above_tpr(target, score) == pytest.approx(0.1, abs=1e-15)
    # The curve first reaches 0.8 at FPR 0: 1/2 * 0.8 + 1/2 * 1.
    assert auc_sens_80(target, score) == pytest.approx(0.9, abs=1e-15)


def test_operating_points_by_hand() -> None:
    target = [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    score = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    # One of nine false alarms is more than a tenth: only the first two may be called.
    assert sensitivity_at_specificity(target, score, specificity=0.9) == 2 / 3
    assert sensitivity_at_specificity(target, score, specificity=8 / 9) == 1
    assert specificity_at_sensitivity(target, score, sensitivity=0.9) == 8 / 9
    assert specificity_at_sensitivity(target, score, sensitivity=0.6) == 1
    assert specificity_at_sensitivity(target, score, sensitivity=0) == 1


def test_a_share_that_is_met_exactly_is_met() -> None:
    # 1 - 0.9 is 0.09999999999999998 in floats, and one of ten false alarms must pass.
    target, score = [1, 0, 1] + [0] * 9, [9, 8, 7] + [0] * 9
    assert sensitivity_at_specificity(target, score, specificity=0.9) == 1


def test_a_tie_cannot_be_cut_in_two() -> None:
    assert sensitivity_at_specificity([1, 0], [0.5, 0.5], specificity=0.9) == 0
    assert pauc_above_tpr([1, 0], [0.5, 0.5]) == pytest.approx(0.02, abs=1e-15)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("target", [[1, 1], [0, 0], []])
def test_one_class_is_undefined(metric: Callable[..., float], target: list[int]) -> None:
    assert np.isnan(metric(target, [0.5] * len(target)))


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (pauc_above_tpr, "min_tpr"),
        (auc_sens_80, "min_sensitivity"),
        (sensitivity_at_specificity, "specificity"),
        (specificity_at_sensitivity, "sensitivity"),
    ],
)
def test_a_share_outside_zero_to_one_is_refused(metric: Callable[..., float], name: str) -> None:
    with pytest.raises(InputError, match="must lie in 0 to 1"):
        metric([1, 0], [0.9, 0.1], **{name: 1.5})


@pytest.mark.parametrize("decimals", [None, 2, 1])
@pytest.mark.parametrize("weighted", [False, True])
def test_independent_implementations_agree(
    draw_images: Callable[..., Any], decimals: int | None, weighted: bool
) -> None:
    images = draw_images(3000, 100, share=0.1, decimals=decimals)
    target, score = images.target, images.probability
    weights = images.weights if weighted else None
    expected = average_precision_score(target, score, sample_weight=weights)
    assert average_precision(target, score, weights) == pytest.approx(expected, abs=1e-12)
    for rate in (0.5, 0.8, 0.9):
        area = pauc_above_tpr(target, score, weights, min_tpr=rate)
        assert area == pytest.approx(by_isic_2024(target, score, rate, weights), abs=1e-12)
        reached = auc_sens_80(target, score, weights, min_sensitivity=rate)
        assert reached == pytest.approx(by_trapezoids(target, score, rate, weights), abs=1e-12)
    fpr, tpr, _ = roc_curve(target, score, sample_weight=weights, drop_intermediate=False)
    for share in (0.9, 0.95):
        found = sensitivity_at_specificity(target, score, weights, specificity=share)
        assert found == pytest.approx(tpr[fpr <= 1 - share + 1e-12].max(), abs=1e-12)
        spared = specificity_at_sensitivity(target, score, weights, sensitivity=share)
        assert spared == pytest.approx(1 - fpr[tpr >= share - 1e-12].min(), abs=1e-12)


def test_the_partial_area_from_zero_on_is_the_whole(draw_images: Callable[..., Any]) -> None:
    images = draw_images(decimals=1)
    whole = auroc(images.target, images.probability)
    assert pauc_above_tpr(images.target, images.probability, min_tpr=0) == pytest.approx(whole)


@pytest.mark.parametrize("metric", METRICS)
@given(images=both_classes)
def test_weights_equal_repetition(
    metric: Callable[..., float], images: list[tuple[bool, int, int]]
) -> None:
    target, score, weights = map(np.array, zip(*images, strict=True))
    repeated = metric(np.repeat(target, weights), np.repeat(score, weights))
    assert_allclose(metric(target, score, weights), repeated, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@given(images=both_classes, random=st.randoms(use_true_random=False))
def test_order_and_scale_mean_nothing(
    metric: Callable[..., float], images: list[tuple[bool, int, int]], random: Any
) -> None:
    target, score, _ = zip(*images, strict=True)
    shuffled = random.sample(images, len(images))
    transformed = np.exp([score for _, score, _ in shuffled]) * 3 - 20
    value = metric([target for target, _, _ in shuffled], transformed)
    assert_allclose(value, metric(target, score), atol=1e-12)
