from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.metrics import roc_auc_score

from cygnet.errors import InputError
from cygnet.evaluation import placement
from cygnet.evaluation.placement import (
    auroc,
    auroc_replicator,
    ordered_images,
    patient_matrix,
    patient_placements,
)
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import make_sample

# Few distinct scores, so that ties are the rule; the extremes a float64 has are among them.
scores = st.sampled_from([-np.inf, -1.5, -5e-324, 0.0, 5e-324, 1e-310, 0.25, 0.5, 1e308, np.inf])
labelled = st.lists(st.tuples(st.booleans(), scores), min_size=1, max_size=30)


def by_pairs(target: list[bool], score: list[float]) -> float:
    """Count every pair, as the definition says."""
    won = [
        (above > below) + 0.5 * (above == below)
        for one, above in zip(target, score, strict=True)
        if one
        for other, below in zip(target, score, strict=True)
        if not other
    ]
    return sum(won) / len(won) if won else float("nan")


def test_five_of_six_pairs_and_a_tie_make_eleven_twelfths() -> None:
    assert auroc([1, 1, 0, 0, 0], [0.9, 0.5, 0.5, 0.2, 0.1]) == 5.5 / 6


def test_weights_count_pairs_by_their_product() -> None:
    # Pairs: (0.9 over 0.5) 2*3, (0.9 over 0.1) 2*1, (0.4 over 0.1) 5*1 of 2*4 + 5*4 = 28.
    value = auroc([1, 1, 0, 0], [0.9, 0.4, 0.5, 0.1], [2, 5, 3, 1])
    assert value == pytest.approx(13 / 28, abs=1e-15)


def test_all_ties_are_one_half() -> None:
    assert auroc([1, 0, 0, 1, 0], [0.3] * 5) == 0.5


@pytest.mark.parametrize("target", [[1, 1], [0, 0], [1], []])
def test_one_class_or_no_image_leaves_it_undefined(target: list[int]) -> None:
    assert np.isnan(auroc(target, [0.5] * len(target)))


def test_nan_is_refused_by_position_and_not_by_label() -> None:
    with pytest.raises(InputError, match="probability is NaN") as caught:
        auroc([1, 0, 1], [0.5, np.nan, 0.2])
    assert "position 1" in str(caught.value)


@pytest.mark.parametrize("target", [[0, 2], [0.5, 1], ["0", "1"], [[0, 1]]])
def test_a_target_other_than_zero_and_one_is_refused(target: list[Any]) -> None:
    with pytest.raises(InputError, match="target"):
        auroc(target, [0.1, 0.2])


@pytest.mark.parametrize("weights", [[1, 0], [1, -1], [1, np.inf], [1, np.nan], [1]])
def test_a_weight_that_is_none_is_refused(weights: list[float]) -> None:
    with pytest.raises(InputError):
        auroc([1, 0], [0.1, 0.2], weights)


@given(labelled)
def test_it_equals_the_count_of_pairs(images: list[tuple[bool, float]]) -> None:
    target, score = map(list, zip(*images, strict=True))
    assert_allclose(auroc(target, score), by_pairs(target, score), atol=1e-15)


@given(labelled)
def test_swapped_labels_mirror_it(images: list[tuple[bool, float]]) -> None:
    target, score = map(np.array, zip(*images, strict=True))
    assert_allclose(auroc(~target, score), 1 - auroc(target, score), atol=1e-15)


@given(labelled, st.randoms(use_true_random=False))
def test_order_of_the_images_means_nothing(images: list[tuple[bool, float]], random: Any) -> None:
    shuffled = random.sample(images, len(images))
    first, second = (map(list, zip(*some, strict=True)) for some in (images, shuffled))
    assert_allclose(auroc(*first), auroc(*second), atol=0)


@given(st.lists(st.tuples(st.booleans(), st.integers(-50, 50)), min_size=2, max_size=40))
def test_a_monotone_transform_means_nothing(images: list[tuple[bool, int]]) -> None:
    target, score = map(np.array, zip(*images, strict=True))
    assert_allclose(auroc(target, score), auroc(target, np.exp(score / 10) - 7), atol=0)


@given(st.lists(st.tuples(st.booleans(), scores, st.integers(1, 4)), min_size=1, max_size=20))
def test_weights_equal_repetition(images: list[tuple[bool, float, int]]) -> None:
    target, score, weights = map(np.array, zip(*images, strict=True))
    repeated = auroc(np.repeat(target, weights), np.repeat(score, weights))
    assert_allclose(auroc(target, score, weights), repeated, atol=1e-14)


def test_scikit_learn_agrees(draw_images: Callable[..., Any]) -> None:
    for decimals in (None, 2, 1):
        images = draw_images(5000, 300, decimals=decimals)
        for weights in (None, images.weights):
            expected = roc_auc_score(images.target, images.probability, sample_weight=weights)
            value = auroc(images.target, images.probability, weights)
            assert value == pytest.approx(expected, abs=1e-12)


def test_weights_that_depend_on_the_class_alone_cancel(draw_images: Callable[..., Any]) -> None:
    images = draw_images(decimals=1)
    weights = np.where(images.target == 1, 1.29, 77.0)
    weighted = auroc(images.target, images.probability, weights)
    assert weighted == pytest.approx(auroc(images.target, images.probability), abs=1e-12)


def test_weights_near_the_limits_of_floats_are_only_ratios(draw_images: Callable[..., Any]) -> None:
    images = draw_images()
    expected = auroc(images.target, images.probability, images.weights)
    for scale in (1e-300, 1e300):
        value = auroc(images.target, images.probability, images.weights * scale)
        assert value == pytest.approx(expected, abs=1e-12)


def test_leaving_a_patient_out_equals_scoring_without_it(draw_images: Callable[..., Any]) -> None:
    images = draw_images(300, 40, decimals=1)
    for weights in (None, images.weights):
        sample = make_sample(images.target, images.probability, images.patient, weights)
        without = patient_placements(sample).leave_one_out()
        assert without.size == sample.n_patients > 30
        for code in range(sample.n_patients):
            kept = sample.patient != code
            expected = auroc(sample.target[kept], sample.probability[kept], sample.weights[kept])
            assert without[code] == pytest.approx(expected, abs=1e-12)


def test_leaving_the_only_melanoma_out_is_undefined() -> None:
    sample = make_sample([1, 0, 0], [0.9, 0.2, 0.1], ["a", "b", "b"])
    assert np.isnan(patient_placements(sample).leave_one_out()).tolist() == [True, True]


def test_replicates_are_exact(draw_images: Callable[..., Any]) -> None:
    images = draw_images(600, 80, decimals=2)
    for weights in (None, images.weights):
        sample = make_sample(images.target, images.probability, images.patient, weights)
        (drawn,) = multiplicity_blocks(sample.n_patients, 50, seed=7)
        values = patient_matrix(sample).replicates(drawn)
        assert values.size == 50
        for row, value in zip(drawn, values, strict=True):
            resampled = row[sample.patient] * sample.weights
            expected = roc_auc_score(sample.target, sample.probability, sample_weight=resampled)
            assert value == pytest.approx(expected, abs=1e-12)
        assert_allclose(ordered_images(sample).replicates(drawn), values, atol=1e-12)


def test_single_precision_is_exact_for_whole_pairs(
    draw_images: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = draw_images(2000, 80, decimals=1)
    matrix = patient_matrix(make_sample(images.target, images.probability, images.patient))
    assert matrix.whole_halves
    (drawn,) = multiplicity_blocks(80, 100, seed=7)
    single = matrix.replicates(drawn)
    monkeypatch.setattr(placement, "_EXACT_IN_SINGLE", 0)
    assert matrix.replicates(drawn).tolist() == single.tolist()


def test_a_replicate_without_a_class_is_undefined() -> None:
    sample = make_sample([1, 0], [0.9, 0.1], ["a", "b"])
    drawn = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    for replicator in (auroc_replicator(sample), ordered_images(sample)):
        values = replicator.replicates(drawn)
        assert np.isnan(values).tolist() == [True, True, False]


def test_ten_million_images_would_fit_in_five_seconds(rng: np.random.Generator) -> None:
    # A tenth of it, in a tenth of the time and more: machines are busy.
    from time import process_time

    target, score = rng.random(1_000_000) < 0.3, rng.random(1_000_000)
    begin = process_time()
    assert auroc(target, score) == pytest.approx(0.5, abs=0.01)
    assert process_time() - begin < 1.5
