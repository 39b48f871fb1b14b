"""What holds for any images whatever: the order of rows, scales, copies, and degenerate cohorts."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from cygnet import evaluation
from cygnet.errors import InputError
from cygnet.evaluation import Estimate, ScoreCard, auroc, auroc_estimate, score_card
from cygnet.evaluation.estimate import SAME_IN_ALL, bootstrap_estimate
from cygnet.evaluation.further_metrics import number_needed_of

RANKED: tuple[Callable[..., float], ...] = (
    evaluation.auroc,
    evaluation.average_precision,
    evaluation.pauc_above_tpr,
    evaluation.auc_sens_80,
    evaluation.sensitivity_at_specificity,
    evaluation.specificity_at_sensitivity,
)
AT_A_THRESHOLD: tuple[Callable[..., float], ...] = (
    evaluation.sensitivity,
    evaluation.specificity,
    evaluation.ppv,
    evaluation.npv,
    evaluation.f1,
    evaluation.balanced_accuracy,
    evaluation.number_needed_to_biopsy,
)
AT_WORD: tuple[Callable[..., float], ...] = (
    evaluation.net_benefit,
    evaluation.brier_score,
    evaluation.log_loss,
    evaluation.calibration_intercept,
    evaluation.calibration_slope,
    evaluation.observed_over_expected,
)
# The extremes that a float64 has, and few values, so that ties are the rule.
SCORES = st.sampled_from([-np.inf, -1e308, -5e-324, 0.0, 5e-324, 1e-310, 0.25, 0.5, 1e308, np.inf])
PROBABILITIES = st.sampled_from([0.0, 5e-324, 1e-310, 1e-16, 0.25, 0.5, 1 - 2**-53, 1.0])
WEIGHTS = st.sampled_from([1e-5, 1.0, 3.5, 1e6])
ranked_rows = st.lists(st.tuples(st.booleans(), SCORES, st.integers(1, 3)), min_size=1, max_size=20)
Cohort = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]


@st.composite
def cohorts(draw: st.DrawFn) -> Cohort:
    """Draw 12 to 20 patients with images of both classes, enough for an interval, many tied."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_patients, n_levels = draw(st.integers(12, 20)), draw(st.integers(2, 12))
    n_more = 2 * n_patients
    each = np.arange(n_patients)
    patient = np.concatenate([each, each, generator.integers(0, n_patients, n_more)])
    target = np.repeat([1, 0], n_patients)
    target = np.concatenate([target, (generator.random(n_more) < 0.2).astype(np.int64)])
    score = generator.integers(0, n_levels, target.size) + draw(st.integers(0, 2)) * target
    return target, score / (n_levels + 2), patient


def limits(made: Estimate) -> dict[str, list[float]]:
    """Give the estimate and the limits of every method by patients."""
    methods = {"": made} | {k: v for k, v in made.alternatives.items() if k != "delong"}
    return {name: [one.estimate, one.lower, one.upper] for name, one in methods.items()}


def assert_alike(one: Estimate, other: Estimate, atol: float = 1e-9) -> None:
    expected = limits(one)
    assert list(expected) == list(limits(other))
    for name, values in limits(other).items():
        assert_allclose(values, expected[name], atol=atol, rtol=0, err_msg=name)


def estimates_of(card: ScoreCard) -> Iterator[tuple[str, Estimate]]:
    """Give every estimate of a card: metrics, alternatives, groups."""
    groups = [
        (f"{column} {level} {name}", value)
        for column, levels in card.by.items()
        for level, group in levels.items()
        for name, value in group.items()
        if isinstance(value, Estimate)
    ]
    for name, metric in [*card.metrics.items(), *groups]:
        yield name, metric
        yield from ((f"{name}.{key}", other) for key, other in metric.alternatives.items())


def assert_sound(card: ScoreCard) -> None:
    """Limits enclose the estimate, what lacks has its reason, and JSON holds no NaN."""
    json.dumps(card.as_json(), allow_nan=False)
    found = dict(estimates_of(card))
    assert len(found) > 30
    for name, one in found.items():
        assert not any(map(math.isinf, (one.estimate, one.lower, one.upper))), name
        if one.has_interval:
            assert one.lower <= one.estimate <= one.upper, name
        else:
            assert one.reason, name
    curve = card.decision_curve
    if curve is not None:
        for line, lower, upper in (
            (curve.model, curve.model_lower, curve.model_upper),
            (curve.treat_all, curve.treat_all_lower, curve.treat_all_upper),
        ):
            known = ~np.isnan(lower)
            assert np.all((lower <= line)[known] & (line <= upper)[known])


@pytest.mark.parametrize("metric", RANKED)
@given(images=ranked_rows, random=st.randoms(use_true_random=False))
def test_infinities_and_subnormal_numbers_are_ranked_like_any(
    metric: Callable[..., float], images: list[tuple[bool, float, int]], random: Any
) -> None:
    levels = sorted({score for _, score, _ in images})
    target, score, weights = map(list, zip(*images, strict=True))
    shuffled = random.sample(images, len(images))
    places = [levels.index(score) for _, score, _ in shuffled]
    again = metric([label for label, _, _ in shuffled], places, [w for _, _, w in shuffled])
    assert_allclose(metric(target, score, weights), again, atol=1e-12)


@pytest.mark.parametrize("metric", [*RANKED, *AT_A_THRESHOLD, *AT_WORD])
def test_nan_is_refused_in_every_argument(metric: Callable[..., float]) -> None:
    for arguments in (
        ([1, 0], [0.5, math.nan]),
        ([1, math.nan], [0.5, 0.5]),
        ([1, 0], [0.5, 0.5], [1, math.nan]),
    ):
        with pytest.raises(InputError):
            metric(*arguments)


@pytest.mark.parametrize("metric", AT_WORD)
@pytest.mark.parametrize("value", [-math.inf, -5e-324, 1 + 2**-52, math.inf])
def test_what_is_no_probability_is_refused(metric: Callable[..., float], value: float) -> None:
    with pytest.raises(InputError):
        metric([1, 0], [0.5, value])


@pytest.mark.parametrize("metric", [*RANKED, *AT_A_THRESHOLD, *AT_WORD])
@given(label=st.booleans(), probability=PROBABILITIES)
def test_one_row_gives_a_finite_number_or_nan(
    metric: Callable[..., float], label: bool, probability: float
) -> None:
    value = metric([label], [probability])
    assert math.isnan(value) or math.isfinite(value)
    if metric in RANKED:
        assert math.isnan(value)


@pytest.mark.parametrize("score", [-math.inf, 0.0, 5e-324, 0.5, math.inf])
def test_all_ties_are_worth_what_chance_is(score: float) -> None:
    target, tied = [1, 0, 0, 0], [score] * 4
    assert auroc(target, tied) == 0.5
    assert evaluation.average_precision(target, tied) == 0.25
    assert evaluation.pauc_above_tpr(target, tied) == pytest.approx(0.02)
    assert evaluation.sensitivity_at_specificity(target, tied) == 0


@settings(max_examples=40, deadline=None)
@given(cohorts(), st.integers(0, 2**32 - 1))
def test_neither_order_nor_a_rising_transform_moves_auroc_or_its_limits(
    cohort: Cohort, seed: int
) -> None:
    target, score, patient = cohort
    order = np.random.default_rng(seed).permutation(target.size)
    made = auroc_estimate(target, score, patient, replicates=50)
    stretched = np.exp(20 * score) * 1e-300
    other = auroc_estimate(target[order], stretched[order], patient[order], replicates=50)
    assert_alike(made, other)


@settings(max_examples=40, deadline=None)
@given(cohorts())
def test_swapped_labels_mirror_auroc_and_its_limits(cohort: Cohort) -> None:
    target, score, patient = cohort
    made = auroc_estimate(target, score, patient, replicates=0)
    swapped = auroc_estimate(1 - target, score, patient, replicates=0)
    assert swapped.has_interval == made.has_interval
    for one, other in (
        (made, swapped),
        (made.alternatives["cluster_delong"], swapped.alternatives["cluster_delong"]),
        (made.alternatives["delong"], swapped.alternatives["delong"]),
    ):
        mirrored = [1 - other.estimate, 1 - other.upper, 1 - other.lower]
        assert_allclose([one.estimate, one.lower, one.upper], mirrored, atol=1e-9)
    assert_alike(made, auroc_estimate(1 - target, -score, patient, replicates=0))


@settings(max_examples=40, deadline=None)
@given(cohorts(), st.integers(0, 2**32 - 1))
def test_weights_equal_repetition_in_auroc_and_its_limits(cohort: Cohort, seed: int) -> None:
    weights = np.random.default_rng(seed).integers(1, 4, cohort[0].size)
    weighted = auroc_estimate(*cohort, weights=weights, replicates=50)
    repeated = auroc_estimate(*(np.repeat(array, weights) for array in cohort), replicates=50)
    assert_alike(weighted, repeated)


@settings(max_examples=25, deadline=None)
@given(cohorts(), st.integers(0, 2**32 - 1))
def test_a_card_of_enough_patients_has_limits_that_enclose(cohort: Cohort, seed: int) -> None:
    target, score, patient = cohort
    half = np.where(np.arange(target.size) % 2, "odd", "even").astype(object)
    weights = np.random.default_rng(seed).uniform(0.1, 9, target.size) if seed % 2 else None
    card = score_card(
        target, score, patient, weights=weights, subgroups={"half": half}, replicates=60
    )
    assert_sound(card)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), PROBABILITIES, st.integers(0, 3), WEIGHTS), max_size=12),
    st.sampled_from([0.0, 5e-324, 0.5, 1.0]),
    st.sampled_from([None, 5e-324, 0.02, 1 - 2**-53]),
    st.sampled_from([None, 1e-300, 1.0, 1e300]),
)
def test_a_card_of_anything_is_sound(
    images: list[tuple[bool, float, int, float]],
    threshold: float,
    prevalence: float | None,
    scale: float | None,
) -> None:
    target, probability, patient, weights = ([image[part] for image in images] for part in range(4))
    card = score_card(
        target,
        probability,
        patient,
        weights=None if scale is None else np.array(weights) * scale,
        threshold=threshold,
        prevalence=prevalence,
        replicates=20,
    )
    assert_sound(card)


@pytest.mark.parametrize("target", [[1] * 30, [0] * 30, [1, 0] * 15])
@pytest.mark.parametrize("score", [[0.5] * 30, [0.0] * 30, [1.0] * 30, [5e-324, 1.0] * 15])
@pytest.mark.parametrize("patient", [["p"] * 30, [None] * 30, [*range(30)]])
def test_one_class_one_patient_and_all_ties_have_a_sound_card(
    target: list[int], score: list[float], patient: list[Any]
) -> None:
    assert_sound(score_card(target, score, patient, replicates=20))


def test_a_complete_separation_has_no_interval_whatever_the_weights() -> None:
    target, score = np.repeat([1, 0], 20), np.repeat([0.9, 0.1], 20)
    for seed in range(20):
        weights = np.random.default_rng(seed).uniform(0.1, 9, 40)
        made = auroc_estimate(target, score, weights=weights, replicates=50)
        assert made.estimate == pytest.approx(1, abs=1e-14)
        assert made.reason is not None
        assert "separation is complete" in made.reason
        assert not any(other.has_interval for other in made.alternatives.values())


def test_weights_too_far_apart_are_refused_by_position() -> None:
    with pytest.raises(InputError, match=r"1e\+12 times the smallest\. Found 1: 'position 1'"):
        auroc([1, 0, 0], [0.5, 0.4, 0.3], [1e300, 1e280, 1e299])
    assert auroc([1, 0], [0.5, 0.4], [1e12, 1.0]) == 1


def test_limits_that_rounding_alone_parts_are_no_interval() -> None:
    replicates = np.full(100, 0.4) + np.arange(100) * 1e-17
    made = bootstrap_estimate(0.4, replicates, confidence_level=0.95, undefined_because="never")
    assert made.reason == SAME_IN_ALL


def test_a_number_at_its_maximum_lies_inside_its_own_interval() -> None:
    # The uncertainty p (1 - p) is at most 1/4, where the prevalence is one half.
    target = np.arange(400) % 2
    uncertainty = score_card(target, np.linspace(0, 1, 400), replicates=200)
    made = uncertainty.metrics["brier_uncertainty"]
    assert (made.estimate, made.upper) == (0.25, 0.25)
    assert made.lower < 0.25


def test_a_predictive_value_that_may_be_zero_leaves_no_upper_limit_and_says_so() -> None:
    made = number_needed_of(Estimate(1e-12, 0.0, 0.5))
    assert made.lower == 2
    assert math.isnan(made.upper)
    assert made.reason is not None
    assert "no upper limit" in made.reason
