import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cygnet import evaluation
from cygnet.errors import InputError
from cygnet.evaluation import ScoreCard, score_card

SCALARS = {
    "auroc": evaluation.auroc,
    "average_precision": evaluation.average_precision,
    "pauc_above_tpr": evaluation.pauc_above_tpr,
    "auc_sens_80": evaluation.auc_sens_80,
    "sensitivity": evaluation.sensitivity,
    "specificity": evaluation.specificity,
    "ppv": evaluation.ppv,
    "npv": evaluation.npv,
    "f1": evaluation.f1,
    "balanced_accuracy": evaluation.balanced_accuracy,
    "brier_score": evaluation.brier_score,
    "log_loss": evaluation.log_loss,
    "calibration_intercept": evaluation.calibration_intercept,
    "calibration_slope": evaluation.calibration_slope,
    "observed_over_expected": evaluation.observed_over_expected,
    "number_needed_to_biopsy": evaluation.number_needed_to_biopsy,
    "net_benefit": evaluation.net_benefit,
}


@pytest.fixture
def card(draw_images: Callable[..., Any]) -> ScoreCard:
    images = draw_images(2400, 150, share=0.06)
    site = np.array(["torso", "head/neck", None], dtype=object)[np.arange(2400) % 3]
    return score_card(*images[:3], subgroups={"site": site}, replicates=300)


def test_its_estimates_are_those_of_the_metrics_alone(draw_images: Callable[..., Any]) -> None:
    images = draw_images(decimals=2)
    for weights in (None, images.weights):
        made = score_card(*images[:3], weights=weights, replicates=10)
        for name, metric in SCALARS.items():
            expected = metric(images.target, images.probability, weights)
            assert made.metrics[name].estimate == pytest.approx(expected, abs=1e-12), name
        for share in (90, 95):
            for name, function, option in (
                (
                    "sensitivity_at_specificity",
                    evaluation.sensitivity_at_specificity,
                    "specificity",
                ),
                (
                    "specificity_at_sensitivity",
                    evaluation.specificity_at_sensitivity,
                    "sensitivity",
                ),
            ):
                options = {option: share / 100}
                expected = function(images.target, images.probability, weights, **options)
                value = made.metrics[f"{name}_{share}"].estimate
                assert value == pytest.approx(expected, abs=1e-12)
        error = evaluation.expected_calibration_error(
            images.target, images.probability, images.patient, weights
        )
        assert made.metrics["expected_calibration_error"].estimate == pytest.approx(error)


def test_its_json_begins_with_counts_and_auroc_and_holds_no_nan(card: ScoreCard) -> None:
    document = card.as_json()
    assert list(document)[:4] == ["n_images", "n_patients", "n_positive", "auroc"]
    assert list(document)[-3:] == ["by", "gaps", "notes"]
    text = json.dumps(document, allow_nan=False)
    back = json.loads(text)
    for name in card.metrics:
        assert {"estimate", "lower", "upper", "confidence_level", "method"} <= set(back[name])
        assert back[name]["lower"] < back[name]["estimate"] <= back[name]["upper"], name
    assert back["auroc"]["method"] == "jackknife-logit-t"
    beside = back["auroc"]["alternatives"]["cluster_bootstrap_percentile"]
    assert beside["undefined_replicates"] == 0


def test_every_metric_has_an_interval_that_patients_make(card: ScoreCard) -> None:
    assert len(card.metrics) == 37
    for name, metric in card.metrics.items():
        assert metric.has_interval, name
        assert metric.lower < metric.estimate, name
        assert metric.estimate < metric.upper or metric.estimate == 1, name


def test_each_group_of_a_column_has_its_own_interval(card: ScoreCard) -> None:
    groups = card.by["site"]
    assert list(groups) == ["head/neck", "torso", "(missing)"]
    assert sum(group["n_images"] for group in groups.values()) == card.n_images
    assert sum(group["n_positive"] for group in groups.values()) == card.n_positive
    for group in groups.values():
        assert group["auroc"].has_interval
        assert group["sensitivity"].has_interval
        assert group["specificity"].has_interval


def test_groups_too_small_to_judge_are_named_with_their_reason() -> None:
    levels = np.array(["a"] * 90 + ["b"] * 8 + ["c"] * 2, dtype=object)
    target = np.arange(100) % 2
    target[98:] = 0
    probability = np.linspace(0, 1, 100)
    groups = score_card(target, probability, subgroups={"x": levels}, replicates=10).by["x"]
    assert groups["b"]["auroc"].reason is not None
    assert "4 patients with melanoma" in groups["b"]["auroc"].reason
    assert groups["b"]["auroc"].estimate == evaluation.auroc(target[90:98], probability[90:98])
    assert groups["c"]["auroc"].reason == "only one class is present"
    assert groups["c"]["sensitivity"].reason == "no image is malignant"


def test_numeric_groups_stand_in_order_of_size() -> None:
    ages = np.array([5.0, 10.0, 90.0, math.nan])
    groups = score_card([1, 0, 0, 1], [0.5] * 4, subgroups={"age": ages}, replicates=10).by["age"]
    assert list(groups) == ["5.0", "10.0", "90.0", "(missing)"]


def test_patients_unknown_are_each_their_own_and_said() -> None:
    patient = np.array(["p", "p", None, ""], dtype=object)
    made = score_card([1, 0, 0, 0], [0.9, 0.1, 0.2, 0.3], patient, replicates=10)
    assert made.n_patients == 3
    assert "2 of 4 images is unknown" in made.notes[0]


def test_metrics_that_depend_on_prevalence_are_marked(draw_images: Callable[..., Any]) -> None:
    images = draw_images()
    note = "benign images are 60 times too rare"
    plain = score_card(*images[:3], replicates=10)
    marked = score_card(*images[:3], replicates=10, prevalence_note=note)
    weighted = score_card(*images[:3], weights=images.weights, replicates=10, prevalence_note=note)
    for name in ("average_precision", "ppv", "npv", "f1", "brier_score", "log_loss"):
        assert plain.metrics[name].details["prevalence_dependent"] is True
        assert "transferable" not in plain.metrics[name].details
        assert marked.metrics[name].details["transferable"] is False
        assert marked.metrics[name].details["prevalence_note"] == note
        assert "transferable" not in weighted.metrics[name].details
    for name in ("auroc", "sensitivity", "specificity", "balanced_accuracy", "calibration_slope"):
        assert marked.metrics[name].details["prevalence_dependent"] is False
    assert any("do not transfer" in sentence for sentence in marked.notes)
    assert any("cancels in AUROC" in sentence for sentence in weighted.notes)


def test_weights_equal_repetition_in_estimates_and_cluster_intervals(
    rng: np.random.Generator, draw_images: Callable[..., Any]
) -> None:
    images = draw_images(500, 120, decimals=2)
    weights = rng.integers(1, 4, 500)
    weighted = score_card(*images[:3], weights=weights, replicates=200)
    repeated = score_card(*(np.repeat(array, weights) for array in images[:3]), replicates=200)
    for name, metric in weighted.metrics.items():
        if name.startswith("top_"):
            continue  # A copy of an image takes a rank of its own.
        other = repeated.metrics[name]
        assert metric.estimate == pytest.approx(other.estimate, abs=1e-8), name
        if "wilson" not in metric.method:
            assert metric.lower == pytest.approx(other.lower, abs=1e-6), name
            assert metric.upper == pytest.approx(other.upper, abs=1e-6), name


def test_one_class_leaves_what_compares_classes_undefined() -> None:
    made = score_card([0] * 50, np.linspace(0, 1, 50), replicates=20)
    for name in ("auroc", "average_precision", "sensitivity", "calibration_slope", "f1"):
        estimate = made.metrics[name]
        assert math.isnan(estimate.estimate) or name == "f1"
    assert made.metrics["auroc"].reason == "only one class is present"
    assert made.metrics["sensitivity"].reason == "there are no malignant images"
    assert math.isfinite(made.metrics["specificity"].estimate)
    json.dumps(made.as_json(), allow_nan=False)


def test_one_image_and_no_image_have_a_card() -> None:
    for target in ([1], [0], []):
        made = score_card(target, [0.4] * len(target), replicates=20)
        assert made.n_images == len(target)
        assert math.isnan(made.metrics["auroc"].estimate)
        json.dumps(made.as_json(), allow_nan=False)


def test_a_share_of_one_is_never_certain() -> None:
    target = np.arange(80) % 2
    made = score_card(target, target * 0.8 + np.linspace(0, 0.1, 80), replicates=100)
    for name in ("sensitivity", "specificity", "sensitivity_at_specificity_90", "ppv"):
        assert made.metrics[name].estimate == 1
        assert 0.85 < made.metrics[name].lower < made.metrics[name].upper == 1
    assert made.metrics["average_precision"].reason is not None
    assert "same value" in made.metrics["average_precision"].reason


def test_undefined_replicates_are_counted() -> None:
    # 12 patients with melanoma; only two of them have a benign image too.
    patient = np.array([*range(12), 0, 1, *range(12, 40)])
    target = np.array([1] * 12 + [0] * 30)
    made = score_card(target, np.linspace(0.1, 0.9, 42), patient, replicates=200)
    within = made.metrics["within_patient_auroc"]
    assert within.details["undefined_replicates"] > 0  # type: ignore[operator]
    assert within.reason is not None
    assert "2 patients with both classes" in within.reason


@pytest.mark.parametrize(
    "options",
    [{"threshold": 1.5}, {"confidence_level": 1.0}, {"replicates": 0}, {"threshold": math.nan}],
)
def test_settings_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        score_card([1, 0], [0.9, 0.1], **options)


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="one number for each of the 2 images"):
        score_card([1, 0], [0.5])
    with pytest.raises(InputError, match="one identifier for each"):
        score_card([1, 0], [0.5, 0.4], ["a"])
    with pytest.raises(InputError, match="column sex"):
        score_card([1, 0], [0.5, 0.4], subgroups={"sex": ["male"]})


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=15)
)
def test_any_few_images_give_a_card_without_nan_in_its_json(
    images: list[tuple[bool, float, int]],
) -> None:
    target, probability, patient = map(list, zip(*images, strict=True))
    made = score_card(target, probability, patient, replicates=20)
    document = json.loads(json.dumps(made.as_json(), allow_nan=False))
    for name, metric in made.metrics.items():
        assert math.isfinite(metric.estimate) == (document[name]["estimate"] is not None)
        if math.isnan(metric.estimate) or not metric.has_interval:
            assert metric.reason, name


@pytest.mark.real
def test_the_published_model_scores_what_is_known_of_it(real_data: Path) -> None:
    truth = pl.read_csv(real_data / "isic2020" / "train.csv")
    predictions = pl.read_csv(real_data / "predictions" / "train_oof_32691.csv")
    joined = truth.join(
        predictions.select("image_name", probability="target"), on="image_name", how="inner"
    )
    made = score_card(
        joined["target"].to_numpy(),
        joined["probability"].to_numpy(),
        joined["patient_id"].to_list(),
        replicates=500,
    )
    assert (made.n_images, made.n_patients, made.n_positive) == (32691, 2056, 581)
    assert made.metrics["auroc"].estimate == pytest.approx(0.89983209, abs=5e-9)
    assert made.metrics["within_patient_auroc"].estimate == pytest.approx(0.777, abs=5e-4)
    pair_weighted = made.metrics["within_patient_auroc_pair_weighted"].estimate
    assert pair_weighted == pytest.approx(0.822, abs=5e-4)
