"""One step is that of the whole batch, however it is cut; what does not fit is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cygnet.errors import RecipeError
from cygnet.training.loop import Stage
from cygnet.training.network import LesionNetwork
from cygnet.training.optimiser import new_optimiser
from cygnet.training.recipe import NetworkRecipe, Recipe
from cygnet.training.step import Step
from small_training import DrawnImages, drawn_samples, small_recipe


def new_network(recipe: Recipe) -> LesionNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return LesionNetwork(recipe.network)


def trained(folder: Path, recipe: Recipe) -> dict[str, torch.Tensor]:
    stage = Stage(new_network(recipe), recipe.finetune, recipe, folder, seed=11)
    images: Any = DrawnImages()
    state = stage.run(drawn_samples(), images, lambda _: None).state_dict()
    return {name: tensor.clone() for name, tensor in state.items()}


def test_a_batch_in_passes_moves_the_weights_as_a_whole_one_does(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"batch_size": 9, "mixup": 0.4, "cutmix": 1.0, "epochs": 1}
    whole = trained(tmp_path / "whole", small_recipe(**keys))
    cut = trained(tmp_path / "cut", small_recipe(**keys, accumulate=3))
    assert len(whole) > 20
    assert not all(torch.equal(whole[name], cut[name]) for name in whole)
    assert all(torch.allclose(whole[name], cut[name], atol=1e-5) for name in whole)


def test_a_batch_that_cannot_be_cut_is_refused() -> None:
    recipe = small_recipe(batch_size=4, accumulate=4)
    step = Step(new_network(recipe), recipe.finetune, recipe)
    with pytest.raises(RecipeError, match=r"batch of 4 images.*4 passes.*accumulate"):
        step.spans(4)


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory that holds three images."""
    forward = LesionNetwork.forward

    def full_above_three(network: LesionNetwork, images: torch.Tensor, *more: Any) -> Any:
        if len(images) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return forward(network, images, *more)

    monkeypatch.setattr(LesionNetwork, "forward", full_above_three)


@pytest.mark.usefixtures("crowded")
def test_out_of_memory_says_which_batch_size_fits(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as refused:
        trained(tmp_path, small_recipe())
    assert "A pass of 8 images does not fit into memory; 2 images do." in str(refused.value)
    assert "accumulate = 4" in str(refused.value)
    assert "batch_size = 2" in str(refused.value)


@pytest.mark.usefixtures("crowded")
def test_what_it_says_does_fit(tmp_path: Path) -> None:
    assert trained(tmp_path, small_recipe(accumulate=4, epochs=1))


def test_other_errors_of_torch_are_not_taken_for_a_full_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(LesionNetwork, "forward", broken)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        trained(tmp_path, small_recipe())


def test_early_layers_move_more_slowly_and_no_weight_is_left_out() -> None:
    recipe = small_recipe(layer_decay=0.5)
    network = new_network(recipe)
    groups = new_optimiser(network, recipe.finetune).param_groups
    scales = sorted({group["scale"] for group in groups})
    assert scales[-1] == 1
    assert len(scales) > 2
    assert scales[0] < 0.1
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in network.parameters())


def test_diagnoses_metadata_patients_and_bfloat16_train_together(tmp_path: Path) -> None:
    samples = drawn_samples()
    recipe = small_recipe(loss="focal", balance="patient", epochs=1)
    network = NetworkRecipe(
        backbone=recipe.network.backbone, size_px=32, targets="diagnosis", metadata=True
    )
    machine = recipe.machine.model_copy(update={"precision": "bfloat16", "channels_last": False})
    recipe = recipe.model_copy(update={"network": network, "machine": machine})
    classes = np.where(samples.targets > 0.5, 0, np.arange(len(samples)) % 3)
    from cygnet.training.loader import Samples
    from cygnet.training.metadata import missing_metadata

    told = Samples(
        samples.image_names,
        samples.targets,
        classes.astype(np.int64),
        samples.patients,
        missing_metadata(len(samples)),
    )
    stage = Stage(new_network(recipe), recipe.finetune, recipe, tmp_path, seed=1)
    images: Any = DrawnImages()
    before = {n: t.clone() for n, t in stage.network.state_dict().items()}
    after = stage.run(told, images, lambda _: None).state_dict()
    moved = [name for name in before if not torch.equal(before[name], after[name])]
    assert any(name.startswith("backbone") for name in moved)
    assert any(name.startswith("metadata_branch") for name in moved)


def test_the_log_can_be_read_by_tensorboard(tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import Event

    trained(tmp_path, small_recipe())
    (file,) = (tmp_path / "tensorboard").iterdir()
    found: dict[str, list[int]] = {}
    content = file.read_bytes()
    while content:
        length = int.from_bytes(content[:8], "little")
        event = Event.FromString(content[12 : 12 + length])
        content = content[16 + length :]
        for value in event.summary.value:
            found.setdefault(value.tag, []).append(event.step)
    assert found["loss"] == found["gradient_norm"] == [1, 2, 3, 4, 5, 6]
    assert set(found) == {"loss", "gradient_norm", "learning_rate", "images_per_s"}
