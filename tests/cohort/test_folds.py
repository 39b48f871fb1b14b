"""Folds keep patients, lesions and duplicates whole, whatever the table, and share the rest out."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cygnet.cohort.folds import check_folds, component_codes, make_folds, read_folds, write_folds
from cygnet.cohort.table import read_dataset
from cygnet.errors import TableError

Pairs = list[tuple[str, str]]


def table_of(
    patients: Sequence[str | None],
    targets: Sequence[int],
    lesions: Sequence[str | None] | None = None,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "image_name": [f"ISIC_{number:07d}" for number in range(len(patients))],
            "patient_id": patients,
            "lesion_id": [None] * len(patients) if lesions is None else lesions,
            "target": targets,
        },
        schema={
            "image_name": pl.String,
            "patient_id": pl.String,
            "lesion_id": pl.String,
            "target": pl.Int8,
        },
    )


def cohort_of(rng: np.random.Generator, n_patients: int) -> pl.DataFrame:
    """Draw patients with 2 to 60 images; one patient in five has melanomas."""
    patients: list[str | None] = []
    targets: list[int] = []
    for number in range(n_patients):
        n_images = int(rng.integers(2, 60))
        patients += [f"IP_{number:07d}"] * n_images
        n_malignant = int(rng.integers(1, 3)) if number % 5 == 0 else 0
        targets += [1] * n_malignant + [0] * (n_images - n_malignant)
    return table_of(patients, targets)


def test_images_that_share_a_patient_a_lesion_or_a_duplicate_are_one_component() -> None:
    table = table_of(
        ["a", "a", "b", None, None, "c", "d"],
        [0] * 7,
        ["L1", "L2", None, "L2", "L3", "L3", None],
    )
    codes = component_codes(table, [("ISIC_0000002", "ISIC_0000006"), ("ISIC_0000002", "nobody")])
    # a is rows 0 and 1, and row 3 through L2; b and d are linked; row 4 and c share L3.
    assert codes[0] == codes[1] == codes[3]
    assert codes[2] == codes[6]
    assert codes[4] == codes[5]
    assert sorted(set(codes.tolist())) == [0, 1, 2]


def test_links_reach_through_any_number_of_others() -> None:
    n = 200
    table = table_of([f"p{number}" for number in range(n)], [0] * n)
    names = table["image_name"].to_list()
    chain = list(pairwise(names))[::-1]
    assert set(component_codes(table, chain).tolist()) == {0}


def test_rows_without_patient_or_lesion_stand_alone() -> None:
    assert component_codes(table_of([None, None], [0, 1])).tolist() == [0, 1]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_patient_lesion_or_pair_is_ever_in_two_folds(data: st.DataObject) -> None:
    n = data.draw(st.integers(6, 40))
    identifiers = st.lists(
        st.one_of(st.none(), st.sampled_from("abcdefgh")), min_size=n, max_size=n
    )
    targets = data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    table = table_of(data.draw(identifiers), targets, data.draw(identifiers))
    name = st.sampled_from(table["image_name"].to_list())
    linked: Pairs = data.draw(st.lists(st.tuples(name, name), max_size=4))
    component = component_codes(table, linked)
    bearing = len({code for code, target in zip(component, targets, strict=True) if target})
    k = data.draw(st.integers(2, 5))
    if bearing < k:
        with pytest.raises(TableError, match=f"{k} folds need at least"):
            make_folds(table, k=k, seed=1, linked=linked)
        return
    folds = make_folds(table, k=k, seed=1, linked=linked)
    report = check_folds(table, folds, linked)
    assert report.ok
    assert report.n_unassigned == 0
    in_fold: dict[int, set[int]] = {}
    for code, fold, target in zip(component, folds["fold"], targets, strict=True):
        if target:
            in_fold.setdefault(fold, set()).add(int(code))
    sizes = [len(in_fold.get(fold, ())) for fold in range(k)]
    assert max(sizes) - min(sizes) <= 1


def test_the_same_seed_gives_the_same_folds_in_any_order_of_rows(
    rng: np.random.Generator,
) -> None:
    table = cohort_of(rng, 60)
    once = make_folds(table, k=5, seed=7)
    again = make_folds(table.sample(fraction=1.0, shuffle=True, seed=3), k=5, seed=7)
    assert once.sort("image_name").equals(again.sort("image_name"))
    assert not once.equals(make_folds(table, k=5, seed=8))


def test_folds_are_balanced_in_all_that_matters(rng: np.random.Generator) -> None:
    table = cohort_of(rng, 300)
    balance = check_folds(table, make_folds(table, k=5, seed=0)).balance
    assert len(balance) == 5

    def spread(values: Sequence[float]) -> float:
        return max(values) - min(values)

    n_images = [fold.n_images for fold in balance]
    assert spread(n_images) <= 0.01 * np.mean(n_images)
    assert spread([fold.n_melanoma_patients for fold in balance]) <= 1
    assert spread([fold.n_malignant for fold in balance]) <= 1
    assert spread([fold.n_patients for fold in balance]) <= 2
    assert spread([fold.images_a_patient or 0.0 for fold in balance]) < 1.0


def test_a_table_without_targets_can_be_folded() -> None:
    table = table_of(["a", "a", "b", "c"], [0] * 4).with_columns(target=pl.lit(None, dtype=pl.Int8))
    assert make_folds(table, k=2, seed=0)["fold"].n_unique() == 2


def test_a_single_fold_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(TableError, match="at least 2 folds, not 1"):
        make_folds(cohort_of(rng, 10), k=1, seed=0)


def test_folds_that_leak_are_named() -> None:
    table = table_of(["a", "a", "b", "c"], [0, 1, 0, 0], ["L1", "L1", "L2", None])
    folds = table.select("image_name", fold=pl.Series([0, 1, 0, 1], dtype=pl.Int64))
    report = check_folds(table, folds, [("ISIC_0000002", "ISIC_0000003")])
    assert not report.ok
    document = report.as_json()
    assert document["shared_patients"] == 1
    assert document["shared_lesions"] == 1
    assert document["split_duplicates"] == 1
    assert document["examples"] == {
        "shared_patients": [{"patient_id": "a", "folds": [0, 1]}],
        "shared_lesions": [{"lesion_id": "L1", "folds": [0, 1]}],
        "split_duplicates": [
            {"image_name_1": "ISIC_0000002", "image_name_2": "ISIC_0000003", "folds": [0, 1]}
        ],
    }
    assert document["balance"][1] == {
        "fold": 1,
        "n_images": 2,
        "n_patients": 2,
        "n_malignant": 1,
        "n_melanoma_patients": 1,
        "images_a_patient": 1.0,
    }


def test_folds_survive_a_file(tmp_path: Path, rng: np.random.Generator) -> None:
    table = cohort_of(rng, 20)
    folds = make_folds(table, k=3, seed=0)
    write_folds(tmp_path / "deep" / "folds.csv", folds)
    assert read_folds(tmp_path / "deep" / "folds.csv", table).equals(folds)


def test_all_that_is_wrong_with_a_table_of_folds_is_told_at_once(tmp_path: Path) -> None:
    table = table_of(["a", "b", "c"], [0, 0, 1])
    path = tmp_path / "folds.csv"
    path.write_text(
        "image,fold\nISIC_0000000,zero\nISIC_0000001.jpg,1\nISIC_0000001,1\n../../x,inf\n"
    )
    with pytest.raises(TableError) as caught:
        read_folds(path, table)
    number, twice, stranger, without = caught.value.faults
    assert [offender.row for offender in number.offenders] == [2, 5]
    assert [offender.row for offender in twice.offenders] == [4]
    assert [offender.value for offender in stranger.offenders] == ["../../x"]
    assert [offender.value for offender in without.offenders] == ["ISIC_0000002"]
    assert "Images of the table have no fold" in without.rule


def test_images_without_a_fold_may_be_left_out(tmp_path: Path) -> None:
    table = table_of(["a", "b", "c"], [0, 0, 1])
    path = tmp_path / "folds.csv"
    path.write_text("image_name,fold\nISIC_0000002,4\nISIC_0000000,0.0\n")
    folds = read_folds(path, table, partial=True)
    assert folds.rows() == [("ISIC_0000000", 0), ("ISIC_0000002", 4)]
    assert check_folds(table, folds).n_unassigned == 1


def test_rows_of_other_images_may_be_passed_over(tmp_path: Path) -> None:
    table = table_of(["a", "b"], [0, 1])
    path = tmp_path / "folds.csv"
    path.write_text("image_name,fold\nISIC_0000009,2\nISIC_0000001,1\nISIC_0000000,0\n")
    folds = read_folds(path, table, surplus=True)
    assert folds.rows() == [("ISIC_0000000", 0), ("ISIC_0000001", 1)]
    path.write_text("image_name,fold\nISIC_0000009,2\nISIC_0000001,1\n")
    with pytest.raises(TableError, match=r"no fold\. Found 1: 'ISIC_0000000'"):
        read_folds(path, table, surplus=True)


def test_a_table_that_has_no_folds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "folds.csv"
    path.write_text("image_name,split\nISIC_0000000,0\n")
    with pytest.raises(TableError, match="has the columns image_name and fold"):
        read_folds(path, table_of(["a"], [1]))


@pytest.mark.real
def test_folds_of_isic_2020_are_balanced(real_data: Path) -> None:
    dataset = read_dataset(real_data / "isic2020")
    table = dataset.train.table
    linked = dataset.duplicates.select("image_name_1", "image_name_2").rows()
    for seed in (0, 1, 2):
        report = check_folds(table, make_folds(table, k=5, seed=seed, linked=linked), linked)
        assert report.ok
        bearing = [fold.n_melanoma_patients for fold in report.balance]
        assert sorted(bearing) == [85, 85, 86, 86, 86]
        assert {fold.n_malignant for fold in report.balance} == {116, 117}
        images = [fold.n_images for fold in report.balance]
        assert max(images) - min(images) <= 0.01 * 33_126 / 5
        assert all(16.0 < (fold.images_a_patient or 0) < 16.3 for fold in report.balance)


@pytest.mark.real
def test_published_folds_are_found_disjoint(real_data: Path) -> None:
    dataset = read_dataset(real_data / "isic2020")
    published = real_data / "predictions" / "train_oof_32691.csv"
    folds = read_folds(published, dataset.train.table, partial=True)
    report = check_folds(dataset.train.table, folds)
    assert report.ok
    assert report.n_unassigned == 33_126 - 32_691
