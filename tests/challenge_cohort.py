"""A small contest for tests: patients, images and labels drawn from a seed, and models of them."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from cygnet.challenge.scoring import PartScore, part_score
from cygnet.challenge.settings import ContestSettings
from cygnet.challenge.truth import ContestTruth, Part, Usage, part_of, split_truth
from cygnet.evaluation.sample import Floats

OPENS = datetime(2020, 5, 27, tzinfo=UTC)
CLOSES = datetime(2020, 8, 17, 23, 59, tzinfo=UTC)
SEED = b"a seed of thirty-two bytes, fixed"


def settings(**changes: object) -> ContestSettings:
    given: dict[str, object] = {
        "name": "isic2020",
        "title": "A contest",
        "opens": OPENS,
        "closes": CLOSES,
    }
    return ContestSettings(**{**given, **changes})  # type: ignore[arg-type]


def unsplit_truth(rng: np.random.Generator, *, n_patients: int = 240) -> ContestTruth:
    """Draw patients of 2 to 30 images, one in four with one to three melanomas."""
    rows: list[tuple[str, str, int]] = []
    for patient in range(n_patients):
        n_images = int(rng.integers(2, 31))
        n_malignant = int(rng.integers(1, 4)) if patient % 4 == 0 else 0
        rows += [
            (f"ISIC_{len(rows) + i:07d}", f"IP_{patient:07d}", int(i < min(n_malignant, n_images)))
            for i in range(n_images)
        ]
    names, patients, targets = zip(*rows, strict=True)
    table = pl.DataFrame(
        {"image_name": names, "patient_id": patients, "target": targets, "usage": None},
        schema={
            "image_name": pl.String,
            "patient_id": pl.String,
            "target": pl.Int8,
            "usage": pl.String,
        },
    )
    return ContestTruth(table)


def small_truth(rng: np.random.Generator) -> ContestTruth:
    return split_truth(unsplit_truth(rng), SEED)


def targets_of(truth: ContestTruth) -> Floats:
    return truth.table["target"].to_numpy().astype(np.float64)


def model(truth: ContestTruth, rng: np.random.Generator, separation: float = 1.5) -> Floats:
    """Draw probabilities; a ``separation`` of 1.5 is an AUROC of about 0.86."""
    logit = separation * targets_of(truth) + rng.normal(size=len(truth.image_names)) - 3
    return np.asarray(1 / (1 + np.exp(-logit)))


def public_of(truth: ContestTruth) -> Part:
    return part_of(truth, Usage.PUBLIC)


def scored(truth: ContestTruth, probability: Floats) -> tuple[Part, PartScore]:
    part = public_of(truth)
    return part, part_score(part, probability)
