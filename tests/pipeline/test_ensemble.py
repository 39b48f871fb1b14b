"""Runs on the same folds are combined, described and distilled; others are refused."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cygnet.errors import InputError, ModelError
from cygnet.evaluation import auroc
from cygnet.images.pack import write_pack
from cygnet.inference.model import open_model
from cygnet.pipeline.distil_job import DistilRequest, distil
from cygnet.pipeline.ensemble_job import ensemble
from cygnet.training.recipe import NetworkRecipe, Recipe, StageRecipe
from small_cohort import blob, jpeg

N_IMAGES = 60


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    target = np.arange(N_IMAGES) % 3 == 0
    table = pl.DataFrame(
        {
            "image_name": [f"ISIC_{n:07d}" for n in range(N_IMAGES)],
            "patient_id": [f"IP_{n // 2:07d}" for n in range(N_IMAGES)],
            "target": target.astype(int),
        }
    )
    table.write_csv(tmp_path / "train.csv")
    return tmp_path / "train.csv"


def write_run(folder: Path, truth: Path, *, seed: int, submission: bool = False) -> Path:
    rng = np.random.default_rng(seed)
    table = pl.read_csv(truth)
    score = 1.2 * (2 * table["target"].to_numpy() - 1) + rng.normal(size=table.height)
    folder.mkdir()
    oof = table.select("image_name", fold=pl.int_range(pl.len()) // 2 % 5)
    oof.with_columns(target=pl.Series(1 / (1 + np.exp(-score)))).write_csv(folder / "oof.csv")
    if submission:
        names = [f"ISIC_9{n:06d}" for n in range(8)]
        made = pl.DataFrame({"image_name": names, "target": rng.random(8)})
        made.write_csv(folder / "submission.csv")
    return folder


def test_three_combinations_stand_beside_their_parts(tmp_path: Path, truth: Path) -> None:
    runs = [write_run(tmp_path / f"r{n}", truth, seed=n, submission=True) for n in range(3)]
    said = ensemble(truth, runs, tmp_path / "out")
    assert set(said["auroc"]) == {"r0", "r1", "r2", "rank_mean", "logit_mean", "stacking"}
    assert len(said["diversity"]) == 3
    assert all(0 <= one["disagreement"] <= 1 for one in said["diversity"])
    target = pl.read_csv(truth)["target"].to_numpy()
    for name in ("rank_mean", "logit_mean", "stacking"):
        oof = pl.read_csv(tmp_path / "out" / f"{name}-oof.csv")
        assert oof.columns == ["image_name", "fold", "target"]
        found = auroc(target, oof["target"].to_numpy())
        assert said["auroc"][name]["estimate"] == pytest.approx(found)
        assert pl.read_csv(tmp_path / "out" / f"{name}-submission.csv").height == 8
    assert json.loads((tmp_path / "out" / "ensemble.json").read_text())["n_images"] == N_IMAGES


def test_runs_on_other_folds_are_refused(tmp_path: Path, truth: Path) -> None:
    runs = [write_run(tmp_path / f"r{n}", truth, seed=n) for n in range(2)]
    moved = pl.read_csv(runs[1] / "oof.csv").with_columns(fold=(pl.col("fold") + 1) % 5)
    moved.write_csv(runs[1] / "oof.csv")
    with pytest.raises(InputError, match="other folds"):
        ensemble(truth, runs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_runs_of_other_images_and_folders_that_are_no_runs_are_refused(
    tmp_path: Path, truth: Path
) -> None:
    runs = [write_run(tmp_path / f"r{n}", truth, seed=n) for n in range(2)]
    pl.read_csv(runs[1] / "oof.csv").head(30).write_csv(runs[1] / "oof.csv")
    with pytest.raises(InputError, match="other images"):
        ensemble(truth, runs, tmp_path / "out")
    with pytest.raises(InputError, match="One run"):
        ensemble(truth, runs[:1], tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no finished run"):
        ensemble(truth, [runs[0], tmp_path / "empty"], tmp_path / "out")


@pytest.mark.slow
def test_a_student_learns_what_its_teachers_said(
    tmp_path: Path, truth: Path, rng: np.random.Generator
) -> None:
    runs = [write_run(tmp_path / f"r{n}", truth, seed=n) for n in range(2)]
    items = []
    for name, target in pl.read_csv(truth).select("image_name", "target").rows():
        file = tmp_path / f"{name}.jpg"
        file.write_bytes(jpeg(blob(rng, dark=bool(target))))
        items.append((name, file))
    write_pack(items, runs[0] / "pack", size_px=32, workers=1)
    recipe = Recipe(
        name="student",
        network=NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32),
        finetune=StageRecipe(epochs=25, batch_size=20, learning_rate=3e-3, average_decay=0.5),
        test_time_views=1,
    )
    out = tmp_path / "student"
    said = distil(DistilRequest(truth=truth, runs=tuple(runs), out=out, recipe=recipe))
    assert said["distilled"]["n_images"] == N_IMAGES
    model = open_model(out)
    assert model.n_folds == 1
    assert model.was_trained_on("ISIC_0000000")
    assert (out / "recipe.toml").is_file()
    assert said["distilled"]["correlation_with_teacher"] > 0.2
