"""R's pROC on the same scores: its figures stand in ``proc/``, with the script that made them."""

import csv
import json
import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cygnet.evaluation import Comparison, auroc, auroc_estimate, compare
from cygnet.evaluation.delong import delong_covariance
from cygnet.evaluation.field import Field, field_of
from cygnet.evaluation.sample import make_sample

FOLDER = Path(__file__).parent / "proc"
EXPECTED = json.loads((FOLDER / "expectations.json").read_text(encoding="utf-8"))
MODELS = ("whole", "two_decimals", "one_decimal", "chance")


class Scored:
    """The first images of ``scores.csv``, as many as pROC was given."""

    def __init__(self, expected: dict[str, Any]) -> None:
        with (FOLDER / "scores.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))[: expected["n_images"]]
        self.expected = expected
        self.target: NDArray[np.int64] = np.array([int(row["target"]) for row in rows])
        self.scores = {name: np.array([float(row[name]) for row in rows]) for name in MODELS}

    def field(self) -> Field:
        # All of one patient, and then each alone: ignoring patients is what pROC does.
        together = np.zeros(self.target.size, dtype=int)
        sample = make_sample(self.target, np.zeros(self.target.size), together)
        return field_of(sample.each_image_alone(), self.scores.values())

    def compared(self) -> Comparison:
        return compare(self.target, self.scores, replicates=0)


@pytest.fixture(params=["all", "few"])
def scored(request: pytest.FixtureRequest) -> Scored:
    return Scored(EXPECTED[request.param])


def test_the_figures_say_what_made_them() -> None:
    assert EXPECTED["made_by"]["pROC"] == "1.18.0"
    assert EXPECTED["made_by"]["r"].startswith("R version 4.2.2")
    assert (FOLDER / EXPECTED["made_by"]["script"]).is_file()
    assert EXPECTED["all"]["n_images"] > EXPECTED["few"]["n_images"]


def test_the_scores_have_ties_within_and_across_the_classes() -> None:
    images = Scored(EXPECTED["all"])
    assert images.target.sum() == EXPECTED["all"]["n_positive"]
    for name, n_levels in (("whole", 600), ("one_decimal", 11)):
        assert np.unique(images.scores[name]).size == n_levels


def test_auroc_agrees(scored: Scored) -> None:
    assert list(scored.expected["auroc"]) == list(MODELS)
    for name, expected in scored.expected["auroc"].items():
        assert auroc(scored.target, scored.scores[name]) == pytest.approx(expected, abs=1e-12)
    assert scored.field().auroc == pytest.approx(list(scored.expected["auroc"].values()), abs=1e-12)


def test_the_variance_of_delong_agrees(scored: Scored) -> None:
    variance = np.diag(delong_covariance(scored.field()))
    for made, name in zip(variance, MODELS, strict=True):
        assert made == pytest.approx(scored.expected["variance"][name], rel=1e-9, abs=0)


def test_the_interval_of_delong_agrees(scored: Scored) -> None:
    for name in MODELS:
        made = auroc_estimate(scored.target, scored.scores[name], replicates=0)
        plain = made.alternatives["delong"]
        lower, upper = scored.expected["interval"][name]
        assert plain.lower == pytest.approx(lower, abs=1e-9)
        assert plain.upper == pytest.approx(upper, abs=1e-9)


def test_covariances_and_paired_p_values_agree(scored: Scored) -> None:
    field = scored.field()
    covariance = delong_covariance(field)
    pairs = scored.expected["pairs"]
    assert [(pair["a"], pair["b"]) for pair in pairs] == list(combinations(MODELS, 2))
    for pair in pairs:
        a, b = MODELS.index(pair["a"]), MODELS.index(pair["b"])
        assert covariance[a, b] == pytest.approx(pair["covariance"], rel=1e-9, abs=0)
        variance = covariance[a, a] + covariance[b, b] - 2 * covariance[a, b]
        z = (field.auroc[a] - field.auroc[b]) / math.sqrt(variance)
        assert z == pytest.approx(pair["z"], rel=1e-9)
        assert math.erfc(abs(z) / math.sqrt(2)) == pytest.approx(pair["p_value"], rel=1e-9, abs=0)


def test_the_plain_delong_of_a_comparison_is_procs(scored: Scored) -> None:
    made = {(pair.a, pair.b): pair.difference for pair in scored.compared().pairs}
    assert len(made) == 6
    for pair in scored.expected["pairs"]:
        one = made[pair["a"], pair["b"]].alternatives
        for name in ("delong", "cluster_delong"):  # each image is a patient here: they agree
            assert one[name].details["p_value"] == pytest.approx(pair["p_value"], rel=1e-9, abs=0)
