"""The network's start: names of backbones, and weights that fit or are refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from cygnet.errors import RecipeError
from cygnet.training.network import LesionNetwork, start_weights
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


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(RecipeError, match="another architecture"):
        start_weights(LesionNetwork(SMALL), tmp_path / "other.safetensors")


def test_a_file_that_is_no_safetensors_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(RecipeError, match="safetensors"):
        start_weights(LesionNetwork(SMALL), file)


@pytest.mark.real
@pytest.mark.slow
def test_the_imagenet_weights_name_everyday_pictures(real_data: Path) -> None:
    import polars as pl
    import timm
    from safetensors.torch import load_file

    from cygnet.images.decode import decode_to_size

    model = timm.create_model("mobilenetv2_100", pad_type="same").eval()
    model.load_state_dict(load_file(real_data / "weights/mobilenetv2_100_imagenet.safetensors"))
    expected = pl.read_csv(real_data / "weights/everyday/expected.csv")
    assert expected.height == 5
    for row in expected.to_dicts():
        data = (real_data / "weights/everyday" / row["file"]).read_bytes()
        pixels = torch.from_numpy(decode_to_size(data, 224)).permute(2, 0, 1).float() / 127.5 - 1
        with torch.inference_mode():
            assert int(model(pixels[None]).argmax()) == row["class_index"], row["file"]
