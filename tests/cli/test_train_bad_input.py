"""What training cannot use is one message, what it is and what to do, and exit 1."""

import re
import sys
from pathlib import Path

import polars as pl
import pytest
import torch

from cygnet.cli.main import main
from cygnet.errors import ModelError, RecipeError
from cygnet.training.checkpoint import write_checkpoint
from cygnet.training.crossval import check_start
from cygnet.training.loop import Stage
from cygnet.training.network import LesionNetwork
from cygnet.training.recipe import NetworkRecipe
from small_cohort import write_small_cohort
from small_training import DrawnImages, drawn_samples, small_recipe

RECIPE = """
name = "small"
n_folds = 2
test_time_views = 1
[network]
backbone = "test_convnext"
size_px = 32
[finetune]
epochs = 1
batch_size = 16
learning_rate = 2e-3
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_small_cohort(tmp_path / "data", n_patients=6, images_a_patient=2)
    return tmp_path / "data"


def said(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    data: Path,
    *more: str,
    recipe: str = RECIPE,
) -> str:
    """Run ``cygnet train``; give its only error, after making sure that it exits with 1."""
    file = data.parent / "recipe.toml"
    file.write_text(recipe)
    told = [str(data), "--out", str(data.parent / "run"), f"--recipe={file}", *more]
    monkeypatch.setattr(sys, "argv", ["cygnet", "train", *told])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    errors = capsys.readouterr().err
    assert errors.count("error: ") == 1
    assert "Traceback" not in errors
    return errors[errors.index("error: ") :]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("epochs = 1", "epochs = 1\nepoch = 3"), r"finetune\.epoch"),
        (("size_px = 32", "size_px = 7"), r"network\.size_px.*32"),
        (("test_convnext", "test_convnex"), r"no backbone named test_convnex.*test_convnext"),
        (("epochs = 1", 'epochs = 1\nbalance = "class"\nmelanoma_fraction = 0.3'), "give one"),
        (("size_px = 32", 'size_px = 32\ntargets = "diagnosis"'), r"`ce` or `focal`"),
        (("name", '[machine]\ndevice = "tpu"\n[other]\nname'), r"machine\.device"),
    ],
)
def test_a_recipe_that_cannot_be_meant(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    data: Path,
    change: tuple[str, str],
    message: str,
) -> None:
    errors = said(capsys, monkeypatch, data, recipe=RECIPE.replace(*change, 1))
    assert re.search(message, errors, re.DOTALL), errors
    assert not (data.parent / "run").exists()


def test_weights_of_another_architecture(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    other = LesionNetwork(small_recipe("test_resnet").network).backbone.state_dict()
    write_checkpoint(data.parent / "other", other, {})
    errors = said(capsys, monkeypatch, data, f"--weights={data.parent / 'other.safetensors'}")
    assert "another architecture" in errors


def test_a_gpu_that_is_not_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    errors = said(capsys, monkeypatch, data, recipe=RECIPE + '[machine]\ndevice = "cuda"\n')
    assert "asks for a GPU" in errors
    assert 'device = "auto"' in errors


def test_a_fold_without_melanoma(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    table = pl.read_csv(data / "train.csv")
    folds = table.select("image_name", fold=(pl.col("patient_id") == "IP_0000001").cast(pl.Int64))
    folds.write_csv(data.parent / "folds.csv")
    errors = said(capsys, monkeypatch, data, f"--folds={data.parent / 'folds.csv'}")
    assert "Fold 1 holds no melanoma among its 2 images" in errors


def test_one_patient_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_small_cohort(tmp_path / "data", n_patients=1)
    errors = said(capsys, monkeypatch, tmp_path / "data")
    assert "this table has 1" in errors


@pytest.mark.parametrize("checkpoint", ["of another format", "of another network"])
def test_a_checkpoint_of_another_version(tmp_path: Path, checkpoint: str) -> None:
    recipe = small_recipe(epochs=1)
    if checkpoint == "of another network":
        description = {"epoch": 0, "step": 0, "log": []}
        write_checkpoint(tmp_path / "last", {"weight:other": torch.zeros(1)}, description)
    else:
        (tmp_path / "last.json").write_text('{"format": 99}')
    stage = Stage(LesionNetwork(recipe.network), recipe.finetune, recipe, tmp_path, seed=1)
    with pytest.raises(ModelError, match=r"format 99|of another network, or of another version"):
        stage.run(drawn_samples(), DrawnImages(), lambda _: None)  # type: ignore[arg-type]


def test_a_size_that_the_backbone_cannot_have() -> None:
    network = NetworkRecipe(backbone="vit_tiny_patch16_224", size_px=200)
    recipe = small_recipe().model_copy(update={"network": network})
    with pytest.raises(RecipeError, match=r"does not work at 200 px.*img_size"):
        check_start(recipe, None)


def test_what_is_right_is_let_through() -> None:
    check_start(small_recipe(), None)
