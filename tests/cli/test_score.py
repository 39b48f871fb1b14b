import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from cygnet.cli import score as command
from cygnet.errors import CygnetError
from cygnet.evaluation import auroc, score_card
from cygnet.report.numbers import format_count


def cygnet(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cygnet", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "100", "NO_COLOR": "1"},
        encoding="utf-8",
    )


def score(*arguments: str | Path) -> Result:
    """Run the command in this process; an error of ours stays in ``exception``."""
    app = typer.Typer()
    command.register(app)
    return CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"}).invoke(app, [*map(str, arguments)])


class Cohort:
    """Two files of one cohort, and the arrays in them."""

    def __init__(self, folder: Path, rng: np.random.Generator) -> None:
        self.patient = rng.integers(0, 60, 300)
        self.target = (rng.random(300) < 0.3).astype(int)
        self.probability = (rng.random(300) * 0.6 + 0.3 * self.target).round(6)
        self.truth = folder / "truth.csv"
        self.predictions = folder / "predictions.csv"
        lines = ["image_name,patient_id,sex,age_approx,weight,target"]
        predicted = ["image_name,target"]
        for n in range(300):
            sex, weight = ("male", "female", "")[n % 3], (1.5 if self.target[n] else 20.0)
            lines.append(f"I_{n},P_{self.patient[n]},{sex},{n % 90},{weight},{self.target[n]}")
            predicted.append(f"I_{n},{float(self.probability[n])!r}")
        self.truth.write_text("\n".join(lines) + "\n")
        self.predictions.write_text("\n".join([predicted[0], *predicted[:0:-1]]) + "\n")


@pytest.fixture
def cohort(tmp_path: Path, rng: np.random.Generator) -> Cohort:
    return Cohort(tmp_path, rng)


def scored(*arguments: str | Path) -> dict[str, Any]:
    result = score(*arguments, "--json")
    assert result.exit_code == 0, result.exception
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_json_is_the_card_of_the_same_arrays(cohort: Cohort) -> None:
    document = scored(cohort.truth, cohort.predictions, "--by", "sex", "--replicates", "200")
    assert list(document)[:4] == ["n_images", "n_patients", "n_positive", "auroc"]
    names = np.array([f"P_{p}" for p in cohort.patient])
    sex = np.array([("male", "female", None)[n % 3] for n in range(300)], dtype=object)
    expected = score_card(
        cohort.target, cohort.probability, names, subgroups={"sex": sex}, replicates=200
    )
    assert document == json.loads(json.dumps(expected.as_json()))
    assert list(document["by"]["sex"]) == ["female", "male", "(missing)"]


def test_the_table_shows_each_number_with_its_interval(cohort: Cohort) -> None:
    result = score(cohort.truth, cohort.predictions, "--by", "age_band")
    assert result.exit_code == 0
    value = auroc(cohort.target, cohort.probability)
    line = next(line for line in result.stdout.splitlines() if line.startswith("AUROC "))
    assert f"{value:.3f} (" in line
    assert " to " in line
    assert "300 images of" in result.stdout
    assert "60 and over" in result.stdout
    assert "depends on prevalence" in result.stdout
    assert "Research use only" in result.stdout


def test_gaps_between_groups_are_judged_together_and_none_is_dropped(cohort: Cohort) -> None:
    words = (cohort.truth, cohort.predictions, "--by", "sex", "--by", "age_band")
    gaps = scored(*words, "--replicates", "50")["gaps"]
    levels = scored(*words, "--replicates", "50")["by"]
    n_pairs = sum(len(one) * (len(one) - 1) // 2 for one in levels.values())
    assert len(gaps) == n_pairs > 3
    assert [gap["by"] for gap in gaps][:3] == ["sex"] * 3
    assert gaps[0]["method"] == "jackknife-t-simultaneous"
    assert gaps[0]["lower"] < gaps[0]["alternatives"]["unadjusted"]["lower"]
    said = score(*words, "--replicates", "50").stdout
    assert f"{n_pairs} gaps judged together" in said
    assert "Gap in AUROC" in said


def test_weights_threshold_and_seed_are_heard(cohort: Cohort) -> None:
    plain = scored(cohort.truth, cohort.predictions, "--replicates", "100")
    weighted = scored(
        cohort.truth, cohort.predictions, "--replicates", "100", "--weights", "weight"
    )
    assert weighted["ppv"]["estimate"] < plain["ppv"]["estimate"]
    assert weighted["auroc"]["estimate"] == pytest.approx(plain["auroc"]["estimate"], abs=1e-12)
    other = scored(
        cohort.truth, cohort.predictions, "--replicates", "100", "--threshold", "0.3", "--seed", "5"
    )
    assert other["sensitivity"]["threshold"] == 0.3
    assert other["sensitivity"]["estimate"] > plain["sensitivity"]["estimate"]
    assert other["average_precision"]["lower"] != plain["average_precision"]["lower"]


def test_common_says_how_many_both_hold(cohort: Cohort) -> None:
    shorter = cohort.predictions.read_text().splitlines()[:251]
    cohort.predictions.write_text("\n".join(shorter) + "\n")
    refused = cygnet("score", cohort.truth, cohort.predictions)
    assert refused.returncode == 1
    assert "Images of the truth have no prediction. Found 50: row " in refused.stderr
    assert "--common" in refused.stderr
    assert not refused.stdout
    document = scored(cohort.truth, cohort.predictions, "--common", "--replicates", "50")
    assert document["common"] == {"n_common": 250, "n_truth": 300, "n_predictions": 250}
    said = score(cohort.truth, cohort.predictions, "--common", "--replicates", "50")
    assert "Both files hold 250 images, of 300 in the truth and 250 predicted." in said.stdout


def test_bad_input_is_one_message_and_exit_one(cohort: Cohort) -> None:
    lines = cohort.predictions.read_text().splitlines()
    lines[1], lines[2], lines[3] = "I_299,high", "I_298,1.5", lines[4]
    cohort.predictions.write_text("\n".join(lines) + "\n")
    result = cygnet("score", cohort.truth, cohort.predictions)
    assert result.returncode == 1
    for part in ("no number", "outside 0 to 1", "earlier row", "no prediction"):
        assert part in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "options", [("--by", "hospital"), ("--weights", "absent"), ("--by", "image_name")]
)
def test_a_column_that_does_not_serve_is_exit_one(cohort: Cohort, options: tuple[str, str]) -> None:
    result = score(cohort.truth, cohort.predictions, *options)
    assert isinstance(result.exception, CygnetError)
    assert options[1] in str(result.exception)
    assert not result.stdout


@pytest.mark.parametrize(
    "options", [("--threshold", "2"), ("--replicates", "0"), ("--nonsense",), ("--seed", "x")]
)
def test_a_command_line_at_fault_is_exit_two(cohort: Cohort, options: tuple[str, ...]) -> None:
    assert score(cohort.truth, cohort.predictions, *options).exit_code == 2


def test_constant_predictions_score_one_half_and_say_why(cohort: Cohort) -> None:
    lines = ["image_name,target", *(f"I_{n},0.5" for n in range(300))]
    cohort.predictions.write_text("\n".join(lines) + "\n")
    document = scored(cohort.truth, cohort.predictions, "--replicates", "50")
    assert document["auroc"]["estimate"] == 0.5
    assert document["auroc"]["lower"] is None
    assert "all probabilities are equal" in document["auroc"]["reason"]


@pytest.mark.real
def test_the_published_model_is_scored_as_known(real_data: Path) -> None:
    document = scored(
        real_data / "isic2020" / "train.csv",
        real_data / "predictions" / "train_oof_32691.csv",
        "--common",
        "--replicates",
        "500",
    )
    assert document["auroc"]["estimate"] == pytest.approx(0.89983209, abs=5e-9)
    assert document["common"] == {"n_common": 32691, "n_truth": 33126, "n_predictions": 32691}
    assert document["within_patient_auroc"]["estimate"] == pytest.approx(0.777, abs=5e-4)
    by_pairs = document["within_patient_auroc_pair_weighted"]["estimate"]
    assert by_pairs == pytest.approx(0.822, abs=5e-4)


@pytest.mark.real
def test_the_published_model_is_scored_in_part_only_where_that_is_asked_for(
    real_data: Path,
) -> None:
    truth = real_data / "isic2020" / "train.csv"
    predictions = real_data / "predictions" / "train_oof_32691.csv"
    refused = cygnet("score", truth, predictions)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Images of the truth have no prediction. Found 435: row " in refused.stderr
    assert "Traceback" not in refused.stderr
    said = cygnet("score", truth, predictions, "--common", "--replicates", "50")
    assert said.returncode == 0
    common, of_truth = format_count(32691), format_count(33126)
    first = f"Both files hold {common} images, of {of_truth} in the truth and {common} predicted."
    assert said.stdout.splitlines()[0] == first
    assert "\nAUROC " in said.stdout


def test_scoring_imports_nothing_heavy_and_multiplies_in_one_thread(cohort: Cohort) -> None:
    program = (
        "import os, sys\n"
        "from cygnet.cli.main import main\n"
        f"sys.argv = ['cygnet', 'score', {str(cohort.truth)!r}, {str(cohort.predictions)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'sklearn', 'scipy', 'torch', 'cv2', 'matplotlib', 'pandas'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))\n"
        "print('threads:', os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    unset = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for environment, threads in ((unset, 1), (unset | {"OPENBLAS_NUM_THREADS": "3"}, 3)):
        result = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        assert "heavy: []" in result.stdout
        assert f"threads: {threads}" in result.stdout
