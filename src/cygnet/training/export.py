"""How do the folds' networks become one file that runs without torch? ONNX, with all it needs.

The graph takes uint8 RGB pictures (and, where the recipe has them, age, sex and site) and gives,
for each fold, logit, calibrated probability, embedding and the map of what each place added, and
the mean of the probabilities. Preprocessing, calibration, recipe and provenance stand in the file's
metadata.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper
from torch import Tensor

from cygnet.durable import write_whole
from cygnet.errors import CygnetError, ModelError
from cygnet.training.augment import normalised
from cygnet.training.fold_graph import FoldOutputs, fold_graphs
from cygnet.training.joined_graph import joined
from cygnet.training.metadata import encode_metadata
from cygnet.training.recipe import NetworkRecipe

FORMAT = 2
# One protocol buffer, which is what one file is, cannot be larger.
LARGEST_BYTES = 2**31 - 2**20
_PARITY = 1e-4
_NOISE_IMAGES = 3


@dataclass(frozen=True, slots=True)
class FoldModel:
    """One fold's network state and its line: probability = sigmoid(slope * logit + intercept)."""

    state: dict[str, Tensor]
    slope: float
    intercept: float


def write_model(
    path: Path,
    recipe: NetworkRecipe,
    folds: Sequence[FoldModel],
    description: dict[str, Any],
    *,
    further: dict[str, str] | None = None,
) -> None:
    """Write ``model.onnx``; ``description`` goes into its metadata as JSON under ``cygnet``.

    ``further`` are other entries of the metadata. Every fold's outputs are held against torch's on
    pictures of noise before the file is written; a difference above 1e-4 raises
    :class:`CygnetError`. Raises :class:`ModelError` where the folds together pass 2 GB.
    """
    _check_size(path, folds)
    parts = fold_graphs(recipe, [fold.state for fold in folds])
    lines = [(fold.slope, fold.intercept) for fold in folds]
    model = _simplified(joined(parts, lines, recipe))
    document = {"format": FORMAT, **description, "inputs": _inputs(model)}
    entries = {"cygnet": json.dumps(document, allow_nan=False), **(further or {})}
    del model.metadata_props[:]
    helper.set_model_props(model, entries)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    _check_parity(content, recipe, folds)
    with write_whole(path) as stream:
        stream.write(content)


def add_context(path: Path, document: str) -> None:
    """Put the context stage's JSON into the ``model.onnx`` at ``path``, in place of any before."""
    # Here, not above: the context stage needs polars, a network that is exported does not.
    from cygnet.context.stage import MODEL_KEY

    model = onnx.load(path)
    kept = {one.key: one.value for one in model.metadata_props if one.key != MODEL_KEY}
    del model.metadata_props[:]
    helper.set_model_props(model, {**kept, MODEL_KEY: document})
    with write_whole(path) as stream:
        stream.write(model.SerializeToString())


def _check_size(path: Path, folds: Sequence[FoldModel]) -> None:
    total = sum(t.numel() * t.element_size() for fold in folds for t in fold.state.values())
    if total > LARGEST_BYTES:
        raise ModelError.of(
            f"{len(folds)} folds of {total / len(folds) / 1e9:.1f} GB do not fit into one ONNX "
            "file, which holds 2 GB.",
            "Distil them into one network: cygnet distil.",
            file=path,
        )


def _inputs(model: onnx.ModelProto) -> list[str]:
    return [value.name for value in model.graph.input]


def _simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold constants and batch normalisations, so that no start has to do it again.

    Only standard operators come out of this level of ONNX Runtime's optimiser.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        options.optimized_model_filepath = str(file)
        content = model.SerializeToString()
        onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        made = onnx.load(file)
    made.producer_name, made.producer_version = "cygnet", ""
    used = {node.domain or "" for node in made.graph.node}
    kept = [one for one in made.opset_import if one.domain in used or one.domain == ""]
    del made.opset_import[:]
    made.opset_import.extend(kept)
    return made


def _check_parity(content: bytes, recipe: NetworkRecipe, folds: Sequence[FoldModel]) -> None:
    import onnxruntime

    noise, table = _noise(recipe)
    feeds: dict[str, Any] = {"image": noise}
    if recipe.metadata:
        feeds |= graph_metadata(table["age_approx"], table["sex"], table["site"])
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = list(FoldOutputs._fields)
    found = dict(zip(names, session.run(names, feeds), strict=True))
    metadata = None
    if recipe.metadata:
        frame = {"anatom_site_general_challenge" if k == "site" else k: v for k, v in table.items()}
        metadata = torch.from_numpy(_encoded(frame))
    images = normalised(torch.from_numpy(noise), recipe)
    from cygnet.training.fold_graph import outputs_of

    for index, fold in enumerate(folds):
        expected = outputs_of(recipe, fold.state, images, metadata)
        for name, tensor in expected._asdict().items():
            ours, theirs = found[name][:, index].ravel(), tensor.numpy().ravel()
            scale = max(1.0, float(np.abs(theirs).max()))
            worst = float(np.abs(ours - theirs).max()) / scale
            if not worst <= _PARITY:
                raise CygnetError(
                    f"The {name} of the exported fold {index} differs from torch by {worst:.2g}."
                )


def _noise(recipe: NetworkRecipe) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], dict[str, Any]]:
    shape = (_NOISE_IMAGES, recipe.size_px, recipe.size_px, 3)
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    table = {
        "age_approx": [45.0, None, 80.0],
        "sex": ["male", "female", None],
        "site": ["torso", None, "palms/soles"],
    }
    return noise, table


def _encoded(frame: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    import polars as pl

    return encode_metadata(pl.DataFrame(frame))


def graph_metadata(
    age: Sequence[float | None], sex: Sequence[str | None], site: Sequence[str | None]
) -> dict[str, Any]:
    """Give the graph's inputs ``age``, ``sex`` and ``site``; what is missing is NaN or empty."""
    return {
        "age": np.array([np.nan if one is None else one for one in age], np.float32),
        "sex": np.array([one or "" for one in sex], object),
        "site": np.array([one or "" for one in site], object),
    }
