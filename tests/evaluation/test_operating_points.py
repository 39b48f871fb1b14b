from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cygnet.evaluation import operating_points as op
from cygnet.evaluation.discrimination import (
    auc_sens_80,
    average_precision,
    pauc_above_tpr,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import make_sample


def test_replicates_equal_scoring_with_each_image_as_often_as_drawn(
    draw_images: Callable[..., Any],
) -> None:
    images = draw_images(300, 40, decimals=2)
    sample = make_sample(images.target, images.probability, images.patient, images.weights)
    points = op.OperatingPoints(sample)
    (drawn,) = multiplicity_blocks(sample.n_patients, 30, seed=4)
    counts = points.counts(drawn)
    for scalar, values in (
        (average_precision, op.average_precision_of(counts)),
        (pauc_above_tpr, op.pauc_above_tpr_of(counts, 0.8)),
        (auc_sens_80, op.auc_sens_of(counts, 0.8)),
        (sensitivity_at_specificity, op.sensitivity_at_specificity_of(counts, 0.9)),
        (specificity_at_sensitivity, op.specificity_at_sensitivity_of(counts, 0.9)),
    ):
        assert values.size == 30
        for row, value in zip(drawn, values, strict=True):
            inside = row[sample.patient] > 0
            weights = (row[sample.patient] * sample.weights)[inside]
            expected = scalar(sample.target[inside], sample.probability[inside], weights)
            assert value == pytest.approx(expected, abs=1e-12)


def test_counting_by_table_and_by_image_are_the_same(
    draw_images: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = draw_images(500, 50, decimals=1)
    sample = make_sample(images.target, images.probability, images.patient, images.weights)
    (drawn,) = multiplicity_blocks(sample.n_patients, 20, seed=4)
    by_table = op.OperatingPoints(sample).counts(drawn)
    monkeypatch.setattr(op, "_TABLE_NUMBERS", 0)
    by_image = op.OperatingPoints(sample).counts(drawn)
    for name in ("found", "false_alarms", "tied", "malignant", "benign"):
        assert_allclose(getattr(by_image, name), getattr(by_table, name), atol=1e-9)
    assert by_table.tied.any()


@pytest.mark.parametrize("largest_table", [0, 8_000_000])
def test_blocks_of_replicates_join_to_the_whole(
    draw_images: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, largest_table: int
) -> None:
    images = draw_images(200, 30)
    monkeypatch.setattr(op, "_TABLE_NUMBERS", largest_table)
    sample = make_sample(images.target, images.probability, images.patient)
    points = op.OperatingPoints(sample)
    (drawn,) = multiplicity_blocks(sample.n_patients, 20, seed=4)
    monkeypatch.setattr(op, "_BLOCK_NUMBERS", 500)
    monkeypatch.setattr(op, "_CACHED_NUMBERS", 500)
    blocks = list(points.count_blocks(drawn))
    assert len(blocks) > 3
    joined = np.concatenate([block.found for block in blocks])
    assert_allclose(joined, points.counts(drawn).found)


@pytest.mark.parametrize("min_tpr", [0.0, 0.5, 0.8, 0.95, 1.0])
def test_areas_of_many_replicates_are_those_of_each(
    draw_images: Callable[..., Any], min_tpr: float
) -> None:
    images = draw_images(200, 30, decimals=1)
    sample = make_sample(images.target, images.probability, images.patient)
    points = op.OperatingPoints(sample)
    (drawn,) = multiplicity_blocks(sample.n_patients, 20, seed=4)
    together = points.counts(drawn)
    alone = [points.counts(row[None]) for row in drawn]
    assert together.tied.any()
    for area in (op.pauc_above_tpr_of, op.auc_sens_of):
        each = np.concatenate([area(counts, min_tpr) for counts in alone])
        assert_allclose(area(together, min_tpr), each, rtol=1e-12)


def test_the_threshold_reaches_what_it_promises(draw_images: Callable[..., Any]) -> None:
    images = draw_images(decimals=2)
    sample = make_sample(images.target, images.probability)
    points = op.OperatingPoints(sample)
    counts = points.counts(np.ones((1, sample.n_patients)))
    threshold = op.threshold_at_specificity(points, counts, 0.9)
    called = sample.probability >= threshold
    expected = sensitivity_at_specificity(images.target, images.probability, specificity=0.9)
    assert called[sample.target].mean() == pytest.approx(expected)
    assert 1 - called[~sample.target].mean() >= 0.9
    threshold = op.threshold_at_sensitivity(points, counts, 0.9)
    called = sample.probability >= threshold
    expected = specificity_at_sensitivity(images.target, images.probability, sensitivity=0.9)
    assert 1 - called[~sample.target].mean() == pytest.approx(expected)
    assert called[sample.target].mean() >= 0.9


def test_no_threshold_is_quiet_enough_where_a_benign_image_is_on_top() -> None:
    sample = make_sample([1, 0], [0.5, 0.9])
    points = op.OperatingPoints(sample)
    counts = points.counts(np.ones((1, 2)))
    assert np.isnan(op.threshold_at_specificity(points, counts, 0.9))
