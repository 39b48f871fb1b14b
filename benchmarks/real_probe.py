"""What do 8 bits cost on real lesions, and are everyday pictures told from them?

    python benchmarks/real_probe.py DATA [--size 224]

Needs the real images and the ImageNet weights beside the project. A linear read-out of the frozen
features of mobilenetv2_100 is fitted for each of five patient-disjoint folds and exported as a
model; nothing is trained, so this takes minutes. Prints, as JSON, the AUROC out of fold in 32 and
in 8 bits with the paired difference, and the AUROC of `unlikeness` for everyday pictures against
held-out lesions. The read-out is no result of Cygnet's: a trained model is far better.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from cygnet.cohort.folds import make_folds, write_folds
from cygnet.cohort.table import read_dataset
from cygnet.curation.present import present_images
from cygnet.evaluation import auroc, auroc_estimate
from cygnet.images.decode import decoding_name
from cygnet.inference.familiar import KEY, familiar_json
from cygnet.inference.model import names_digest, open_model
from cygnet.inference.predict import PredictedImages, Wanted, predict_files
from cygnet.pipeline.quantise_job import quantise
from cygnet.training.export import FoldModel, write_model
from cygnet.training.network import LesionNetwork, start_weights
from cygnet.training.recipe import NetworkRecipe

N_FOLDS = 5
WEIGHTS = "weights/mobilenetv2_100_imagenet.safetensors"


def main() -> None:
    """Fit, export, quantise, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder that holds isic2020 and weights")
    parser.add_argument("--size", type=int, default=224)
    given = parser.parse_args()
    recipe = NetworkRecipe(
        backbone="mobilenetv2_100", options={"pad_type": "same"}, size_px=given.size
    )
    cohort = read_dataset(given.data / "isic2020")
    present = (present_images(cohort) or {})["train"]
    table = cohort.train.table.filter(pl.col("image_name").is_in(list(present)))
    folds = make_folds(table, k=N_FOLDS, seed=2020)["fold"].to_numpy()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        state = started(recipe, given.data / WEIGHTS)
        found = embeddings(recipe, state, run / "bare.onnx", present, table)
        export(run / "model.onnx", recipe, state, found, table, folds)
        write_folds(run / "folds.csv", table.select("image_name", fold=pl.Series(folds)))
        made = quantise(run, given.data / "isic2020", run / "int8.onnx")
        told = everyday(run, given.data / "weights/everyday", present, table, folds)
    print(json.dumps({"int8": made.as_json(), "unlikeness": told}, indent=2))


def started(recipe: NetworkRecipe, weights: Path) -> dict[str, torch.Tensor]:
    """Give a network's state with the ImageNet weights."""
    network = LesionNetwork(recipe).eval()
    start_weights(network, weights)
    return network.state_dict()


def description(recipe: NetworkRecipe, n_folds: int, names: list[str]) -> dict[str, Any]:
    """Give what a model must say of itself."""
    return {
        "size_px": recipe.size_px,
        "geometry": recipe.geometry,
        "decoding": decoding_name(recipe.geometry),
        "test_time_views": 1,
        "folds": list(range(n_folds)),
        "calibration": {"slope": [1.0] * n_folds, "intercept": [0.0] * n_folds},
        "trained_on": names_digest(names),
    }


def embeddings(
    recipe: NetworkRecipe,
    state: dict[str, torch.Tensor],
    file: Path,
    present: dict[str, Path],
    table: pl.DataFrame,
) -> NDArray[np.float32]:
    """Give the frozen features of every image."""
    write_model(file, recipe, [FoldModel(state, 1.0, 0.0)], description(recipe, 1, []))
    items = [(name, present[name]) for name in table["image_name"]]
    found = predict_files(file, items, wanted=Wanted(embeddings=True))
    if found.embedding is None:
        raise SystemExit("the model gave less than was asked")
    return found.embedding[:, 0]


def export(
    file: Path,
    recipe: NetworkRecipe,
    state: dict[str, torch.Tensor],
    features: NDArray[np.float32],
    table: pl.DataFrame,
    folds: NDArray[np.int64],
) -> None:
    """Write one read-out a fold, fitted on the other folds."""
    target = table["target"].to_numpy()
    centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    models, held_out = [], []
    for fold in range(N_FOLDS):
        inside = folds == fold
        fitted = LogisticRegression(C=0.003, max_iter=2000)
        fitted.fit((features[~inside] - centre) / scale, target[~inside])
        weight = (fitted.coef_[0] / scale).astype(np.float32)
        bias = float(fitted.intercept_[0] - weight @ centre)
        head = {"head.weight": torch.from_numpy(weight)[None], "head.bias": torch.tensor([bias])}
        models.append(FoldModel(state | head, 1.0, 0.0))
        held_out.append(features[inside])
    usual = familiar_json(held_out)
    if usual is None:
        raise SystemExit("the model gave less than was asked")
    names = table["image_name"].to_list()
    write_model(file, recipe, models, description(recipe, N_FOLDS, names), further={KEY: usual})


def everyday(
    run: Path,
    pictures: Path,
    present: dict[str, Path],
    table: pl.DataFrame,
    folds: NDArray[np.int64],
) -> dict[str, Any]:
    """Tell everyday pictures from lesions that the Gaussian did not see."""
    model = open_model(run)
    if model.familiar is None:
        raise SystemExit("the model gave less than was asked")
    others = [(file.stem, file) for file in sorted(pictures.glob("*.jpg"))]
    lesions = [(name, present[name]) for name in table["image_name"]]
    far, near = (
        predict_files(run, items, wanted=Wanted(embeddings=True)) for items in (others, lesions)
    )
    own = unlike_by_fold(near, model, folds)
    if far.unlikeness is None:
        raise SystemExit("the model gave less than was asked")
    truth = np.repeat([0, 1], [len(own), len(others)])
    scores = np.concatenate([own, far.unlikeness])
    return {
        "n_lesions": len(own),
        "n_everyday": len(others),
        "auroc": auroc(truth, scores),
        "everyday": dict(zip(far.image_names, far.unlikeness.round(2).tolist(), strict=True)),
        "lesions_median": float(np.median(own)),
        "lesions_largest": float(own.max()),
        "lesions_share_above_4": float((own > 4).mean()),
        "check_auroc_float32": auroc_estimate(
            table["target"].to_numpy(), near.by_fold[np.arange(len(own)), folds]
        ).estimate,
    }


def unlike_by_fold(
    found: PredictedImages, model: Any, folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give each lesion's unlikeness by the Gaussian of another fold, which did not see it.

    The features are frozen, so all folds share one space here.
    """
    if found.embedding is None:
        raise SystemExit("the model gave less than was asked")
    made = np.zeros(len(folds))
    for fold in range(N_FOLDS):
        inside, other = folds == fold, (fold + 1) % N_FOLDS
        made[inside] = model.familiar.folds[other].unlikeness(found.embedding[inside, other])
    return made


if __name__ == "__main__":
    main()
