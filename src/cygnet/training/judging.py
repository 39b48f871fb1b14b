"""What does a trained network say of images that it never saw? Logits and embeddings, by views."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cygnet.training.augment import dihedral_view, normalised
from cygnet.training.loader import PackedImages, read_ahead
from cygnet.training.machine import Machine, is_out_of_memory
from cygnet.training.network import LesionNetwork
from cygnet.training.processes import Processes
from cygnet.training.recipe import Recipe


@torch.inference_mode()
def logits_and_embeddings(
    network: LesionNetwork,
    image_names: list[str],
    images: PackedImages,
    recipe: Recipe,
    advance: Callable[[int], None],
    *,
    metadata: NDArray[np.float32] | None = None,
    batch_size: int = 64,
) -> tuple[Tensor, Tensor]:
    """Give ``(logit (n,), embedding (n, width))``, each the mean over the recipe's views.

    ``metadata`` is ``(n, width)``. A batch that does not fit into memory is halved.
    """
    machine = Machine.at_hand(recipe.machine, Processes.at_hand())
    logits, embeddings = [], []
    starts = range(0, len(image_names), batch_size)
    names = [image_names[start : start + batch_size] for start in starts]
    for start, pixels in zip(starts, read_ahead(images.read, names), strict=True):
        known = None
        if metadata is not None:
            known = torch.from_numpy(metadata[start : start + len(pixels)])
        logit, embedding = _halving(network, pixels, known, recipe, machine)
        logits.append(logit.cpu())
        embeddings.append(embedding.cpu())
        advance(len(pixels))
    return torch.cat(logits), torch.cat(embeddings)


def _halving(
    network: LesionNetwork,
    pixels: Tensor,
    metadata: Tensor | None,
    recipe: Recipe,
    machine: Machine,
) -> tuple[Tensor, Tensor]:
    try:
        return _judged(network, pixels, metadata, recipe, machine)
    except RuntimeError as error:
        if not is_out_of_memory(error) or len(pixels) == 1:
            raise
    half = len(pixels) // 2
    ends = (slice(None, half), slice(half, None))
    found = [
        _halving(network, pixels[end], None if metadata is None else metadata[end], recipe, machine)
        for end in ends
    ]
    return torch.cat([one[0] for one in found]), torch.cat([one[1] for one in found])


def _judged(
    network: LesionNetwork,
    pixels: Tensor,
    metadata: Tensor | None,
    recipe: Recipe,
    machine: Machine,
) -> tuple[Tensor, Tensor]:
    batch = normalised(pixels.to(machine.device), recipe.network)
    outputs = []
    for view in range(recipe.test_time_views):
        turned = dihedral_view(batch, view).contiguous(memory_format=machine.memory_format)
        with machine.autocast():
            class_logits, embedding = network(turned, metadata)
            outputs.append((network.melanoma_logit(class_logits), embedding))
    return (
        torch.stack([logit.float() for logit, _ in outputs]).mean(0),
        torch.stack([embedding.float() for _, embedding in outputs]).mean(0),
    )
