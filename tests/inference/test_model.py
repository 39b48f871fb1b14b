"""An exported model says what torch said, and a file that is none is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from cygnet.errors import ModelError
from cygnet.inference.model import Model, open_model
from cygnet.training.augment import dihedral_view, normalised
from cygnet.training.network import LesionNetwork
from exported import NETWORK, write_small_model


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[LesionNetwork]]:
    file = tmp_path_factory.mktemp("model") / "model.onnx"
    return file, write_small_model(file)


def test_logits_embeddings_and_mean_probability_are_torchs(
    exported: tuple[Path, list[LesionNetwork]], rng: np.random.Generator
) -> None:
    file, networks = exported
    pixels = rng.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    found = open_model(file).predict(pixels)
    images = normalised(torch.from_numpy(pixels), NETWORK)
    with torch.inference_mode():
        outputs = [
            [network(dihedral_view(images, view)) for view in range(2)] for network in networks
        ]
    logit = torch.stack([torch.stack([o[0][:, 0] for o in fold]).mean(0) for fold in outputs], 1)
    embedding = torch.stack([torch.stack([o[1] for o in fold]).mean(0) for fold in outputs], 1)
    assert found.logit.shape == (5, 2)
    assert np.abs(found.logit - logit.numpy()).max() < 1e-4
    assert np.abs(found.embedding - embedding.numpy()).max() < 1e-4
    lines = torch.tensor([1.0, 2.0]), torch.tensor([0.0, -0.5])
    probability = torch.sigmoid(logit * lines[0] + lines[1]).mean(1)
    assert np.abs(found.probability - probability.numpy()).max() < 1e-5


def test_any_number_of_images_fits(exported: tuple[Path, list[LesionNetwork]]) -> None:
    model = open_model(exported[0])
    for n_images in (1, 3, 17):
        pixels = np.zeros((n_images, 32, 32, 3), np.uint8)
        assert model.predict(pixels).probability.shape == (n_images,)


def test_the_images_that_were_learnt_from_are_known(
    exported: tuple[Path, list[LesionNetwork]],
) -> None:
    model: Model = open_model(exported[0])
    assert model.was_trained_on("ISIC_0000001")
    assert not model.was_trained_on("ISIC_0000002")
    assert model.n_folds == 2


def test_the_file_holds_no_path_of_the_machine(
    exported: tuple[Path, list[LesionNetwork]],
) -> None:
    content = exported[0].read_bytes()
    assert b"site-packages" not in content
    assert str(Path.cwd()).encode() not in content


def test_an_absent_model_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="--resume"):
        open_model(tmp_path)


def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"not a model")
    with pytest.raises(ModelError, match="not a readable ONNX"):
        open_model(file)


def test_somebody_elses_onnx_is_refused(tmp_path: Path) -> None:
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "other", [value], [result])
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="not made by Cygnet"):
        open_model(tmp_path / "m.onnx")


SOUND: dict[str, Any] = {
    "format": 1,
    "size_px": 32,
    "geometry": "squash",
    "decoding": "squash-cubic-stored-1",
    "test_time_views": 1,
    "folds": [0],
    "calibration": {"slope": [1.0], "intercept": [0.0]},
    "trained_on": [],
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"format": 1}',
        "[" * 100_000,
        json.dumps(SOUND | {"test_time_views": 3}),
        json.dumps(SOUND | {"size_px": 2**40}),
        json.dumps(SOUND | {"calibration": {"slope": [float("nan")], "intercept": [0.0]}}),
        json.dumps(SOUND | {"folds": [0, 1]}),
        json.dumps(SOUND | {"trained_on": 5}),
    ],
)
def test_a_description_that_is_damaged_is_refused(
    exported: tuple[Path, list[LesionNetwork]], tmp_path: Path, text: str
) -> None:
    # Found by fuzzing: each of these ended in a traceback.
    model = onnx.load(exported[0])
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {"cygnet": text})
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"description in this model|has format"):
        open_model(tmp_path / "model.onnx")
