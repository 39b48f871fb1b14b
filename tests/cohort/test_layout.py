"""A layout is recognised by its names and said; what is not recognised is not guessed at."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from cygnet.cohort.layout import locate_images, recognise_layout
from cygnet.errors import TableError

V2 = "ISIC_2020_Training_GroundTruth_v2.csv"


def lay_out(root: Path, names: Sequence[str], text: str = "image_name,target\na,0\n") -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if name.endswith(".csv") else "")
    return root


def test_kaggles_folder_is_recognised_and_said(tmp_path: Path) -> None:
    names = ["train.csv", "test.csv", "jpeg/train/a.jpg", "jpeg/test/b.jpg"]
    layout = recognise_layout(lay_out(tmp_path, names))
    assert layout.name == "kaggle"
    assert layout.train_images == tmp_path / "jpeg/train"
    assert layout.test_images == tmp_path / "jpeg/test"
    assert layout.image_suffix == ".jpg"
    assert layout.sentence() == (
        f"Kaggle layout in {tmp_path}: tables train.csv and test.csv; images in jpeg/train and"
        " jpeg/test."
    )


def test_kaggles_folder_may_hold_dicom(tmp_path: Path) -> None:
    layout = recognise_layout(lay_out(tmp_path, ["train.csv", "train/a.dcm"]))
    assert layout.train_images == tmp_path / "train"
    assert layout.image_suffix == ".dcm"
    assert layout.test_table is None


def test_tables_beside_kaggles_are_found(tmp_path: Path) -> None:
    names = [
        "train.csv",
        V2,
        "ISIC_2020_Training_Duplicates.csv",
        "train_original_size.csv",
        "test.csv",
        "test_original_size.csv",
    ]
    layout = recognise_layout(lay_out(tmp_path, names))
    assert layout.name == "kaggle"
    assert layout.lesion_table == tmp_path / V2
    assert layout.duplicates_table == tmp_path / "ISIC_2020_Training_Duplicates.csv"
    assert layout.train_sizes == tmp_path / "train_original_size.csv"
    assert layout.test_sizes == tmp_path / "test_original_size.csv"
    assert f"lesion_id from {V2}" in layout.sentence()
    assert "no images" in layout.sentence()


@pytest.mark.parametrize(
    ("tables", "train", "lesions"),
    [
        ([V2], V2, None),
        (["ISIC_2020_Training_GroundTruth.csv"], "ISIC_2020_Training_GroundTruth.csv", None),
        (["ISIC_2020_Training_GroundTruth.csv", V2], "ISIC_2020_Training_GroundTruth.csv", V2),
    ],
)
def test_isics_own_folder_is_recognised(
    tmp_path: Path, tables: list[str], train: str, lesions: str | None
) -> None:
    more = [
        "ISIC_2020_Test_Metadata.csv",
        "ISIC_2020_Training_Input/a.jpg",
        "ISIC_2020_Test_Input/b.jpg",
    ]
    layout = recognise_layout(lay_out(tmp_path, [*tables, *more]))
    assert layout.name == "isic2020"
    assert layout.train_table == tmp_path / train
    assert layout.lesion_table == (None if lesions is None else tmp_path / lesions)
    assert layout.test_table == tmp_path / "ISIC_2020_Test_Metadata.csv"
    assert layout.train_images == tmp_path / "ISIC_2020_Training_Input"
    assert layout.test_images == tmp_path / "ISIC_2020_Test_Input"


def test_ham10000_is_recognised_by_its_diagnoses(tmp_path: Path) -> None:
    layout = recognise_layout(
        lay_out(tmp_path, ["metadata.csv", "jpeg/a.jpg"], "isic_id,dx\nISIC_0024306,nv\n")
    )
    assert layout.name == "ham10000"
    assert layout.train_images == tmp_path / "jpeg"


def test_both_folders_of_ham10000_are_looked_in(tmp_path: Path) -> None:
    names = [
        "HAM10000_metadata.csv",
        "HAM10000_images_part_1/a.jpg",
        "HAM10000_images_part_2/b.jpg",
    ]
    layout = recognise_layout(lay_out(tmp_path, names, "image_id,dx\na,nv\n"))
    assert layout.name == "ham10000"
    assert sorted(locate_images(layout, "train")) == ["a", "b"]


def test_an_archive_download_is_recognised_by_isic_id(tmp_path: Path) -> None:
    layout = recognise_layout(
        lay_out(tmp_path, ["metadata.csv", "ISIC_0000001.jpg"], "isic_id,sex\nISIC_0000001,male\n")
    )
    assert layout.name == "isic-archive"
    assert layout.train_images == tmp_path
    assert "images in the folder" in layout.sentence()


def test_one_csv_file_is_a_table_without_images(tmp_path: Path) -> None:
    names = ["mine.csv", "mine_original_size.csv", "jpeg/train/a.jpg"]
    layout = recognise_layout(lay_out(tmp_path, names) / "mine.csv")
    assert layout.name == "table"
    assert layout.train_images is None
    assert layout.train_sizes == tmp_path / "mine_original_size.csv"
    assert locate_images(layout, "train") == {}


def test_the_only_table_of_a_folder_is_taken(tmp_path: Path) -> None:
    layout = recognise_layout(lay_out(tmp_path, ["cases.csv", "images/a.png"]))
    assert layout.name == "table"
    assert layout.train_table == tmp_path / "cases.csv"
    assert layout.image_suffix == ".png"


def test_images_are_found_by_name_and_never_by_a_path(tmp_path: Path) -> None:
    names = ["train.csv", *(f"jpeg/train/{name}" for name in ("a.jpg", "b.JPEG", "c.png", "d.dcm"))]
    strays = ["jpeg/train/._a.jpg", "jpeg/train/notes.txt", "jpeg/train/e.jpg/f.txt"]
    layout = recognise_layout(lay_out(tmp_path, [*names, *strays]))
    found = locate_images(layout, "train")
    folder = tmp_path / "jpeg/train"
    assert found == {
        "a": folder / "a.jpg",
        "b": folder / "b.JPEG",
        "c": folder / "c.png",
        "d": folder / "d.dcm",
    }
    assert "../../train" not in found


@pytest.mark.parametrize("order", [("a.dcm", "a.jpg"), ("a.jpg", "a.dcm")])
def test_of_two_formats_of_an_image_the_jpeg_is_taken(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    folder = lay_out(tmp_path, ["train.csv", *(f"jpeg/train/{name}" for name in order)])
    found = locate_images(recognise_layout(folder), "train")
    assert found["a"].name == "a.jpg"


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="There is no such file or folder"):
        recognise_layout(tmp_path / "nothing")


def test_a_path_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cannot be read"):
        recognise_layout(tmp_path / ("x" * 5000))


def test_a_folder_without_a_table_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"No table is in this folder; looked for train\.csv"):
        recognise_layout(tmp_path)


def test_several_unknown_tables_are_not_chosen_from(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"Found 2: 'a\.csv', 'b\.csv'"):
        recognise_layout(lay_out(tmp_path, ["a.csv", "b.csv"]))


def test_the_folder_above_points_to_the_folder_that_is_meant(tmp_path: Path) -> None:
    lay_out(tmp_path, ["isic2020/train.csv", "notes/readme.csv"])
    with pytest.raises(TableError, match=r"Found 1: 'isic2020'\. Give that folder"):
        recognise_layout(tmp_path)
