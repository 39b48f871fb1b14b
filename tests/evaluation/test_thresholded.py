from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    precision_score,
    recall_score,
)

from cygnet.evaluation import balanced_accuracy, f1, npv, ppv, sensitivity, specificity

# 3 true positives, 1 false negative, 2 false positives, 4 true negatives.
TARGET = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
SCORE = [0.9, 0.8, 0.5, 0.4, 0.7, 0.6, 0.3, 0.2, 0.1, 0.0]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (sensitivity, 3 / 4),
        (specificity, 4 / 6),
        (ppv, 3 / 5),
        (npv, 4 / 5),
        (f1, 6 / 9),
        (balanced_accuracy, (3 / 4 + 4 / 6) / 2),
    ],
)
def test_fractions_by_hand(metric: Callable[..., float], expected: float) -> None:
    assert metric(TARGET, SCORE) == pytest.approx(expected, abs=1e-15)


def test_an_image_at_the_threshold_is_called_malignant() -> None:
    assert sensitivity([1], [0.3], threshold=0.3) == 1
    assert specificity([0], [0.3], threshold=0.3) == 0


@pytest.mark.parametrize(
    ("metric", "target", "score"),
    [
        (sensitivity, [0, 0], [0.9, 0.1]),
        (specificity, [1, 1], [0.9, 0.1]),
        (ppv, [1, 0], [0.4, 0.1]),
        (npv, [1, 0], [0.9, 0.6]),
        (f1, [0, 0], [0.4, 0.1]),
        (balanced_accuracy, [1, 1], [0.9, 0.1]),
    ],
)
def test_an_undefined_ratio_is_nan_and_never_one(
    metric: Callable[..., float], target: list[int], score: list[float]
) -> None:
    assert np.isnan(metric(target, score))


def test_f1_without_a_true_positive_is_zero() -> None:
    assert f1([1, 0], [0.1, 0.9]) == 0


@pytest.mark.parametrize("weighted", [False, True])
def test_scikit_learn_agrees(draw_images: Callable[..., Any], weighted: bool) -> None:
    images = draw_images(2000, 100)
    weights = images.weights if weighted else None
    called = images.probability >= 0.4
    for metric, theirs in (
        (sensitivity, recall_score),
        (ppv, precision_score),
        (f1, f1_score),
        (balanced_accuracy, balanced_accuracy_score),
    ):
        expected = theirs(images.target, called, sample_weight=weights)
        value = metric(images.target, images.probability, weights, threshold=0.4)
        assert value == pytest.approx(expected, abs=1e-12)
