"""A map adds up, is drawn over its lesion, and changes with the weights."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from cygnet.errors import ImageError, ModelError
from cygnet.inference.explain import LOWERS_RGB, RAISES_RGB, explain, heat_map, rank_correlation
from cygnet.inference.model import open_model
from cygnet.training.recipe import NetworkRecipe
from exported import write_small_model
from small_cohort import blob, jpeg

SEEN = NetworkRecipe(backbone="mobilenetv2_035", size_px=96)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model") / "model.onnx"
    write_small_model(made, network=SEEN)
    return made


@pytest.fixture
def picture(rng: np.random.Generator) -> bytes:
    return jpeg(blob(rng, dark=True, size_px=128))


def test_places_bias_and_patient_add_up_to_the_logit(file: Path, picture: bytes) -> None:
    found = explain(open_model(file), picture)
    assert found.places.shape == (3, 3)
    total = found.places.sum() + found.bias + found.patient
    assert total == pytest.approx(found.logit, abs=1e-4)
    assert found.by_fold.mean(axis=0) == pytest.approx(found.places)
    assert found.as_json()["map"] == found.places.tolist()


def test_the_strongest_place_has_its_colour(file: Path, picture: bytes) -> None:
    model = open_model(file)
    found = explain(model, picture)
    drawn = heat_map(model, picture, found)
    assert drawn.shape == (512, 512, 3)
    row, column = np.unravel_index(np.abs(found.places).argmax(), found.places.shape)
    middle = drawn[int((row + 0.5) * 512 / 3), int((column + 0.5) * 512 / 3)].astype(int)
    colours = (
        (RAISES_RGB, LOWERS_RGB) if found.places[row, column] > 0 else (LOWERS_RGB, RAISES_RGB)
    )
    near, far = (np.abs(middle - colour).sum() for colour in colours)
    assert near < far


def test_another_networks_map_is_another(file: Path, picture: bytes) -> None:
    # Adebayo et al. 2018. The two folds of the file have random weights of their own.
    found = explain(open_model(file), picture)
    assert abs(found.fold_correlation) < 0.95
    assert rank_correlation(found.by_fold[0], found.by_fold[0]) == 1.0


def test_a_model_of_the_first_format_predicts_and_is_not_explained(
    tmp_path: Path, file: Path, picture: bytes, rng: np.random.Generator
) -> None:
    model = onnx.load(file)
    (entry,) = (one for one in model.metadata_props if one.key == "cygnet")
    entry.value = entry.value.replace('"format": 2', '"format": 1')
    (tmp_path / "old.onnx").write_bytes(model.SerializeToString())
    old = open_model(tmp_path / "old.onnx")
    pixels = rng.integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    assert np.array_equal(old.predict(pixels).logit, open_model(file).predict(pixels).logit)
    with pytest.raises(ModelError, match="Export it again"):
        explain(old, picture)


def test_what_is_no_image_is_refused(file: Path) -> None:
    with pytest.raises(ImageError):
        explain(open_model(file), b"no image")
