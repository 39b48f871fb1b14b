"""ISIC's official scorer on the same scores: its figures stand in ``official_scorer/``."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cygnet import evaluation

FOLDER = Path(__file__).parent
EXPECTED = json.loads((FOLDER / "official_scorer/expectations.json").read_text(encoding="utf-8"))
MODELS = ("whole", "two_decimals", "one_decimal", "chance")
RANKED: dict[str, Callable[..., float]] = {
    "auc": evaluation.auroc,
    "auc_sens_80": evaluation.auc_sens_80,
    "ap": evaluation.average_precision,
}
AT_A_THRESHOLD: dict[str, Callable[..., float]] = {
    "sensitivity": evaluation.sensitivity,
    "specificity": evaluation.specificity,
    "ppv": evaluation.ppv,
    "npv": evaluation.npv,
    "dice": evaluation.f1,
}
# The official scorer calls an image malignant above one half, and not at it.
ABOVE_HALF = float(np.nextafter(0.5, 1))


def read_column(name: str) -> NDArray[np.float64]:
    with (FOLDER / "proc" / "scores.csv").open(encoding="utf-8", newline="") as stream:
        return np.array([float(row[name]) for row in csv.DictReader(stream)])


@pytest.fixture(params=["plain", "weighted"])
def expected(request: pytest.FixtureRequest) -> dict[str, Any]:
    figures: dict[str, Any] = EXPECTED[request.param]
    weights = 1.0 + np.arange(read_column("target").size) % 4
    return {"weights": weights if request.param == "weighted" else None, **figures}


def test_the_figures_say_what_made_them() -> None:
    assert EXPECTED["made_by"]["isic-challenge-scoring"] == "5.6.0"
    assert (FOLDER / "official_scorer" / EXPECTED["made_by"]["script"]).is_file()


@pytest.mark.parametrize("model", MODELS)
def test_areas_and_average_precision_agree(model: str, expected: dict[str, Any]) -> None:
    target, score = read_column("target"), read_column(model)
    for name, metric in RANKED.items():
        made = metric(target, score, expected["weights"])
        assert made == pytest.approx(expected[model][name], abs=1e-12), name


@pytest.mark.parametrize("model", MODELS)
def test_shares_at_one_half_agree(model: str, expected: dict[str, Any]) -> None:
    target, score, weights = read_column("target"), read_column(model), expected["weights"]
    for name, metric in AT_A_THRESHOLD.items():
        made = metric(target, score, weights, threshold=ABOVE_HALF)
        assert made == pytest.approx(expected[model][name], abs=1e-12), name
    prevalence = np.average(target, weights=weights)
    sensitivity, specificity = (
        AT_A_THRESHOLD[name](target, score, weights, threshold=ABOVE_HALF)
        for name in ("sensitivity", "specificity")
    )
    accuracy = prevalence * sensitivity + (1 - prevalence) * specificity
    assert accuracy == pytest.approx(expected[model]["accuracy"], abs=1e-12)


def test_an_image_at_one_half_is_called_here_and_not_there() -> None:
    target, score = read_column("target"), read_column("one_decimal")
    assert np.count_nonzero(score == 0.5)
    there = EXPECTED["plain"]["one_decimal"]["sensitivity"]
    assert evaluation.sensitivity(target, score, threshold=0.5) > there
