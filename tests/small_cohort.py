"""A cohort that is drawn in milliseconds: blobs on skin, darker where malignant.

For tests of the machinery, not of what is learnt: the synthetic twin has pictures worth looking at.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import simplejpeg
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def blob(generator: np.random.Generator, *, dark: bool, size_px: int = 48) -> Pixels:
    """Draw one lesion as ``(size_px, size_px, 3)``."""
    rows, columns = np.mgrid[:size_px, :size_px] / size_px - 0.5
    inside = rows**2 + columns**2 < 0.02 + 0.03 * generator.random()
    skin = np.array([225, 180, 160]) + generator.normal(0, 8, 3)
    lesion = np.array([70, 40, 35]) if dark else np.array([150, 95, 70])
    picture = np.where(inside[..., None], lesion + generator.normal(0, 10, 3), skin)
    picture = picture + generator.normal(0, 6, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def jpeg(pixels: Pixels) -> bytes:
    """Encode ``pixels`` as JPEG."""
    encoded: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=92)
    return encoded


def write_small_cohort(
    folder: Path,
    *,
    n_patients: int = 12,
    images_a_patient: int = 4,
    n_test: int = 0,
    seed: int = 1,
    lacking: Sequence[str] = (),
) -> pl.DataFrame:
    """Write a Kaggle-layout folder; every other patient has a melanoma. Give its training table."""
    generator = np.random.default_rng(seed)
    images = folder / "jpeg" / "train"
    images.mkdir(parents=True)
    rows = []
    for patient in range(n_patients):
        for image in range(images_a_patient):
            target = int(patient % 2 == 0 and image == 0)
            name = f"ISIC_{patient:04d}{image:03d}"
            rows.append(_row(name, f"IP_{patient:07d}", target, generator))
            if name not in lacking:
                picture = blob(generator, dark=bool(target))
                (images / f"{name}.jpg").write_bytes(jpeg(picture))
    table = pl.DataFrame(rows)
    table.write_csv(folder / "train.csv")
    sizes = table.select("image_name", width=pl.lit(6000), height=pl.lit(4000))
    sizes.write_csv(folder / "train_original_size.csv")
    if n_test:
        _write_test_part(folder, n_test, generator)
    return table


def _row(
    name: str, patient: str, target: int, generator: np.random.Generator
) -> dict[str, str | float | int]:
    return {
        "image_name": name,
        "patient_id": patient,
        "sex": "female" if generator.random() < 0.5 else "male",
        "age_approx": float(generator.integers(4, 16) * 5),
        "anatom_site_general_challenge": "torso",
        "diagnosis": "melanoma" if target else "nevus",
        "benign_malignant": "malignant" if target else "benign",
        "target": target,
    }


def _write_test_part(folder: Path, n_images: int, generator: np.random.Generator) -> None:
    images = folder / "jpeg" / "test"
    images.mkdir(parents=True)
    rows = []
    for image in range(n_images):
        name = f"ISIC_9{image:06d}"
        row = _row(name, f"IP_9{image // 2:06d}", 0, generator)
        rows.append({key: row[key] for key in list(row)[:5]})
        (images / f"{name}.jpg").write_bytes(jpeg(blob(generator, dark=image % 2 == 0)))
    pl.DataFrame(rows).write_csv(folder / "test.csv")
