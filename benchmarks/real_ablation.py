"""What does each means buy on the real images? The recipe `cpu`, and one change at a time.

    python benchmarks/real_ablation.py DATA OUT [--only NAME ...]

Needs the real images and the ImageNet weights beside the project; two cores take 20 to 50 minutes
a run. Runs that stand in OUT are read, those that were stopped are gone on with. Writes
OUT/ablation.json: each run's AUROC out of fold, and its difference from the run that it is held
against, with patients as the unit. Nothing is chosen from it. All have the folds of ``recipe``.

- ``recipe``: `cpu` with eight views, pretrained on HAM10000;
- ``192px``: fine-tuned at 192 px, from the recipe's pretrained weights; the others start as it
  does and are held against it:
- ``no pretraining`` (from the ImageNet weights), ``no metadata``, ``binary`` targets;
- ``one view`` and ``two views`` of the eight, by the recipe's own exported model; and ``metadata
  left out``, one view and the logit without what age, sex and site add, against ``one view``;
- ``ensemble``: the mean of the logits of ``recipe`` and ``192px``.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from cygnet.durable import write_text_whole
from cygnet.evaluation import auroc_estimate, compare
from cygnet.images.decode import read_to_size
from cygnet.inference.model import open_model
from cygnet.inference.predict import Wanted, predict_files
from cygnet.pipeline.prediction_job import patients_of
from cygnet.pipeline.stacking import logit_mean
from cygnet.pipeline.subjects import images_to_predict
from cygnet.training.recipe import Recipe, read_recipe, recipe_toml

N_VIEWS = 8
IMAGENET = "weights/mobilenetv2_100_imagenet.safetensors"


@dataclass(frozen=True)
class Change:
    """One run beside the headline: what its recipe changes and what it is held against."""

    against: str
    network: dict[str, Any]
    finetune: dict[str, Any]
    from_imagenet: bool = False


CHANGES = {
    "192px": Change("recipe", {"size_px": 192}, {}),
    "no pretraining": Change("192px", {"size_px": 192}, {}, from_imagenet=True),
    "no metadata": Change("192px", {"size_px": 192, "metadata": False}, {}),
    "binary": Change("192px", {"size_px": 192, "targets": "binary"}, {"loss": "bce"}),
}


def main() -> None:
    """Run what is not there yet, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder that holds isic2020, ham10000, weights")
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", choices=list(CHANGES), default=list(CHANGES))
    given = parser.parse_args()
    whole = given.out / "recipe"
    extra = ["--extra", str(given.data / "ham10000")]
    eight = read_recipe("cpu").model_copy(update={"test_time_views": N_VIEWS})
    write_text_whole(given.out / "recipe.toml", recipe_toml(eight))
    trained(given.data, whole, str(given.out / "recipe.toml"), given.data / IMAGENET, extra)
    for name in given.only:
        recipe = given.out / f"{name}.toml"
        write_text_whole(recipe, recipe_toml(changed(name)))
        start = given.data / IMAGENET
        if not CHANGES[name].from_imagenet:
            start = whole / "pretrain/final.safetensors"
        trained(given.data, given.out / name, str(recipe), start, [f"--folds={whole}/folds.csv"])
    document = compared(given.data, given.out)
    write_text_whole(given.out / "ablation.json", json.dumps(document, indent=2) + "\n")
    print(json.dumps(document, indent=2))


def changed(name: str) -> Recipe:
    """Give the recipe of a change: `cpu` without its pretraining, which is the whole run's."""
    recipe = read_recipe("cpu").model_dump(exclude_none=True)
    change = CHANGES[name]
    del recipe["pretrain"]
    recipe["name"], recipe["test_time_views"] = name, N_VIEWS
    recipe["network"] |= change.network
    recipe["finetune"] |= change.finetune
    return Recipe.model_validate(recipe)


def trained(data: Path, run: Path, recipe: str, weights: Path, more: list[str]) -> None:
    """Train ``run``, go on with it, or leave it where it is done."""
    if (run / "metrics.json").is_file():
        return
    resume = ["--resume"] if (run / "run.json").is_file() else []
    command = [sys.executable, "-m", "cygnet", "train", str(data / "isic2020"), f"--out={run}"]
    command += [f"--recipe={recipe}", f"--weights={weights}", "--allow-missing", *more, *resume]
    subprocess.run(command, check=True)


def compared(data: Path, out: Path) -> dict[str, Any]:
    """Give every run's AUROC, and its paired difference from what it is held against."""
    found = {
        name: pl.read_csv(out / name / "oof.csv")
        for name in ("recipe", *CHANGES)
        if (out / name / "oof.csv").is_file()
    }
    first = found["recipe"]
    scores = {name: _in_order(first, table) for name, table in found.items()}
    against = {name: change.against for name, change in CHANGES.items() if name in found}
    again = exported_views(data, out / "recipe")
    scores |= again
    against |= dict.fromkeys(again, "recipe") | {"metadata left out": "one view"}
    if "192px" in found:
        pair = {name: scores[name] for name in ("recipe", "192px")}
        scores["ensemble"], against["ensemble"] = logit_mean(pair), "recipe"
    table = pl.read_csv(data / "isic2020/train.csv").select(
        "image_name", "patient_id", truth="target"
    )
    truth = first.join(table, on="image_name", how="left", maintain_order="left")
    target, patient = truth["truth"].to_numpy(), truth["patient_id"].to_list()
    return {
        "n_images": len(target),
        "n_patients": len(set(patient)),
        "auroc": {n: auroc_estimate(target, one, patient).as_json() for n, one in scores.items()},
        "difference": {
            name: compare(target, {other: scores[other], name: scores[name]}, patient, replicates=0)
            .pairs[0]
            .as_json()
            for name, other in against.items()
        },
    }


def _in_order(first: pl.DataFrame, table: pl.DataFrame) -> NDArray[np.float64]:
    joined = first.select("image_name").join(
        table, on="image_name", how="left", maintain_order="left"
    )
    return joined["target"].to_numpy()


def exported_views(data: Path, run: Path) -> dict[str, NDArray[np.float64]]:
    """Score each image by the exported model of its own fold, with fewer views than were used."""
    model = open_model(run)
    subjects = images_to_predict([data / "isic2020"], "train", allow_missing=True)
    scored = pl.read_csv(run / "oof.csv")
    files = dict(subjects.items)
    items = [(name, files[name]) for name in scored["image_name"]]
    known = patients_of(model, subjects.table)
    own = (np.arange(len(items)), [model.folds.index(fold) for fold in scored["fold"]])
    wanted = Wanted(views=2, patients=known)
    found = {"two views": predict_files(run, items, wanted=wanted).by_fold[own]}
    upright = [
        model.maps(
            read_to_size(Path(file), model.size_px)[None], [known.get(name, (None, None, None))]
        )
        for name, file in items
    ]
    for name, said in (("one view", "logit"), ("metadata left out", "image_logit")):
        logit = np.concatenate([getattr(one, said) for one in upright])
        found[name] = expit(model.slope * logit + model.intercept)[own]
    return found


if __name__ == "__main__":
    main()
