import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit, stdtrit

from cygnet.evaluation import auroc, auroc_estimate


def many_patients(rng: np.random.Generator, n: int, n_positive: int) -> tuple[Any, Any, Any]:
    """Draw ``n`` patients of three images, ``n_positive`` of whom have a melanoma."""
    patient = np.repeat(np.arange(n), 3)
    target = np.zeros(3 * n, dtype=int)
    target[: 3 * n_positive : 3] = 1
    score = expit(rng.normal(size=n)[patient] * 0.5 + rng.normal(size=3 * n) + 1.5 * target)
    return target, score, patient


def test_the_interval_is_the_jackknife_on_the_logit_scale(rng: np.random.Generator) -> None:
    target, score, patient = many_patients(rng, 60, 45)
    made = auroc_estimate(target, score, patient, replicates=0)
    left_out = np.array(
        [logit(auroc(target[patient != p], score[patient != p])) for p in range(60)]
    )
    error = math.sqrt(59 / 60 * np.sum((left_out - left_out.mean()) ** 2))
    reach = stdtrit(44, 0.975) * error
    centre = logit(auroc(target, score))
    assert made.method == "jackknife-logit-t"
    assert made.details["degrees_of_freedom"] == 44
    assert made.lower == pytest.approx(expit(centre - reach), abs=1e-12)
    assert made.upper == pytest.approx(expit(centre + reach), abs=1e-12)
    assert made.flag is None
    assert made.reason is None


@pytest.mark.parametrize(
    ("n_positive", "interval", "flagged"),
    [(9, False, False), (10, True, True), (39, True, True), (40, True, False)],
)
def test_patients_with_melanoma_decide_what_an_interval_is_worth(
    rng: np.random.Generator, n_positive: int, interval: bool, flagged: bool
) -> None:
    made = auroc_estimate(*many_patients(rng, 100, n_positive), replicates=100)
    assert made.has_interval == interval
    assert (made.flag is not None) == flagged
    assert (made.reason is None) == interval
    assert math.isfinite(made.estimate)
    assert made.alternatives["cluster_bootstrap_percentile"].has_interval
    if not interval:
        assert made.reason is not None
        assert "9 patients with melanoma, fewer than 10" in made.reason


def test_few_patients_with_a_benign_image_count_alike(rng: np.random.Generator) -> None:
    target, score, patient = many_patients(rng, 12, 12)
    target[3 * 4 :] = 1
    made = auroc_estimate(target, score, patient, replicates=0)
    assert made.reason is not None
    assert "4 patients with a benign image" in made.reason


def test_the_bootstrap_stands_beside_it_and_agrees_with_resampling(
    rng: np.random.Generator,
) -> None:
    target, score, patient = many_patients(rng, 80, 50)
    made = auroc_estimate(target, score, patient, replicates=4000, seed=5)
    bootstrap = made.alternatives["cluster_bootstrap_percentile"]
    assert bootstrap.details == {"replicates": 4000, "undefined_replicates": 0}
    images_of = [np.flatnonzero(patient == p) for p in range(80)]
    values = []
    for _ in range(4000):
        drawn = np.concatenate([images_of[p] for p in rng.integers(0, 80, 80)])
        values.append(auroc(target[drawn], score[drawn]))
    lower, upper = np.quantile(values, [0.025, 0.975])
    assert bootstrap.lower == pytest.approx(lower, abs=0.008)
    assert bootstrap.upper == pytest.approx(upper, abs=0.008)


def test_the_same_seed_gives_the_same_limits(rng: np.random.Generator) -> None:
    images = many_patients(rng, 60, 20)
    assert auroc_estimate(*images, seed=3) == auroc_estimate(*images, seed=3)


def test_constant_probabilities_score_one_half_and_say_why() -> None:
    made = auroc_estimate([1, 0] * 30, [0.4] * 60, replicates=50)
    assert made.estimate == 0.5
    assert not made.has_interval
    assert made.reason is not None
    assert "all probabilities are equal" in made.reason


def test_complete_separation_has_no_logit(rng: np.random.Generator) -> None:
    target = np.arange(60) % 2
    made = auroc_estimate(target, target + rng.random(60) / 2, replicates=50)
    assert made.estimate == 1
    assert not made.has_interval
    assert made.reason is not None
    assert "separation is complete" in made.reason
    # The bootstrap would claim [1, 1]: no spread is not certainty.
    assert not made.alternatives["cluster_bootstrap_percentile"].has_interval


@pytest.mark.parametrize("target", [[1, 1], [0, 0, 0]])
def test_one_class_is_undefined_with_a_reason(target: list[int]) -> None:
    made = auroc_estimate(target, [0.5] * len(target))
    assert made.as_json()["estimate"] is None
    assert made.reason == "only one class is present"


def test_weights_equal_repetition_in_estimate_and_interval(
    rng: np.random.Generator, draw_images: Callable[..., Any]
) -> None:
    images = draw_images(400, 120, decimals=2)
    weights = rng.integers(1, 5, 400)
    weighted = auroc_estimate(*images[:3], weights=weights, seed=1)
    repeated = auroc_estimate(*(np.repeat(array, weights) for array in images[:3]), seed=1)
    # DeLong's alone is left out: to it, each copy of an image is a patient more.
    by_patient = ("cluster_delong", "cluster_bootstrap_percentile", "cluster_bootstrap_bca")
    assert {*by_patient, "delong"} == set(weighted.alternatives)
    for one, other in (
        (weighted, repeated),
        *((weighted.alternatives[name], repeated.alternatives[name]) for name in by_patient),
    ):
        assert one.has_interval
        assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
        assert one.lower == pytest.approx(other.lower, abs=1e-9)
        assert one.upper == pytest.approx(other.upper, abs=1e-9)


def test_rescaling_weights_changes_nothing(draw_images: Callable[..., Any]) -> None:
    images = draw_images(400, 120)
    one = auroc_estimate(*images[:3], weights=images.weights)
    other = auroc_estimate(*images[:3], weights=images.weights * 1234.5)
    assert one.lower == pytest.approx(other.lower, abs=1e-12)
    assert one.upper == pytest.approx(other.upper, abs=1e-12)


def test_images_of_one_patient_make_the_interval_wider(rng: np.random.Generator) -> None:
    # Every image ten times in its patient: nothing new is known, and nothing is claimed.
    target, score, patient = many_patients(rng, 100, 60)
    once = auroc_estimate(target, score, patient, replicates=0)
    tenfold = [np.repeat(array, 10) for array in (target, score, patient)]
    repeated = auroc_estimate(*tenfold, replicates=0)
    ignored = auroc_estimate(*tenfold[:2], replicates=0)
    assert repeated.upper - repeated.lower == pytest.approx(once.upper - once.lower, rel=1e-9)
    assert ignored.upper - ignored.lower < 0.5 * (once.upper - once.lower)


@pytest.mark.slow
def test_the_interval_covers_what_it_claims() -> None:
    # 1,200 cohorts of 200 patients, 30 with melanoma; images of a patient are alike (0.3).
    # The true AUROC is Phi(1.8 / sqrt(2)); the standard error of a coverage of 0.95 is 0.6 %.
    generator = np.random.default_rng(2020)
    truth = 0.5 * (1 + math.erf(1.8 / 2))
    n_covered = 0
    for _ in range(1200):
        n_images = generator.geometric(1 / 8, 200) + 1
        patient = np.repeat(np.arange(200), n_images)
        first = np.concatenate(([0], np.cumsum(n_images)[:-1]))
        target = np.zeros(patient.size, dtype=int)
        target[first[:30]] = 1
        own = generator.normal(size=200)[patient] * math.sqrt(0.3)
        score = own + generator.normal(size=patient.size) * math.sqrt(0.7) + 1.8 * target
        made = auroc_estimate(target, score, patient, replicates=0)
        n_covered += made.lower <= truth <= made.upper
    assert 0.93 <= n_covered / 1200 <= 0.97
