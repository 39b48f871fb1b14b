"""The network: a timm backbone, average pooling, one logit for melanoma.

It gives the pooled features beside the logit, because patient context compares lesions by them.
"""

import difflib
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from cygnet.errors import Offender, RecipeError
from cygnet.training.recipe import NetworkRecipe


class LesionNetwork(nn.Module):
    """Images ``(n, 3, size, size)`` normalised in, ``(logit (n,), embedding (n, width))`` out."""

    def __init__(self, recipe: NetworkRecipe, *, pretrained: bool = False) -> None:
        super().__init__()
        self.backbone = _backbone(recipe, pretrained=pretrained)
        with torch.no_grad():
            probe = torch.zeros(1, 3, recipe.size_px, recipe.size_px)
            self.backbone.eval()
            width = int(self.backbone(probe).shape[1])
        self.dropout = nn.Dropout(recipe.dropout)
        self.head = nn.Linear(width, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logit of melanoma and the embedding that it is read from."""
        embedding = self.backbone(images)
        return self.head(self.dropout(embedding)).squeeze(1), embedding


def _backbone(recipe: NetworkRecipe, *, pretrained: bool) -> nn.Module:
    if not timm.is_model(recipe.backbone):
        near = difflib.get_close_matches(recipe.backbone, timm.list_models(), n=5)
        hint = f"Near names: {', '.join(near)}." if near else "See timm.list_models()."
        raise RecipeError.of(f"timm has no backbone named {recipe.backbone}.", hint)
    options: dict[str, Any] = dict(recipe.options)
    try:
        created: nn.Module = timm.create_model(
            recipe.backbone, pretrained=pretrained, num_classes=0, **options
        )
    except TypeError as error:
        raise RecipeError.of(
            f"{recipe.backbone} does not take these options: {error}.",
            "Mend [network.options] in the recipe.",
        ) from error
    except OSError as error:
        raise RecipeError.of(
            f"The weights of {recipe.backbone} could not be fetched: {error}.",
            "Give a file with --weights, or set start to random.",
        ) from error
    return created


def start_weights(network: LesionNetwork, file: Path) -> None:
    """Load a backbone's weights, or a whole network's, from ``file`` (safetensors) in place.

    Names are the backbone's own (timm's), with or without a leading ``backbone.``. A classifier in
    the file is left out. Raises :class:`RecipeError` when the file is no safetensors file, lacks a
    weight that the backbone has, or holds one of another shape.
    """
    try:
        with safe_open(str(file), "pt") as stream:
            found = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise RecipeError.of(
            f"These weights cannot be read: {error}.",
            "Give a safetensors file of the recipe's backbone.",
            file=file,
        ) from error
    found = {name.removeprefix("backbone."): tensor.float() for name, tensor in found.items()}
    wanted = network.backbone.state_dict()
    absent = [name for name in wanted if name not in found]
    reshaped = [
        name for name in wanted if name in found and found[name].shape != wanted[name].shape
    ]
    wrong = [
        *(f"{name} is absent" for name in absent),
        *(f"{n} has another shape" for n in reshaped),
    ]
    if wrong:
        raise RecipeError.of(
            "These weights are of another architecture than the recipe's backbone.",
            "Name the backbone that they belong to, with its options, in the recipe.",
            file=file,
            offenders=[Offender(text) for text in wrong],
        )
    network.backbone.load_state_dict({name: found[name].to(wanted[name].dtype) for name in wanted})
    head = {name.removeprefix("head."): t for name, t in found.items() if name in _HEAD_NAMES}
    if set(head) == {"weight", "bias"} and head["weight"].shape == network.head.weight.shape:
        network.head.load_state_dict(head)


_HEAD_NAMES = ("head.weight", "head.bias")
