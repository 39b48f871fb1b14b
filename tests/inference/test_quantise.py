"""An 8-bit model is smaller, says nearly the same, and says what it is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from cygnet.errors import ModelError
from cygnet.images.decode import decode_to_size
from cygnet.inference.model import Patient, open_model
from cygnet.inference.quantise import write_quantised
from cygnet.training.recipe import NetworkRecipe
from exported import write_small_model
from small_cohort import blob, jpeg

SEEN = NetworkRecipe(backbone="mobilenetv2_035", size_px=64)


def pictures(n: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    files = [jpeg(blob(rng, dark=index % 2 == 0)) for index in range(n)]
    return np.stack([decode_to_size(one, 64) for one in files])


def batches() -> Iterator[tuple[np.ndarray, list[Patient]]]:
    pixels = pictures(16)
    for start in (0, 8):
        yield pixels[start : start + 8], [(None, None, None)] * 8


@pytest.mark.slow
def test_eight_bits_say_nearly_what_thirty_two_say(tmp_path: Path) -> None:
    whole, rounded = tmp_path / "model.onnx", tmp_path / "int8.onnx"
    write_small_model(whole, network=SEEN, n_folds=2)
    assert write_quantised(whole, rounded, batches()) == 16
    assert rounded.stat().st_size < 0.45 * whole.stat().st_size
    before, after = open_model(whole), open_model(rounded)
    assert after.description["quantised"] == {"bits": 8, "n_calibration_images": 16}
    assert after.description["trained_on"] == before.description["trained_on"]
    pixels = pictures(24)
    one, two = before.predict(pixels).logit, after.predict(pixels).logit
    assert np.abs(one - two).mean() < 0.25 * one.std()
    maps = after.maps(pixels)
    assert np.abs(maps.map.sum((2, 3)) + maps.bias - maps.image_logit).max() < 1e-4
    nodes = onnx.load(rounded).graph.node
    # Who normalises the pixels stays in 32 bits: what it multiplies was never rounded.
    rounded_values = {n.output[0] for n in nodes if n.op_type == "DequantizeLinear"}
    normalising = next(node for node in nodes if "pixels" in node.output)
    assert normalising.op_type == "Conv"
    assert rounded_values.isdisjoint(normalising.input)
    kinds = {node.op_type for node in nodes}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    with pytest.raises(ModelError, match="quantised already"):
        write_quantised(rounded, tmp_path / "twice.onnx", batches())
