"""A small exported model with random weights, for tests of what runs it."""

from pathlib import Path

import numpy as np
import torch

from cygnet.images.decode import decode_to_size, decoding_name
from cygnet.inference.familiar import KEY, familiar_json
from cygnet.inference.model import names_digest
from cygnet.training.augment import normalised
from cygnet.training.export import FoldModel, write_model
from cygnet.training.network import LesionNetwork
from cygnet.training.recipe import NetworkRecipe
from small_cohort import blob, jpeg

NETWORK = NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32)


def write_small_model(
    file: Path,
    *,
    n_folds: int = 2,
    n_views: int = 2,
    network: NetworkRecipe = NETWORK,
    familiar: bool = False,
) -> list[LesionNetwork]:
    """Write a model of ``n_folds`` random networks; give the networks.

    ``familiar`` adds what is usual of embeddings: those of small dark blobs.
    """
    networks, folds = [], []
    for fold in range(n_folds):
        networks.append(random_network(network, seed=fold))
        state = networks[-1].state_dict()
        folds.append(FoldModel(state, slope=1.0 + fold, intercept=-0.5 * fold))
    description = {
        "size_px": network.size_px,
        "geometry": "squash",
        "decoding": decoding_name("squash"),
        "test_time_views": n_views,
        "folds": list(range(n_folds)),
        "calibration": {
            "slope": [f.slope for f in folds],
            "intercept": [f.intercept for f in folds],
        },
        "trained_on": names_digest(["ISIC_0000000", "ISIC_0000001"]),
    }
    further = {KEY: _usual(networks, network)} if familiar else {}
    write_model(file, network, folds, description, further=further)
    return networks


def random_network(recipe: NetworkRecipe, *, seed: int) -> LesionNetwork:
    """Give a network of random weights whose logits differ from image to image."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = LesionNetwork(recipe).eval()
        torch.nn.init.normal_(network.head.weight, std=0.5)
        if recipe.metadata:
            torch.nn.init.normal_([*network.metadata_branch.parameters()][-1])
    return network


def _usual(networks: list[LesionNetwork], recipe: NetworkRecipe) -> str:
    rng = np.random.default_rng(0)
    pixels = np.stack(
        [
            decode_to_size(jpeg(blob(rng, dark=bool(index % 2))), recipe.size_px)
            for index in range(60)
        ]
    )
    images = normalised(torch.from_numpy(pixels), recipe)
    with torch.inference_mode():
        embeddings = [network(images)[1].numpy() for network in networks]
    text = familiar_json(embeddings)
    assert text is not None
    return text
