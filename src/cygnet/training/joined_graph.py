"""How do the folds' graphs become one? Shared inputs before them, outputs stacked behind them.

Pictures are normalised once for all folds, and the words of age, sex and site are encoded inside
the graph, so that who runs it needs no code of Cygnet's.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cygnet.training import metadata as encoding
from cygnet.training.fold_graph import PIXELS
from cygnet.training.recipe import NetworkRecipe
from cygnet.vocabulary import SEXES, SITES

_WORDS_DOMAIN = "ai.onnx.ml"
_WORDS_OPSET = 3

Nodes = list[onnx.NodeProto]
Constants = dict[str, np.ndarray]


def joined(
    parts: Sequence[onnx.ModelProto],
    lines: Sequence[tuple[float, float]],
    recipe: NetworkRecipe,
) -> onnx.ModelProto:
    """Join the folds' graphs; ``lines`` are their calibrations, slope and intercept."""
    constants: Constants = {
        "calibration_slope": np.array([[slope for slope, _ in lines]], np.float32),
        "calibration_intercept": np.array([[intercept for _, intercept in lines]], np.float32),
        "fold_axis": np.array([1], np.int64),
    }
    nodes = _normalising(recipe, constants)
    if recipe.metadata:
        nodes += _encoding(constants)
    initializers: list[onnx.TensorProto] = []
    for part in parts:
        nodes += list(part.graph.node)
        initializers += list(part.graph.initializer)
    nodes += _stacking(len(parts))
    initializers += [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "cygnet", _inputs(recipe), _outputs(len(parts)), initializers)
    opsets = list(parts[0].opset_import)
    if recipe.metadata:
        opsets.append(helper.make_opsetid(_WORDS_DOMAIN, _WORDS_OPSET))
    return helper.make_model(
        graph,
        opset_imports=opsets,
        ir_version=parts[0].ir_version,
        producer_name="cygnet",
        functions=list(parts[0].functions),
    )


def _inputs(recipe: NetworkRecipe) -> list[onnx.ValueInfoProto]:
    size = recipe.size_px
    inputs = [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", size, size, 3])]
    if recipe.metadata:
        inputs += [
            helper.make_tensor_value_info("age", TensorProto.FLOAT, ["n"]),
            helper.make_tensor_value_info("sex", TensorProto.STRING, ["n"]),
            helper.make_tensor_value_info("site", TensorProto.STRING, ["n"]),
        ]
    return inputs


def _outputs(n_folds: int) -> list[onnx.ValueInfoProto]:
    shapes: dict[str, list[str | int | None]] = {
        "logit": ["n", n_folds],
        "probability": ["n", n_folds],
        "mean": ["n"],
        "embedding": ["n", n_folds, None],
        "map": ["n", n_folds, None, None],
        "map_bias": ["n", n_folds],
        "image_logit": ["n", n_folds],
    }
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]


def _normalising(recipe: NetworkRecipe, constants: Constants) -> Nodes:
    deviation = np.array(recipe.input_deviation, np.float64) * 255
    mean = np.array(recipe.input_mean, np.float64) * 255
    constants["pixel_scale"] = (1 / deviation).astype(np.float32).reshape(3, 1, 1, 1)
    constants["pixel_shift"] = (-mean / deviation).astype(np.float32)
    # As a convolution of one place a channel: multiplied and added in the layout that convolutions
    # of 8 bits want, the same numbers would take a third of the network's time.
    return [
        helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["values", "pixel_scale", "pixel_shift"], [PIXELS], group=3),
    ]


def _encoding(constants: Constants) -> Nodes:
    """Encode age, sex and site as ``encode_metadata`` does, into ``metadata``."""
    constants |= {
        "age_centre": np.array(encoding.AGE_CENTRE_YEARS, np.float32),
        "age_scale": np.array(1 / encoding.AGE_SCALE_YEARS, np.float32),
        "nothing": np.array(0, np.float32),
        "off_on": np.array([0, 1], np.float32),
    }
    nodes = [
        helper.make_node("IsNaN", ["age"], ["age_is_nan"]),
        helper.make_node("IsInf", ["age"], ["age_is_inf"]),
        helper.make_node("Or", ["age_is_nan", "age_is_inf"], ["age_missing"]),
        helper.make_node("Sub", ["age", "age_centre"], ["age_centred"]),
        helper.make_node("Mul", ["age_centred", "age_scale"], ["age_scaled"]),
        helper.make_node("Where", ["age_missing", "nothing", "age_scaled"], ["age_value"]),
        helper.make_node("Cast", ["age_missing"], ["age_missing_mark"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["age_value", "fold_axis"], ["age_column"]),
        helper.make_node("Unsqueeze", ["age_missing_mark", "fold_axis"], ["age_missing_column"]),
    ]
    for name, words in (("sex", SEXES), ("site", SITES)):
        constants[f"{name}_depth"] = np.array(len(words) + 1, np.int64)
        nodes += [
            helper.make_node(
                "LabelEncoder",
                [name],
                [f"{name}_code"],
                domain=_WORDS_DOMAIN,
                keys_strings=list(words),
                values_int64s=list(range(len(words))),
                default_int64=len(words),
            ),
            helper.make_node(
                "OneHot", [f"{name}_code", f"{name}_depth", "off_on"], [f"{name}_columns"]
            ),
        ]
    columns = ["age_column", "age_missing_column", "sex_columns", "site_columns"]
    nodes.append(helper.make_node("Concat", columns, ["metadata"], axis=1))
    return nodes


def _stacking(n_folds: int) -> Nodes:
    nodes = []
    for name in ("logit", "embedding", "map", "map_bias", "image_logit"):
        rows = [f"fold{index}/{name}_row" for index in range(n_folds)]
        for index, row in enumerate(rows):
            nodes.append(helper.make_node("Unsqueeze", [f"fold{index}/{name}", "fold_axis"], [row]))
        nodes.append(helper.make_node("Concat", rows, [name], axis=1))
    nodes += [
        helper.make_node("Mul", ["logit", "calibration_slope"], ["scaled"]),
        helper.make_node("Add", ["scaled", "calibration_intercept"], ["calibrated"]),
        helper.make_node("Sigmoid", ["calibrated"], ["probability"]),
        helper.make_node("ReduceMean", ["probability", "fold_axis"], ["mean"], keepdims=0),
    ]
    return nodes
