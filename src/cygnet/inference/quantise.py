"""How is a model made smaller and faster? Its convolutions in 8 bits, calibrated on real images.

Weights are rounded for each channel, activations to ranges seen on calibration images. Inputs, the
end of each network, its map and the calibration stay in 32 bits. What the rounding costs in AUROC
is for the caller to measure; the file says that it was quantised, and on how many images.
"""

import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cygnet.durable import write_whole
from cygnet.errors import MissingExtraError, ModelError
from cygnet.inference.description import KEY
from cygnet.inference.model import Model, Patient, open_model

N_CALIBRATION_IMAGES = 128
_BATCH = 8
# What the graph's normalisation gives (`training.fold_graph.PIXELS`).
_PIXELS = "pixels"
_ALWAYS = frozenset({"Clip", "Conv", "HardSwish", "Relu"})
_OPERATORS = (
    "Add",
    "Clip",
    "Conv",
    "GlobalAveragePool",
    "HardSigmoid",
    "HardSwish",
    "MaxPool",
    "Mul",
    "Relu",
    "Sigmoid",
)


def write_quantised(
    model: Path, out: Path, batches: Iterator[tuple[NDArray[np.uint8], list[Patient]]]
) -> int:
    """Write the 8-bit variant of ``model`` to ``out``, calibrated on ``batches``; give their sum.

    ``batches`` are pixels ``(n, size, size, 3)`` and patients. Raises :class:`ModelError` for a
    model that is quantised already, and :class:`MissingExtraError` where onnx is not installed.
    """
    try:
        import onnx
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    except ImportError as error:
        raise MissingExtraError.of(
            "Quantising needs the package onnx.", "Install it with: pip install 'cygnet[train]'"
        ) from error
    opened = open_model(model)
    if "quantised" in opened.description:
        raise ModelError.of(
            "This model is quantised already.", "Give the model.onnx of its RUN.", file=opened.file
        )
    reader = _Reader(opened, batches)
    source = onnx.load(opened.file)
    for place, node in enumerate(source.graph.node):
        node.name = f"node{place}"
    kept = {one.key: one.value for one in source.metadata_props}
    with tempfile.TemporaryDirectory() as folder, _without_advice():
        named, rounded = (Path(folder) / f"{one}.onnx" for one in ("named", "rounded"))
        onnx.save(source, named)
        quantize_static(
            str(named),
            str(rounded),
            reader,
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=list(_OPERATORS),
            nodes_to_exclude=_outside(source),
        )
        made = onnx.load(rounded)
    document = json.loads(kept[KEY]) | {
        "quantised": {"bits": 8, "n_calibration_images": reader.n_images}
    }
    del made.metadata_props[:]
    onnx.helper.set_model_props(made, kept | {KEY: json.dumps(document, allow_nan=False)})
    with write_whole(out) as stream:
        stream.write(made.SerializeToString())
    return reader.n_images


def _outside(source: Any) -> list[str]:
    """Name the nodes that stay in 32 bits: all but those between two convolutions of a fold.

    That which normalises the pixels stays too: it is no layer.
    """
    feeds: dict[str, list[Any]] = {}
    for node in source.graph.node:
        for name in node.input:
            feeds.setdefault(name, []).append(node)
    before_conv: set[str] = set()
    after_conv: set[str] = set()
    for node in source.graph.node:
        if node.op_type == "Conv" or any(name in after_conv for name in node.input):
            after_conv.update(node.output)
    for node in reversed(source.graph.node):
        if node.op_type == "Conv" or any(name in before_conv for name in node.output):
            before_conv.update(node.input)
    return [
        node.name
        for node in source.graph.node
        if node.output[0] == _PIXELS
        or not (
            node.op_type in _ALWAYS
            or (
                any(name in after_conv for name in node.output)
                and any(name in before_conv for name in node.output)
            )
        )
    ]


class _Reader:
    """Gives calibration images to ONNX Runtime, as its graph's inputs."""

    def __init__(
        self, model: Model, batches: Iterator[tuple[NDArray[np.uint8], list[Patient]]]
    ) -> None:
        self._model, self._batches = model, batches
        self.n_images = 0

    def get_next(self) -> dict[str, Any] | None:
        """Give the next batch's feeds, or None at the end."""
        for pixels, patients in self._batches:
            self.n_images += len(pixels)
            return self._model.feeds(pixels, patients)
        return None


@contextmanager
def _without_advice() -> Iterator[None]:
    """Hold back what the quantiser advises on preparing a model: the export did that."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
