"""``cygnet context`` judges anybody's scores, and gives one clear answer to each bad file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner

from context_cohort import draw_cohort
from cygnet.cli import context as command
from cygnet.context import trials
from cygnet.context.lesions import make_lesions
from cygnet.context.stage import stage_from_json
from cygnet.errors import CygnetError
from cygnet.pipeline import context_job
from cygnet.predictions import read_predictions


@pytest.fixture
def cohort() -> pl.DataFrame:
    return draw_cohort(3, n_patients=90, signature=2.0)


@pytest.fixture
def files(cohort: pl.DataFrame, tmp_path: Path) -> tuple[Path, Path]:
    oof, data = tmp_path / "oof.csv", tmp_path / "train.csv"
    cohort.select("image_name", "fold", target="probability").write_csv(oof)
    cohort.select("image_name", "patient_id", "lesion_id", "target").write_csv(data)
    return oof, data


@pytest.fixture(autouse=True)
def _few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two trees' worth of trials: what is asked here is the door, not the number."""

    def few(lesions: Any, target: Any, **options: Any) -> list[trials.Task]:
        return trials.tasks_of(lesions, target, n_splits=1, n_placebos=2, n_draws=1, **options)

    monkeypatch.setattr(context_job, "tasks_of", few)


def invoke(*words: str) -> Any:
    app = typer.Typer()
    app.callback()(lambda: None)
    command.register(app)
    return CliRunner().invoke(app, ["context", *words, "--workers", "1"])


def test_it_writes_the_stage_the_judgement_and_both_arms(
    files: tuple[Path, Path], cohort: pl.DataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "context"
    result = invoke(*map(str, files), "--out", str(out), "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert list(document)[:2] == ["without", "with"]
    assert document == json.loads((out / "judgement.json").read_text(encoding="utf-8"))
    assert document["difference"]["metric"] == "auroc"
    assert isinstance(document["supported"], bool)
    assert document["placebo"]["lower"] < 0.5 < document["placebo"]["upper"]
    for arm in ("without", "with"):
        read = read_predictions(out / f"{arm}.csv")
        assert read["image_name"].to_list() == cohort["image_name"].to_list()
    stage = stage_from_json(json.loads((out / "context.json").read_text(encoding="utf-8")))
    lesions = make_lesions(cohort, scale=stage.scale)
    probability = stage(lesions)
    assert ((probability > 0) & (probability < 1)).all()
    one = make_lesions(cohort.filter(pl.col("patient_id") == "IP_0000003"), scale=stage.scale)
    mask = (cohort["patient_id"] == "IP_0000003").to_numpy()
    assert stage(one) == pytest.approx(probability[mask], abs=1e-9)


def test_the_terminal_says_what_is_supported_and_where_it_lies(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "context"
    result = invoke(*map(str, files), "--out", str(out))
    assert result.exit_code == 0, result.output
    for said in ("given the number of images", "thinned to equal numbers", "Placebo"):
        assert said in result.stdout
    assert "upported: " in result.stdout
    assert result.stdout.strip().endswith(f"The stage and its judgement are in {out}")


def test_embeddings_of_a_run_are_used_and_missing_ones_are_named(
    files: tuple[Path, Path], cohort: pl.DataFrame, tmp_path: Path
) -> None:
    vectors = np.random.default_rng(0).normal(size=(cohort.height, 6)).astype(np.float32)

    def write(rows: int) -> Path:
        path = tmp_path / f"embeddings{rows}.arrow"
        batch = pa.record_batch(
            {
                "image_name": pa.array(cohort["image_name"][:rows].to_list()),
                "vector": pa.FixedSizeListArray.from_arrays(vectors[:rows].ravel(), 6),
            }
        )
        with path.open("wb") as stream, pa.ipc.new_file(stream, batch.schema) as writer:
            writer.write_batch(batch)
        return path

    out = tmp_path / "context"
    whole = ["--embeddings", str(write(cohort.height)), "--artefacts"]
    result = invoke(*map(str, files), "--out", str(out), "--json", *whole)
    assert result.exit_code == 0, result.output
    features = [one["feature"] for one in json.loads(result.stdout)["artefacts"]]
    assert features == ["log_n_images", "row_order"]
    short = ["--embeddings", str(write(cohort.height - 3))]
    refused = invoke(*map(str, files), "--out", str(tmp_path / "other"), *short)
    assert "Images of the scores have no embedding. Found 3" in str(refused.exception)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.with_columns(fold=pl.int_range(pl.len()) % 5), "lie in several folds"),
        (lambda t: t.drop("fold"), "has the columns image_name and fold"),
        (lambda t: t.with_columns(image_name="x" + pl.col("image_name")), "that the table lacks"),
        (lambda t: t.with_columns(target=pl.lit(1.7)), "lies outside 0 to 1"),
        (lambda t: t.vstack(t.head(2)), "Found 2"),
        (lambda t: t.head(30), "folds need at least"),
    ],
)
def test_each_bad_file_has_one_clear_answer(
    files: tuple[Path, Path], tmp_path: Path, change: Any, said: str
) -> None:
    oof, data = files
    change(pl.read_csv(oof)).write_csv(oof)
    result = invoke(str(oof), str(data), "--out", str(tmp_path / "out"))
    assert isinstance(result.exception, CygnetError)
    assert said in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_alone(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years")
    result = invoke(*map(str, files), "--out", str(tmp_path / "full"))
    assert "is not empty" in str(result.exception)


def test_equal_scores_and_images_without_patients_are_said(
    files: tuple[Path, Path], cohort: pl.DataFrame, tmp_path: Path
) -> None:
    oof, data = files
    cohort.select("image_name", "fold", target=pl.lit(0.3)).write_csv(oof)
    cohort.select(
        "image_name",
        "lesion_id",
        "target",
        patient_id=pl.when(pl.int_range(pl.len()) >= 6).then("patient_id"),
    ).write_csv(data)
    result = invoke(str(oof), str(data), "--out", str(tmp_path / "out"), "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert not document["supported"]
    assert any("All scores are equal" in note for note in document["notes"])
    assert any("6 images have no patient" in note for note in document["notes"])
