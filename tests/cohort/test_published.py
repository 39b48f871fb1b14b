"""ISIC 2020 is known by its names, whole or nearly, and by nothing else."""

from pathlib import Path

import polars as pl
import pytest

from cygnet.cohort.columns import Part
from cygnet.cohort.published import (
    PUBLISHED_COUNTS,
    PUBLISHED_VALUES,
    content_digest,
    is_isic_2020,
    says_what_was_published,
)
from cygnet.cohort.table import Dataset, read_dataset


@pytest.fixture(scope="module")
def isic_2020(real_data: Path) -> Dataset:
    return read_dataset(real_data / "isic2020")


def test_published_counts_add_up() -> None:
    counts = PUBLISHED_COUNTS["train"]
    assert counts["n_benign"] + counts["n_malignant"] == counts["n_images"]
    for column in ("diagnosis", "anatom_site_general_challenge", "sex"):
        assert sum(PUBLISHED_VALUES["train"][column].values()) == counts["n_images"]


@pytest.mark.parametrize("part", ["train", "test"])
def test_names_of_the_same_shape_are_not_the_published_ones(part: Part) -> None:
    names = pl.Series([f"ISIC_{number * 301:07d}" for number in range(33_126)])
    assert not is_isic_2020(names, part)


def test_the_digest_of_rows_does_not_depend_on_their_order() -> None:
    table = pl.DataFrame(
        {
            "image_name": ["a", "b"],
            "patient_id": ["p", None],
            "sex": ["male", None],
            "age_approx": [45.0, None],
            "anatom_site_general_challenge": ["torso", None],
        }
    )
    assert content_digest(table, "test") == content_digest(table[::-1], "test")
    other = table.with_columns(sex=pl.lit("female"))
    assert content_digest(other, "test") != content_digest(table, "test")


@pytest.mark.real
def test_the_published_tables_are_recognised(isic_2020: Dataset) -> None:
    assert len(isic_2020.parts) == 2
    for cohort in isic_2020.parts:
        assert is_isic_2020(cohort.table["image_name"], cohort.part)
        assert says_what_was_published(cohort.table, cohort.part)


@pytest.mark.real
def test_the_table_without_duplicates_is_recognised_and_a_small_part_is_not(
    isic_2020: Dataset,
) -> None:
    names = isic_2020.train.table["image_name"]
    dropped = isic_2020.duplicates["image_name_2"]
    assert is_isic_2020(names.filter(~names.is_in(dropped.implode())), "train")
    assert not is_isic_2020(names.sample(876, seed=1), "train")
    assert not is_isic_2020(names, "test")


@pytest.mark.real
def test_a_changed_target_is_noticed(isic_2020: Dataset) -> None:
    table = isic_2020.train.table
    swapped = table.with_columns(target=pl.col("target").reverse())
    assert swapped["target"].sum() == table["target"].sum()
    assert not says_what_was_published(swapped, "train")
