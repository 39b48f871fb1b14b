"""The network: a timm backbone, pooling, and one logit for melanoma or one a diagnosis.

It gives the pooled features beside the logits, because patient context compares lesions by them.
Age, sex and site, where the recipe asks for them, add to the logits; they never touch the features.
"""

import difflib
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from cygnet.errors import Offender, RecipeError
from cygnet.training import metadata as encoding
from cygnet.training.pooling import Average, GeneralisedMean, Tail, grid_of
from cygnet.training.recipe import NetworkRecipe

DIAGNOSIS_CLASSES = (
    "melanoma",
    "nevus",
    "benign keratosis",
    "basal cell carcinoma",
    "actinic keratosis",
    "dermatofibroma",
    "vascular lesion",
    "squamous cell carcinoma",
    "unknown",
)
_METADATA_WIDTHS = (64, 32)


class LesionNetwork(nn.Module):
    """Normalised images ``(n, 3, size, size)`` in; class logits and the embedding out.

    The class logits are ``(n, 1)`` for binary targets and ``(n, 9)`` for the diagnoses, in the
    order of ``DIAGNOSIS_CLASSES``; the embedding is ``(n, width)``.
    """

    classes_seen: Tensor
    """Of the diagnoses, those that the training data hold; the others get no probability."""

    def __init__(self, recipe: NetworkRecipe, *, pretrained: bool = False) -> None:
        super().__init__()
        self.recipe = recipe
        self.backbone: Any = _backbone(recipe, pretrained=pretrained)
        width = self.probe(recipe.size_px)
        self.dropout = nn.Dropout(recipe.dropout)
        n_classes = 1 if recipe.targets == "binary" else len(DIAGNOSIS_CLASSES)
        self.head = nn.Linear(width, n_classes)
        self.pooling = GeneralisedMean() if recipe.pooling == "gem" else Average()
        if recipe.targets == "diagnosis":
            self.register_buffer("classes_seen", torch.ones(n_classes, dtype=torch.bool))
        if recipe.metadata:
            self.metadata_branch = _metadata_branch(recipe.dropout, n_classes)

    @torch.no_grad()
    def probe(self, size_px: int) -> int:
        """Look at one picture's features to learn their width and what stands behind pooling."""
        self.backbone.eval()
        ramp = torch.linspace(-1, 1, size_px * size_px).reshape(1, 1, size_px, size_px)
        features = self.backbone.forward_features(ramp.expand(1, 3, -1, -1).contiguous())
        self.tail = Tail(self.backbone, features)
        return int(self.tail.forward(grid_of(self.backbone, features).mean((2, 3))).shape[1])

    def forward(self, images: Tensor, metadata: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Give the class logits and the embedding that the image's part of them is read from.

        ``metadata`` is ``(n, width)`` as ``encode_metadata`` gives it; ``None`` counts as missing.
        It is ignored where the recipe has no metadata.
        """
        embedding = self.embedding(self.backbone.forward_features(images))
        logits = self._read(embedding)
        if self.recipe.metadata:
            logits = logits + self.metadata_logits(images.shape[0], metadata).to(logits.dtype)
        return logits, embedding

    def embedding(self, features: Tensor) -> Tensor:
        """Give ``(n, width)`` of what the backbone's ``forward_features`` gave."""
        if self.recipe.pooling == "average" and self.tail.known:
            return torch.as_tensor(self.backbone.forward_head(features))
        return self.tail.forward(self.pooling(grid_of(self.backbone, features)))

    def _read(self, embedding: Tensor) -> Tensor:
        draws = self.recipe.multi_sample_dropout if self.training else 1
        logits = [self.head(self.dropout(embedding)) for _ in range(draws)]
        return logits[0] if draws == 1 else torch.stack(logits).mean(0)

    def metadata_logits(self, n_images: int, metadata: Tensor | None) -> Tensor:
        """Give what age, sex and site add to the class logits, ``(n, n_classes)``."""
        if metadata is None:
            metadata = torch.from_numpy(encoding.missing_metadata(n_images))
        device = self.head.weight.device
        return torch.as_tensor(self.metadata_branch(metadata.to(device)))

    def melanoma_logit(self, class_logits: Tensor) -> Tensor:
        """Give ``(n,)``: the logit of the probability of melanoma.

        Of the diagnoses that is melanoma's logit less the log-sum-exp of the other classes that
        were seen in training.
        """
        if self.recipe.targets == "binary":
            return class_logits.squeeze(1)
        others = class_logits[:, 1:].masked_fill(~self.classes_seen[1:], -torch.inf)
        return class_logits[:, 0] - torch.logsumexp(others, 1)


def _metadata_branch(dropout: float, n_classes: int) -> nn.Module:
    first, second = _METADATA_WIDTHS
    last = nn.Linear(second, n_classes, bias=False)
    # It starts silent: a network whose metadata are all missing begins as the one without them.
    nn.init.zeros_(last.weight)
    return nn.Sequential(
        nn.Linear(encoding.WIDTH, first),
        nn.SiLU(),
        nn.Dropout(dropout),
        nn.Linear(first, second),
        nn.SiLU(),
        last,
    )


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

    Names are the backbone's own (timm's), with or without a leading ``backbone.``. Head, pooling
    and branch of a whole network's file are taken, each where all of it fits. Raises
    :class:`RecipeError` when the file is no safetensors file, lacks a weight that the backbone has,
    or holds one of another shape.
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
    # A whole network's file brings its other parts, each where all of it fits; a classifier of
    # other things does not.
    state = network.state_dict()
    for part in ({"head", "classes_seen"}, {"pooling"}, {"metadata_branch"}):
        own = {name: tensor for name, tensor in state.items() if name.split(".")[0] in part}
        if all(name in found and found[name].shape == t.shape for name, t in own.items()):
            given = {name: found[name].to(tensor.dtype) for name, tensor in own.items()}
            network.load_state_dict(given, strict=False)
