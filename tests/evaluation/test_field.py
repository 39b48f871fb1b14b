from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cygnet.errors import InputError
from cygnet.evaluation import auroc, field
from cygnet.evaluation.field import field_of
from cygnet.evaluation.placement import auroc_replicator, patient_placements
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import make_sample


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("listed", [True, False])
def test_each_model_has_the_parts_it_has_alone(
    draw_images: Callable[..., Any],
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    weighted: bool,
    listed: bool,
) -> None:
    images = draw_images(500, 60, decimals=1)
    weights = images.weights if weighted else None
    if not listed:
        monkeypatch.setattr(field, "_PAIRS_LISTED", 0)
    infinite = np.where(images.probability > 0.5, -np.inf, images.probability)
    models = [images.probability, rng.random(500).round(1), infinite]
    sample = make_sample(images.target, images.probability, images.patient, weights)
    made = field_of(sample, models)
    assert made.n_models == 3
    for k, scores in enumerate(models):
        parts = patient_placements(sample.with_scores(scores))
        assert_allclose(made.won_by[k], parts.won_by, atol=1e-9)
        assert_allclose(made.won_over[k], parts.won_over, atol=1e-9)
        assert_allclose(made.within[k], parts.within, atol=1e-9)
        assert_allclose(made.leave_one_out()[k], parts.leave_one_out(), atol=1e-12)
        assert made.auroc[k] == pytest.approx(auroc(images.target, scores, weights), abs=1e-12)


def test_influence_is_the_slope_of_auroc_in_a_patients_weight(
    draw_images: Callable[..., Any],
) -> None:
    images = draw_images(300, 40, decimals=1)
    made = field_of(make_sample(*images[:3]), [images.probability]).influence()[0]
    assert made.size == 40
    assert made.sum() == pytest.approx(0, abs=1e-14)
    for patient in range(40):
        more = 1 + 1e-6 * (images.patient == patient)
        less = 1 - 1e-6 * (images.patient == patient)
        higher, lower = (auroc(images.target, images.probability, w) for w in (more, less))
        assert made[patient] == pytest.approx((higher - lower) / 2e-6, abs=1e-8)


def test_nan_another_length_and_one_class_are_refused() -> None:
    sample = make_sample([1, 0], [0.5, 0.5])
    with pytest.raises(InputError, match="NaN"):
        field_of(sample, [[0.1, np.nan]])
    with pytest.raises(InputError, match="one number for each of the 2 images"):
        field_of(sample, [[0.1]])
    with pytest.raises(InputError, match="no model"):
        field_of(sample, [])
    with pytest.raises(InputError, match="both classes"):
        field_of(make_sample([1, 1], [0.5, 0.5]), [[0.1, 0.2]])


def test_linear_replicates_worked_by_hand() -> None:
    # a: malignant 9; b: malignant 4, benign 5; c: benign 1. A = 3/4. Pairs won by and over each are
    # 2, 2 and 2 of 4, their shares of images 1/2, 1 and 1/2: influences 1/8, -1/4 and 1/8.
    made = field_of(make_sample([1, 1, 0, 0], np.zeros(4), ["a", "b", "b", "c"]), [[9, 4, 5, 1]])
    drawn = np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 0.0], [2.0, 0.0, 1.0]])
    replicates = made.linear_replicates(drawn)
    # Not cut: 3/4 + 1/8 + 1/4.
    assert_allclose(replicates, [[3 / 4], [3 / 4], [9 / 8]], atol=1e-15)


def test_linear_replicates_are_near_exact_ones(
    draw_images: Callable[..., Any], rng: np.random.Generator
) -> None:
    images = draw_images(2000, 300, decimals=2)
    models = [images.probability, rng.random(2000).round(2)]
    sample = make_sample(*images[:3])
    drawn = next(multiplicity_blocks(sample.n_patients, 400, seed=1))
    made = field_of(sample, models).linear_replicates(drawn)
    assert made.shape == (400, 2)
    for k, scores in enumerate(models):
        exact = auroc_replicator(sample.with_scores(scores)).replicates(drawn)
        error = np.sqrt(np.mean((made[:, k] - exact) ** 2))
        assert error < 0.15 * exact.std()
        assert made[:, k].std() == pytest.approx(exact.std(), rel=0.05)
