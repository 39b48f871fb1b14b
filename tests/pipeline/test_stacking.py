"""Combinations of models: worked by hand, and a stacker that never saw what it is judged on."""

import numpy as np
import pytest

from cygnet.evaluation import auroc
from cygnet.pipeline.stacking import (
    choose_stacker,
    fit_stacker,
    logit_mean,
    logits_of,
    rank_mean,
    stacked,
)


def scores(
    rng: np.random.Generator, n: int, *strengths: float
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    target = rng.integers(0, 2, n)
    made = {}
    for place, strength in enumerate(strengths):
        made[f"m{place}"] = 1 / (1 + np.exp(-(strength * (2 * target - 1) + rng.normal(size=n))))
    return target, made


def test_ranks_are_taken_within_a_fold() -> None:
    folds = np.array([0, 0, 1, 1])
    made = rank_mean(
        {"a": np.array([0.1, 0.2, 0.8, 0.9]), "b": np.array([0.5, 0.4, 0.1, 0.7])}, folds
    )
    assert made.tolist() == [0.5, 0.5, 0.25, 0.75]


def test_the_mean_logit_of_opposite_scores_is_one_half() -> None:
    made = logit_mean({"a": np.array([0.2, 0.9]), "b": np.array([0.8, 0.9])})
    assert made == pytest.approx([0.5, 0.9])


def test_a_stacker_trusts_the_better_model_and_none_below_zero(rng: np.random.Generator) -> None:
    target, given = scores(rng, 4000, 1.5, 0.0)
    found = fit_stacker(logits_of(given), target, 0.01)
    assert found.weights[0] > 5 * found.weights[1] >= 0
    assert (found.weights >= 0).all()


def test_a_strong_pull_gives_the_plain_mean(rng: np.random.Generator) -> None:
    target, given = scores(rng, 50, 1.0, 0.5)
    found = fit_stacker(logits_of(given), target, 1e6)
    assert found.weights == pytest.approx([0.5, 0.5], abs=1e-3)


def test_a_folds_labels_do_not_touch_its_own_scores(rng: np.random.Generator) -> None:
    target, given = scores(rng, 300, 1.0, 0.5, 0.2)
    folds = rng.integers(0, 5, 300)
    before, _ = stacked(given, target, folds)
    turned = np.where(folds == 2, 1 - target, target)
    after, _ = stacked(given, turned, folds)
    assert np.array_equal(before[folds == 2], after[folds == 2])
    assert not np.allclose(before[folds != 2], after[folds != 2])


def test_stacking_noise_finds_nothing(rng: np.random.Generator) -> None:
    # Fitted on what it is judged on, forty models of noise would reach far above one half.
    target, given = scores(rng, 400, *([0.0] * 40))
    folds = rng.integers(0, 5, 400)
    nested, _ = stacked(given, target, folds)
    flattered = fit_stacker(logits_of(given), target, 0.01)(logits_of(given))
    assert auroc(target, nested) < 0.6 < auroc(target, flattered)


def test_the_strength_is_chosen_without_one_fold_alone(rng: np.random.Generator) -> None:
    target, given = scores(rng, 100, 1.0, 0.5)
    one_fold = choose_stacker(logits_of(given), target, np.zeros(100, np.int64))
    assert one_fold.strength == 10.0
