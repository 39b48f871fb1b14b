"""ISIC 2020 is known by its names, whole or in part, and each of its rows by a digest."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cygnet.cohort.columns import Part
from cygnet.cohort.published import (
    PUBLISHED_COLUMNS,
    PUBLISHED_COUNTS,
    PUBLISHED_VALUES,
    packed_digests,
    published_rows,
    row_digests,
)
from cygnet.cohort.published_ham10000 import (
    HAM10000_IMAGES,
    HAM10000_VALUES,
    is_of_ham10000,
)
from cygnet.cohort.table import Dataset, read_dataset


@pytest.fixture(scope="module")
def isic_2020(real_data: Path) -> Dataset:
    return read_dataset(real_data / "isic2020")


def strangers(names: list[str]) -> pl.DataFrame:
    columns = [*PUBLISHED_COLUMNS["train"][1:], "lesion_id"]
    types = {"age_approx": pl.Float64, "target": pl.Int64}
    empty = [pl.lit(None, types.get(name, pl.String)).alias(name) for name in columns]
    return pl.DataFrame({"image_name": names}).with_columns(empty)


def test_published_counts_add_up() -> None:
    counts = PUBLISHED_COUNTS["train"]
    assert counts["n_benign"] + counts["n_malignant"] == counts["n_images"]
    for column in ("diagnosis", "anatom_site_general_challenge", "sex"):
        assert sum(PUBLISHED_VALUES["train"][column].values()) == counts["n_images"]


@pytest.mark.parametrize("part", ["train", "test"])
def test_names_of_the_same_shape_are_not_the_published_ones(part: Part) -> None:
    names = [f"ISIC_{number * 301:07d}" for number in range(33_126)]
    rows = published_rows(strangers(names), part)
    assert not rows.is_recognised
    assert not rows.says_what_was_published
    # A digest of four bytes is some stranger's now and then, and no more.
    assert rows.known.mean() < 0.05


def test_the_digest_of_a_row_is_of_all_its_published_cells() -> None:
    table = pl.DataFrame(
        {
            "image_name": ["a", "b"],
            "patient_id": ["p", None],
            "sex": ["male", None],
            "age_approx": [45.0, None],
            "anatom_site_general_challenge": ["torso", None],
        }
    )
    digests = row_digests(table, "test")
    assert (row_digests(table[::-1], "test") == digests[::-1]).all()
    other = row_digests(table.with_columns(sex=pl.lit("female")), "test")
    assert (other != digests).all()


@pytest.mark.real
def test_the_digests_that_ship_are_those_of_the_published_tables(isic_2020: Dataset) -> None:
    made = packed_digests({cohort.part: cohort.table for cohort in isic_2020.parts})
    assert files("cygnet.cohort").joinpath("published_rows.npz").read_bytes() == made


@pytest.mark.real
def test_the_published_tables_are_recognised_whole(isic_2020: Dataset) -> None:
    assert len(isic_2020.parts) == 2
    for cohort in isic_2020.parts:
        rows = published_rows(cohort.table, cohort.part)
        assert rows.is_whole
        assert rows.says_what_was_published
        shuffled = published_rows(
            cohort.table.sample(fraction=1, shuffle=True, seed=1), cohort.part
        )
        assert shuffled.says_what_was_published


@pytest.mark.real
def test_a_part_of_the_table_is_recognised_as_a_part(isic_2020: Dataset) -> None:
    table = isic_2020.train.table
    rows = published_rows(table.sample(876, seed=1), "train")
    assert rows.is_recognised
    assert not rows.is_whole
    assert rows.says_what_was_published
    assert rows.share_here == pytest.approx(876 / 33_126)
    dropped = isic_2020.duplicates["image_name_2"].implode()
    without = table.filter(~pl.col("image_name").is_in(dropped))
    assert published_rows(without, "train").is_whole
    assert not published_rows(table, "test").is_recognised


@pytest.mark.real
def test_each_changed_row_is_found(isic_2020: Dataset) -> None:
    table = isic_2020.train.table
    swapped = table.with_columns(target=pl.col("target").reverse())
    assert swapped["target"].sum() == table["target"].sum()
    rows = published_rows(swapped, "train")
    assert (rows.changed == (swapped["target"] != table["target"]).to_numpy()).all()
    assert rows.changed.sum() > 1_000
    moved = table.with_columns(lesion_id=pl.col("lesion_id").shift(1))
    assert np.count_nonzero(published_rows(moved, "train").lesion_changed) > 30_000


def test_the_published_counts_of_ham10000_add_up() -> None:
    for column in ("diagnosis", "diagnosis_confirm_type", "sex"):
        assert sum(HAM10000_VALUES[column].values()) == HAM10000_IMAGES


def test_images_of_ham10000_are_known_by_their_names() -> None:
    names = ["ISIC_0024305", "ISIC_0024306", "ISIC_0034320", "ISIC_0034321", "ISIC_002500x"]
    table = strangers(names).select(of=is_of_ham10000())
    assert table["of"].to_list() == [False, True, True, False, False]
