from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cygnet.breakdown import age_band, sampling_weights, subgroup_columns
from cygnet.errors import TableError

TABLE = pl.DataFrame(
    {
        "image_name": ["a", "b", "c", "d"],
        "sex": ["male", None, "female", "NA"],
        "age_approx": ["39.0", "40", None, "85"],
        "weight": ["1", "77.2", "1.5", "2"],
        "row": [2, 3, 4, 5],
    }
)


def test_bands_of_age_meet_without_a_gap() -> None:
    bands = age_band(pl.Series([0.0, 39.9, 40.0, 59.9, 60.0, 120.0, None]))
    low, middle, high = "0 to 39", "40 to 59", "60 and over"
    assert bands.to_list() == [low, low, middle, middle, high, high, None]


def test_columns_are_texts_in_which_missing_is_none() -> None:
    columns = subgroup_columns(TABLE, ["sex", "age_band"])
    assert columns["sex"].tolist() == ["male", None, "female", None]
    assert columns["age_band"].tolist() == ["0 to 39", "40 to 59", None, "60 and over"]


def test_an_age_that_is_a_number_already_has_a_band() -> None:
    table = TABLE.with_columns(pl.col("age_approx").cast(pl.Float64))
    assert subgroup_columns(table, ["age_band"])["age_band"][0] == "0 to 39"


def test_a_column_called_age_band_is_taken_as_it_is() -> None:
    table = TABLE.with_columns(age_band=pl.lit("young"))
    assert set(subgroup_columns(table, ["age_band"])["age_band"]) == {"young"}


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(TableError, match=r"no column hospital.*sex, age_approx"):
        subgroup_columns(TABLE, ["hospital"], Path("truth.csv"))


def test_an_age_that_is_no_number_is_refused_by_row() -> None:
    table = TABLE.with_columns(age_approx=pl.Series(["85+", "40", None, "NA"]))
    with pytest.raises(TableError, match=r"age is no number\. Found 1: row 2"):
        subgroup_columns(table, ["age_band"])


def test_a_column_that_names_every_image_is_refused() -> None:
    table = pl.DataFrame({"image_name": [str(n) for n in range(60)]})
    with pytest.raises(TableError, match="60 different values"):
        subgroup_columns(table, ["image_name"])


def test_weights_are_numbers_above_zero() -> None:
    assert sampling_weights(TABLE, "weight").tolist() == [1.0, 77.2, 1.5, 2.0]


@pytest.mark.parametrize("cell", ["0", "-1", "inf", "nan", "x", None])
def test_a_weight_that_is_none_is_refused_by_id_and_not_by_value(cell: str | None) -> None:
    table = TABLE.with_columns(weight=pl.Series(["1", cell, "1", "2"]))
    with pytest.raises(TableError, match=r"finite number above 0\. Found 1: row 3: 'b'"):
        sampling_weights(table, "weight")


def test_an_unknown_column_of_weights_is_refused() -> None:
    with pytest.raises(TableError, match="no column sampling"):
        sampling_weights(TABLE, "sampling")


def test_arrays_have_one_entry_an_image() -> None:
    columns = subgroup_columns(TABLE, ["sex"])
    assert columns["sex"].shape == (4,)
    assert sampling_weights(TABLE, "weight").dtype == np.float64
