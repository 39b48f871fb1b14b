"""``score --folds``: what is fitted, is fitted on the folds that are not scored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from cygnet.cli import score as command
from cygnet.errors import TableError
from cygnet.evaluation import ThresholdRule, cross_fit, score_card


class Cohort:
    """A truth, predictions far too high, and folds by patient."""

    def __init__(self, folder: Path, rng: np.random.Generator) -> None:
        self.patient = rng.integers(0, 60, 300)
        self.fold = self.patient % 3
        self.target = (rng.random(300) < 0.3).astype(int)
        self.probability = (rng.random(300) * 0.5 + 0.2 + 0.25 * self.target).round(6)
        self.truth = folder / "truth.csv"
        self.predictions = folder / "predictions.csv"
        self.folds = folder / "folds.csv"
        rows = [
            (f"I_{n}", f"P_{self.patient[n]}", self.target[n], self.fold[n]) for n in range(300)
        ]
        truth = [f"{name},{patient},{target}\n" for name, patient, target, _ in rows]
        predicted = [f"I_{n},{float(self.probability[n])!r}\n" for n in range(300)]
        self.truth.write_text("image_name,patient_id,target\n" + "".join(truth))
        self.predictions.write_text("image_name,target\n" + "".join(predicted))
        self.folds.write_text(
            "image_name,fold\n" + "".join(f"{name},{fold}\n" for name, *_, fold in rows[::-1])
        )

    def score(self, *options: str | Path) -> Result:
        app = typer.Typer()
        command.register(app)
        arguments = [self.truth, self.predictions, "--replicates", "50", *options]
        runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"})
        return runner.invoke(app, [*map(str, arguments)])

    def scored(self, *options: str | Path) -> dict[str, Any]:
        result = self.score("--folds", self.folds, "--json", *options)
        assert result.exit_code == 0, result.exception
        document: dict[str, Any] = json.loads(result.stdout)
        return document


@pytest.fixture
def cohort(tmp_path: Path, rng: np.random.Generator) -> Cohort:
    return Cohort(tmp_path, rng)


def test_json_is_the_card_of_the_recalibrated_probabilities(cohort: Cohort) -> None:
    document = cohort.scored("--recalibrate", "platt", "--choose-threshold", "sensitivity=0.9")
    names = [f"P_{p}" for p in cohort.patient]
    made = cross_fit(
        cohort.target,
        cohort.probability,
        cohort.fold,
        names,
        method="platt",
        rule=ThresholdRule.of("sensitivity=0.9"),
    )
    card = made.noted(score_card(cohort.target, made.probability, names, replicates=50))
    assert document == json.loads(json.dumps(card.as_json() | made.as_json()))
    assert document["recalibration"] == {
        "method": "platt",
        "n_folds": 3,
        "fitted_on": "the other folds",
    }
    chosen = document["chosen_threshold"]
    assert list(chosen["thresholds"]) == ["0", "1", "2"]
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        assert chosen[name]["lower"] < chosen[name]["estimate"] < chosen[name]["upper"]
    assert any("ranks move a little" in note for note in document["notes"])


@pytest.mark.parametrize("method", ["platt", "isotonic", "beta"])
def test_recalibrated_probabilities_add_up(cohort: Cohort, method: str) -> None:
    before = json.loads(cohort.score("--json").stdout)
    after = cohort.scored("--recalibrate", method)
    assert before["observed_over_expected"]["estimate"] < 0.7
    assert after["observed_over_expected"]["estimate"] == pytest.approx(1, abs=0.1)
    assert after["log_loss"]["estimate"] < before["log_loss"]["estimate"]
    assert "chosen_threshold" not in after


def test_a_threshold_alone_leaves_the_probabilities_as_they_are(cohort: Cohort) -> None:
    before = json.loads(cohort.score("--json").stdout)
    after = cohort.scored("--choose-threshold", "youden")
    assert after.pop("chosen_threshold")["rule"] == "youden"
    assert after.pop("notes") != before.pop("notes")
    assert after == before


def test_the_table_shows_both(cohort: Cohort) -> None:
    said = cohort.score(
        "--folds", cohort.folds, "--recalibrate", "beta", "--choose-threshold", "specificity=0.9"
    ).stdout
    assert "Recalibrated by beta, each of 3 folds by the others." in said
    assert "Thresholds chosen for each fold on the others, by specificity=0.9:" in said
    assert "fold 0: " in said
    assert "At the chosen thresholds" in said


@pytest.mark.parametrize(
    "options",
    [
        ("--recalibrate", "platt"),
        ("--choose-threshold", "youden"),
        ("--folds", "folds.csv"),
        ("--folds", "folds.csv", "--recalibrate", "temperature"),
        ("--folds", "folds.csv", "--choose-threshold", "sensitivity=95"),
    ],
)
def test_a_fit_without_folds_and_what_is_no_fit_are_exit_two(
    cohort: Cohort, options: tuple[str, ...]
) -> None:
    result = cohort.score(*options)
    assert result.exit_code == 2
    if "--folds" not in options:
        assert "the numbers would flatter" in " ".join(result.stderr.split())


def test_folds_that_leak_are_exit_one_and_name_file_and_patient(cohort: Cohort) -> None:
    lines = cohort.folds.read_text().splitlines()
    fold = int(lines[1][-1])
    cohort.folds.write_text("\n".join([lines[0], f"{lines[1][:-1]}{(fold + 1) % 3}", *lines[2:]]))
    result = cohort.score("--folds", cohort.folds, "--recalibrate", "platt")
    assert isinstance(result.exception, TableError)
    assert str(result.exception).startswith(f"{cohort.folds}: A patient has images in more than")
    assert f"'P_{cohort.patient[299]}'" in str(result.exception)


def test_folds_of_more_images_serve_the_common_ones(cohort: Cohort) -> None:
    shorter = cohort.predictions.read_text().splitlines()[:251]
    cohort.predictions.write_text("\n".join(shorter) + "\n")
    document = cohort.scored("--common", "--recalibrate", "platt")
    assert document["common"]["n_common"] == 250
    cohort.folds.write_text("\n".join(cohort.folds.read_text().splitlines()[:-1]) + "\n")
    refused = cohort.score("--common", "--folds", cohort.folds, "--recalibrate", "platt")
    assert isinstance(refused.exception, TableError)
    assert "Images of the table have no fold. Found 1: 'I_0'" in str(refused.exception)
