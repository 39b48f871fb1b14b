"""The network's start: names of backbones, and weights that fit or are refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from cygnet.errors import RecipeError
from cygnet.training.metadata import WIDTH, missing_metadata
from cygnet.training.network import DIAGNOSIS_CLASSES, LesionNetwork, start_weights
from cygnet.training.recipe import NetworkRecipe

SMALL = NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32)


def test_a_backbone_that_timm_lacks_is_refused_with_near_names() -> None:
    with pytest.raises(RecipeError, match="mobilenetv3_small_050"):
        LesionNetwork(NetworkRecipe(backbone="mobilenetv3_smal_050", size_px=32))


def test_options_that_the_backbone_does_not_take_are_named() -> None:
    with pytest.raises(RecipeError, match="wings"):
        LesionNetwork(
            NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32, options={"wings": 2})
        )


def test_weights_of_the_backbone_are_taken_with_or_without_prefix(tmp_path: Path) -> None:
    source, plain, prefixed = LesionNetwork(SMALL), LesionNetwork(SMALL), LesionNetwork(SMALL)
    state = {name: t.clone() for name, t in source.backbone.state_dict().items()}
    save_file(state | {"classifier.weight": torch.zeros(2, 2)}, tmp_path / "plain.safetensors")
    save_file({f"backbone.{n}": t for n, t in state.items()}, tmp_path / "prefixed.safetensors")
    start_weights(plain, tmp_path / "plain.safetensors")
    start_weights(prefixed, tmp_path / "prefixed.safetensors")
    for network in (plain, prefixed):
        loaded = network.backbone.state_dict()
        assert all(torch.equal(loaded[name], state[name]) for name in state)


def test_a_whole_networks_file_brings_its_head_and_branches(tmp_path: Path) -> None:
    recipe = SMALL.model_copy(update={"targets": "diagnosis", "metadata": True})
    source, started = LesionNetwork(recipe), LesionNetwork(recipe)
    source.classes_seen[3:] = False
    save_file(source.state_dict(), tmp_path / "whole.safetensors")
    start_weights(started, tmp_path / "whole.safetensors")
    loaded = started.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in source.state_dict().items())


def test_a_head_is_taken_though_the_recipe_adds_a_branch(tmp_path: Path) -> None:
    source = LesionNetwork(SMALL)
    save_file(source.state_dict(), tmp_path / "whole.safetensors")
    started = LesionNetwork(SMALL.model_copy(update={"metadata": True}))
    start_weights(started, tmp_path / "whole.safetensors")
    assert torch.equal(started.head.weight, source.head.weight)
    nine = LesionNetwork(SMALL.model_copy(update={"targets": "diagnosis"}))
    before = nine.head.weight.clone()
    start_weights(nine, tmp_path / "whole.safetensors")
    assert torch.equal(nine.head.weight, before)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(RecipeError, match="another architecture"):
        start_weights(LesionNetwork(SMALL), tmp_path / "other.safetensors")


def test_a_file_that_is_no_safetensors_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(RecipeError, match="safetensors"):
        start_weights(LesionNetwork(SMALL), file)


def test_a_binary_network_gives_one_logit_and_the_diagnoses_nine() -> None:
    images = torch.zeros(2, 3, 32, 32)
    logits, embedding = LesionNetwork(SMALL).eval()(images)
    assert logits.shape == (2, 1)
    nine, same = LesionNetwork(SMALL.model_copy(update={"targets": "diagnosis"})).eval()(images)
    assert nine.shape == (2, len(DIAGNOSIS_CLASSES))
    assert same.shape == embedding.shape


def test_melanomas_logit_is_that_of_its_softmax_probability() -> None:
    network = LesionNetwork(SMALL.model_copy(update={"targets": "diagnosis"}))
    logits = torch.randn(4, 9, generator=torch.Generator().manual_seed(0)) * 3
    probability = torch.softmax(logits, 1)[:, 0]
    assert torch.allclose(torch.sigmoid(network.melanoma_logit(logits)), probability, atol=1e-6)


def test_a_diagnosis_that_was_never_seen_takes_no_probability() -> None:
    network = LesionNetwork(SMALL.model_copy(update={"targets": "diagnosis"}))
    network.classes_seen[3:] = False
    logits = torch.randn(4, 9, generator=torch.Generator().manual_seed(0)) * 3
    probability = torch.softmax(logits[:, :3], 1)[:, 0]
    assert torch.allclose(torch.sigmoid(network.melanoma_logit(logits)), probability, atol=1e-6)


def test_metadata_add_to_the_logits_and_start_silent() -> None:
    network = LesionNetwork(SMALL.model_copy(update={"metadata": True})).eval()
    images = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    alone, embedding = network(images)
    assert torch.equal(alone, network(images, torch.ones(3, WIDTH))[0])
    torch.nn.init.normal_([*network.metadata_branch.parameters()][-1])
    beside, same = network(images, torch.ones(3, WIDTH))
    missing, _ = network(images, torch.from_numpy(missing_metadata(3)))
    assert not torch.allclose(beside, missing)
    assert torch.equal(network(images)[0], missing)
    assert torch.equal(same, embedding)


def test_several_draws_of_dropout_average_to_less_noise() -> None:
    images = torch.ones(1, 3, 32, 32)
    spread = []
    for draws in (1, 16):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            changed = {"multi_sample_dropout": draws, "dropout": 0.5}
            network = LesionNetwork(SMALL.model_copy(update=changed)).eval()
            network.dropout.train()
            network.training = True
            with torch.no_grad():
                drawn = torch.stack([network(images)[0] for _ in range(24)])
        spread.append(float(drawn.std()))
    assert spread[1] < spread[0] / 2


@pytest.mark.real
@pytest.mark.slow
def test_the_imagenet_weights_name_everyday_pictures(real_data: Path) -> None:
    import polars as pl
    from safetensors.torch import load_file

    from cygnet.images.decode import decode_to_size

    file = real_data / "weights/mobilenetv2_100_imagenet.safetensors"
    recipe = NetworkRecipe(
        backbone="mobilenetv2_100", size_px=224, options={"pad_type": "same"}, pooling="average"
    )
    network = LesionNetwork(recipe).eval()
    start_weights(network, file)
    weights = load_file(file)
    expected = pl.read_csv(real_data / "weights/everyday/expected.csv")
    assert expected.height == 5
    for row in expected.to_dicts():
        data = (real_data / "weights/everyday" / row["file"]).read_bytes()
        pixels = torch.from_numpy(decode_to_size(data, 224)).permute(2, 0, 1).float() / 127.5 - 1
        with torch.inference_mode():
            _, embedding = network(pixels[None])
            classes = embedding @ weights["classifier.weight"].T + weights["classifier.bias"]
            assert int(classes.argmax()) == row["class_index"], row["file"]
