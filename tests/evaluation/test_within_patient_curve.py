"""The melanoma among its patient's images, against fractions worked by hand and chance."""

import numpy as np
import pytest

from cygnet.evaluation import found_within_patients, top_k_share


def test_it_is_the_top_share_at_each_share_of_four_images() -> None:
    # Patient a: melanoma second of 4; patient b: melanoma tied first of 2; c has no melanoma.
    target = [1, 0, 0, 0, 1, 0, 0]
    scores = [0.7, 0.9, 0.2, 0.1, 0.5, 0.5, 0.9]
    made = found_within_patients(target, scores, list("aaaabbc"))
    # a is found from 1/2 on; b with chance one half from 1/2 on (one of two looked at).
    assert made.y[[0, 25, 49, 50, 99, 100]].tolist() == [0, 0, 0, 0.75, 0.75, 1]
    assert made.chance[[25, 50, 100]].tolist() == [0.125, 0.5, 1.0]
    assert (made.n, made.n_patients) == (2, 2)
    assert np.isnan(made.lower).all()
    assert made.reason is not None
    assert "2 patients with both classes" in made.reason


def test_random_scores_find_what_chance_finds_and_the_band_holds_it() -> None:
    rng = np.random.default_rng(4)
    patient = np.repeat(np.arange(400), 8)
    target = np.tile([1, 0, 0, 0, 0, 0, 0, 0], 400)
    made = found_within_patients(target, rng.random(3200), patient, replicates=300)
    assert np.abs(made.y - made.chance).max() < 0.08
    inside = (made.lower <= made.chance) & (made.chance <= made.upper)
    assert inside.mean() > 0.8
    assert made.reason is None


def test_equal_numbers_of_images_make_it_the_top_k_share() -> None:
    rng = np.random.default_rng(5)
    patient, target = np.repeat(np.arange(50), 10), np.tile([1] + [0] * 9, 50)
    scores = np.round(rng.random(500), 1)
    made = found_within_patients(target, scores, patient, replicates=20)
    for k in (1, 3, 5):
        assert made.y[10 * k] == pytest.approx(top_k_share(target, scores, patient, k=k))


def test_weights_count_and_rescaling_them_changes_nothing() -> None:
    target, scores, patient = [1, 0, 1, 0], [0.9, 0.1, 0.1, 0.9], list("aabb")
    weights = np.array([3.0, 1.0, 1.0, 1.0])
    made = found_within_patients(target, scores, patient, weights=weights)
    again = found_within_patients(target, scores, patient, weights=7 * weights)
    assert made.y[50] == pytest.approx(0.75)
    assert again.y == pytest.approx(made.y)
