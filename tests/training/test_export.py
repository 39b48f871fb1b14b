"""An exported map is a sum that comes out, whatever the network's end; and the file is refused."""

from pathlib import Path

import numpy as np
import onnxruntime
import polars as pl
import pytest
import torch

from cygnet.errors import ModelError
from cygnet.inference.model import Patient, open_model
from cygnet.training import export
from cygnet.training.augment import normalised
from cygnet.training.export import FoldModel, write_model
from cygnet.training.fold_graph import ExplainedNetwork, outputs_of
from cygnet.training.map_check import map_check
from cygnet.training.metadata import WIDTH, encode_metadata
from cygnet.training.recipe import NetworkRecipe
from exported import NETWORK, random_network, write_small_model

FURTHER: dict[str, object] = {"size_px": 64, "backbone": "mobilenetv2_050"}
NETWORKS: dict[str, dict[str, object]] = {
    "average": {"size_px": 64},
    "generalised mean": {"size_px": 64, "pooling": "gem"},
    "metadata": {"metadata": True, "pooling": "gem"},
    "diagnoses": {"targets": "diagnosis", "metadata": True},
    "nothing behind pooling": FURTHER | {"pooling": "gem"},
    "normalised behind pooling": {"size_px": 64, "backbone": "convnext_atto"},
    "batch norm behind pooling": {"size_px": 64, "backbone": "mobilenetv4_conv_small_035"},
    "tokens": {"backbone": "vit_tiny_patch16_224", "size_px": 224},
}
PATIENTS: list[Patient] = [(45.0, "male", "torso"), (None, None, None), (80.0, "female", "?")]


def recipe(name: str) -> NetworkRecipe:
    return NetworkRecipe.model_validate(NETWORK.model_dump() | NETWORKS[name])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_map_and_its_bias_add_up_to_the_images_logit(name: str) -> None:
    network = recipe(name)
    state = random_network(network, seed=3).state_dict()
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(3, 3, network.size_px, network.size_px, generator=generator)
    found = outputs_of(network, state, images, None)
    total = found.map.sum((1, 2)) + found.map_bias
    assert torch.allclose(total, found.image_logit, atol=1e-4)
    assert found.map.abs().sum() > 1e-3
    logits, embedding = random_network(network, seed=3)(images)
    assert torch.allclose(found.embedding, embedding, atol=1e-4)
    if not network.metadata:
        whole = random_network(network, seed=3).melanoma_logit(logits)
        assert torch.allclose(found.logit, whole, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["generalised mean", "metadata", "diagnoses"])
def test_the_exported_graph_says_what_torch_says(
    name: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    network = recipe(name)
    networks = write_small_model(tmp_path / "model.onnx", network=network)
    model = open_model(tmp_path / "model.onnx")
    pixels = rng.integers(0, 256, (3, network.size_px, network.size_px, 3), dtype=np.uint8)
    maps = model.maps(pixels, PATIENTS)
    assert np.abs(maps.map.sum((2, 3)) + maps.bias - maps.image_logit).max() < 1e-4
    encoded = None
    if network.metadata:
        age, sex, site = zip(*PATIENTS, strict=True)
        table = {"age_approx": age, "sex": sex, "anatom_site_general_challenge": site}
        encoded = torch.from_numpy(encode_metadata(pl.DataFrame(table)))
    images = normalised(torch.from_numpy(pixels), network)
    for fold, one in enumerate(networks):
        expected = outputs_of(network, one.state_dict(), images, encoded)
        assert np.abs(maps.logit[:, fold] - expected.logit.numpy()).max() < 1e-4
        assert np.abs(maps.map[:, fold] - expected.map.numpy()).max() < 1e-4


def test_words_are_encoded_inside_the_graph_as_outside(tmp_path: Path) -> None:
    write_small_model(tmp_path / "model.onnx", n_folds=1, network=recipe("metadata"))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    inputs = {one.name: one.type for one in session.get_inputs()}
    assert inputs == {
        "image": "tensor(uint8)",
        "age": "tensor(float)",
        "sex": "tensor(string)",
        "site": "tensor(string)",
    }
    model = open_model(tmp_path / "model.onnx")
    pixels = np.zeros((2, 32, 32, 3), np.uint8)
    unknown = model.predict(pixels).logit
    assert np.array_equal(unknown, model.predict(pixels, [(None, "", "nowhere")] * 2).logit)
    assert not np.allclose(unknown, model.predict(pixels, [(70.0, "male", "torso")] * 2).logit)


def test_metadata_have_one_column_a_value_and_one_for_missing() -> None:
    table = pl.DataFrame({"sex": ["female", "x", None], "age_approx": [50, None, 90]})
    encoded = encode_metadata(table)
    assert encoded.shape == (3, WIDTH)
    assert encoded[:, 0].tolist() == [0.0, 0.0, 2.0]
    assert encoded[:, 1].tolist() == [0.0, 1.0, 0.0]
    assert encoded[:, 2:5].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert encoded[:, -1].tolist() == [1.0, 1.0, 1.0]


def test_folds_that_pass_two_gigabytes_are_to_be_distilled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LARGEST_BYTES", 10_000)
    state = random_network(NETWORK, seed=0).state_dict()
    with pytest.raises(ModelError, match="cygnet distil"):
        write_model(tmp_path / "model.onnx", NETWORK, [FoldModel(state, 1.0, 0.0)], {})
    assert not (tmp_path / "model.onnx").exists()


def test_maps_are_held_against_those_of_random_weights(rng: np.random.Generator) -> None:
    # Adebayo et al. 2018: a map that does not change is a picture of the input, not of what was
    # learnt. A network that was never trained is its own random twin.
    network = recipe("nothing behind pooling")
    pixels = rng.integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    untrained = map_check(network, explained(network, seed=0), pixels, seed=0)
    assert untrained["n_images"] == 6
    assert untrained["all_random"] == pytest.approx(1.0)
    other = map_check(network, explained(network, seed=5), pixels, seed=0)
    for name in ("all_random", "last_random"):
        found = other[name]
        assert found is not None
        assert -1 <= found < 0.99
    assert map_check(network, explained(network, seed=5), pixels, seed=0) == other


def explained(network: NetworkRecipe, *, seed: int) -> dict[str, torch.Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return ExplainedNetwork(network).network.state_dict()
