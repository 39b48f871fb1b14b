"""How do the folds' networks become one file that runs without torch? ONNX, with all it needs.

The graph takes uint8 RGB pictures and gives, for each fold, the logit, the calibrated probability
and the embedding, and the mean of the probabilities. Constants of the preprocessing, the
calibration, the recipe and the provenance stand in the file's metadata.
"""

import json
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, compose, helper, numpy_helper
from torch import Tensor, nn

from cygnet.context.stage import MODEL_KEY
from cygnet.durable import write_whole
from cygnet.errors import CygnetError
from cygnet.training.augment import normalised
from cygnet.training.network import LesionNetwork
from cygnet.training.recipe import NetworkRecipe

FORMAT = 1
_OPSET = 18
_PARITY = 1e-4


@dataclass(frozen=True, slots=True)
class FoldModel:
    """One fold's network state and its line: probability = sigmoid(slope * logit + intercept)."""

    state: dict[str, Tensor]
    slope: float
    intercept: float


class _Fold(nn.Module):
    """A fold from uint8 pictures ``(n, size, size, 3)`` to logit ``(n, 1)`` and embedding."""

    def __init__(self, recipe: NetworkRecipe) -> None:
        super().__init__()
        self.recipe = recipe
        self.network = LesionNetwork(recipe)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        logits, embedding = self.network(normalised(image, self.recipe))
        return self.network.melanoma_logit(logits).unsqueeze(1), embedding


def write_model(
    path: Path, recipe: NetworkRecipe, folds: Sequence[FoldModel], description: dict[str, Any]
) -> None:
    """Write ``model.onnx``; ``description`` goes into its metadata as JSON under ``cygnet``.

    Every fold's output is held against torch's on two pictures of noise before the file is
    written; a difference above 1e-4 raises :class:`CygnetError`.
    """
    template = _template(recipe)
    parts = [_with_state(template, fold.state, index) for index, fold in enumerate(folds)]
    model = _joined(parts, folds, recipe)
    document = {"format": FORMAT, **description}
    helper.set_model_props(model, {"cygnet": json.dumps(document, allow_nan=False)})
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    _check_parity(content, recipe, folds)
    with write_whole(path) as stream:
        stream.write(content)


def add_context(path: Path, document: str) -> None:
    """Put the context stage's JSON into the ``model.onnx`` at ``path``, in place of any before."""
    model = onnx.load(path)
    kept = {one.key: one.value for one in model.metadata_props if one.key != MODEL_KEY}
    del model.metadata_props[:]
    helper.set_model_props(model, {**kept, MODEL_KEY: document})
    with write_whole(path) as stream:
        stream.write(model.SerializeToString())


def _template(recipe: NetworkRecipe) -> onnx.ModelProto:
    fold = _Fold(recipe).eval()
    example = torch.zeros(2, recipe.size_px, recipe.size_px, 3, dtype=torch.uint8)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns of its own internals; what it made is checked against torch below.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            fold,
            (example,),
            input_names=["image"],
            output_names=["logit", "embedding"],
            dynamic_shapes={"image": {0: torch.export.Dim("n")}},
            opset_version=_OPSET,
            dynamo=True,
            optimize=False,
            verbose=False,
        )
    if program is None:
        raise CygnetError("torch.onnx.export gave no program.")
    proto: onnx.ModelProto = program.model_proto
    # The exporter notes a stack trace at every node: megabytes, and paths of the machine.
    for node in proto.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    del proto.graph.value_info[:]
    return proto


def _with_state(template: onnx.ModelProto, state: dict[str, Tensor], index: int) -> onnx.ModelProto:
    """Copy the template with a fold's weights, its names prefixed, its input left shared."""
    model = onnx.ModelProto()
    model.CopyFrom(template)
    replaced = set()
    for initializer in model.graph.initializer:
        name = initializer.name.removeprefix("network.")
        if name in state:
            array = state[name].detach().cpu().numpy()
            initializer.CopyFrom(numpy_helper.from_array(array, initializer.name))
            replaced.add(name)
    lacking = [n for n in state if n not in replaced and not n.endswith("num_batches_tracked")]
    if lacking:
        raise CygnetError(f"The exported graph lacks the weights {lacking[:5]}.")
    return compose.add_prefix(model, f"fold{index}/", rename_inputs=False)


def _joined(
    parts: Sequence[onnx.ModelProto], folds: Sequence[FoldModel], recipe: NetworkRecipe
) -> onnx.ModelProto:
    nodes, initializers = [], []
    for part in parts:
        nodes += list(part.graph.node)
        initializers += list(part.graph.initializer)
    slopes = np.array([[fold.slope for fold in folds]], np.float32)
    intercepts = np.array([[fold.intercept for fold in folds]], np.float32)
    initializers += [
        numpy_helper.from_array(slopes, "calibration_slope"),
        numpy_helper.from_array(intercepts, "calibration_intercept"),
        numpy_helper.from_array(np.array([1], np.int64), "fold_axis"),
    ]
    names = [f"fold{index}/" for index in range(len(parts))]
    embeddings = []
    for name in names:
        nodes.append(
            helper.make_node("Unsqueeze", [f"{name}embedding", "fold_axis"], [f"{name}row"])
        )
        embeddings.append(f"{name}row")
    nodes += [
        helper.make_node("Concat", [f"{name}logit" for name in names], ["logit"], axis=1),
        helper.make_node("Concat", embeddings, ["embedding"], axis=1),
        helper.make_node("Mul", ["logit", "calibration_slope"], ["scaled"]),
        helper.make_node("Add", ["scaled", "calibration_intercept"], ["calibrated"]),
        helper.make_node("Sigmoid", ["calibrated"], ["probability"]),
        helper.make_node("ReduceMean", ["probability", "fold_axis"], ["mean"], keepdims=0),
    ]
    size, n = recipe.size_px, len(parts)
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", size, size, 3])
    outputs = [
        helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["n", n]),
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", n]),
        helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n"]),
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", n, None]),
    ]
    graph = helper.make_graph(nodes, "cygnet", [image], outputs, initializers)
    return helper.make_model(
        graph,
        opset_imports=list(parts[0].opset_import),
        ir_version=parts[0].ir_version,
        producer_name="cygnet",
        functions=list(parts[0].functions),
    )


def _check_parity(content: bytes, recipe: NetworkRecipe, folds: Sequence[FoldModel]) -> None:
    import onnxruntime

    size = recipe.size_px
    noise = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    logit, embedding = session.run(["logit", "embedding"], {"image": noise})
    fold_network = _Fold(recipe).eval()
    for index, fold in enumerate(folds):
        fold_network.network.load_state_dict(fold.state)
        with torch.inference_mode():
            expected_logit, expected = fold_network(torch.from_numpy(noise))
        scale = 1 + float(expected.abs().max())
        worst = max(
            float(np.abs(logit[:, index] - expected_logit.numpy()[:, 0]).max()),
            float(np.abs(embedding[:, index] - expected.numpy()).max()) / scale,
        )
        if not worst <= _PARITY * max(1.0, float(expected_logit.abs().max())):
            raise CygnetError(f"The exported fold {index} differs from torch by {worst:.2g}.")
