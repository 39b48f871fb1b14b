"""Is the synthetic twin's table like ISIC 2020's where it should be?"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from cygnet.curation.twin_table import draw_table, draw_tables, listed_duplicates
from cygnet.errors import InputError

FULL_SIZE = 2_056


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """A training table as large as the real one."""
    return draw_table(FULL_SIZE, 1)


def a_patient(table: pl.DataFrame) -> pl.DataFrame:
    return table.group_by("patient_id").agg(
        images=pl.len(), melanomas=pl.col("target").sum(), sexes=pl.col("sex").n_unique()
    )


def shares(table: pl.DataFrame, column: str) -> dict[str | float | None, float]:
    counts = table[column].value_counts()
    return dict(zip(counts[column], counts["count"] / table.height, strict=True))


def apart(first: pl.DataFrame, second: pl.DataFrame, column: str) -> float:
    """Total variation between the distributions of one column in two tables."""
    one, other = shares(first, column), shares(second, column)
    return sum(abs(one.get(key, 0) - other.get(key, 0)) for key in {*one, *other}) / 2


def by_size(table: pl.DataFrame) -> float:
    """AUROC of the malignant share of each original size, which is the best a size can do."""
    share = pl.col("target").mean().over("width", "height")
    return float(roc_auc_score(table["target"], table.select(share).to_series()))


def by_count(table: pl.DataFrame) -> float:
    count = table.select(pl.len().cast(pl.Int64).over("patient_id")).to_series()
    return float(roc_auc_score(table["target"], -count))


def test_patients_have_as_many_images_as_in_the_real_data(table: pl.DataFrame) -> None:
    images = a_patient(table)["images"]
    assert len(images) == FULL_SIZE
    assert images.mean() == pytest.approx(16.1, abs=0.3)
    assert images.median() == 12
    assert (images.min(), images.max()) == (2, 115)


def test_a_fifth_of_the_patients_have_a_melanoma_and_none_more_than_eight(
    table: pl.DataFrame,
) -> None:
    patients = a_patient(table)
    assert (patients["melanomas"] > 0).mean() == pytest.approx(0.208, abs=0.001)
    assert 3 <= int(patients["melanomas"].max()) <= 8  # type: ignore[arg-type]
    assert table["target"].mean() == pytest.approx(0.0176, abs=0.0001)


def test_every_malignant_image_is_a_melanoma_and_no_other(table: pl.DataFrame) -> None:
    melanoma = (table["diagnosis"] == "melanoma").to_list()
    assert melanoma == (table["target"] == 1).to_list()
    assert melanoma == (table["benign_malignant"] == "malignant").to_list()


def test_a_patient_has_one_sex_and_may_have_more_than_one_age(table: pl.DataFrame) -> None:
    assert a_patient(table)["sexes"].max() == 1
    ages = table.group_by("patient_id").agg(pl.col("age_approx").n_unique())["age_approx"]
    assert (ages > 1).mean() == pytest.approx(997 / 2056, abs=0.05)
    assert set((table["age_approx"].drop_nulls() % 5).unique()) == {0.0}


def test_gaps_are_where_the_real_data_have_them(table: pl.DataFrame) -> None:
    gaps = table["anatom_site_general_challenge"].null_count() / table.height
    assert gaps == pytest.approx(527 / 33_126, rel=0.35)
    many = draw_table(20_000, 4)
    assert 0 < many["sex"].null_count() < many["age_approx"].null_count() < 0.01 * many.height
    assert many["target"].null_count() == 0


def test_identifiers_are_unique_and_shaped_like_the_real_ones(table: pl.DataFrame) -> None:
    assert table["image_name"].is_unique().all()
    for column, shape in (("image_name", "ISIC"), ("patient_id", "IP"), ("lesion_id", "IL")):
        assert table[column].str.contains(rf"^{shape}_[0-9]{{7}}$").all()
    assert table["image_name"].is_sorted()


def test_duplicates_are_listed_but_for_a_few_and_never_leave_their_patient(
    table: pl.DataFrame,
) -> None:
    pairs = listed_duplicates(table)
    assert pairs.height == pytest.approx(425, abs=25)
    rows = table.select("image_name", "patient_id", "target", "lesion_id", "sex")
    joined = pairs.join(rows, left_on="image_name_1", right_on="image_name").join(
        rows, left_on="image_name_2", right_on="image_name", suffix="_2"
    )
    assert joined.height == pairs.height
    assert (joined["patient_id"] == joined["patient_id_2"]).all()
    assert (joined["target"] == joined["target_2"]).all()
    other_lesion = (joined["lesion_id"] != joined["lesion_id_2"]).sum()
    assert 0 < other_lesion < 25
    copies = table.filter(pl.col("copy_of").is_not_null())
    assert 0 < copies.height - pairs.height < 25
    assert table["lesion_id"].n_unique() == table.height - copies.height + other_lesion


def test_the_same_seed_gives_the_same_table_and_another_seed_another() -> None:
    assert draw_table(40, 9).equals(draw_table(40, 9))
    assert not set(draw_table(40, 9)["image_name"]) & set(draw_table(40, 10)["image_name"])


def test_the_test_set_shares_nothing_with_training_and_does_not_change_it() -> None:
    train, test = draw_tables(60, 30, 3)
    assert train.equals(draw_table(60, 3))
    assert test["patient_id"].n_unique() == 30
    for column in ("image_name", "patient_id", "lesion_id"):
        assert not set(train[column]) & set(test[column])


@pytest.mark.parametrize("prevalence", [0.0, 0.05, 0.15, 0.2])
def test_a_prevalence_is_met_and_leaves_each_patient_nevi_to_compare_with(
    prevalence: float,
) -> None:
    table = draw_table(50, 8, prevalence)
    patients = a_patient(table)
    assert table["target"].sum() == round(prevalence * table.height)
    assert (patients["melanomas"] <= patients["images"].clip(3) / 3).all()
    assert (patients["melanomas"] <= 8).all()


def test_shortcuts_are_as_strong_as_asked() -> None:
    strength = {share: draw_table(FULL_SIZE, 2, shortcut_strength=share) for share in (0, 0.35, 1)}
    sizes = {share: by_size(table) for share, table in strength.items()}
    counts = {share: by_count(table) for share, table in strength.items()}
    assert sizes[0] < 0.58
    assert 0.57 < sizes[0.35] < 0.68
    assert sizes[1] == pytest.approx(0.79, abs=0.04)
    assert counts[0] == pytest.approx(0.5, abs=0.04)
    assert 0.55 < counts[0.35] < 0.65
    assert counts[1] == pytest.approx(0.72, abs=0.04)


@pytest.mark.parametrize(
    ("patients", "prevalence", "said"),
    [(0, 0.1, "0 and 0 patients"), (20, 0.6, "at most"), (20, 1.5, "no share")],
)
def test_a_cohort_that_cannot_be_is_refused(patients: int, prevalence: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        draw_table(patients, 1, prevalence)


@pytest.mark.real
def test_the_table_follows_the_real_marginals(table: pl.DataFrame, real_data: Path) -> None:
    folder = real_data / "isic2020"
    real = pl.read_csv(folder / "ISIC_2020_Training_GroundTruth_v2.csv").join(
        pl.read_csv(folder / "train_original_size.csv"), on="image_name"
    )
    real = real.with_columns(pl.col("age_approx").cast(pl.Float64))
    for column in ("sex", "anatom_site_general_challenge", "target"):
        assert apart(table, real, column) < 0.03
    for column in ("age_approx", "diagnosis", "width"):
        assert apart(table, real, column) < 0.08
    steps = np.arange(2, 116)
    below = [
        np.searchsorted(np.sort(a_patient(rows)["images"].to_numpy()), steps, side="right")
        for rows in (table, real.with_columns(pl.col("target")))
    ]
    assert np.abs(below[0] - below[1]).max() / FULL_SIZE < 0.02


@pytest.mark.real
def test_no_identifier_of_the_twin_stands_for_a_real_row(
    table: pl.DataFrame, real_data: Path
) -> None:
    real = pl.read_csv(real_data / "isic2020" / "train.csv")
    shared = table.join(real, on=["image_name", "patient_id"])
    assert shared.height == 0
