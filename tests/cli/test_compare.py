import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from cygnet.cli import compare as command
from cygnet.errors import TableError
from cygnet.evaluation import COMPARABLE, compare, score_card
from cygnet.report.numbers import format_limits

Words = list[str | Path]
PAIR_KEYS = [
    "a",
    "b",
    "metric",
    "estimate",
    "lower",
    "upper",
    "confidence_level",
    "method",
    "standard_error",
    "degrees_of_freedom",
    "p_value",
    "p_holm",
    "simultaneous_lower",
    "simultaneous_upper",
    "alternatives",
]


def run(*arguments: str | Path) -> Result:
    """Run the command in this process; an error of ours stays in ``exception``."""
    app = typer.Typer()
    command.register(app)
    runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"})
    return runner.invoke(app, [*map(str, arguments)])


def document_of(*arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.exception
    document: dict[str, Any] = json.loads(result.stdout)
    return document


class Files:
    """A truth of 300 images and three models' predictions, a later one the better."""

    def __init__(self, folder: Path, rng: np.random.Generator) -> None:
        self.patient = rng.integers(0, 80, 300)
        self.target = (rng.random(300) < 0.3).astype(int)
        shared = rng.random(300)
        self.scores = {
            name: (0.5 * shared + 0.2 * rng.random(300) + slope * self.target).round(4)
            for name, slope in (("alpha", 0.02), ("beta", 0.1), ("gamma", 0.25))
        }
        self.folder = folder
        self.truth = folder / "truth.csv"
        rows = [
            f"I_{n},P_{self.patient[n]},{('male', 'female')[n % 2]},{1 + n % 3},{self.target[n]}"
            for n in range(300)
        ]
        self.truth.write_text("\n".join(["image_name,patient_id,sex,weight,target", *rows]))
        self.predictions = [self.write(name, score) for name, score in self.scores.items()]

    def write(self, name: str, scores: Any, *, n: int = 300) -> Path:
        path = self.folder / f"{name}.csv"
        rows = [f"I_{k},{float(scores[k])!r}" for k in range(n)]
        path.write_text("\n".join(["image_name,target", *rows[::-1]]) + "\n")
        return path


@pytest.fixture
def files(tmp_path: Path, rng: np.random.Generator) -> Files:
    return Files(tmp_path, rng)


def test_the_metrics_that_can_be_asked_are_those_that_can_be_compared() -> None:
    assert tuple(command.Metric) == COMPARABLE


def test_json_is_the_comparison_of_the_same_arrays(files: Files) -> None:
    words = ("--metric", "auroc", "--metric", "brier_score", "--replicates", "100", "--seed", "4")
    document = document_of(files.truth, *files.predictions, *words)
    assert list(document) == [
        "n_images",
        "n_patients",
        "n_positive",
        "models",
        "pairs",
        "ranks",
        "notes",
        "agreement",
    ]
    names = [f"P_{p}" for p in files.patient]
    expected = compare(
        files.target,
        files.scores,
        names,
        metrics=("auroc", "brier_score"),
        replicates=100,
        seed=4,
    )
    whole = json.loads(json.dumps(expected.as_json()))
    assert document["pairs"] == whole["pairs"]
    assert document["ranks"] == whole["ranks"]
    card = score_card(files.target, files.scores["beta"], names, replicates=100, seed=4)
    assert document["models"]["beta"] == json.loads(json.dumps(card.as_json()))
    assert list(document["models"]) == ["alpha", "beta", "gamma"]


def test_each_pair_has_the_keys_of_the_contract(files: Files) -> None:
    document = document_of(files.truth, *files.predictions, "--replicates", "50")
    names = [(pair["a"], pair["b"]) for pair in document["pairs"]]
    assert names == list(combinations(files.scores, 2))
    for pair in document["pairs"]:
        assert [key for key in pair if key != "flag"] == PAIR_KEYS
        assert pair["metric"] == "auroc"
        assert pair["simultaneous_lower"] < pair["lower"] < pair["estimate"] < pair["upper"]
        assert list(pair["alternatives"]) == [
            "cluster_delong",
            "delong",
            "cluster_bootstrap_percentile",
            "cluster_bootstrap_bca",
        ]
    assert [rank["model"] for rank in document["ranks"]] == ["gamma", "beta", "alpha"]
    assert set(document["ranks"][0]) == {
        "model",
        "metric",
        "rank",
        "rank_lower",
        "rank_upper",
        "tied_with_first",
        "method",
        "bootstrap",
    }
    assert [pair["a"] for pair in document["agreement"]]


def test_a_margin_adds_the_tests_of_equivalence(files: Files) -> None:
    words: Words = [files.truth, *files.predictions, "--margin", "0.3", "--replicates", "50"]
    for pair in document_of(*words)["pairs"]:
        assert pair["margin"] == 0.3
        assert pair["equivalent"] == (pair["p_equivalence"] <= 0.05)
        assert pair["lower"] < pair["equivalence_lower"] < pair["equivalence_upper"] < pair["upper"]
    assert "equivalent" in run(*words).stdout
    without = run(*words[:4], "--replicates", "50").stdout
    assert "equivalent" not in without


def test_by_weights_and_seed_are_heard(files: Files) -> None:
    words: Words = [files.truth, *files.predictions, "--replicates", "50"]
    plain = document_of(*words)
    document = document_of(*words, "--by", "sex", "--weights", "weight", "--seed", "9")
    assert list(document["models"]["alpha"]["by"]["sex"]) == ["female", "male"]
    assert len(document["models"]["alpha"]["gaps"]) == 1
    assert document["pairs"][0]["estimate"] != plain["pairs"][0]["estimate"]


def test_every_model_and_every_pair_stands_in_the_terminal(files: Files) -> None:
    result = run(files.truth, *files.predictions, "--replicates", "100")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    for name in files.scores:
        assert any(line.startswith(f"{name} ") and " to " in line for line in lines), name
    for a, b in combinations(files.scores, 2):
        assert any(line.startswith(f"{b} less {a} ") for line in lines), (a, b)
    assert "3 models on 300 images of" in result.stdout
    assert "descriptive" in result.stdout
    assert "Holm's p" in result.stdout
    assert "Research use only" in result.stdout


def test_limits_of_all_pairs_together_stand_beside_those_of_each(files: Files) -> None:
    words: Words = [files.truth, *files.predictions, "--replicates", "50"]
    pair = document_of(*words)["pairs"][1]
    limits = format_limits(pair["simultaneous_lower"], pair["simultaneous_upper"])
    line = next(
        line
        for line in run(*words).stdout.splitlines()
        if line.startswith(f"{pair['b']} less {pair['a']} ")
    )
    assert limits in line
    alone = run(*words[:3], "--replicates", "50").stdout
    assert "difference (95 % interval)" in alone
    assert "all pairs together" not in alone
    assert "Holm's p" not in alone


def test_copies_are_named(files: Files) -> None:
    copy = files.write("copy", files.scores["beta"])
    result = run(files.truth, *files.predictions, copy, "--replicates", "50")
    assert "beta and copy: Spearman 1.0000, 100.0 % of images given the same number" in (
        result.stdout
    )
    assert "no patient tells the two apart" in result.stdout
    document = document_of(files.truth, *files.predictions, copy, "--replicates", "50")
    assert document["agreement"][0]["near_identical"]
    pair = next(p for p in document["pairs"] if (p["a"], p["b"]) == ("beta", "copy"))
    assert pair["estimate"] == 0
    assert {pair["lower"], pair["p_value"], pair["p_holm"], pair["simultaneous_upper"]} == {None}


def test_files_that_differ_need_common_and_it_is_said_how_many_are_left(files: Files) -> None:
    files.write("beta", files.scores["beta"], n=250)
    words: Words = [files.truth, *files.predictions, "--replicates", "50"]
    refused = run(*words)
    assert isinstance(refused.exception, TableError)
    assert "Found 50" in str(refused.exception)
    assert not refused.stdout
    document = document_of(*words, "--common")
    assert document["n_images"] == 250
    assert document["common"] == {
        "n_common": 250,
        "n_truth": 300,
        "n_predictions": {"alpha": 300, "beta": 250, "gamma": 300},
    }
    assert "250 images that all files hold" in run(*words, "--common").stdout


def test_from_a_shell_a_fault_is_one_message_and_exit_1(files: Files) -> None:
    files.write("beta", files.scores["beta"], n=250)
    command_line = [sys.executable, "-m", "cygnet", "compare", files.truth, *files.predictions]
    done = subprocess.run(
        [str(word) for word in command_line],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "beta.csv" in done.stderr
    assert "--common" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "options",
    [
        ("--margin", "0"),
        ("--margin", "-0.1"),
        ("--margin", "inf"),
        ("--margin", "nan"),
        ("--metric", "f1"),
        ("--replicates", "0"),
        ("--no-truth", "--by", "sex"),
        ("--no-truth", "--margin", "0.1"),
        ("--no-truth", "--metric", "auroc"),
    ],
)
def test_a_command_line_at_fault_is_exit_two(files: Files, options: tuple[str, ...]) -> None:
    result = run(files.truth, *files.predictions, *options)
    assert result.exit_code == 2
    assert not result.stdout


def test_one_prediction_file_is_exit_two_and_names_score(files: Files) -> None:
    result = run(files.truth, files.predictions[0])
    assert result.exit_code == 2
    assert "cygnet score" in result.stderr
    assert run(files.truth).exit_code == 2


def test_without_a_truth_all_files_are_compared_with_one_another(files: Files) -> None:
    logits = files.write("logits", 10 * files.scores["gamma"] - 5)
    document = document_of("--no-truth", *files.predictions, logits)
    assert document["files"] == ["alpha", "beta", "gamma", "logits"]
    assert document["n_images"] == 300
    assert len(document["agreement"]) == 6
    first = document["agreement"][0]
    assert (first["a"], first["b"]) == ("gamma", "logits")
    assert first["spearman"] == 1
    assert first["near_identical"]
    said = run("--no-truth", *files.predictions, logits).stdout
    assert "6 pairs of files on 300 images, no truth" in said
    assert "nearly the same" in said


def test_without_a_truth_common_images_are_asked_for_alike(files: Files) -> None:
    files.write("beta", files.scores["beta"], n=250)
    refused = run("--no-truth", *files.predictions)
    assert isinstance(refused.exception, TableError)
    assert "250 are in all of them" in str(refused.exception)
    document = document_of("--no-truth", *files.predictions, "--common")
    assert document["n_images"] == 250
    assert "beta 250" in document["notes"][0]


@pytest.mark.real
def test_the_14_submissions_to_kaggle_are_read_and_compared(real_data: Path) -> None:
    paths = sorted((real_data / "predictions" / "kaggle_test").glob("*.csv"))
    assert len(paths) == 14
    document = document_of("--no-truth", *paths)
    assert document["n_images"] == 10_982
    assert len(document["files"]) == 14
    pairs = document["agreement"]
    assert len(pairs) == 91
    assert {pairs[0]["a"], pairs[0]["b"]} == {"ensemble", "ensemble_external"}
    assert pairs[0]["spearman"] == pytest.approx(0.955, abs=5e-4)
    assert not any(pair["near_identical"] for pair in pairs)
    # Every file ranks the images; the one of logits lies far from all others in its numbers only.
    assert all(pair["spearman"] is not None for pair in pairs)
    assert max(pair["largest_difference"] for pair in pairs) > 1
