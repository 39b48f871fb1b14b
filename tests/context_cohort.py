"""A cohort whose truth is known: patients with a level of their own, and a count that tells."""

import numpy as np
import polars as pl

from cygnet.context.lesions import Lesions, make_lesions


def draw_cohort(
    seed: int, *, n_patients: int = 200, signature: float = 1.5, count_tells: bool = True
) -> pl.DataFrame:
    """Draw out-of-fold scores: each patient's share a level of spread ``signature``.

    With ``count_tells`` patients of few images have melanomas more often, as in ISIC 2020.
    """
    rng = np.random.default_rng(seed)
    n_images = rng.integers(2, 25, n_patients)
    patient = np.repeat(np.arange(n_patients), n_images)
    chance = 0.5 / np.sqrt(n_images) if count_tells else np.full(n_patients, 0.12)
    target = (rng.random(patient.size) < chance[patient]).astype(np.int64)
    level = rng.normal(0, signature, n_patients)[patient]
    logit = -2 + level + 1.5 * target + rng.normal(size=patient.size)
    return pl.DataFrame(
        {
            "image_name": [f"ISIC_{row:07d}" for row in range(patient.size)],
            "patient_id": [f"IP_{one:07d}" for one in patient],
            "lesion_id": [f"IL_{row:07d}" for row in range(patient.size)],
            "fold": patient % 5,
            "target": target,
            "probability": 1 / (1 + np.exp(-logit)),
        }
    )


def lesions_of(table: pl.DataFrame) -> tuple[Lesions, np.ndarray]:
    """Give the lesions of a drawn cohort and their targets."""
    return make_lesions(table), table["target"].to_numpy().astype(np.int64)
