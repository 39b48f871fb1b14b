"""What does one fold compute, and how is it written as a graph? The network with its exact map.

A logit of the image is a sum over the places of the last grid of features, and a bias: the map. A
network's linear end makes it so; what is not linear behind the pooling counts as the multiplication
that it is at this image (see ``pooling``), and the diagnoses' log-sum-exp as the weighted sum that
it equals.
"""

import logging
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import onnx
import torch
from onnx import compose, numpy_helper
from onnxscript import optimizer
from torch import Tensor, nn

from cygnet.errors import CygnetError
from cygnet.training import metadata as encoding
from cygnet.training.network import LesionNetwork
from cygnet.training.pooling import grid_of
from cygnet.training.recipe import NetworkRecipe

_OPSET = 18
# What a fold looks at: normalised pictures, (n, 3, size, size).
PIXELS = "pixels"


class FoldOutputs(NamedTuple):
    """Of ``n`` images: ``(n,)``, ``(n, width)``, ``(n, h, w)``, ``(n,)`` and ``(n,)``.

    ``map`` summed over its places, plus ``map_bias``, is ``image_logit``: the logit without what
    age, sex and site add.
    """

    logit: Tensor
    embedding: Tensor
    map: Tensor
    map_bias: Tensor
    image_logit: Tensor


class ExplainedNetwork(nn.Module):
    """A fold from normalised images (and encoded metadata) to :class:`FoldOutputs`."""

    def __init__(self, recipe: NetworkRecipe) -> None:
        super().__init__()
        self.network = LesionNetwork(recipe)

    def forward(self, images: Tensor, metadata: Tensor | None = None) -> FoldOutputs:
        """Give logit, embedding, map, its bias and the image's own logit."""
        network = self.network
        grid = grid_of(network.backbone, network.backbone.forward_features(images))
        pooled = network.pooling(grid)
        embedding = network.tail.forward(pooled)
        image_logits = network.head(embedding)
        logits = image_logits
        if metadata is not None:
            logits = logits + network.metadata_logits(images.shape[0], metadata)
        weight, bias = self._melanoma_weight(image_logits)
        given, added = network.tail.backward(pooled, weight)
        shares = network.pooling.shares(grid)
        places = shares.shape[2] * shares.shape[3]
        lesion_map = (shares * given[:, :, None, None]).sum(1) / places
        return FoldOutputs(
            network.melanoma_logit(logits),
            embedding,
            lesion_map,
            bias + added,
            network.melanoma_logit(image_logits),
        )

    def _melanoma_weight(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Write melanoma's logit as ``sum(weight * embedding) + bias``, exactly, for each image.

        The log-sum-exp of the other classes is their mean, weighted by their softmax q, plus the
        entropy of q.
        """
        head = self.network.head
        if logits.shape[1] == 1:
            return head.weight.expand(logits.shape[0], -1), head.bias.expand(logits.shape[0])
        others = logits[:, 1:].masked_fill(~self.network.classes_seen[1:], -torch.inf)
        share = torch.softmax(others, 1)
        entropy = -(share * torch.log(share.clamp(min=1e-30))).sum(1)
        weight = head.weight[:1] - share @ head.weight[1:]
        return weight, head.bias[0] - share @ head.bias[1:] - entropy


@torch.inference_mode()
def outputs_of(
    recipe: NetworkRecipe, state: dict[str, Tensor], images: Tensor, metadata: Tensor | None
) -> FoldOutputs:
    """Give what torch says of normalised ``images``, by a fold's ``state``."""
    module = ExplainedNetwork(recipe).eval()
    module.network.load_state_dict(state)
    outputs: FoldOutputs = module(images, metadata)
    return outputs


def fold_graphs(
    recipe: NetworkRecipe, states: Sequence[dict[str, Tensor]]
) -> list[onnx.ModelProto]:
    """Give one graph a fold: inputs ``pixels`` (and ``metadata``), outputs prefixed ``foldK/``."""
    template = _template(recipe)
    return [_with_state(template, state, index) for index, state in enumerate(states)]


def _template(recipe: NetworkRecipe) -> onnx.ModelProto:
    module = ExplainedNetwork(recipe).eval()
    examples = [torch.zeros(2, 3, recipe.size_px, recipe.size_px)]
    names, n = [PIXELS], torch.export.Dim("n")
    shapes: dict[str, dict[int, object]] = {"images": {0: n}}
    if recipe.metadata:
        examples.append(torch.from_numpy(encoding.missing_metadata(2)))
        names.append("metadata")
        shapes["metadata"] = {0: n}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns of its own internals; what it made is checked against torch later.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            tuple(examples),
            input_names=names,
            output_names=list(FoldOutputs._fields),
            dynamic_shapes=shapes,
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
    """Copy the template with a fold's weights, its names prefixed, its inputs left shared."""
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
    # Constants are folded and batch normalisations go into their convolutions.
    simplified: onnx.ModelProto = optimizer.optimize(model)
    return compose.add_prefix(simplified, f"fold{index}/", rename_inputs=False)
