from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cygnet import identified_rows
from cygnet.errors import InputError, TableError
from cygnet.predictions import (
    join_predictions,
    read_predictions,
    read_scored,
    read_truth,
    write_predictions,
)

TRUTH = "image_name,patient_id,sex,target\nI_1,P_1,male,1\nI_2,P_1,,0\nI_3,P_2,female,0\n"
IDS = ["I_1", "I_2", "I_3"]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.csv"
    path.write_text(TRUTH)
    return path


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "predictions.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "image_name,target\nI_1,0.5\nI_2,0.001\nI_3,1\n",
        "image,target\nI_1,0.5\nI_2,0.001\nI_3,1\n",
        "isic_id,malignant\nI_1,0.5\nI_2,0.001\nI_3,1\n",
        "image_name,prediction\nI_1,.5\nI_2,1e-3\nI_3,1.0",
        "image_name,my_model_v2\nI_1,0.5\nI_2,0.001\nI_3,1\n",
        "\ufeffimage_name,target\nI_1,0.5\nI_2,0.001\nI_3,1\n",
        "image_name;target\nI_1;0.5\nI_2;0.001\nI_3;1\n",
        "\ufeffimage_name;target\r\nI_1;0.5\r\nI_2;0.001\r\nI_3;1\r\n",
        "image_name,target\r\nI_1,0.5\r\nI_2,0.001\r\nI_3,1\r\n",
        '"image_name","target"\n"I_1","0.5"\n"I_2","0.001"\n"I_3","1"\n',
        "image_name , target \nI_1 , 0.5 \nI_2, 0.001\nI_3,1  \n",
        "image_name,target\nI_1.jpg,0.5\nI_2.JPG,0.001\nI_3.dcm,1\n",
        "image_name,fold,target\nI_1,0,0.5\nI_2,1,0.001\nI_3,4,1\n",
        "image_name,patient_id,target\nI_1,P,0.5\nI_2,P,0.001\nI_3,Q,1\n",
        "image_name,target\n\nI_1,0.5\n\nI_2,0.001\nI_3,1\n\n",
        "target,image_name\n0.5,I_1\n0.001,I_2\n1,I_3\n",
        "image_name;target;\nI_1;0.5;\nI_2;0.001;\nI_3;1;\n",
    ],
)
def test_every_common_spelling_is_read(tmp_path: Path, text: str) -> None:
    table = read_predictions(written(tmp_path, text))
    assert table.columns == ["image_name", "target", "row"]
    assert table["image_name"].to_list() == IDS
    assert table["target"].to_list() == [0.5, 0.001, 1.0]


def test_rows_are_lines_of_the_file(tmp_path: Path) -> None:
    table = read_predictions(written(tmp_path, "image,target\nI_1,0.5\n\nI_2,0.1\n"))
    assert table["row"].to_list() == [2, 4]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("image_name,target\nI_1,\nI_2,0.1\n", "The probability is blank. Found 1: row 2: 'I_1'"),
        ("image_name,target\nI_1,NA\nI_2,0.1\n", "The probability is blank."),
        ("image_name,target\nI_1,nan\nI_2,0.1\n", "The probability is NaN. Found 1: row 2: 'I_1'"),
        ("image_name,target\nI_1,high\nI_2,0.1\n", "is no number. Found 1: row 2: 'high'"),
        ('image_name,target\nI_1,"0,5"\nI_2,0.1\n', "is no number. Found 1: row 2: '0,5'"),
        ("image_name;target\nI_1;0,5\nI_2;0.1\n", "is no number. Found 1: row 2: '0,5'"),
        ("image_name,target\nI_1,1.5\nI_2,-0.1\n", "outside 0 to 1. Found 2: row 2: '1.5', row 3"),
        ("image_name,target\nI_1,inf\nI_2,0.1\n", "outside 0 to 1. Found 1: row 2: 'inf'"),
        ("image_name,target\nI_1,0.5\nI_1,0.1\n", "earlier row too. Found 1: row 3: 'I_1'"),
        ("image_name,target\nI_1.jpg,0.5\nI_1,0.1\n", "earlier row too. Found 1: row 3: 'I_1'"),
        ("image_name,target\n,0.5\nI_1,0.1\n", "The image id is blank. Found 1: row 2"),
        ("image_name,target\nI_1,0.5,0.9\nI_2,0.1\n", "more cells than the header"),
        ("image_name;target\nI_1;0.5;0.9\nI_2;0.1\n", "more or fewer cells than the header"),
        ("image_name,target\nI_1\nI_2,0.1\n", "fewer cells than the header"),
        ("image_name,target,score\nI_1,0.5,0.4\n", "several columns of probabilities"),
        ("image_name,target,model_b\nI_1,0.5,0.4\n", "several columns of probabilities"),
        ("image_name,target,model_b\nI_1,0.5,0.4\nI_2,1,NaN\nI_3,1,NA\n", "several columns of"),
        ("image_name,target,target\nI_1,0.5,0.4\n", "names a column twice"),
        ("image_name;target;target\nI_1;0.5;0.4\n", "names a column twice"),
        ("image_name,age,sex\nI_1,50,male\n", "No column is named as a probability"),
        ("image_name\nI_1\n", "No column is named as a probability"),
        ("image,isic_id,target\nI_1,I_1,0.5\n", "one column of image ids, not two"),
        ("I_1,0.5\nI_2,0.4\n", "There must be one column of image ids."),
        ("1;1\n2;0\n", "image_id. This file has: none that is named."),
        ("image_name\ttarget\nI_1\t0.5\n", "separated by tabs"),
        ("image_name|target\nI_1|0.5\n", "separated by vertical bars"),
        ("", "This file is empty"),
        ("\ufeff", "This file is empty"),
        ("image_name,target\n", "no rows"),
        ("image_name;target\n", "no rows"),
        ('image_name,target\n"I_1,0.5\n', "quotation marks do not match"),
        ("image_name,target\nI_1,0.5\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\x00\x00", "not a text"),
        ("image_name;target\nI_1;0.5 \xe9".encode("latin-1"), "cannot be read"),
        ('image_name;target\n"I_1;0.5\n', "cannot be read"),
    ],
)
def test_what_cannot_be_trusted_is_refused(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TableError) as caught:
        read_predictions(path)
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such file"):
        read_predictions(tmp_path / "absent.csv")
    with pytest.raises(TableError, match="folder"):
        read_predictions(tmp_path)


def test_a_huge_file_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(2 * 1024**3)
    monkeypatch.setattr(identified_rows, "read_csv_rows", None)
    with pytest.raises(TableError, match=r"has 2\.0 GB"):
        read_predictions(path)


def test_all_kinds_of_fault_are_named_at_once(tmp_path: Path) -> None:
    lines = ["image_name,target", "I_0,0.1", "I_0,0.2", "I_1,", "I_2,nan", "I_3,high", ",0.5"]
    lines += [f"I_{n},{n}" for n in range(4, 14)] + ["I_14,0.5,0.5", "I_15"]
    with pytest.raises(TableError) as caught:
        read_predictions(written(tmp_path, "\n".join(lines)))
    assert len(caught.value.faults) == 8
    text = str(caught.value)
    for word in (
        "blank",
        "NaN",
        "no number",
        "outside",
        "earlier row",
        "id is blank",
        "more cells",
    ):
        assert word in text
    outside = next(fault for fault in caught.value.faults if "outside" in fault.rule)
    assert outside.count == 10
    assert [offender.row for offender in outside.offenders] == [8, 9, 10, 11, 12]


def test_two_columns_of_probabilities_hide_no_other_fault(truth: Path, tmp_path: Path) -> None:
    lines = ["image_name,target,score", "I_1,0.5,7", "I_1,nan,0.5", ",0.1,0.1", "I_9,0.5"]
    with pytest.raises(TableError) as caught:
        read_scored(truth, written(tmp_path, "\n".join(lines)))
    assert [fault.rule for fault in caught.value.faults] == [
        "A line has fewer cells than the header, which has 3.",
        "There are several columns of probabilities.",
        "The image id is blank.",
        "An image id stands in an earlier row too.",
        "The probability in target is NaN.",
        "The probability in score lies outside 0 to 1.",
        "Images of the truth have no prediction.",
    ]


@pytest.mark.parametrize("header", ["image_name,age,sex", "image_name,target,target"])
def test_no_column_or_one_named_twice_hides_no_other_fault(
    truth: Path, tmp_path: Path, header: str
) -> None:
    path = written(tmp_path, f"{header}\nI_1,1,1\nI_1,0,0\n")
    with pytest.raises(TableError) as caught:
        read_scored(truth, path)
    _, twice, missing = caught.value.faults
    assert "earlier row too" in twice.rule
    assert missing.count == 2


def test_a_truth_without_a_target_hides_no_fault_of_the_predictions(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("image_name,sex\nI_1,male\nI_1,male\nI_2,male\n")
    path = written(tmp_path, "image_name,target\nI_1,x\nI_3,0.5\n")
    with pytest.raises(TableError) as caught:
        read_scored(truth, path)
    assert [fault.rule for fault in caught.value.faults] == [
        "A truth needs a column target, 1 for melanoma and 0 for what is none.",
        "An image id stands in an earlier row too.",
        "The probability is no number.",
        "Images of the truth have no prediction.",
        "Predictions are of images the truth lacks.",
    ]


def test_one_class_is_told_beside_predictions_that_cannot_be_read(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("image_name,target\nI_1,0\nI_2,0\n")
    with pytest.raises(TableError) as caught:
        read_scored(truth, tmp_path / "absent.csv")
    assert [fault.rule for fault in caught.value.faults] == [
        "There is no such file.",
        "The images to score are all of one class: nothing can be told apart.",
    ]


@pytest.mark.parametrize("label", ["1.0", "malign"])
@pytest.mark.parametrize(
    "text",
    [
        "I_1\tP_1\tLABEL\nI_2\tP_2\tLABEL\n",
        "I_1;P_1;1.0\nI_2;P_2;LABEL\n",
        "I_1,1.0,1.0\nI_2,1.0,LABEL\n",
        "image_name,target\nI_1,LABEL\xe9\nI_2,LABEL,LABEL\n",
        "image_name,target\nI_1,LABEL\nI_2,LABEL\n",
    ],
)
def test_no_fault_of_a_truth_tells_a_label(tmp_path: Path, text: str, label: str) -> None:
    path = written(tmp_path, text.replace("LABEL", label).encode("latin-1"))
    predictions = tmp_path / "other.csv"
    predictions.write_text("image_name,target\nI_1,0.5\nI_2,0.25\n")
    with pytest.raises(TableError) as caught:
        read_scored(path, predictions)
    assert label not in str(caught.value)
    assert "1.0" not in str(caught.value)


def test_a_truth_keeps_its_other_columns(truth: Path) -> None:
    table = read_truth(truth)
    assert table.columns == ["image_name", "patient_id", "target", "row", "sex"]
    assert table["target"].to_list() == [1, 0, 0]
    assert table["sex"].to_list() == ["male", None, "female"]
    assert table["row"].to_list() == [2, 3, 4]


def test_a_truth_may_lack_patients(tmp_path: Path) -> None:
    path = written(tmp_path, "isic_id,target\nI_1,1\nI_2,0.0\n")
    assert read_truth(path)["patient_id"].to_list() == [None, None]
    path = written(tmp_path, "image,patient_id,target\nI_1,NA,1\nI_2,P_1,0\n")
    assert read_truth(path)["patient_id"].to_list() == [None, "P_1"]


def test_a_truth_with_a_column_called_probability_keeps_it_apart(tmp_path: Path) -> None:
    path = written(tmp_path, "image,target,probability\nI_1,1,0.3\nI_2,0,0.4\n")
    assert "truth_probability" in read_truth(path).columns


@pytest.mark.parametrize("cell", ["2", "malignant", "", "0.5", "nan"])
def test_a_target_other_than_zero_and_one_is_named_by_id_and_never_by_value(
    tmp_path: Path, cell: str
) -> None:
    path = written(tmp_path, f"image,target\nI_1,{cell}\nI_2,0\n")
    with pytest.raises(TableError) as caught:
        read_truth(path)
    (fault,) = caught.value.faults
    assert "neither 0 nor 1" in fault.rule
    assert [(o.value, o.row) for o in fault.offenders] == [("I_1", 2)]


def test_a_truth_without_a_target_says_what_it_has(tmp_path: Path) -> None:
    path = written(tmp_path, "image_name,patient_id,sex\nI_1,P,male\n")
    with pytest.raises(TableError, match=r"needs a column target.*image_name, patient_id, sex"):
        read_truth(path)


def test_tables_are_joined_by_id_and_never_by_row(truth: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "image_name,target\nI_3,0.3\nI_1,0.1\nI_2,0.2\n")
    joined = read_scored(truth, path)
    assert (joined.n_truth, joined.n_predictions) == (3, 3)
    assert joined.table.columns[:4] == ["image_name", "patient_id", "target", "probability"]
    assert joined.table["image_name"].to_list() == IDS
    assert joined.table["probability"].to_list() == [0.1, 0.2, 0.3]
    assert joined.table.equals(join_predictions(read_truth(truth), read_predictions(path)))


def test_missing_and_surplus_ids_are_refused_together(truth: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "image_name,target\nI_1,0.3\nI_8,0.1\nI_9,0.2\n")
    with pytest.raises(TableError) as caught:
        read_scored(truth, path)
    missing, surplus = caught.value.faults
    assert "have no prediction" in missing.rule
    assert missing.file == path
    assert list(map(str, missing.offenders)) == [
        "row 3 of truth.csv: 'I_2'",
        "row 4 of truth.csv: 'I_3'",
    ]
    assert "the truth lacks" in surplus.rule
    assert [(o.value, o.row) for o in surplus.offenders] == [("I_8", 3), ("I_9", 4)]


def test_whom_the_truth_is_kept_from_learns_no_row_of_it(truth: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "image_name,target\nI_1,0.3\n")
    with pytest.raises(TableError) as caught:
        join_predictions(read_truth(truth), read_predictions(path))
    (missing,) = caught.value.faults
    assert [(o.value, o.row) for o in missing.offenders] == [("I_2", None), ("I_3", None)]


def test_common_keeps_what_both_hold(truth: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "image_name,target\nI_1,0.3\nI_3,0.1\nI_9,0.2\n")
    joined = read_scored(truth, path, common=True)
    assert joined.table["image_name"].to_list() == ["I_1", "I_3"]
    assert (joined.n_truth, joined.n_predictions) == (3, 3)


def test_files_with_nothing_in_common_are_refused(truth: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "image_name,target\nX_1,0.3\nX_2,0.1\n")
    for common in (True, False):
        with pytest.raises(TableError, match="no image id in common"):
            read_scored(truth, path, common=common)


def test_faults_of_both_files_are_named_at_once_and_no_label_is_told(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("image,target\nI_1,malignant\nI_2,1\nI_3,1\nI_3,0\n")
    path = written(tmp_path, "image,target\nI_1,x\nI_2,0.2\nI_9,0.1\n")
    with pytest.raises(TableError) as caught:
        read_scored(truth, path)
    rules = " ".join(fault.rule for fault in caught.value.faults)
    for part in ("neither 0 nor 1", "earlier row", "no number", "no prediction", "truth lacks"):
        assert part in rules
    assert "malignant" not in str(caught.value)


def test_both_files_absent_are_both_named(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        read_scored(tmp_path / "a.csv", tmp_path / "b.csv")
    assert [fault.file.name for fault in caught.value.faults if fault.file] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("label", ["0", "1"])
def test_a_truth_of_one_class_is_refused_without_telling_which(tmp_path: Path, label: str) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text(f"image,target\nI_1,{label}\nI_2,{label}\n")
    path = written(tmp_path, "image,target\nI_1,0.5\nI_2,0.2\n")
    with pytest.raises(TableError, match="all of one class") as caught:
        read_scored(truth, path)
    assert len(caught.value.faults) == 1


def test_what_is_written_is_read_back_exactly(tmp_path: Path, rng: np.random.Generator) -> None:
    values = np.concatenate([rng.random(50), [0.0, 1.0, 5e-324, 1 / 3]])
    names = [f"ISIC_{n:07d}" for n in range(len(values))]
    path = tmp_path / "new" / "predictions.csv"
    write_predictions(path, names, values)
    table = read_predictions(path)
    assert table["image_name"].to_list() == names
    assert table["target"].to_numpy().tolist() == values.tolist()
    assert path.read_text().startswith("image_name,target\nISIC_0000000,0.")


def test_an_id_with_a_comma_or_a_quote_survives(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    write_predictions(path, ['left, "upper"', "b"], np.array([0.1, 0.2], dtype=np.float32))
    assert read_predictions(path)["image_name"].to_list() == ['left, "upper"', "b"]


@pytest.mark.parametrize(
    ("names", "values"),
    [(["a"], [0.1, 0.2]), (["a", "a"], [0.1, 0.2]), (["a"], [np.nan]), (["a"], [1.1])],
)
def test_what_would_not_be_read_back_is_not_written(
    tmp_path: Path, names: list[str], values: list[float]
) -> None:
    path = tmp_path / "predictions.csv"
    with pytest.raises(InputError):
        write_predictions(path, names, values)
    assert not path.exists()


@pytest.mark.real
def test_the_published_predictions_need_common(real_data: Path) -> None:
    truth = real_data / "isic2020" / "train.csv"
    predictions = real_data / "predictions" / "train_oof_32691.csv"
    with pytest.raises(TableError, match="Found 435"):
        read_scored(truth, predictions)
    joined = read_scored(truth, predictions, common=True)
    assert (joined.table.height, joined.n_truth, joined.n_predictions) == (32691, 33126, 32691)


@pytest.mark.real
def test_the_real_submissions_are_read(real_data: Path) -> None:
    files = sorted((real_data / "predictions" / "kaggle_test").glob("*.csv"))
    assert len(files) == 14
    expected = set(pl.read_csv(real_data / "isic2020" / "test.csv")["image_name"])
    for path in files:
        # One of them holds sums of models' probabilities, up to 11.
        if path.name == "submission_caitlinruble.csv":
            with pytest.raises(TableError, match="outside 0 to 1"):
                read_predictions(path)
            continue
        assert set(read_predictions(path)["image_name"]) == expected


def test_a_line_that_cannot_be_read_is_not_taken_for_a_missing_image(tmp_path: Path) -> None:
    truth, predictions = tmp_path / "truth.csv", tmp_path / "predictions.csv"
    truth.write_text("image_name,target\nISIC_1,0\nISIC_2,1\nISIC_3,0\n")
    predictions.write_text("image_name,target\nISIC_1,0.5\nISIC_2,0.5,7\nISIC_3,0.5\n")
    with pytest.raises(TableError) as met:
        read_scored(truth, predictions)
    assert [fault.rule for fault in met.value.faults] == [
        "A line has more cells than the header, which has 2."
    ]
    truth.write_text("image_name,target\nISIC_1,0\nISIC_2,1,1\nISIC_3,0\n")
    predictions.write_text("image_name,target\nISIC_1,0.5\nISIC_2,0.5\nISIC_3,0.5\n")
    with pytest.raises(TableError) as met:
        read_scored(truth, predictions)
    assert len(met.value.faults) == 1
    predictions.write_text("image_name,target\nISIC_1,0.5\nISIC_9,0.5\nISIC_3,0.5\n")
    with pytest.raises(TableError, match="has more cells"):
        read_scored(truth, predictions)
