"""How often do the intervals of AUROC, and of a difference of two, hold the true value?

    python benchmarks/coverage.py

A cell is a number of patients with melanoma and an intraclass correlation. Scores are binormal with
a patient effect; patients are drawn from ISIC 2020's counts (``isic2020_clusters.csv``: how many
patients have so many images and so many melanomas), with 3.8 patients without melanoma to each with
one, as there. The intervals are the product's own. A cell that is done is written to ``--out`` and
not computed again; ``coverage_tables.py`` prints that file as tables. The seed decides all figures.
"""

import argparse
import csv
import json
import math
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from cygnet.durable import write_text_whole
from cygnet.evaluation.auroc_interval import (
    JACKKNIFE,
    auroc_estimate,
    auroc_of,
    jackknife_limits,
)
from cygnet.evaluation.bca import BCA
from cygnet.evaluation.comparison import compare
from cygnet.evaluation.contrasts import JACKKNIFE_T
from cygnet.evaluation.delong import CLUSTER_DELONG, DELONG, delong_covariance, normal_estimate
from cygnet.evaluation.estimate import BOOTSTRAP, MIN_PATIENTS, bootstrap_estimate
from cygnet.evaluation.field import Field, field_of
from cygnet.evaluation.jackknife import decisive_patients, jackknife_deviations
from cygnet.evaluation.placement import auroc_replicator
from cygnet.evaluation.recalibration import expit
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Floats, Sample, make_sample
from cygnet.evaluation.student import t_reach

ROOT = Path(__file__).resolve().parents[1]
CLUSTERS = Path(__file__).with_name("isic2020_clusters.csv")
PATIENTS = (4, 6, 10, 20, 40, 100, 200)
ICC = (0.2, 0.5)
AUROC_A, AUROC_B = 0.90, 0.88
CORRELATION = 0.7
WITHOUT_TO_WITH = 3.8
BATCH = 50
LEVEL = 0.95

ALTERNATIVES = {
    CLUSTER_DELONG: "cluster_delong",
    DELONG: "delong",
    BOOTSTRAP: "cluster_bootstrap_percentile",
    BCA: "cluster_bootstrap_bca",
}
OF_ONE = (JACKKNIFE, *ALTERNATIVES)
OF_DIFFERENCE = (JACKKNIFE_T, CLUSTER_DELONG, BOOTSTRAP)

Limits = tuple[float, float]
Drawn = list[Floats]


@dataclass(frozen=True, slots=True)
class Layout:
    """Images ``(n_images,)`` of drawn patients, before they are scored."""

    target: NDArray[np.bool_]
    patient: NDArray[np.intp]

    @property
    def share_within(self) -> float:
        """Which share of the pairs of a malignant and a benign image lies inside one patient."""
        malignant, benign = (np.bincount(self.patient, one) for one in (self.target, ~self.target))
        return float(malignant @ benign / (malignant.sum() * benign.sum()))


def read_clusters() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give ``(images, melanomas)`` of each patient with melanoma, then of each without."""
    with CLUSTERS.open(newline="") as file:
        rows = [[int(cell) for cell in row] for row in list(csv.reader(file))[1:]]
    every = np.repeat([row[:2] for row in rows], [row[2] for row in rows], axis=0)
    return every[every[:, 1] > 0], every[every[:, 1] == 0]


def draw_layout(rng: np.random.Generator, n_with: int) -> Layout:
    """Draw patients with replacement, ``n_with`` of them with melanoma."""
    with_melanoma, without = read_clusters()
    n_without = round(WITHOUT_TO_WITH * n_with)
    drawn = np.concatenate([rng.choice(with_melanoma, n_with), rng.choice(without, n_without)])
    images, melanomas = drawn.T
    patient = np.repeat(np.arange(n_with + n_without), images)
    place = np.arange(patient.size) - np.repeat(np.cumsum(images) - images, images)
    return Layout(place < melanomas[patient], patient)


def separation(true_auroc: float) -> float:
    """Give the mean by which a melanoma must score higher, where scores have variance 1."""
    return math.sqrt(2) * NormalDist().inv_cdf(true_auroc)


def expected_auroc(true_auroc: float, icc: float, share_within: float) -> float:
    """Give the expectation of a sample's AUROC, exactly.

    Pairs of two patients are won with ``true_auroc``; inside a patient the effect that both images
    share cancels, so that their difference has variance 2 (1 - icc) in place of 2.
    """
    within = NormalDist().cdf(separation(true_auroc) / math.sqrt(2 * (1 - icc)))
    return (1 - share_within) * true_auroc + share_within * within


def draw_scores(rng: np.random.Generator, layout: Layout, icc: float) -> Floats:
    """Draw the scores of two models ``(2, n_images)``, alike by patient and by image."""
    mix = np.linalg.cholesky([[1.0, CORRELATION], [CORRELATION, 1.0]])
    of_patient = mix @ rng.standard_normal((2, int(layout.patient[-1]) + 1))
    of_image = mix @ rng.standard_normal((2, layout.patient.size))
    means = np.array([separation(AUROC_A), separation(AUROC_B)])[:, None] * layout.target
    noise = math.sqrt(icc) * of_patient[:, layout.patient] + math.sqrt(1 - icc) * of_image
    return np.asarray(means + noise)


def limits_of_one(sample: Sample, field: Field, drawn: Floats) -> list[Limits]:
    """Give the limits that the product gives; of the default also where it refuses them.

    Below ten patients the product gives none: its inner function says what they would have been.
    """
    made = auroc_of(sample, drawn, confidence_level=LEVEL)
    default = made.lower, made.upper
    if sample.scarcer_patients[0] < MIN_PATIENTS:
        freedom = decisive_patients(sample) - 1
        lower, upper, _ = jackknife_limits(made.estimate, field.leave_one_out()[0], freedom, LEVEL)
        default = lower, upper
    others = [made.alternatives[name] for name in ALTERNATIVES.values()]
    return [default, *((one.lower, one.upper) for one in others)]


def limits_of_difference(sample: Sample, field: Field, drawn: Drawn) -> list[Limits]:
    """Give the limits of the second AUROC less the first; the jackknife's has no logit."""
    difference = float(field.auroc[1] - field.auroc[0])
    first, second = jackknife_deviations(field.leave_one_out())
    error = float(np.sqrt(np.sum((second - first) ** 2)))
    reach = t_reach(decisive_patients(sample) - 1, LEVEL) * error
    covariance = delong_covariance(field)
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    delong = normal_estimate(
        difference, variance, confidence_level=LEVEL, method=CLUSTER_DELONG, domain=(-1.0, 1.0)
    )
    percentile = bootstrap_estimate(
        difference, drawn[1] - drawn[0], confidence_level=LEVEL, undefined_because=""
    )
    others = [(one.lower, one.upper) for one in (delong, percentile)]
    return [(difference - reach, difference + reach), *others]


def check(layout: Layout, scores: Floats, found: list[Limits], replicates: int, seed: int) -> None:
    """Stop unless the limits are those that the product's own doors give."""
    target, patient = layout.target, layout.patient
    one = auroc_estimate(target, scores[0], patient, replicates=replicates, seed=seed)
    # A comparison takes probabilities; AUROC asks for their order alone.
    models = dict(zip("ab", expit(scores), strict=True))
    compared = compare(target, models, patient, replicates=replicates, seed=seed)
    two = compared.pairs[0].difference
    doors = [one, *(one.alternatives[name] for name in ALTERNATIVES.values())]
    doors += [two, *(two.alternatives[ALTERNATIVES[name]] for name in OF_DIFFERENCE[1:])]
    pairs = [
        (mine, (door.lower, door.upper))
        for mine, door in zip(found, doors, strict=True)
        if door.has_interval
    ]
    mine, theirs = zip(*pairs, strict=True)
    if not np.allclose(mine, theirs, rtol=0, atol=1e-9):
        sys.exit(f"the study's limits {mine} are not the product's {theirs}")


def simulate(n_with: int, icc: float, given: argparse.Namespace) -> Iterator[dict[str, Floats]]:
    """Yield batches: the estimates, the limits of each method, the share of pairs within.

    The simulations of a batch share their patients' sizes and the bootstrap's draws of patients;
    every batch has new ones.
    """
    for batch in range(math.ceil(given.simulations / BATCH)):
        rng = np.random.default_rng([given.seed, n_with, round(100 * icc), batch])
        layout, seed = draw_layout(rng, n_with), int(rng.integers(2**32))
        bare = make_sample(layout.target, np.zeros(layout.target.size), layout.patient)
        blocks = list(multiplicity_blocks(bare.n_patients, given.replicates, seed))
        estimates, limits = [], []
        for turn in range(min(BATCH, given.simulations - batch * BATCH)):
            scores = draw_scores(rng, layout, icc)
            field = field_of(bare, scores)
            drawn = []
            for one in scores:
                replicator = auroc_replicator(bare.with_scores(one))
                drawn.append(np.concatenate([replicator.replicates(block) for block in blocks]))
            found = limits_of_one(bare.with_scores(scores[0]), field, drawn[0])
            found += limits_of_difference(bare, field, drawn)
            if batch == turn == 0:
                check(layout, scores, found, given.replicates, seed)
            estimates.append(field.auroc)
            limits.append(found)
        yield {
            "estimates": np.array(estimates),
            "limits": np.array(limits),
            "share_within": np.array([layout.share_within]),
        }


def run_cell(n_with: int, icc: float, given: argparse.Namespace) -> dict[str, Any]:
    """Simulate a cell and sum it up."""
    start = time.perf_counter()
    batches = list(simulate(n_with, icc, given))
    estimates = np.concatenate([batch["estimates"] for batch in batches])
    limits = np.concatenate([batch["limits"] for batch in batches])
    share = float(np.mean([batch["share_within"] for batch in batches]))
    first, second = (expected_auroc(true, icc, share) for true in (AUROC_A, AUROC_B))
    n = len(OF_ONE)
    return {
        "patients_with_melanoma": n_with,
        "patients": n_with + round(WITHOUT_TO_WITH * n_with),
        "icc": icc,
        "simulations": len(limits),
        "share_of_pairs_within": share,
        "auroc": {
            **moments(estimates[:, 0], first),
            "methods": {m: tally(limits[:, i], first) for i, m in enumerate(OF_ONE)},
            "default_for_other_patients": tally(limits[:, 0], AUROC_A),
        },
        "difference": {
            **moments(estimates[:, 1] - estimates[:, 0], second - first),
            "methods": {
                m: tally(limits[:, n + i], second - first) for i, m in enumerate(OF_DIFFERENCE)
            },
        },
        "seconds": round(time.perf_counter() - start, 1),
    }


def moments(estimates: Floats, target: float) -> dict[str, object]:
    """Give the target and, to hold it against, the mean and spread of the estimates."""
    return {"target": target, "mean": float(estimates.mean()), "sd": float(estimates.std(ddof=1))}


def tally(limits: Floats, target: float) -> dict[str, float]:
    """Give the share of the intervals ``(n, 2)`` that hold ``target``, and their mean width.

    Shares are of the intervals that are given; ``none`` is the share without one. The Monte Carlo
    standard error is that of the batches, whose simulations share their patients' sizes.
    """
    there = ~np.isnan(limits).any(axis=1)
    lower, upper = limits[there].T
    above, below = lower > target, upper < target
    held = np.full(len(limits), np.nan)
    held[there] = ~(above | below)
    parts = np.split(held, range(BATCH, len(held), BATCH))
    excess = [float(np.nansum(part - np.nanmean(held))) for part in parts]
    return {
        "coverage": float(np.nanmean(held)),
        "standard_error": math.sqrt(sum(one**2 for one in excess)) / int(there.sum()),
        "interval_above": float(above.mean()),
        "interval_below": float(below.mean()),
        "none": float(1 - there.mean()),
        "width": float((upper - lower).mean()),
    }


def read_record(file: Path, settings: dict[str, object]) -> dict[str, Any]:
    """Read what was done with the same settings, or begin."""
    if file.is_file():
        record: dict[str, Any] = json.loads(file.read_text())
        if all(record["settings"].get(name) == value for name, value in settings.items()):
            return record
        sys.exit(f"{file} was made with other settings; name another with --out")
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
    return {"settings": settings, "machine": machine, "cells": []}


def main() -> None:
    """Simulate the cells that the record lacks; say the default's coverage in each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=10_000, help="a cell")
    parser.add_argument("--replicates", type=int, default=2000, help="of the bootstrap")
    parser.add_argument("--seed", type=int, default=2020)
    parser.add_argument("--patients", type=int, nargs="+", default=PATIENTS, help="with melanoma")
    parser.add_argument("--icc", type=float, nargs="+", default=ICC)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "coverage.json")
    given = parser.parse_args()
    settings = {name: getattr(given, name) for name in ("simulations", "replicates", "seed")}
    record = read_record(given.out, settings)
    done = {(cell["patients_with_melanoma"], cell["icc"]) for cell in record["cells"]}
    wanted = [(n_with, icc) for n_with in given.patients for icc in given.icc]
    for n_with, icc in wanted:
        if (n_with, icc) in done:
            continue
        cell = run_cell(n_with, icc, given)
        record["cells"].append(cell)
        record["cells"].sort(key=lambda one: (one["patients_with_melanoma"], one["icc"]))
        write_text_whole(given.out, json.dumps(record, indent=1) + "\n")
        share = cell["auroc"]["methods"][JACKKNIFE]["coverage"]
        print(
            f"{n_with} patients with melanoma, ICC {icc}: {JACKKNIFE} covers {100 * share:.1f} % "
            f"({cell['seconds']:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
