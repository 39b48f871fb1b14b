"""Prediction files become a report on the same images, or one error that names all faults."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cygnet.errors import TableError
from cygnet.report.reading import model_names
from cygnet.report.score_report import ScoreReport, report_of
from cygnet.report.scoring import Scoring, score_files

NOW = datetime(2020, 11, 23, tzinfo=UTC)


@pytest.fixture
def truth(oof: pl.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "truth.csv"
    oof.select("image_name", "patient_id", "target", "sex", "age_approx").write_csv(path)
    return path


@pytest.fixture
def predicted(oof: pl.DataFrame, tmp_path: Path) -> Callable[..., Path]:
    def written(name: str, rows: slice = slice(None)) -> Path:
        path = tmp_path / f"{name}.csv"
        oof[rows].select("image_name", target="probability").reverse().write_csv(path)
        return path

    return written


def made(truth: Path, *predictions: Path, **options: Any) -> ScoreReport:
    scoring = Scoring(replicates=100, **options)
    scored = score_files(truth, predictions, scoring)
    return report_of(scored, scoring, truth, predictions, created=NOW)


def test_predictions_are_joined_by_id_whatever_their_order(
    oof: pl.DataFrame, truth: Path, predicted: Callable[..., Path], scored: Callable[..., Any]
) -> None:
    report = made(truth, predicted("a"), by=["sex", "age_band"])
    assert report.joined["a"]["image_name"].to_list() == oof["image_name"].to_list()
    assert report.cards["a"].metrics == scored(oof).metrics
    assert list(report.cards["a"].by) == ["sex", "age_band"]
    assert report.title == "a against truth.csv"
    assert not report.notices


def test_common_keeps_what_all_files_hold_and_says_how_many(
    oof: pl.DataFrame, truth: Path, predicted: Callable[..., Path]
) -> None:
    a, b = predicted("a", slice(10, None)), predicted("b", slice(0, oof.height - 5))
    with pytest.raises(TableError, match="Images of the truth have no prediction"):
        made(truth, a, b)
    report = made(truth, a, b, common=True)
    shared = oof["image_name"][10:-5].to_list()
    assert all(table["image_name"].to_list() == shared for table in report.joined.values())
    assert report.cards["a"].n_images == report.cards["b"].n_images == oof.height - 15
    (notice,) = report.notices
    assert f"Scored are the {oof.height - 15} images" in notice
    assert f"truth holds {oof.height}, a {oof.height - 10}, b {oof.height - 5}" in notice


def test_the_faults_of_all_files_are_named_at_once(
    truth: Path, predicted: Callable[..., Path], tmp_path: Path
) -> None:
    a, b = predicted("a", slice(3, None)), predicted("b", slice(2, None))
    with pytest.raises(TableError) as caught:
        made(truth, a, b, tmp_path / "none.csv")
    assert sorted(fault.file.name for fault in caught.value.faults if fault.file) == [
        "a.csv",
        "b.csv",
        "none.csv",
    ]


def test_a_fault_of_the_truth_is_named_once(
    oof: pl.DataFrame, predicted: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    oof.select("image_name", "patient_id", target=pl.lit("2")).write_csv(path)
    with pytest.raises(TableError) as caught:
        made(path, predicted("a"), predicted("b"))
    rules = [fault.rule for fault in caught.value.faults if fault.file == path]
    assert rules == ["The target is neither 0 nor 1."]


def test_files_that_share_one_class_only_are_refused(oof: pl.DataFrame, tmp_path: Path) -> None:
    order = oof.sort("target")
    truth, a, b = (tmp_path / f"{name}.csv" for name in ("truth", "a", "b"))
    order.select("image_name", "patient_id", "target").write_csv(truth)
    n_benign = int((oof["target"] == 0).sum())
    predictions = order.select("image_name", target="probability")
    predictions[: n_benign + 1].write_csv(a)
    predictions[n_benign + 1 :].vstack(predictions[:1]).write_csv(b)
    with pytest.raises(TableError, match="not of both classes"):
        made(truth, a, b, common=True)


def test_a_column_that_is_not_there_is_refused_with_those_that_are(
    truth: Path, predicted: Callable[..., Path]
) -> None:
    with pytest.raises(TableError, match=r"no column site.*sex"):
        made(truth, predicted("a"), by=["site"])


def test_weights_are_taken_from_the_truth(
    oof: pl.DataFrame, predicted: Callable[..., Path], tmp_path: Path
) -> None:
    weights = np.where(oof["target"].to_numpy() == 1, 1.3, 77.0)
    path = tmp_path / "weighted.csv"
    oof.select("image_name", "patient_id", "target").with_columns(
        weight=pl.Series(weights)
    ).write_csv(path)
    report = made(path, predicted("a"), weights="weight")
    assert report.weights is not None
    assert report.weights.tolist() == weights.tolist()
    plain = made(path, predicted("a"))
    assert (
        report.cards["a"].metrics["average_precision"].estimate
        < plain.cards["a"].metrics["average_precision"].estimate
    )


def test_each_model_is_told_to_progress(truth: Path, predicted: Callable[..., Path]) -> None:
    told: list[int] = []
    files = [predicted("a"), predicted("b")]
    score_files(truth, files, Scoring(replicates=10), progress=told.append)
    assert told == [1, 1]


def test_files_called_alike_are_named_by_their_folders_or_their_place() -> None:
    assert model_names([Path("a/oof.csv"), Path("b/oof.csv")]) == ["a/oof", "b/oof"]
    assert model_names([Path("x/a/oof.csv"), Path("y/a/oof.csv")]) == ["a/oof (1)", "a/oof (2)"]
