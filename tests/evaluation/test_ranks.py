import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from cygnet.evaluation import bootstrap_ranks, compare, rank_intervals
from cygnet.evaluation.field import field_of
from cygnet.evaluation.jackknife import decisive_patients, jackknife_deviations
from cygnet.evaluation.sample import make_sample
from cygnet.evaluation.student import t_reach


def apart(*standard_errors: float) -> Any:
    """Deviations of independent estimates with these standard errors."""
    return np.diag(standard_errors)


def test_three_models_worked_by_hand() -> None:
    # Each SE is 0.01, of a difference 0.01 * sqrt(2) = 0.0141. Two others: t at 1 - 0.025 two-sided
    # with 1000 degrees of freedom is 2.245, so that 0.0317 decides. 0.90 and 0.88 are not apart,
    # 0.88 and 0.85 are not, 0.90 and 0.85 are.
    made = rank_intervals(np.array([0.88, 0.90, 0.85]), apart(0.01, 0.01, 0.01), 1000)
    assert made.rank.tolist() == [2, 1, 3]
    assert made.lower.tolist() == [1, 1, 2]
    assert made.upper.tolist() == [3, 2, 3]


def test_the_reach_is_bonferronis_over_the_other_models() -> None:
    error = 0.01 * math.sqrt(2)
    for n_models in (2, 3, 6):
        reach = t_reach(30, 1 - 0.05 / (n_models - 1)) * error
        for beyond, lower in ((1.0001, 2), (0.9999, 1)):
            estimates = np.array([0.5, 0.5 + beyond * reach, *[0.5] * (n_models - 2)])
            made = rank_intervals(estimates, apart(*[0.01] * n_models), 30)
            assert made.lower[0] == lower
            assert made.upper[1] == (n_models if lower == 1 else 1)


def test_what_models_share_makes_them_easier_to_tell_apart() -> None:
    shared = np.array([[0.05, 0.0], [0.05, 0.01]])
    assert rank_intervals(np.array([0.80, 0.85]), shared, 50).lower.tolist() == [2, 1]
    assert rank_intervals(np.array([0.80, 0.85]), apart(0.05, 0.05), 50).lower.tolist() == [1, 1]


def test_equals_share_the_best_of_their_places_and_copies_are_never_apart() -> None:
    one = np.array([0.01, -0.01, 0.02])
    made = rank_intervals(np.array([0.8, 0.9, 0.9]), np.stack([one, 2 * one, 2 * one]), 50)
    assert made.rank.tolist() == [3, 1, 1]
    # Copies that differ by rounding alone.
    near = rank_intervals(np.array([0.9, 0.9 + 1e-9]), np.stack([one, one * (1 + 1e-9)]), 50)
    assert (near.lower.tolist(), near.upper.tolist()) == ([1, 1], [2, 2])


def test_one_model_is_first() -> None:
    made = rank_intervals(np.array([0.7]), np.array([[0.1, -0.1]]), 20)
    assert (made.rank.tolist(), made.lower.tolist(), made.upper.tolist()) == ([1], [1], [1])


def test_blocks_of_models_change_nothing(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cygnet.evaluation import ranks

    estimates, deviations = rng.random(23), rng.normal(size=(23, 40)) / 200
    whole = rank_intervals(estimates, deviations, 30)
    monkeypatch.setattr(ranks, "_BLOCK_MODELS", 5)
    blocks = rank_intervals(estimates, deviations, 30)
    assert whole.lower.tolist() == blocks.lower.tolist()
    assert whole.upper.tolist() == blocks.upper.tolist()
    assert whole.lower.max() > 1


def test_ranks_are_what_the_pairs_say_at_bonferronis_level(rng: np.random.Generator) -> None:
    patient = np.repeat(np.arange(100), 3)
    target = (np.arange(300) % 3 == 0) & (patient < 60)
    shared = rng.normal(size=300)
    scores = {
        f"m{k}": expit(shared + rng.normal(size=300) + 0.5 * k * target) for k in (2, 0, 5, 1, 4)
    }
    made = compare(target, scores, patient, replicates=0)
    better = dict.fromkeys(scores, 0)
    worse = dict.fromkeys(scores, 0)
    for pair in made.pairs:
        p = pair.difference.details["p_value"]
        assert isinstance(p, float)
        if p < 0.05 / 4:
            up, down = (pair.b, pair.a) if pair.difference.estimate > 0 else (pair.a, pair.b)
            better[down] += 1
            worse[up] += 1
    assert sum(better.values()) > 3
    assert [rank.rank for rank in made.ranks] == [1, 2, 3, 4, 5]
    for rank in made.ranks:
        assert rank.lower == 1 + better[rank.model]
        assert rank.upper == 5 - worse[rank.model]
        assert rank.tied_with_first == (better[rank.model] == 0)


def test_bootstrap_ranks_worked_by_hand() -> None:
    # Ranks: 1 2 3, 2 1 3, 1 1 3 (two share the first place), 3 2 1.
    drawn = np.array([[0.9, 0.8, 0.7], [0.8, 0.9, 0.7], [0.9, 0.9, 0.7], [0.1, 0.2, 0.3]])
    made = bootstrap_ranks(drawn, confidence_level=0.9)
    assert made.first.tolist() == [1.5 / 4, 1.5 / 4, 1 / 4]
    assert made.lower.tolist() == [1, 1, 1]
    assert made.upper.tolist() == [3, 2, 3]


def test_replicates_without_both_classes_are_left_out_of_bootstrap_ranks() -> None:
    made = bootstrap_ranks(np.array([[0.9, 0.8], [np.nan, np.nan]]))
    assert made.first.tolist() == [1, 0]
    nothing = bootstrap_ranks(np.full((3, 2), np.nan))
    assert np.isnan([nothing.lower, nothing.upper, nothing.first]).all()


def test_bootstrap_ranks_say_that_they_are_descriptive_and_are_null_without_replicates() -> None:
    images = ([1, 0, 0, 1], {"a": [0.9, 0.1, 0.3, 0.4], "b": [0.2, 0.1, 0.6, 0.7]})
    document = compare(*images, replicates=40).ranks[0].as_json()
    bootstrap = document["bootstrap"]
    assert isinstance(bootstrap, dict)
    assert "descriptive" in bootstrap["note"]
    assert 0 < bootstrap["first_share"] <= 1
    assert document["rank_lower"] is None
    assert "fewer than 10" in str(document["reason"])
    without = compare(*images, replicates=0).ranks[0].as_json()["bootstrap"]
    assert isinstance(without, dict)
    assert without["first_share"] is None


def true_auroc(slope: float) -> float:
    """Scores of the classes are normal with variance 1 and means ``slope`` apart."""
    return 0.5 * (1 + math.erf(slope / 2))


@pytest.mark.slow
def test_rank_intervals_hold_the_true_rank_and_bootstrap_ranks_less_often() -> None:
    # 500 cohorts of 200 patients, 40 with melanoma, and six models of which three are truly equal:
    # theirs are the places 2 to 4, and the interval must hold all three. Standard error 1 %.
    slopes = np.array([2.0, 1.7, 1.7, 1.7, 1.5, 1.0])
    best, worst = np.array([1, 2, 2, 2, 5, 6]), np.array([1, 4, 4, 4, 5, 6])
    assert all(true_auroc(a) >= true_auroc(b) for a, b in combinations(slopes, 2))
    generator = np.random.default_rng(33)
    held, held_by_bootstrap = np.zeros(6), np.zeros(6)
    for _ in range(500):
        n_images = generator.geometric(1 / 8, 200) + 1
        patient = np.repeat(np.arange(200), n_images)
        target = np.zeros(patient.size, dtype=int)
        target[(np.cumsum(n_images) - n_images)[:40]] = 1
        sample = make_sample(target, np.zeros(patient.size), patient)
        shared = 0.5 * generator.normal(size=200)[patient] + 0.5 * generator.normal(
            size=patient.size
        )
        scores = [
            shared + math.sqrt(0.5) * generator.normal(size=patient.size) + slope * target
            for slope in slopes
        ]
        field = field_of(sample, scores)
        made = rank_intervals(
            field.auroc,
            jackknife_deviations(field.leave_one_out()),
            decisive_patients(sample) - 1,
        )
        held += (made.lower <= best) & (worst <= made.upper)
        multiplicity = generator.multinomial(200, np.full(200, 1 / 200), 200)
        shown = bootstrap_ranks(field.auroc + (multiplicity - 1) @ field.influence().T)
        held_by_bootstrap += (shown.lower <= best) & (worst <= shown.upper)
    assert (held / 500 >= 0.94).all(), held
    assert (held_by_bootstrap / 500)[1:4].max() < 0.94, held_by_bootstrap
