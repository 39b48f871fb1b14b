"""How does the gain of context grow with a patient's signature and the number of lesions?

python benchmarks/context_signature.py

Drawn scores, where the truth is known: a patient's lesions share a level of a given spread (the
signature), each has its own noise of spread 1, and a melanoma scores 1.5 higher. Every patient has
the same number of lesions, so that the count tells nothing. Writes docs/results/
context-signature.json and docs/pictures/context-signature.svg.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cygnet.context.judgement import judge
from cygnet.context.lesions import make_lesions
from cygnet.context.trials import run_tasks, tasks_of
from drawn_scores import draw_scores

SIGNATURES = (0.0, 0.5, 1.0, 1.5, 2.0)
LESIONS = (4, 8, 16, 32)
_N_IMAGES = 6_400
_PREVALENCE = 0.05
_ACCENT = ("#9fd0dd", "#5fb1c6", "#188eac", "#0d6277")


def draw(signature: float, n_lesions: int, seed: int) -> pl.DataFrame:
    """Draw scores of 6,400 images; 5 % are melanomas."""
    sizes = np.full(_N_IMAGES // n_lesions, n_lesions)
    return draw_scores(
        sizes, prevalence=_PREVALENCE, signature=signature, shift=1.5, level=-3.0, seed=seed
    )


def cell(
    signature: float, n_lesions: int, *, seed: int, splits: int, workers: int
) -> dict[str, Any]:
    """Judge one cohort: the gain of AUROC and its interval."""
    table = draw(signature, n_lesions, seed)
    lesions, target = make_lesions(table), table["target"].to_numpy().astype(np.int64)
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
        x = np.array([one["signature"] for one in row]) + 0.02 * (place - 1.5)
        gain = np.array([one["gain"] for one in row])
        lower = np.array([one["gain"] if one["lower"] is None else one["lower"] for one in row])
        upper = np.array([one["gain"] if one["upper"] is None else one["upper"] for one in row])
        colour = _ACCENT[place]
        axes.errorbar(x, gain, [gain - lower, upper - gain], color=colour, lw=1.8, capsize=0)
        ends[n] = float(gain[-1])
    apart = -np.inf
    for n, height in sorted(ends.items(), key=lambda end: end[1]):
        apart = max(height, apart + 0.009)
        axes.annotate(f"{n} lesions", (2.07, apart), color="#1a1d1f", va="center")
    axes.axhline(0, color="#6b747a", lw=1, ls=":")
    axes.set_xlabel("Spread of the patient's level, beside a spread of 1 within")
    axes.set_ylabel("AUROC with context, minus without")
    axes.set_xlim(-0.1, 2.45)
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
