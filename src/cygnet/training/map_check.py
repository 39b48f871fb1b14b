"""Do a network's maps show what it learnt? They must not look like those of random weights.

Adebayo et al., Sanity checks for saliency maps, 2018 (arXiv:1810.03292): an explanation that stays
as it is when the weights are made random explains nothing of them. Two randomisations: all weights,
and the last layer alone.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cygnet.training.augment import normalised
from cygnet.training.fold_graph import ExplainedNetwork
from cygnet.training.recipe import NetworkRecipe

N_IMAGES = 24
_BATCH = 8


def map_check(
    recipe: NetworkRecipe, state: dict[str, Tensor], pixels: NDArray[np.uint8], *, seed: int = 0
) -> dict[str, float | int | None]:
    """Give the mean rank correlations of maps of ``pixels`` ``(n, size, size, 3)``.

    ``all_random`` is with a network of random weights, ``last_random`` with the same features under
    a random last layer; ``None`` where a map is the same everywhere.
    """
    trained = ExplainedNetwork(recipe).eval()
    trained.network.load_state_dict(state)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        fresh = ExplainedNetwork(recipe).eval()
        last = ExplainedNetwork(recipe).eval()
        last.network.load_state_dict(state)
        last.network.head.reset_parameters()
    maps = [_maps(network, recipe, pixels) for network in (trained, fresh, last)]
    return {
        "n_images": len(pixels),
        "all_random": _mean_correlation(maps[0], maps[1]),
        "last_random": _mean_correlation(maps[0], maps[2]),
    }


@torch.inference_mode()
def _maps(
    network: ExplainedNetwork, recipe: NetworkRecipe, pixels: NDArray[np.uint8]
) -> NDArray[np.float32]:
    parts = []
    for start in range(0, len(pixels), _BATCH):
        batch = torch.from_numpy(np.ascontiguousarray(pixels[start : start + _BATCH]))
        parts.append(network(normalised(batch, recipe)).map)
    return np.asarray(torch.cat(parts).numpy())


def _mean_correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    found = []
    for a, b in zip(one, other, strict=True):
        if a.size > 1 and min(np.ptp(a), np.ptp(b)) > 0:
            ranks = np.stack([np.argsort(np.argsort(grid.ravel())) for grid in (a, b)])
            found.append(float(np.atleast_2d(np.corrcoef(ranks))[0, 1]))
    return float(np.mean(found)) if found else None
