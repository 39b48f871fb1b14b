from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cygnet.cohort.folds import make_folds
from cygnet.errors import InputError
from cygnet.evaluation import (
    ThresholdRule,
    auroc,
    calibration_slope,
    cross_chosen_threshold,
    cross_fit,
    cross_fitted,
    fit_isotonic,
    log_loss,
    sensitivity,
    specificity,
)
from cygnet.evaluation.recalibrators import FITS, Method
from cygnet.predictions import read_scored

METHODS: tuple[Method, ...] = ("platt", "isotonic", "beta")
RULES = ("sensitivity=0.8", "specificity=0.8", "youden")


def test_each_fold_is_mapped_by_what_the_other_was_fitted_on() -> None:
    # Fold 0 has shares 0/2 and 1/2, fold 1 has 1/2 and 2/2 at the same two probabilities.
    target = [0, 0, 0, 1, 0, 1, 1, 1]
    probability = [0.2, 0.2, 0.6, 0.6] * 2
    fold = [0] * 4 + [1] * 4
    made = cross_fitted(target, probability, fold, method="isotonic")
    assert_allclose(made, [1 / 2, 1 / 2, 1, 1, 0, 0, 1 / 2, 1 / 2])


@pytest.mark.parametrize("method", METHODS)
def test_a_fold_s_labels_do_not_touch_its_probabilities(
    method: Method, draw_images: Callable[..., Any]
) -> None:
    images = draw_images()
    fold = images.patient % 4
    made = cross_fitted(images.target, images.probability, fold, images.patient, method=method)
    turned = np.where(fold == 2, 1 - images.target, images.target)
    again = cross_fitted(turned, images.probability, fold, images.patient, method=method)
    assert_array_equal(made[fold == 2], again[fold == 2])
    assert not np.allclose(made[fold != 2], again[fold != 2])
    others = fold != 2
    direct = FITS[method](images.target[others], images.probability[others], None)
    assert_allclose(made[~others], direct(images.probability[~others]), atol=1e-12)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("method", [None, *METHODS])
def test_a_fold_s_labels_do_not_touch_its_threshold_or_calls(
    rule: str, method: Method | None, draw_images: Callable[..., Any]
) -> None:
    images = draw_images()
    fold = images.patient % 4
    turned = np.where(fold == 2, 1 - images.target, images.target)
    chosen = []
    for target in (images.target, turned):
        made = cross_fit(
            target,
            images.probability,
            fold,
            images.patient,
            method=method,
            rule=ThresholdRule.of(rule),
        )
        assert made.chosen is not None
        chosen.append(made.chosen)
    assert chosen[0].thresholds["2"] == chosen[1].thresholds["2"]
    assert_array_equal(chosen[0].called[fold == 2], chosen[1].called[fold == 2])
    assert chosen[0].thresholds["0"] != chosen[1].thresholds["0"]


def test_thresholds_are_chosen_as_the_rule_says() -> None:
    # Fold 1, from above: 1 0 1 0 0. Youden: 1/2 - 0, 1 - 1/3; the third is best.
    target = [1, 0, 1, 0, 0, 1, 0]
    probability = [0.9, 0.8, 0.7, 0.6, 0.5, 0.75, 0.65]
    fold = ["b"] * 5 + ["a"] * 2
    for rule, of_a, called in (
        ("sensitivity=1", 0.7, [True, False]),
        ("sensitivity=0.5", 0.9, [False, False]),
        ("specificity=0.66", 0.7, [True, False]),
        ("specificity=0.67", 0.9, [False, False]),
        ("youden", 0.7, [True, False]),
    ):
        made = cross_chosen_threshold(target, probability, fold, rule=ThresholdRule.of(rule))
        assert made.thresholds == {"a": of_a, "b": 0.75}, rule
        assert made.called.tolist() == [True, True, False, False, False, *called], rule


def test_the_highest_of_equal_youden_indices_is_chosen() -> None:
    # 1/2 - 0 and 1 - 1/2.
    made = cross_chosen_threshold(
        [1, 0, 1, 0, 1, 0],
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
        [0, 0, 0, 0, 1, 1],
        rule=ThresholdRule("youden"),
    )
    assert made.thresholds["1"] == 0.9


def test_the_shares_are_those_of_the_calls(draw_images: Callable[..., Any]) -> None:
    images = draw_images(800, 100)
    fold = images.patient % 5
    made = cross_chosen_threshold(
        images.target,
        images.probability,
        fold,
        images.patient,
        rule=ThresholdRule.of("sensitivity=0.9"),
    )
    called = made.called.astype(float)
    assert made.shares["sensitivity"].estimate == sensitivity(images.target, called)
    assert made.shares["specificity"].estimate == specificity(images.target, called)
    assert list(made.shares) == ["sensitivity", "specificity", "ppv", "npv"]
    for share in made.shares.values():
        assert share.method == "wilson-design-effect"
        assert share.lower < share.estimate < share.upper


def test_with_both_the_threshold_is_chosen_on_the_map_of_its_own_fold(
    draw_images: Callable[..., Any],
) -> None:
    images = draw_images()
    fold = images.patient % 3
    made = cross_fit(
        images.target,
        images.probability,
        fold,
        images.patient,
        method="isotonic",
        rule=ThresholdRule.of("sensitivity=0.9"),
    )
    others = fold != 1
    mapped = fit_isotonic(images.target[others], images.probability[others])(images.probability)
    found = np.sort(mapped[others][images.target[others] == 1])[::-1]
    threshold = found[int(np.ceil(0.9 * found.size)) - 1]
    assert made.chosen is not None
    assert made.chosen.thresholds["1"] == threshold
    assert_array_equal(made.chosen.called[~others], mapped[~others] >= threshold)


def test_weights_of_the_other_folds_are_heard(draw_images: Callable[..., Any]) -> None:
    images = draw_images()
    fold = images.patient % 3
    plain = cross_fitted(images.target, images.probability, fold, method="platt")
    weights = np.where(images.target == 1, 1.0, 20.0)
    heard = cross_fitted(images.target, images.probability, fold, method="platt", weights=weights)
    assert (heard < plain).all()


def test_a_patient_in_two_folds_is_refused_by_name() -> None:
    patient = np.array(["p1", "p2", "p2", "p3", None, None], dtype=object)
    with pytest.raises(InputError, match=r"Found 1: 'p2'.*Make folds by patient"):
        cross_fitted([0, 1, 0, 1, 0, 1], [0.5] * 6, [0, 0, 1, 1, 0, 1], patient, method="platt")


def test_images_without_a_patient_may_stand_in_any_fold() -> None:
    patient = np.array([None, "", None, "p"], dtype=object)
    made = cross_fitted([0, 1, 0, 1], [0.2, 0.4, 0.6, 0.8], [0, 0, 1, 1], patient, method="platt")
    assert np.isfinite(made).all()


@pytest.mark.parametrize(
    ("target", "fold", "words"),
    [
        ([0, 1, 0, 1], [3, 3, 3, 3], "at least 2 folds, not 1"),
        ([0, 1, 0, 0], [0, 0, 1, 1], "Without fold 0 the images are all of one class"),
        ([0, 1, 0, 1], [0, 0, 1], "for each of the 4 images"),
        ([0, 1, 0, 1], ["a", "b", None, "a"], "unknown"),
        ([0, 1, 0, 1], [0, 1, np.nan, 1], "unknown"),
        ([], [], "at least 2 folds, not 0"),
    ],
)
def test_folds_that_leave_nothing_to_fit_on_are_refused(
    target: list[int], fold: list[Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        cross_fitted(target, [0.5] * len(target), fold, method="beta")


def test_a_specificity_that_no_threshold_keeps_is_refused() -> None:
    with pytest.raises(InputError, match=r"obeys specificity=0\.9 on the folds other than 0"):
        cross_chosen_threshold(
            [0, 1, 0, 1],
            [0.1, 0.9, 0.9, 0.1],
            [0, 0, 1, 1],
            rule=ThresholdRule.of("specificity=0.9"),
        )


@pytest.mark.parametrize(
    "text", ["", "best", "sensitivity", "sensitivity=", "sensitivity=1.1", "specificity=0"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no rule for a threshold"):
        ThresholdRule.of(text)


@pytest.mark.parametrize("text", ["youden", "sensitivity=0.95", "specificity=0.9"])
def test_a_rule_is_written_as_it_is_read(text: str) -> None:
    assert str(ThresholdRule.of(text)) == text


@pytest.mark.real
def test_the_published_model_is_calibrated_by_its_other_folds(real_data: Path) -> None:
    table = read_scored(
        real_data / "isic2020" / "train.csv",
        real_data / "predictions" / "train_oof_32691.csv",
        common=True,
    ).table.with_columns(lesion_id=pl.lit(None, pl.String))
    fold = make_folds(table, k=5, seed=0)["fold"].to_numpy()
    target, patient = table["target"].to_numpy(), table["patient_id"].to_list()
    before = table["probability"].to_numpy()
    assert calibration_slope(target, before) > 2
    for method in METHODS:
        made = cross_fitted(target, before, fold, patient, method=method)
        assert 0.9 < calibration_slope(target, made) < 1.1, method
        assert log_loss(target, made) < 0.07 < log_loss(target, before), method
        assert auroc(target, made) == pytest.approx(auroc(target, before), abs=0.006), method
    chosen = cross_chosen_threshold(
        target, before, fold, patient, rule=ThresholdRule.of("sensitivity=0.95")
    )
    assert chosen.shares["sensitivity"].lower < 0.95 < chosen.shares["sensitivity"].upper
