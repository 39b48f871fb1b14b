"""What do benchmarks of context draw? Scores whose truth is known, as an out-of-fold table."""

import numpy as np
import polars as pl
from numpy.typing import NDArray


def draw_scores(
    n_images: NDArray[np.int64],
    *,
    prevalence: float,
    signature: float,
    shift: float,
    level: float,
    seed: int,
) -> pl.DataFrame:
    """Draw scores for patients of ``n_images`` ``(n_patients,)`` images each.

    The logit is ``level``, plus a patient's own level of spread ``signature``, plus ``shift`` for a
    melanoma, plus noise of spread 1. Gives image_name, patient_id, lesion_id, fold, target and
    probability, a row an image.
    """
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n_images.size), n_images)
    target = (rng.random(patient.size) < prevalence).astype(np.int64)
    own = signature * rng.normal(size=n_images.size)[patient]
    logit = level + own + shift * target + rng.normal(size=patient.size)
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
