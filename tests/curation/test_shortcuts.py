from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cygnet.curation.shortcuts import shortcut_probabilities
from cygnet.errors import InputError
from cygnet.evaluation import auroc


@pytest.fixture
def table(rng: np.random.Generator) -> pl.DataFrame:
    """Draw 600 images of which the large, the old and the many are rarely malignant."""
    n = 600
    target = (rng.random(n) < 0.3).astype(int)
    large = rng.random(n) < np.where(target == 1, 0.2, 0.8)
    return pl.DataFrame(
        {
            "image_name": [f"I_{i}" for i in range(n)],
            "target": target,
            "width_px": np.where(large, 6000, 1024),
            "height_px": np.where(large, 4000, 768),
            "age_approx": np.clip(50 + 10 * target + rng.normal(0, 10, n), 0, 90),
            "sex": np.where(rng.random(n) < 0.5, "male", "female"),
            "anatom_site_general_challenge": np.where(rng.random(n) < 0.5, "torso", "head/neck"),
            "count": rng.poisson(np.where(target == 1, 5, 30), n) + 1.0,
            "fold": np.arange(n) % 4,
        }
    ).with_columns(
        pl.when(pl.int_range(n) % 50 > 0).then(pl.col("age_approx")),
        pl.when(pl.int_range(n) % 40 > 0).then(pl.col("sex")),
    )


def test_each_shortcut_finds_what_its_columns_tell(table: pl.DataFrame) -> None:
    made = shortcut_probabilities(table, table["fold"], table["count"])
    assert list(made) == ["original_size", "age_sex_site", "n_images"]
    scores = {name: auroc(table["target"], values) for name, values in made.items()}
    # The sizes part 80 % of each class: 0.8 * 0.8 + 0.8 * 0.2 = 0.8 with ties as one half.
    assert scores["original_size"] == pytest.approx(0.8, abs=0.05)
    assert scores["age_sex_site"] == pytest.approx(0.76, abs=0.06)
    assert scores["n_images"] > 0.95
    for values in made.values():
        assert values.shape == (600,)
        assert ((values > 0) & (values < 1)).all()


def test_the_same_input_gives_the_same_output(table: pl.DataFrame) -> None:
    one, other = (shortcut_probabilities(table, table["fold"], table["count"]) for _ in range(2))
    for name, values in one.items():
        assert (values == other[name]).all()


def test_no_image_is_scored_by_a_model_that_saw_it(table: pl.DataFrame) -> None:
    inside = pl.col("fold") == 1
    lied = table.with_columns(
        target=pl.when(inside).then(1 - pl.col("target")).otherwise(pl.col("target"))
    )
    honest = shortcut_probabilities(table, table["fold"], table["count"])
    fooled = shortcut_probabilities(lied, table["fold"], table["count"])
    held_out = table["fold"].to_numpy() == 1
    for name, values in honest.items():
        assert (values[held_out] == fooled[name][held_out]).all()
        assert (values[~held_out] != fooled[name][~held_out]).any()


def test_noise_tells_nothing(table: pl.DataFrame, rng: np.random.Generator) -> None:
    shuffled = table.with_columns(target=pl.Series(rng.permutation(table["target"].to_numpy())))
    made = shortcut_probabilities(shuffled, table["fold"], table["count"])
    for values in made.values():
        assert auroc(shuffled["target"], values) == pytest.approx(0.5, abs=0.12)


def test_a_shortcut_without_its_columns_is_left_out(table: pl.DataFrame) -> None:
    unknown = table.with_columns(
        pl.lit(None, pl.Int32).alias("width_px"), pl.lit(None, pl.Int32).alias("height_px")
    )
    made = shortcut_probabilities(unknown, table["fold"], np.full(600, np.nan))
    assert list(made) == ["age_sex_site"]


def test_some_sizes_missing_are_a_size_of_their_own(table: pl.DataFrame) -> None:
    some = pl.int_range(600) % 3 > 0
    partly = table.with_columns(
        pl.when(some).then(pl.col("width_px")), pl.when(some).then(pl.col("height_px"))
    )
    made = shortcut_probabilities(partly, table["fold"], table["count"])
    assert np.isfinite(made["original_size"]).all()
    assert auroc(table["target"], made["original_size"]) > 0.65


def test_a_fold_whose_rest_is_of_one_class_gets_that_class_s_share(table: pl.DataFrame) -> None:
    folds = table["target"].to_numpy()
    made = shortcut_probabilities(table, folds, table["count"])
    for values in made.values():
        assert values[folds == 1].tolist() == [0.0] * int(folds.sum())


def test_arrays_that_do_not_fit_are_refused(table: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="one number for each of the 600 images"):
        shortcut_probabilities(table, [0, 1], table["count"])
    with pytest.raises(InputError, match="at least two folds"):
        shortcut_probabilities(table, np.zeros(600), table["count"])


@pytest.mark.real
@pytest.mark.parametrize(
    ("present_only", "expected"),
    [
        (True, {"original_size": 0.78, "n_images": 0.71, "age_sex_site": 0.65}),
        (False, {"original_size": 0.787, "n_images": 0.72, "age_sex_site": 0.68}),
    ],
)
def test_real_shortcuts_reach_what_is_known(
    real_data: Path, present_only: bool, expected: dict[str, float]
) -> None:
    folder = real_data / "isic2020"
    sizes = pl.read_csv(folder / "train_original_size.csv").rename(
        {"width": "width_px", "height": "height_px"}
    )
    whole = pl.read_csv(folder / "train.csv").join(sizes, on="image_name", how="left")
    whole = whole.with_columns(count=pl.len().over("patient_id").cast(pl.Float64))
    if present_only:
        present = {path.stem for path in (folder / "jpeg" / "train").iterdir()}
        whole = whole.filter(pl.col("image_name").is_in(list(present)))
        assert whole.height == 876
    # Whole patients a fold, dealt by their melanomas.
    dealt = whole.group_by("patient_id").agg(pl.col("target").sum()).sort("target", "patient_id")
    dealt = dealt.with_row_index().select("patient_id", fold=pl.col("index") % 5)
    whole = whole.join(dealt, on="patient_id", how="left", maintain_order="left")
    made = shortcut_probabilities(whole, whole["fold"], whole["count"])
    for name, value in expected.items():
        assert auroc(whole["target"], made[name]) == pytest.approx(value, abs=0.02), name
