from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from cygnet import evaluation
from cygnet.errors import InputError
from cygnet.evaluation import (
    auroc,
    between_patient_auroc,
    net_benefit,
    patient_auroc,
    score_card,
    top_k_share,
)
from cygnet.evaluation.between_patients import BetweenPatients
from cygnet.evaluation.placement import auroc_replicator, patient_placements
from cygnet.evaluation.sample import make_sample

# a: malignant 0.2, benign 0.1. b: malignant 0.9, benign 0.9 and 0.1. c: benign 0.99. d: melanoma.
TARGET = [1, 0, 1, 0, 0, 0, 1]
SCORE = [0.2, 0.1, 0.9, 0.9, 0.1, 0.99, 0.01]
PATIENT = list("aabbbcd")


def test_between_patients_by_hand() -> None:
    # a's against 0.9, 0.1, 0.99: 1 of 3. b's against 0.1, 0.99: 1 of 2. d's against four: 0 of 4.
    assert between_patient_auroc(TARGET, SCORE, PATIENT) == pytest.approx(2 / 9)


def test_between_patients_is_the_auroc_where_each_has_one_image(
    draw_images: Callable[..., Any],
) -> None:
    images = draw_images(200, decimals=1)
    value = between_patient_auroc(images.target, images.probability, np.arange(200))
    assert value == pytest.approx(auroc(images.target, images.probability), abs=1e-12)


def test_copies_of_a_patient_form_no_pairs_between_patients(
    draw_images: Callable[..., Any],
) -> None:
    images = draw_images(60, 8, decimals=1)
    sample = make_sample(*images[:3])
    drawn = np.random.default_rng(3).integers(0, 4, (5, sample.n_patients)).astype(float)
    between = BetweenPatients(patient_placements(sample))
    values = between.replicates(drawn, auroc_replicator(sample).replicates(drawn))
    won = [[0.0, 0.0] for _ in drawn]
    for i in np.flatnonzero(sample.target):
        for j in np.flatnonzero(~sample.target):
            if sample.patient[i] != sample.patient[j]:
                gap = sample.probability[i] - sample.probability[j]
                for row, of in zip(drawn, won, strict=True):
                    times = row[sample.patient[i]] * row[sample.patient[j]]
                    of[0] += times * ((gap > 0) + (gap == 0) / 2)
                    of[1] += times
    assert_allclose(values, [a / b for a, b in won], atol=1e-12)


def test_a_patient_is_judged_by_the_highest_probability() -> None:
    # With a melanoma: a 0.2, b 0.9, d 0.01. Without: c 0.99.
    assert patient_auroc(TARGET, SCORE, PATIENT) == 0
    assert patient_auroc([1, 0, 0], [0.1, 0.9, 0.9], ["a", "a", "b"]) == 0.5
    assert np.isnan(patient_auroc([1, 0], [0.1, 0.9], ["a", "a"]))


def test_top_of_the_patient_averages_ties() -> None:
    # a: first. b: tied with one other. d: alone.
    assert top_k_share(TARGET, SCORE, PATIENT, k=1) == (1 + 1 / 2 + 1) / 3
    assert top_k_share(TARGET, SCORE, PATIENT, k=3) == 1
    assert top_k_share([1, 1, 0, 0], [0.5] * 4, ["a"] * 4, k=3) == 3 / 4
    assert np.isnan(top_k_share([0], [0.5], ["a"]))
    with pytest.raises(InputError):
        top_k_share(TARGET, SCORE, PATIENT, k=0)


def test_the_card_puts_chance_and_larger_patients_beside_the_top() -> None:
    card = score_card(TARGET, SCORE, PATIENT, replicates=10)
    first = card.metrics["top_1_share"]
    assert first.details["by_chance"] == pytest.approx((1 / 2 + 1 / 3 + 1) / 3)
    larger = card.metrics["top_1_share_of_larger_patients"]
    assert (larger.estimate, larger.details["n"]) == ((1 + 1 / 2) / 2, 2)
    assert larger.details["by_chance"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    none = card.metrics["top_15_share_of_larger_patients"]
    assert none.reason == "there are no malignant images of patients with more than 15 images"


def test_net_benefit_by_hand() -> None:
    # 2 of 4 found, 1 false alarm of 6, in 10 images; at 0.2 an alarm costs a quarter.
    target, score = [1] * 4 + [0] * 6, [0.9, 0.8, 0.1, 0.1, 0.5, 0, 0, 0, 0, 0]
    assert net_benefit(target, score, threshold=0.2) == pytest.approx(2 / 10 - 1 / 10 / 4)
    moved = net_benefit(target, score, threshold=0.2, prevalence=0.02)
    assert moved == pytest.approx(0.02 * 2 / 4 - 0.98 * 1 / 6 / 4)
    with pytest.raises(InputError):
        net_benefit(target, score, threshold=1)
    with pytest.raises(InputError):
        net_benefit(target, score, prevalence=1)


def test_the_decision_curve_is_net_benefit_at_each_threshold(
    draw_images: Callable[..., Any],
) -> None:
    images = draw_images(900, 150)
    for prevalence in (None, 0.02):
        card = score_card(*images[:3], replicates=200, prevalence=prevalence)
        curve = card.decision_curve
        assert curve is not None
        assert curve.thresholds.size == 50
        for t, value in zip(curve.thresholds, curve.model, strict=True):
            expected = net_benefit(
                images.target, images.probability, threshold=float(t), prevalence=prevalence
            )
            assert value == pytest.approx(expected, abs=1e-12)
        assert (curve.model_lower <= curve.model + 1e-12).all()
        assert (curve.model <= curve.model_upper + 1e-12).all()
        share = prevalence or images.target.mean()
        odds = curve.thresholds / (1 - curve.thresholds)
        assert_allclose(curve.treat_all, share - (1 - share) * odds, atol=1e-12)


def test_values_moved_to_the_prevalence_of_the_images_are_their_own(
    draw_images: Callable[..., Any],
) -> None:
    images = draw_images(900, 150)
    share = float(images.target.mean())
    metrics = score_card(*images[:3], replicates=100, prevalence=share).metrics
    for name in ("ppv", "npv", "net_benefit"):
        moved = metrics[f"{name}_at_prevalence"]
        assert moved.estimate == pytest.approx(metrics[name].estimate, abs=1e-12)
        assert moved.details["prevalence"] == share
        assert moved.details["prevalence_dependent"] is False
    rare = score_card(*images[:3], replicates=100, prevalence=0.001).metrics
    assert rare["ppv_at_prevalence"].estimate < 0.1


def test_the_number_needed_to_biopsy_inverts_the_predictive_value(
    draw_images: Callable[..., Any],
) -> None:
    metrics = score_card(*draw_images(900, 150)[:3], replicates=50).metrics
    ppv, needed = metrics["ppv"], metrics["number_needed_to_biopsy"]
    assert_allclose(
        [needed.estimate, needed.lower, needed.upper],
        [1 / ppv.estimate, 1 / ppv.upper, 1 / ppv.lower],
    )
    none = score_card([1, 0], [0.1, 0.9], replicates=10).metrics["number_needed_to_biopsy"]
    assert none.reason == "no malignant image is at or above the threshold"


def test_the_partial_area_begins_where_it_is_told(draw_images: Callable[..., Any]) -> None:
    images = draw_images()
    made = score_card(*images[:3], replicates=10, min_tpr=0.5).metrics["pauc_above_tpr"]
    expected = evaluation.pauc_above_tpr(images.target, images.probability, min_tpr=0.5)
    assert made.estimate == pytest.approx(expected, abs=1e-12)
    assert made.details["min_tpr"] == 0.5


@pytest.mark.parametrize("scale", [1e-9, 7.0, 1e12])
def test_rescaling_weights_changes_nothing(draw_images: Callable[..., Any], scale: float) -> None:
    images = draw_images(300, 60)
    one, other = (
        score_card(*images[:3], weights=weights, replicates=50).metrics
        for weights in (images.weights, images.weights * scale)
    )
    for name, metric in one.items():
        values = [[m.estimate, m.lower, m.upper] for m in (metric, other[name])]
        assert_allclose(values[0], values[1], rtol=1e-7, atol=1e-9, err_msg=name)


def test_the_order_of_the_rows_changes_neither_estimates_nor_intervals(
    draw_images: Callable[..., Any], rng: np.random.Generator
) -> None:
    images = draw_images(300, 60, decimals=2)
    names = np.array([f"P_{p}" for p in images.patient], dtype=object)
    order = rng.permutation(300)
    one = score_card(images.target, images.probability, names, replicates=50).metrics
    other = score_card(
        images.target[order], images.probability[order], names[order], replicates=50
    ).metrics
    for name, metric in one.items():
        values = [[m.estimate, m.lower, m.upper] for m in (metric, other[name])]
        assert_allclose(values[0], values[1], rtol=1e-6, atol=1e-9, err_msg=name)


RANKING = (evaluation.auroc, evaluation.average_precision, evaluation.pauc_above_tpr)
GROUPED = (
    between_patient_auroc,
    patient_auroc,
    top_k_share,
    evaluation.within_patient_auroc,
    evaluation.within_patient_auroc_pair_weighted,
)
images_of_patients = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from([-np.inf, -1.0, 0.0, 5e-324, 1e-310, 0.3, 1e300, np.inf]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=15,
)


@pytest.mark.parametrize("metric", GROUPED)
@given(images=images_of_patients, random=st.randoms(use_true_random=False))
def test_any_rising_transform_and_any_order_give_the_same(
    metric: Callable[..., float], images: list[tuple[bool, float, int]], random: Any
) -> None:
    target, score, patient = zip(*images, strict=True)
    levels = sorted(set(score))
    shuffled = random.sample(images, len(images))
    value = metric(
        [image[0] for image in shuffled],
        [levels.index(image[1]) for image in shuffled],
        [image[2] for image in shuffled],
    )
    assert_allclose(value, metric(target, score, patient), atol=1e-12)


@pytest.mark.parametrize("metric", [m for m in GROUPED if m is not top_k_share])
@given(images=images_of_patients)
def test_swapped_labels_swap_the_area(
    metric: Callable[..., float], images: list[tuple[bool, float, int]]
) -> None:
    target, score, patient = map(np.array, zip(*images, strict=True))
    value = metric(target, score, patient)
    if metric is patient_auroc:
        return  # The highest of a patient's images is not the lowest of them.
    assert_allclose(metric(~target, score, patient), 1 - value, atol=1e-12)
    assert_allclose(metric(~target, -score, patient), value, atol=1e-12)


@pytest.mark.parametrize("metric", GROUPED)
def test_nan_is_refused_and_ties_are_one_half(metric: Callable[..., float]) -> None:
    with pytest.raises(InputError):
        metric([1, 0], [0.5, np.nan], ["a", "b"])
    tied = metric([1, 0, 1, 0, 0, 0], [0.5] * 6, list("aabbcc"))
    assert tied == 0.5
    assert metric([1], [0.5], ["a"]) == 1 or np.isnan(metric([1], [0.5], ["a"]))
