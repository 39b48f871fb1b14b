"""How does the gain of context grow with a patient's signature and the number of lesions?

python benchmarks/context_signature.py

The lesions of the synthetic twin, where the truth is known: a given share of each nevus (the
signature) is its patient's own, and melanomas stand half as far from nevi as they do by default. An
image model's part is played by a logistic line of what is drawn (colours, shapes, structures), out
of fold; the same numbers are the embedding. Every patient has as many lesions, so that the count
tells nothing. Writes docs/results/context-signature.json and docs/pictures/context-signature.svg.
"""

import argparse
import json
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from cygnet.context.judgement import judge
from cygnet.context.lesions import Lesions, make_lesions
from cygnet.context.trials import run_tasks, tasks_of
from cygnet.curation.twin_appearance import Sitter, Traitline, appearance_of
from cygnet.curation.twin_view import CAMERA_LOOKS
from cygnet.images.drawing import LesionForm

SIGNATURES = (0.0, 0.25, 0.5, 0.75, 0.95)
LESIONS = (4, 8, 16, 32)
_N_IMAGES = 6_400
_PREVALENCE = 0.05
_CONSPICUITY = 0.5
_SEEN = tuple(one.name for one in fields(LesionForm) if one.name != "seed")
_ACCENT = ("#9fd0dd", "#5fb1c6", "#188eac", "#0d6277")


def lesions_of(signature: float, n_lesions: int, seed: int) -> tuple[Lesions, NDArray[np.int64]]:
    """Draw 6,400 lesions of the synthetic twin, 5 % melanomas, and score them out of fold."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(_N_IMAGES // n_lesions), n_lesions)
    target = (rng.random(patient.size) < _PREVALENCE).astype(np.int64)
    traitline = Traitline(signature_strength=signature, melanoma_conspicuity=_CONSPICUITY)
    looks = np.array(
        [
            _look(row, int(patient[row]), bool(target[row]), seed, traitline)
            for row in range(patient.size)
        ]
    )
    looks = (looks - looks.mean(axis=0)) / np.maximum(looks.std(axis=0), 1e-9)
    fold = patient % 5
    probability = np.empty(patient.size)
    for one in range(5):
        model = LogisticRegression(C=0.1, max_iter=500)
        model.fit(looks[fold != one], target[fold != one])
        probability[fold == one] = model.predict_proba(looks[fold == one])[:, 1]
    table = pl.DataFrame(
        {
            "image_name": [f"ISIC_{row:07d}" for row in range(patient.size)],
            "patient_id": patient,
            "lesion_id": np.arange(patient.size),
            "fold": fold,
            "probability": probability,
        }
    )
    return make_lesions(table, embedding=looks.astype(np.float32)), target


def _look(row: int, patient: int, malignant: bool, seed: int, traitline: Traitline) -> list[float]:
    sitter = Sitter(
        image=row,
        patient=patient,
        lesion=row,
        diagnosis="melanoma" if malignant else "nevus",
        camera=next(iter(CAMERA_LOOKS)),
        age_years=50.0,
        male=False,
        site="torso",
    )
    form = asdict(appearance_of(sitter, seed, traitline).lesion)
    return [form[name] for name in _SEEN]


def cell(
    signature: float, n_lesions: int, *, seed: int, splits: int, workers: int
) -> dict[str, Any]:
    """Judge one cohort: the gain of AUROC and its interval."""
    lesions, target = lesions_of(signature, n_lesions, seed)
    tasks = tasks_of(lesions, target, n_splits=splits, n_placebos=0, n_draws=0)
    trials = run_tasks(tasks, workers=workers, advance=lambda _: None)
    judgement = judge(lesions, target, trials)
    one = judgement.difference.difference
    return {
        "signature": signature,
        "lesions": n_lesions,
        "without": judgement.without.metrics["auroc"].estimate,
        "gain": one.estimate,
        "lower": None if np.isnan(one.lower) else one.lower,
        "upper": None if np.isnan(one.upper) else one.upper,
        "chosen": dict(judgement.chosen["with"]),
    }


def draw_figure(cells: list[dict[str, Any]], path: Path) -> None:
    """Draw the gain over the signature, a line a number of lesions, with intervals."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "cygnet"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    ends: dict[int, float] = {}
    for place, n in enumerate(LESIONS):
        row = [one for one in cells if one["lesions"] == n]
        x = np.array([one["signature"] for one in row]) + 0.008 * (place - 1.5)
        gain = np.array([one["gain"] for one in row])
        lower = np.array([one["gain"] if one["lower"] is None else one["lower"] for one in row])
        upper = np.array([one["gain"] if one["upper"] is None else one["upper"] for one in row])
        colour = _ACCENT[place]
        axes.errorbar(x, gain, [gain - lower, upper - gain], color=colour, lw=1.8, capsize=0)
        ends[n] = float(gain[-1])
    apart = -np.inf
    for n, height in sorted(ends.items(), key=lambda end: end[1]):
        apart = max(height, apart + 0.009)
        axes.annotate(f"{n} lesions", (0.98, apart), color="#1a1d1f", va="center")
    axes.axhline(0, color="#6b747a", lw=1, ls=":")
    axes.set_xlabel("Share of a nevus that is its patient's own")
    axes.set_ylabel("AUROC with context, minus without")
    axes.set_xlim(-0.05, 1.15)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Judge every cell, write the record, draw the figure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    started = time.perf_counter()
    cells = []
    for n in LESIONS:
        for signature in SIGNATURES:
            made = cell(
                signature, n, seed=options.seed, splits=options.splits, workers=options.workers
            )
            cells.append(made)
            limits = "no interval"
            if made["lower"] is not None:
                limits = f"{made['lower']:.3f} to {made['upper']:.3f}"
            print(
                f"{n:3d} lesions, signature {signature}: {made['gain']:.3f} ({limits})", flush=True
            )
    record = {
        "command": "python benchmarks/context_signature.py",
        "seed": options.seed,
        "splits": options.splits,
        "seconds": round(time.perf_counter() - started),
        "cells": cells,
    }
    text = json.dumps(record, indent=2, allow_nan=False) + "\n"
    (root / "docs/results/context-signature.json").write_text(text, encoding="utf-8")
    draw_figure(cells, root / "docs/pictures/context-signature.svg")


if __name__ == "__main__":
    main()
