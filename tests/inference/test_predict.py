"""Files in, probabilities out: in order, with bad images named, and trained-on images told."""

from pathlib import Path

import numpy as np
import pytest

from cygnet.errors import ImageError
from cygnet.images.decode import decode_to_size
from cygnet.inference.model import open_model
from cygnet.inference.predict import predict_files
from exported import write_small_model
from small_cohort import blob, jpeg


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("model") / "model.onnx"
    write_small_model(file)
    return file


@pytest.fixture
def items(tmp_path: Path, rng: np.random.Generator) -> list[tuple[str, Path]]:
    made = []
    for index in range(20):
        file = tmp_path / f"ISIC_000000{index}.jpg"
        file.write_bytes(jpeg(blob(rng, dark=index % 3 == 0)))
        made.append((file.stem, file))
    return made


def test_each_file_gets_the_probability_of_its_own_pixels(
    model: Path, items: list[tuple[str, Path]]
) -> None:
    advanced: list[int] = []
    found = predict_files(model, items, advance=advanced.append)
    pixels = np.stack([decode_to_size(path.read_bytes(), 32) for _, path in items])
    assert found.image_names == [name for name, _ in items]
    assert np.allclose(found.probability, open_model(model).predict(pixels).probability, atol=1e-6)
    assert sum(advanced) == 20


def test_images_that_the_model_learnt_from_are_told(
    model: Path, items: list[tuple[str, Path]]
) -> None:
    assert predict_files(model, items).trained_on == ["ISIC_0000000", "ISIC_0000001"]


def test_every_bad_image_is_named_and_nothing_is_given(
    model: Path, items: list[tuple[str, Path]]
) -> None:
    items[3][1].write_bytes(b"")
    items[7][1].write_bytes(items[8][1].read_bytes()[:200])
    with pytest.raises(ImageError) as refused:
        predict_files(model, items)
    assert len(refused.value.faults) == 2
    assert "ISIC_0000003.jpg" in str(refused.value)
    assert "ISIC_0000007.jpg" in str(refused.value)


def test_bad_images_may_be_left_out(model: Path, items: list[tuple[str, Path]]) -> None:
    items[3][1].write_bytes(b"")
    found = predict_files(model, items, skip_bad_images=True)
    assert len(found.image_names) == len(found.probability) == 19
    assert "ISIC_0000003" not in found.image_names
    assert len(found.bad) == 1


@pytest.mark.slow
def test_two_processes_say_what_one_says(model: Path, items: list[tuple[str, Path]]) -> None:
    many = items * 8
    named = [(f"{index}-{name}", path) for index, (name, path) in enumerate(many)]
    one = predict_files(model, named)
    two = predict_files(model, named, workers=2)
    assert two.image_names == one.image_names
    assert np.allclose(one.probability, two.probability, atol=1e-6)
