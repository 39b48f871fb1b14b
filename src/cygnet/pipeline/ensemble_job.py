"""What do several RUNs come to together? Their out-of-fold scores combined, and how they differ.

The runs must have been scored on the same folds: else a stacker's other folds would hold scores of
models that saw the images it is judged on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cygnet.cohort.folds import read_folds
from cygnet.durable import folder_whole, write_text_whole
from cygnet.errors import InputError, ModelError, Offender
from cygnet.evaluation import agreements, auroc_estimate, compare
from cygnet.pipeline.stacking import (
    Codes,
    Floats,
    Stacker,
    choose_stacker,
    logit_mean,
    logits_of,
    rank_mean,
    stacked,
)
from cygnet.predictions import read_predictions, read_truth, write_predictions

METHODS = ("rank_mean", "logit_mean", "stacking")
OUT_OF_FOLD, SUBMISSION, NUMBERS = "oof.csv", "submission.csv", "ensemble.json"


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Out-of-fold probabilities of the same images: target, patient, fold, and one row a run."""

    table: pl.DataFrame
    probabilities: dict[str, Floats]

    @property
    def target(self) -> Codes:
        """1 for melanoma, ``(n_images,)``."""
        return self.table["target"].to_numpy().astype(np.int64)

    @property
    def folds(self) -> Codes:
        """The fold that each image was scored in, ``(n_images,)``."""
        return self.table["fold"].to_numpy().astype(np.int64)


def ensemble(truth: Path, runs: Sequence[Path], out: Path) -> dict[str, Any]:
    """Combine RUNs into the folder ``out``; give what ``ensemble.json`` says.

    Each method has ``METHOD-oof.csv`` and, where all runs have a submission of the same images,
    ``METHOD-submission.csv``. Raises :class:`InputError` for fewer than two runs, runs of other
    images or folds, and a truth that lacks their images.
    """
    if len(runs) < 2:
        raise InputError.of("One run is no ensemble.", "Give two RUNs or more.")
    read = read_runs(truth, list(runs))
    target, folds = read.target, read.folds
    nested, _ = stacked(read.probabilities, target, folds)
    combined = {
        "rank_mean": rank_mean(read.probabilities, folds),
        "logit_mean": logit_mean(read.probabilities),
        "stacking": nested,
    }
    whole = choose_stacker(logits_of(read.probabilities), target, folds)
    document = {
        "n_images": len(target),
        "runs": {name: str(run) for name, run in zip(read.probabilities, runs, strict=True)},
        **_judged(read, combined),
        "stacker": {
            "weights": dict(zip(read.probabilities, whole.weights.tolist(), strict=True)),
            "intercept": whole.intercept,
            "strength": whole.strength,
            "note": "Fitted on all folds, for new images; each fold's score above is by a stacker "
            "fitted on the other folds.",
        },
        "use": "Research use only; not a medical device.",
    }
    submissions = _submissions(list(runs), list(read.probabilities))
    with folder_whole(out) as folder:
        for name, probability in combined.items():
            table = read.table.select("image_name", "fold")
            table = table.with_columns(target=pl.Series(probability))
            write_text_whole(folder / f"{name}-{OUT_OF_FOLD}", table.write_csv())
        if submissions is not None:
            _write_submissions(folder, *submissions, whole)
        text = json.dumps(document, indent=2, allow_nan=False) + "\n"
        write_text_whole(folder / NUMBERS, text)
    return document


def _judged(read: Runs, combined: dict[str, Floats]) -> dict[str, Any]:
    patient = read.table["patient_id"].to_list()
    everyone = {**read.probabilities, **combined}
    compared = compare(read.target, everyone, patient, replicates=0)
    return {
        "auroc": {
            name: auroc_estimate(read.target, one, patient).as_json()
            for name, one in everyone.items()
        },
        "pairs": compared.as_json()["pairs"],
        "diversity": _diversity(read),
    }


def _write_submissions(
    folder: Path, names: list[str], scores: dict[str, Floats], stacker: Stacker
) -> None:
    one_fold = np.zeros(len(names), np.int64)
    for name, probability in (
        ("rank_mean", rank_mean(scores, one_fold)),
        ("logit_mean", logit_mean(scores)),
        ("stacking", stacker(logits_of(scores))),
    ):
        write_predictions(folder / f"{name}-{SUBMISSION}", names, probability)


def read_runs(truth: Path, runs: list[Path]) -> Runs:
    """Read runs' out-of-fold probabilities and the truth of the same images.

    Raises :class:`InputError` for runs of other images or folds than the first, and for a truth
    that lacks their images; :class:`ModelError` for a folder that is no finished run.
    """
    scored = [_out_of_fold(run) for run in runs]
    first = scored[0]
    probabilities = {}
    for name, run, found in zip(_names(runs), runs, scored, strict=True):
        probabilities[name] = _aligned(first, found, run)["probability"].to_numpy()
    table = first.join(
        read_truth(truth).select("image_name", "patient_id", "target"),
        on="image_name",
        how="left",
        maintain_order="left",
    )
    lacking = table.filter(pl.col("target").is_null())["image_name"]
    if lacking.len():
        raise InputError.of(
            "The truth lacks images of the runs.",
            "Give the table that they were trained on.",
            file=truth,
            offenders=[Offender(one) for one in lacking.head(5)],
            count=lacking.len(),
        )
    return Runs(table, probabilities)


def _aligned(first: pl.DataFrame, found: pl.DataFrame, run: Path) -> pl.DataFrame:
    aligned = first.select("image_name", "fold").join(
        found, on="image_name", how="left", maintain_order="left"
    )
    if found.height != first.height or aligned["probability"].null_count():
        raise InputError.of(
            "This run scored other images than the first.", "Combine runs of one DATA.", file=run
        )
    moved = aligned.filter(pl.col("fold") != pl.col("fold_right"))
    if moved.height:
        raise InputError.of(
            "This run has other folds than the first.",
            "Give all runs the same --folds: stacking across folds would flatter itself.",
            file=run,
            offenders=[Offender(one) for one in moved["image_name"].head(5)],
            count=moved.height,
        )
    return aligned


def _names(runs: list[Path]) -> list[str]:
    names = [run.resolve().name for run in runs]
    if len(set(names)) == len(names):
        return names
    return [f"{name}-{place}" for place, name in enumerate(names, 1)]


def _out_of_fold(run: Path) -> pl.DataFrame:
    file = run / OUT_OF_FOLD
    if not file.is_file():
        raise ModelError.of(
            "There is no finished run here.", "Give RUN folders that have an oof.csv.", file=run
        )
    scores = read_predictions(file)
    folds = read_folds(file, scores)
    return folds.join(
        scores.select("image_name", probability="target"),
        on="image_name",
        how="left",
        maintain_order="left",
    )


def _diversity(read: Runs) -> list[dict[str, Any]]:
    """Say how each pair differs: rank correlation, among the classes too, and disagreement.

    Disagreement is the share of images of which one of the two says melanoma and the other not,
    each at the threshold that calls as many images as there are melanomas.
    """
    target = read.target
    n_melanomas = int(target.sum())
    called = {
        name: one >= np.sort(one)[::-1][max(n_melanomas - 1, 0)]
        for name, one in read.probabilities.items()
    }
    made = []
    for pair in agreements(read.probabilities):
        within = {}
        for label, inside in (("melanoma", target == 1), ("benign", target == 0)):
            each = {n: read.probabilities[n][inside] for n in (pair.a, pair.b)}
            within[f"spearman_{label}"] = agreements(each)[0].as_json()["spearman"]
        apart = float(np.mean(called[pair.a] != called[pair.b]))
        made.append({**pair.as_json(), **within, "disagreement": apart})
    return made


def _submissions(runs: list[Path], names: list[str]) -> tuple[list[str], dict[str, Floats]] | None:
    files = [run / SUBMISSION for run in runs]
    if not all(file.is_file() for file in files):
        return None
    tables = [read_predictions(file).select("image_name", "target") for file in files]
    images = tables[0]["image_name"].to_list()
    scores = {}
    for name, table in zip(names, tables, strict=True):
        aligned = (
            tables[0]
            .select("image_name")
            .join(table, on="image_name", how="left", maintain_order="left")
        )
        if table.height != len(images) or aligned["target"].null_count():
            return None
        scores[name] = aligned["target"].to_numpy()
    return images, scores
