"""A small exported model with random weights, for tests of what runs it."""

from pathlib import Path

import torch

from cygnet.images.decode import decoding_name
from cygnet.inference.model import names_digest
from cygnet.training.export import FoldModel, write_model
from cygnet.training.network import LesionNetwork
from cygnet.training.recipe import NetworkRecipe

NETWORK = NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32)


def write_small_model(file: Path, *, n_folds: int = 2, n_views: int = 2) -> list[LesionNetwork]:
    """Write a model of ``n_folds`` random networks; give the networks."""
    networks = []
    folds = []
    for fold in range(n_folds):
        with torch.random.fork_rng():
            torch.manual_seed(fold)
            network = LesionNetwork(NETWORK).eval()
            torch.nn.init.normal_(network.head.weight, std=0.5)
        networks.append(network)
        folds.append(FoldModel(network.state_dict(), slope=1.0 + fold, intercept=-0.5 * fold))
    description = {
        "size_px": 32,
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
    write_model(file, NETWORK, folds, description)
    return networks
