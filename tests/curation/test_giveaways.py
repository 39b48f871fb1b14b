"""What tells melanomas without the lesion is found, what does not is not, and none sees itself."""

import numpy as np
import polars as pl
import pytest

from cygnet.curation.giveaways import Giveaway, cross_fitted_shares, giveaways
from cygnet.curation.looking import FILE_COLUMNS
from cygnet.evaluation import auroc

N_PATIENTS = 300


def cohort(rng: np.random.Generator, *, telling: bool) -> pl.DataFrame:
    """Draw patients of four images; where ``telling``, sizes go with the target."""
    patient = np.repeat(np.arange(N_PATIENTS), 4)
    n = patient.size
    target = (rng.random(n) < 0.15).astype(np.int8)
    large = rng.random(n) < (np.where(target == 1, 0.2, 0.7) if telling else 0.5)
    return pl.DataFrame(
        {
            "image_name": [f"I_{i}" for i in range(n)],
            "patient_id": [f"P_{i}" for i in patient],
            "lesion_id": pl.Series([None] * n, dtype=pl.String),
            "target": target,
            "width_px": pl.Series(np.where(large, 6000, 1024), dtype=pl.Int32),
            "height_px": pl.Series(np.where(large, 4000, 768), dtype=pl.Int32),
            "dataset": np.where(rng.random(n) < 0.5, "here", "there"),
        }
    )


def by_name(found: list[Giveaway]) -> dict[str, Giveaway]:
    return {one.name: one for one in found}


def test_a_size_that_tells_is_found_and_said_to_be_strong(rng: np.random.Generator) -> None:
    found = by_name(giveaways(cohort(rng, telling=True)))
    size = found["image_size"]
    # 0.8 * 0.7 + ties as one half: 0.75.
    assert size.auroc.estimate == pytest.approx(0.75, abs=0.05)
    assert size.tells
    assert size.is_strong
    assert "without having looked at a lesion" in size.meaning
    assert not found["source"].tells
    assert not found["n_images"].tells
    assert "same for every image" in found["n_images"].meaning
    assert found["n_images"].as_json()["auroc"]["estimate"] is None


def test_what_does_not_tell_is_not_found(rng: np.random.Generator) -> None:
    found = giveaways(cohort(rng, telling=False))
    assert len(found) == 4
    assert not any(one.is_strong for one in found)


def test_what_was_looked_for_in_a_sample_is_judged_on_that_sample(rng: np.random.Generator) -> None:
    table = cohort(rng, telling=False)
    n, target = table.height, table["target"].to_numpy()
    score = np.where(rng.random(n) < np.where(target == 1, 0.8, 0.2), 0.9, 0.0)
    sampled = rng.random(n) < 0.25
    seen = {
        "part": ["train"] * n,
        "image_name": table["image_name"],
        "ruler_score": [float(s) if k else None for s, k in zip(score, sampled, strict=True)],
        "pixels_digest": [b"x"] * n,
    }
    files = pl.DataFrame(
        {name: seen.get(name, [None] * n) for name in FILE_COLUMNS}, schema=FILE_COLUMNS
    )
    ruler = by_name(giveaways(table, files))["ruler"]
    assert ruler.n_images == sampled.sum()
    # 0.8 of melanomas and 0.2 of the others; ties count one half.
    assert ruler.auroc.estimate == pytest.approx(0.8, abs=0.08)


def test_what_was_looked_for_in_too_few_is_named_and_not_judged(rng: np.random.Generator) -> None:
    table = cohort(rng, telling=False)
    n, benign = table.height, (table["target"] == 0).to_numpy()
    seen = {
        "part": ["train"] * n,
        "image_name": table["image_name"],
        "ruler_score": [0.0 if k else None for k in benign & (np.arange(n) % 4 == 0)],
        "pixels_digest": [b"x"] * n,
    }
    files = pl.DataFrame(
        {name: seen.get(name, [None] * n) for name in FILE_COLUMNS}, schema=FILE_COLUMNS
    )
    ruler = by_name(giveaways(table, files))["ruler"]
    assert not ruler.tells
    assert "too few" in ruler.meaning


def test_a_value_of_its_own_for_each_patient_tells_nothing(rng: np.random.Generator) -> None:
    # In the same data an image's own patient would tell much: who has one melanoma has more.
    patient = np.repeat(np.arange(200), 6)
    target = (rng.random(200) < 0.3)[patient].astype(np.int64)
    fold = patient % 5
    shares = cross_fitted_shares(patient, np.full(patient.size, np.nan), target, fold)
    assert auroc(target, shares) == pytest.approx(0.5, abs=0.08)
    leaking = cross_fitted_shares(
        patient, np.full(patient.size, np.nan), target, np.arange(1200) % 5
    )
    assert auroc(target, leaking) > 0.99


def test_a_share_is_drawn_from_the_other_folds_alone(rng: np.random.Generator) -> None:
    category, fold = rng.integers(0, 3, 400), np.arange(400) % 4
    target = (rng.random(400) < 0.3).astype(np.int64)
    honest = cross_fitted_shares(category, np.full(400, np.nan), target, fold)
    lied = np.where(fold == 1, 1 - target, target)
    fooled = cross_fitted_shares(category, np.full(400, np.nan), lied, fold)
    assert (honest[fold == 1] == fooled[fold == 1]).all()
    assert (honest[fold != 1] != fooled[fold != 1]).any()


def test_a_share_worked_by_hand() -> None:
    # Fold 1 sees of category 0 four images, one malignant; of all eight, three are: 3/8.
    category = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 1])
    target = np.array([1, 0, 0, 0, 1, 1, 0, 0, 0, 0])
    fold = np.array([0] * 8 + [1] * 2)
    shares = cross_fitted_shares(category, np.full(10, np.nan), target, fold)
    # No number: all eight are of one bin, whose share 3/8 drawn to 3/8 stays.
    assert shares[8] == pytest.approx((1 + 20 * 3 / 8) / 24)
    assert shares[9] == pytest.approx((2 + 20 * 3 / 8) / 24)


def test_rows_without_a_target_are_left_out(rng: np.random.Generator) -> None:
    table = cohort(rng, telling=True)
    some = table.with_columns(pl.when(pl.int_range(pl.len()) % 3 > 0).then("target"))
    found = by_name(giveaways(some))
    assert found["image_size"].n_images == some["target"].count()
    assert found["image_size"].tells


@pytest.mark.parametrize("target", [0, 1, None])
def test_one_class_has_no_shortcut(rng: np.random.Generator, target: int | None) -> None:
    table = cohort(rng, telling=True).with_columns(target=pl.lit(target, pl.Int8))
    assert giveaways(table) == []


def test_few_patients_get_no_interval_and_no_finding(rng: np.random.Generator) -> None:
    found = by_name(giveaways(cohort(rng, telling=True)[:24]))
    assert not found["image_size"].tells
    assert "too few patients" in found["image_size"].meaning
