"""A dataset is read whole or refused with all that is wrong with it, by file, row and value."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cygnet.cohort.columns import CANONICAL
from cygnet.cohort.table import Dataset, read_cohort, read_dataset
from cygnet.errors import Fault, TableError

WriteFolder = Callable[..., Path]

SPELLED_BY_OTHERS = """\
isic_id,target,lesion_id,dx,dx_type,age,sex,localization
ISIC_0024306.jpg,0,HAM_0000550,nv,follow_up,45,male,trunk
ISIC_0024307.JPG,1,HAM_0003577,mel,histo,50,unknown,scalp
"""


def faults_of(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(TableError) as caught:
        read_dataset(folder)
    assert caught.value.faults
    for fault in caught.value.faults:
        assert fault.remedy
    return caught.value.faults


def places(fault: Fault) -> list[tuple[int | None, str]]:
    return [(offender.row, offender.value) for offender in fault.offenders]


def test_a_dataset_has_the_canonical_columns_and_the_lines_of_its_file(
    write_folder: WriteFolder,
) -> None:
    dataset = read_dataset(write_folder())
    table = dataset.train.table
    assert table.columns == list(CANONICAL)
    assert table["target"].to_list() == [0, 1, 0, 0]
    assert table["age_approx"].to_list() == [45.0, 45.0, None, 50.0]
    assert table["row"].to_list() == [2, 3, 4, 5]
    assert table["lesion_id"].null_count() == 4
    types = dict(table.schema)
    assert types["target"] == pl.Int8
    assert types["age_approx"] == pl.Float64
    assert types["width_px"] == types["height_px"] == pl.Int32
    assert types["row"] == pl.Int64


def test_a_test_set_has_no_targets(write_folder: WriteFolder) -> None:
    dataset = read_dataset(write_folder())
    assert dataset.test is not None
    assert dataset.test.table["target"].null_count() == 1
    assert [cohort.part for cohort in dataset.parts] == ["train", "test"]


def test_lesions_are_taken_from_the_second_table_by_name(write_folder: WriteFolder) -> None:
    second = """\
image_name,patient_id,lesion_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target\r
ISIC_0000002,IP_0000001,IL_0000007,male,45,torso,melanoma,malignant,1\r
ISIC_0000001,IP_0000001,IL_0000008,male,45,torso,nevus,benign,0\r
"""
    dataset = read_dataset(write_folder({"ISIC_2020_Training_GroundTruth_v2.csv": second}))
    lesions = dataset.train.table["lesion_id"].to_list()
    assert lesions == ["IL_0000008", "IL_0000007", None, None]
    assert dataset.train.has_lesions
    assert any("by image_name" in note for note in dataset.train.notes)


def test_original_sizes_are_taken_by_name(write_folder: WriteFolder) -> None:
    sizes = "image_name,width,height\nISIC_0000003,6000,4000\nISIC_0000001,640,480\n"
    table = read_dataset(write_folder(train_original_size=sizes)).train.table
    assert table["width_px"].to_list() == [640, None, 6000, None]
    assert table["height_px"].to_list() == [480, None, 4000, None]


def test_listed_duplicates_are_read(write_folder: WriteFolder) -> None:
    pairs = "image_name_1,image_name_2\nISIC_0000003,ISIC_0000004\n"
    dataset = read_dataset(write_folder({"ISIC_2020_Training_Duplicates.csv": pairs}))
    assert dataset.duplicates.rows() == [("ISIC_0000003", "ISIC_0000004", 2)]


def test_a_byte_order_mark_and_windows_line_ends_are_read_and_remembered(
    write_folder: WriteFolder, train_text: str
) -> None:
    data = b"\xef\xbb\xbf" + train_text.replace("\n", "\r\n").encode()
    dataset = read_dataset(write_folder(train=data))
    assert dataset.train.table["image_name"][0] == "ISIC_0000001"
    assert dataset.train.table["target"].to_list() == [0, 1, 0, 0]
    form = dataset.forms[0]
    assert form.byte_order_mark
    assert form.windows_line_ends


def test_columns_and_words_that_others_spell_otherwise_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_text(SPELLED_BY_OTHERS)
    cohort = read_cohort(path, "train")
    table = cohort.table
    assert table["image_name"].to_list() == ["ISIC_0024306", "ISIC_0024307"]
    assert table["age_approx"].to_list() == [45.0, 50.0]
    assert table["diagnosis"].to_list() == ["nevus", "melanoma"]
    assert table["sex"].to_list() == ["male", None]
    assert table["anatom_site_general_challenge"].to_list() == ["torso", "head/neck"]
    assert "serial imaging showing no change" in table["diagnosis_confirm_type"].to_list()
    assert not cohort.has_patients
    assert "image_name is read from the column isic_id." in cohort.notes


def test_a_target_is_derived_where_the_archive_gives_a_diagnosis(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_text(
        "isic_id,patient_id,diagnosis_1,diagnosis_3\n"
        "ISIC_0000001,IP_0000001,Benign,Nevus\n"
        "ISIC_0000002,IP_0000001,Malignant,Melanoma Invasive\n"
        "ISIC_0000003,IP_0000002,Malignant,Basal cell carcinoma\n"
        "ISIC_0000004,IP_0000002,Benign,\n"
    )
    cohort = read_cohort(path, "train")
    assert cohort.table["target"].to_list() == [0, 1, 0, 0]
    assert any(note.startswith("target is 1 where") for note in cohort.notes)


def test_a_row_that_says_nothing_of_the_target_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_text(
        "isic_id,diagnosis_1,diagnosis_3\nISIC_0000001,Benign,\nISIC_0000002,Indeterminate,\n"
    )
    (fault,) = faults_of(path)
    assert "does not say whether" in fault.rule
    assert places(fault) == [(3, "")]


def test_other_columns_are_kept_as_they_are_read(
    write_folder: WriteFolder, train_text: str
) -> None:
    header, *rows = train_text.splitlines()
    wider = "\n".join([f"{header},row,camera", *(f"{row},x,Nikon" for row in rows)])
    table = read_dataset(write_folder(train=wider)).train.table
    assert table.columns == [*CANONICAL, "row as read", "camera"]
    assert table["camera"].unique().to_list() == ["Nikon"]


def test_labels_of_a_test_set_are_not_taken_for_targets(write_folder: WriteFolder) -> None:
    test = "image_name,patient_id,target\nISIC_0000005,IP_0000003,1\n"
    dataset = read_dataset(write_folder(test=test))
    assert dataset.test is not None
    assert dataset.test.table["target"].to_list() == [None]
    assert dataset.test.table["target as read"].to_list() == ["1"]


@pytest.mark.parametrize("mark", ["NA", "NaN", "null", " "])
def test_words_for_missing_are_missing(
    write_folder: WriteFolder, train_text: str, mark: str
) -> None:
    table = read_dataset(write_folder(train=train_text.replace(",female,,", f",{mark},{mark},")))
    assert table.train.table["sex"].null_count() == 1
    assert table.train.table["age_approx"].null_count() == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "nothing")
    assert fault.file == tmp_path / "nothing"
    assert "no such file" in fault.rule


def test_an_empty_table_is_refused(write_folder: WriteFolder) -> None:
    (fault,) = faults_of(write_folder(train=""))
    assert "empty" in fault.rule


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_wrong_delimiter_is_said(
    write_folder: WriteFolder, train_text: str, delimiter: str
) -> None:
    (fault,) = faults_of(write_folder(train=train_text.replace(",", delimiter)))
    assert "are separated by" in fault.rule


def test_latin_1_is_refused(write_folder: WriteFolder, train_text: str) -> None:
    data = train_text.replace("torso,nevus", "torso,café").encode("latin-1")
    (fault,) = faults_of(write_folder(train=data))
    assert "not UTF-8" in fault.rule
    assert places(fault) == [(2, "café")]


def test_an_image_in_two_rows_is_refused(write_folder: WriteFolder, train_text: str) -> None:
    again = train_text + "ISIC_0000002.jpg,IP_0000001,male,45.0,torso,nevus,benign,0\n"
    (fault,) = faults_of(write_folder(train=again))
    assert "image_name stands in an earlier row" in fault.rule
    assert places(fault) == [(6, "ISIC_0000002")]


@pytest.mark.parametrize(
    "name", ["../../x", "..\\x", "/etc/passwd", "a/b.jpg", "x" * 65, "a\x01b", ".jpg"]
)
def test_a_name_with_a_path_in_it_is_refused(
    write_folder: WriteFolder, train_text: str, name: str
) -> None:
    (fault,) = faults_of(write_folder(train=train_text.replace("ISIC_0000003", name)))
    assert "image_name must be 1 to 64 printable characters" in fault.rule
    assert [row for row, _ in places(fault)] == [4]


def test_a_patient_with_a_path_in_it_is_refused(write_folder: WriteFolder, train_text: str) -> None:
    (fault,) = faults_of(write_folder(train=train_text.replace("IP_0000002", "../IP")))
    assert "patient_id must be" in fault.rule
    assert places(fault) == [(4, "../IP"), (5, "../IP")]


@pytest.mark.parametrize("target", ["2", "malignant", "", "0.5", "-1", "yes"])
def test_a_target_other_than_0_and_1_is_refused(
    write_folder: WriteFolder, train_text: str, target: str
) -> None:
    data = train_text.replace("melanoma,malignant,1", f"melanoma,malignant,{target}")
    (fault,) = faults_of(write_folder(train=data))
    assert "target must be 0 (benign) or 1 (malignant)" in fault.rule
    assert places(fault) == [(3, target)]


@pytest.mark.parametrize("age", ["85+", "forty", "-5", "1e9", "inf", '"45,0"'])
def test_an_age_that_is_no_number_of_years_is_refused(
    write_folder: WriteFolder, train_text: str, age: str
) -> None:
    (fault,) = faults_of(write_folder(train=train_text.replace("50.0", age)))
    assert "age_approx must be a number of years from 0 to 120" in fault.rule
    assert places(fault) == [(5, age.strip('"'))]
    assert "85+ as 85" in fault.remedy


def test_a_patient_in_training_and_test_is_refused(write_folder: WriteFolder) -> None:
    test = "image_name,patient_id\nISIC_0000005,IP_0000003\nISIC_0000006,IP_0000002\n"
    (fault,) = faults_of(write_folder(test=test))
    assert "A patient of train.csv is in the test table too" in fault.rule
    assert fault.file is not None
    assert fault.file.name == "test.csv"
    assert places(fault) == [(3, "IP_0000002")]


def test_an_image_in_training_and_test_is_refused(write_folder: WriteFolder) -> None:
    (fault,) = faults_of(write_folder(test="image_name,patient_id\nISIC_0000001,IP_0000009\n"))
    assert "An image of train.csv is in the test table too" in fault.rule


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("ISIC_0000009,IP_0000009,male,45.0,torso,nevus,benign,0,1", "more cells"),
        ("ISIC_0000009,IP_0000009,male,45.0,torso,nevus,benign", "fewer cells"),
    ],
)
def test_surplus_and_lacking_cells_are_refused(
    write_folder: WriteFolder, train_text: str, row: str, rule: str
) -> None:
    (fault,) = faults_of(write_folder(train=train_text + row + "\n"))
    assert rule in fault.rule
    assert [line for line, _ in places(fault)] == [6]


def test_a_row_without_an_image_name_is_refused(write_folder: WriteFolder, train_text: str) -> None:
    (fault,) = faults_of(write_folder(train=train_text.replace("ISIC_0000003,", ",")))
    assert "A row has no image_name" in fault.rule
    assert places(fault) == [(4, "")]


def test_a_table_without_its_columns_is_refused_with_those_it_has(
    write_folder: WriteFolder,
) -> None:
    (fault,) = faults_of(write_folder(train="image,subject\nISIC_0000001,a\n"))
    assert "no column 'patient_id' and 'target'" in fault.rule
    assert places(fault) == [(1, "image"), (1, "subject")]


def test_bad_original_sizes_are_refused(write_folder: WriteFolder) -> None:
    sizes = "image_name,width,height\nISIC_0000001,0,480\nISIC_0000001,640,wide\n"
    width, height, twice = faults_of(write_folder(train_original_size=sizes))
    assert places(width) == [(2, "0")]
    assert places(height) == [(3, "wide")]
    assert places(twice) == [(3, "ISIC_0000001")]


def test_bad_pairs_of_duplicates_are_refused(write_folder: WriteFolder) -> None:
    pairs = (
        "image_name_1,image_name_2\n"
        "ISIC_0000001,ISIC_0000002\nISIC_0000002,ISIC_0000001\nISIC_0000003,ISIC_0000003\n"
        "ISIC_0000004,\n"
    )
    one, itself, earlier = faults_of(write_folder({"ISIC_2020_Training_Duplicates.csv": pairs}))
    assert places(one) == [(5, "ISIC_0000004")]
    assert places(itself) == [(4, "ISIC_0000003 ISIC_0000003")]
    assert places(earlier) == [(3, "ISIC_0000002 ISIC_0000001")]


def test_all_faults_of_all_tables_are_told_at_once(
    write_folder: WriteFolder, train_text: str
) -> None:
    bad = train_text.replace("ISIC_0000003", "../../x").replace("50.0", "85+")
    bad = bad.replace("malignant,1", "malignant,2") + "ISIC_0000001,IP_0000001\n"
    folder = write_folder(
        train=bad,
        test="image_name,patient_id\nISIC_0000005,IP_0000002\nISIC_0000005,IP_0000002\n",
        train_original_size="image_name,width,height\nISIC_0000001,-1,480\n",
    )
    faults = faults_of(folder)
    files = [fault.file.name for fault in faults if fault.file is not None]
    assert files == ["train.csv"] * 4 + ["test.csv"] * 2 + ["train_original_size.csv"]
    message = str(TableError(*faults))
    for told in (
        "fewer cells",
        "../../x",
        "85+",
        "target must be 0",
        "earlier row",
        "A patient of",
    ):
        assert told in message
    assert "Traceback" not in message


@pytest.mark.real
def test_isic_2020_is_read_as_published(real_data: Path) -> None:
    dataset: Dataset = read_dataset(real_data / "isic2020")
    assert dataset.layout.name == "kaggle"
    assert dataset.test is not None
    assert dataset.train.table.height == 33_126
    assert dataset.test.table.height == 10_982
    assert dataset.train.table["lesion_id"].n_unique() == 32_701
    assert dataset.train.table["width_px"].null_count() == 0
    assert dataset.duplicates.height == 425


@pytest.mark.real
def test_ham10000_is_read_without_patients(real_data: Path) -> None:
    dataset = read_dataset(real_data / "ham10000")
    assert dataset.layout.name == "ham10000"
    assert not dataset.train.has_patients
    assert int(dataset.train.table["target"].sum()) == 662
