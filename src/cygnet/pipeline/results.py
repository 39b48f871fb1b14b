"""From held-out logits to what is kept and shown: probabilities, numbers, model, submission, page.

Each fold's calibration is fitted on the other folds, so that no image is scored by a line that saw
it, and the same line goes into the exported model.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.breakdown import AGE_BAND, subgroup_columns
from cygnet.curation.shortcuts import shortcut_probabilities
from cygnet.durable import write_text_whole
from cygnet.evaluation import Estimate, ScoreCard, auroc_estimate, score_card
from cygnet.evaluation.recalibrators import platt_line
from cygnet.images.decode import decoding_name
from cygnet.inference import familiar
from cygnet.inference.model import names_digest, open_model
from cygnet.inference.predict import PredictedImages
from cygnet.pipeline import evidence
from cygnet.pipeline.context_apply import says_without_context, stage_of, with_context
from cygnet.pipeline.inputs import Prepared, Tables
from cygnet.pipeline.prediction_job import patients_of
from cygnet.pipeline.request import RunRequest, versions
from cygnet.predictions import write_predictions
from cygnet.training.checkpoint import read_checkpoint
from cygnet.training.crossval import HeldOut, write_held_out
from cygnet.training.export import FoldModel, write_model
from cygnet.training.map_check import N_IMAGES, map_check
from cygnet.training.network import DIAGNOSIS_CLASSES
from cygnet.training.recipe import NetworkRecipe

_BATCH = 32
_BREAKDOWN = ("sex", AGE_BAND, "anatom_site_general_challenge")
_SOURCE = {AGE_BAND: "age_approx"}
_SHORTCUTS = {
    "original_size": ("Original image size only", "width, height and shape of the original file"),
    "age_sex_site": ("Age, sex and site only", "the patient's age and sex, and the body site"),
    "n_images": ("Number of images only", "how many images the patient has in the whole table"),
}


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Calibrated out-of-fold probabilities ``(n_images,)`` in the order of the prepared rows.

    ``embedding`` is ``(n_images, width)``, each fold's in its own space.
    """

    probability: NDArray[np.float64]
    embedding: NDArray[np.float32]
    lines: dict[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Scored:
    """The numbers of a run and the shortcuts that they stand beside."""

    card: ScoreCard
    shortcuts: "dict[str, Shortcut]"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A model that sees no lesion, and its AUROC on the images it has an opinion of."""

    label: str
    sees: str
    auroc: Estimate
    n_images: int


def calibrated(prepared: Prepared, held_out: list[HeldOut]) -> OutOfFold:
    """Turn each fold's logits into probabilities by a line fitted on the other folds."""
    position = {name: row for row, name in enumerate(prepared.train["image_name"])}
    logit = np.full(len(position), np.nan)
    embedding = np.zeros((len(position), held_out[0].embedding.shape[1]), dtype=np.float32)
    for one in held_out:
        rows = [position[name] for name in one.image_names]
        logit[rows] = one.logit
        embedding[rows] = one.embedding
    target = prepared.train["target"].to_numpy().astype(np.int64)
    probability = np.empty_like(logit)
    lines = {}
    for one in held_out:
        inside = prepared.folds == one.fold
        slope, intercept = platt_line(target[~inside], logit[~inside])
        lines[one.fold] = (slope, intercept)
        probability[inside] = 0.5 * (1 + np.tanh((slope * logit[inside] + intercept) / 2))
    return OutOfFold(probability, embedding, lines)


def write_out_of_fold(
    out: Path, prepared: Prepared, held_out: list[HeldOut], result: OutOfFold
) -> None:
    """Write ``oof.csv`` (image_name, fold, target: the probability) and ``embeddings.arrow``."""
    table = prepared.train.select("image_name").with_columns(
        fold=pl.Series(prepared.folds), target=pl.Series(result.probability)
    )
    write_text_whole(out / "oof.csv", table.write_csv())
    write_held_out(out / "embeddings.arrow", held_out)


def export_model(request: RunRequest, prepared: Prepared, result: OutOfFold) -> None:
    """Write ``model.onnx``: every fold with its calibration, and what made it."""
    recipe = request.recipe
    folds = []
    for fold, (slope, intercept) in sorted(result.lines.items()):
        found = read_checkpoint(request.out / f"fold-{fold}" / "final")
        if found is None:
            raise AssertionError(f"fold {fold} was trained but its checkpoint is gone")
        folds.append(FoldModel(found[0], slope, intercept))
    trained_on = [*prepared.train["image_name"]]
    if prepared.extra is not None and recipe.learns_from_extra():
        trained_on += prepared.extra.image_names
    description = {
        "size_px": recipe.network.size_px,
        "geometry": recipe.network.geometry,
        "decoding": decoding_name(recipe.network.geometry),
        "test_time_views": recipe.test_time_views,
        "classes": _classes(recipe.network),
        "folds": sorted(result.lines),
        "calibration": {
            "method": "platt, each fold on the other folds",
            "slope": [fold.slope for fold in folds],
            "intercept": [fold.intercept for fold in folds],
        },
        "evidence": _evidence(prepared, result),
        "recipe": recipe.model_dump(),
        "versions": versions(),
        "provenance": _provenance(request),
        "map_check": _map_check(recipe.network, prepared, folds[0], sorted(result.lines)[0]),
        "trained_on": names_digest(trained_on),
        "use": "Research use only; not a medical device.",
    }
    held_out = [result.embedding[prepared.folds == fold] for fold in sorted(result.lines)]
    usual = familiar.familiar_json(held_out)
    further = {} if usual is None else {familiar.KEY: usual}
    file = request.out / "model.onnx"
    write_model(file, recipe.network, folds, description, further=further)


def _map_check(
    network: NetworkRecipe, prepared: Prepared, model: FoldModel, fold: int
) -> dict[str, float | int | None]:
    """Hold the maps of the first fold's held-out images against those of random weights."""
    names = prepared.train["image_name"].gather(np.flatnonzero(prepared.folds == fold))
    return map_check(network, model.state, prepared.images.read(names[:N_IMAGES].to_list()))


def _classes(network: NetworkRecipe) -> list[str]:
    return ["benign", "melanoma"] if network.targets == "binary" else [*DIAGNOSIS_CLASSES]


def _provenance(request: RunRequest) -> dict[str, object]:
    """Give what made the model: the run's command, time and hashes of its inputs; no path."""
    record = json.loads((request.out / "run.json").read_text(encoding="utf-8"))
    hashes = {n: h for n, h in record.get("fingerprint", {}).items() if n != "--pack"}
    return {"started": record.get("started"), "title": request.title, "sha256": hashes}


def _evidence(prepared: Prepared, result: OutOfFold) -> dict[str, object]:
    """Give what the reader needs to speak of a score and of a picture."""
    train = prepared.train
    shown = evidence.evenly_chosen(train["image_name"].to_list())
    return {
        "scores": evidence.score_document(
            train["target"].to_numpy(), result.probability, evidence.patients_of(train)
        ),
        "skin": evidence.skin_document(prepared.images.read(shown)),
    }


def score(prepared: Prepared, result: OutOfFold, *, seed: int, note: str | None) -> ScoreCard:
    """Score the out-of-fold probabilities: unit image, resampled by patient.

    ``note`` says why numbers that depend on the prevalence do not transfer, or is None.
    """
    train = prepared.train
    present = [name for name in _BREAKDOWN if train[_SOURCE.get(name, name)].count()]
    return score_card(
        train["target"].to_numpy(),
        result.probability,
        train["patient_id"].to_list(),
        subgroups=subgroup_columns(train, present),
        seed=seed,
        prevalence_note=note,
    )


def shortcuts(tables: Tables, prepared: Prepared) -> dict[str, Shortcut]:
    """Score models that see no lesion, fitted on the same folds, on the same images."""
    whole = tables.dataset.train.table
    counts = whole.group_by("patient_id").len("n_images").filter(pl.col("patient_id").is_not_null())
    counted = prepared.train.join(counts, on="patient_id", how="left", maintain_order="left")
    n_images = counted["n_images"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    target = prepared.train["target"].to_numpy()
    patient = prepared.train["patient_id"].to_list()
    found = {}
    for name, probability in shortcut_probabilities(
        prepared.train, prepared.folds, n_images
    ).items():
        label, sees = _SHORTCUTS[name]
        estimate = auroc_estimate(target, probability, patient)
        found[name] = Shortcut(label, sees, estimate, len(target))
    return found


def write_metrics(out: Path, scored: Scored) -> None:
    """Write ``metrics.json``: the JSON of ``score`` on ``oof.csv``, with the baselines."""
    document = scored.card.as_json()
    document["baselines"] = {n: one.auroc.as_json() for n, one in scored.shortcuts.items()}
    write_text_whole(out / "metrics.json", json.dumps(document, indent=2, allow_nan=False) + "\n")


def write_submission(
    out: Path, tables: Tables, prepared: Prepared, advance: Callable[[int], None]
) -> str | None:
    """Predict the test set into ``submission.csv``, a row for every image of its table.

    Gives a sentence about the rows whose image is not there, or None. Those rows get the median
    of the others, the value that says least about them. Beside the patient's other lesions where
    context was found to help.
    """
    test = tables.dataset.test
    if test is None or prepared.test is None or prepared.test.height == 0:
        return None
    names = prepared.test["image_name"].to_list()
    model = open_model(out)
    stage = stage_of(model)
    judged_alone = says_without_context(stage, prepared.test) is not None
    patients = patients_of(model, prepared.test)
    parts, embeddings = [], []
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        persons = [patients[name] for name in batch] if patients else None
        made = model.predict(prepared.images.read(batch), persons)
        parts.append(made.by_fold)
        if not judged_alone:
            embeddings.append(made.embedding)
        advance(len(batch))
    embedding = np.concatenate(embeddings) if embeddings else None
    predicted = PredictedImages(names, model.folds, np.concatenate(parts), [], [], embedding)
    probability = predicted.probability
    if stage is not None and not judged_alone:
        probability = with_context(stage, predicted, prepared.test)
    known = dict(zip(names, probability, strict=True))
    median = float(np.median(list(known.values())))
    every = test.table["image_name"].to_list()
    write_predictions(
        out / "submission.csv", every, np.array([known.get(name, median) for name in every])
    )
    lacking = len(every) - len(known)
    if not lacking:
        return None
    return (
        f"{lacking:,} of the {len(every):,} test images are not there; their rows of "
        "submission.csv hold the median of the others."
    )
