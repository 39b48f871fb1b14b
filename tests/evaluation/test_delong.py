from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cygnet.evaluation import auroc_estimate
from cygnet.evaluation.bca import acceleration, bca_estimate
from cygnet.evaluation.delong import delong_covariance
from cygnet.evaluation.estimate import bootstrap_estimate
from cygnet.evaluation.field import field_of
from cygnet.evaluation.sample import make_sample


def by_definition(
    target: Any, first: Any, second: Any, patient: Any, one: type[Any] = Fraction
) -> Any:
    """Obuchowski's covariance, image by image and patient by patient, as the paper writes it."""
    malignant = [i for i, label in enumerate(target) if label]
    benign = [i for i, label in enumerate(target) if not label]
    m, n = len(malignant), len(benign)

    def won(scores: Any, i: int, j: int) -> Any:
        return one(1) if scores[i] > scores[j] else one(int(scores[i] == scores[j])) / 2

    sides = []
    for scores in (first, second):
        above = {i: sum(won(scores, i, j) for j in benign) / n for i in malignant}
        below = {j: sum(won(scores, i, j) for i in malignant) / m for j in benign}
        area = sum(above.values()) / m
        patients = list(dict.fromkeys(patient))
        x = [sum(above[i] - area for i in malignant if patient[i] == p) for p in patients]
        y = [sum(below[j] - area for j in benign if patient[j] == p) for p in patients]
        sides.append((x, y))
    (x, y), (u, v) = sides

    def summed(left: Any, right: Any, count: int) -> Any:
        total = sum(a * b for a, b in zip(left, right, strict=True))
        return one(count) / (count - 1) * total

    i10 = len({patient[i] for i in malignant})
    i01 = len({patient[j] for j in benign})
    both = len(set(patient))
    return (
        summed(x, u, i10) / (m * m)
        + summed(y, v, i01) / (n * n)
        + (summed(x, v, both) + summed(y, u, both)) / (m * n)
    )


def covariance(target: Any, *scores: Any, patient: Any = None, weights: Any = None) -> Any:
    sample = make_sample(target, np.zeros(len(target)), patient, weights)
    return delong_covariance(field_of(sample, scores))


def test_two_patients_of_two_images_worked_by_hand() -> None:
    # Patient a: malignant 0.9, benign 0.5; patient b: malignant 0.4, benign 0.1. A = 3/4.
    # Malignant placements 1 and 1/2: x = 1/4, -1/4. Benign ones 1/2 and 1: y = -1/4, 1/4.
    # 2 * (1/8)/4 + 2 * (1/8)/4 + 2 * (2 * -1/8)/4 = 1/16 + 1/16 - 1/8 = 0: the patients are alike.
    value = covariance([1, 0, 1, 0], [0.9, 0.5, 0.4, 0.1], patient=["a", "a", "b", "b"])
    assert value[0, 0] == pytest.approx(0, abs=1e-17)


def test_three_patients_worked_by_hand() -> None:
    # a: malignant 0.9 and benign 0.5; b: malignant 0.4; c: benign 0.1. A = 3/4 as above, but
    # x = (1/4, -1/4, 0), y = (-1/4, 0, 1/4): I10 = I01 = 2, I = 3.
    # 2 * (1/8)/4 + 2 * (1/8)/4 + 3/2 * 2 * (-1/16)/4 = 1/16 + 1/16 - 3/64 = 5/64.
    value = covariance([1, 0, 1, 0], [0.9, 0.5, 0.4, 0.1], patient=["a", "a", "b", "c"])
    assert value[0, 0] == pytest.approx(5 / 64, abs=1e-16)


def test_one_image_a_patient_is_delong_worked_by_hand() -> None:
    # Placements 1, 1/2 and 1/2, 1 around 3/4: variances 1/8 and 1/8, each over 2: 1/8.
    value = covariance([1, 0, 1, 0], [0.9, 0.5, 0.4, 0.1])
    assert value[0, 0] == pytest.approx(1 / 8, abs=1e-16)


few_images = st.lists(
    st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4), st.integers(0, 5)),
    min_size=4,
    max_size=14,
)


@given(few_images)
def test_it_is_what_the_paper_defines(images: list[tuple[bool, int, int, int]]) -> None:
    target, first, second, patient = map(list, zip(*images, strict=True))
    sides = [{p for p, label in zip(patient, target, strict=True) if label == s} for s in (0, 1)]
    if any(not side for side in sides):
        return
    made = covariance(target, first, second, patient=patient)
    if min(map(len, sides)) < 2:
        assert np.isnan(made).all()
        return
    for row, left in enumerate((first, second)):
        for column, right in enumerate((first, second)):
            expected = float(by_definition(target, left, right, patient))
            assert made[row, column] == pytest.approx(expected, abs=1e-14)


def test_patients_of_one_image_give_delong_itself(draw_images: Callable[..., Any]) -> None:
    images = draw_images(200, decimals=1)
    one_each = auroc_estimate(images.target, images.probability, np.arange(200), replicates=0)
    clustered, plain = (one_each.alternatives[name] for name in ("cluster_delong", "delong"))
    assert clustered.lower == plain.lower
    assert clustered.upper == plain.upper


def test_delong_ignores_patients_and_says_so(draw_images: Callable[..., Any]) -> None:
    images = draw_images(400, 80)
    tenfold = [np.repeat(array, 10) for array in images[:3]]
    made = auroc_estimate(*tenfold, replicates=0).alternatives
    clustered, plain = made["cluster_delong"], made["delong"]
    assert plain.flag is not None
    assert "ignores" in plain.flag
    assert plain.upper - plain.lower < 0.5 * (clustered.upper - clustered.lower)


def test_weights_equal_repetition_inside_a_patient(
    rng: np.random.Generator, draw_images: Callable[..., Any]
) -> None:
    images = draw_images(200, 50, decimals=1)
    weights = rng.integers(1, 4, 200)
    weighted = covariance(
        images.target, images.probability, patient=images.patient, weights=weights
    )
    target, score, patient = (np.repeat(array, weights) for array in images[:3])
    assert weighted == pytest.approx(covariance(target, score, patient=patient), abs=1e-15)


def test_one_patient_of_a_class_has_no_variance() -> None:
    made = auroc_estimate([1, 0, 0], [0.5, 0.2, 0.6], replicates=0).alternatives["cluster_delong"]
    assert not made.has_interval
    assert made.reason is not None
    assert "fewer than two patients" in made.reason


def test_bca_without_bias_or_acceleration_is_the_percentile_interval() -> None:
    replicates = np.linspace(0.4, 0.6, 2001)
    percentile = bootstrap_estimate(
        0.5, replicates, confidence_level=0.95, undefined_because="never"
    )
    symmetric = np.array([0.4, 0.5, 0.6])
    made = bca_estimate(percentile, replicates, symmetric)
    assert made.method == "patient-cluster-bootstrap-bca"
    assert made.lower == pytest.approx(percentile.lower, abs=1e-9)
    assert made.upper == pytest.approx(percentile.upper, abs=1e-9)


def test_scipys_bca_agrees(rng: np.random.Generator) -> None:
    from scipy.stats import bootstrap

    values = rng.exponential(size=60)
    made = bootstrap((values,), np.mean, n_resamples=4000, method="BCa", rng=7)
    percentile = bootstrap_estimate(
        float(values.mean()),
        made.bootstrap_distribution,
        confidence_level=0.95,
        undefined_because="never",
    )
    left_out = (values.sum() - values) / 59
    ours = bca_estimate(percentile, made.bootstrap_distribution, left_out)
    assert ours.lower == pytest.approx(made.confidence_interval.low, abs=1e-9)
    assert ours.upper == pytest.approx(made.confidence_interval.high, abs=1e-9)


def test_acceleration_points_to_the_long_tail() -> None:
    assert acceleration(np.array([0.0, 3.0, 3.0])) == pytest.approx(6 / (6 * 6**1.5))
    assert acceleration(np.array([0.5, 0.5])) == 0


def test_replicates_on_one_side_have_no_bca_limits() -> None:
    replicates = np.linspace(0.6, 0.7, 100)
    percentile = bootstrap_estimate(
        0.5, replicates, confidence_level=0.95, undefined_because="never"
    )
    made = bca_estimate(percentile, replicates, np.array([0.4, 0.6]))
    assert not made.has_interval
    assert made.reason is not None
    assert "one side" in made.reason
