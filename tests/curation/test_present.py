"""What a table names and a folder holds are brought together, and what lacks is said."""

from pathlib import Path

import pytest

from cygnet.cohort.table import Dataset, read_dataset
from cygnet.curation.present import images_to_pack, named_images, present_images
from cygnet.errors import InputError

TRAIN = "image_name,patient_id,target\n" + "".join(
    f"ISIC_000000{number},IP_0000001,{number % 2}\n" for number in (5, 3, 1, 4, 2)
)
TEST = "image_name,patient_id\nISIC_0000006,IP_0000006\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a Kaggle folder of five training images and a test image, all of them empty files."""
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "test.csv").write_text(TEST)
    for part, numbers in (("train", (1, 2, 3, 4, 5)), ("test", (6,))):
        (tmp_path / "jpeg" / part).mkdir(parents=True)
        for number in numbers:
            (tmp_path / "jpeg" / part / f"ISIC_000000{number}.jpg").touch()
    return tmp_path


@pytest.fixture
def dataset(folder: Path) -> Dataset:
    return read_dataset(folder)


def test_files_that_no_row_names_are_present_and_not_named(dataset: Dataset, folder: Path) -> None:
    (folder / "jpeg/test/ISIC_0000007.jpg").touch()
    images = present_images(dataset)
    assert images is not None
    assert sorted(images["test"]) == ["ISIC_0000006", "ISIC_0000007"]
    assert list(named_images(dataset, images)["test"]) == ["ISIC_0000006"]


def test_images_are_packed_in_the_order_of_the_rows(dataset: Dataset) -> None:
    items = images_to_pack(dataset)
    assert [name[-1] for name, _ in items] == ["5", "3", "1", "4", "2", "6"]
    assert all(path.stem == name for name, path in items)


def test_missing_images_are_not_packed_over(dataset: Dataset, folder: Path) -> None:
    (folder / "jpeg/train/ISIC_0000002.jpg").unlink()
    with pytest.raises(InputError, match="1 of 5 train images are missing") as caught:
        images_to_pack(dataset)
    assert "row 6: 'ISIC_0000002'" in str(caught.value)
    assert "--allow-missing" in str(caught.value)
    assert len(images_to_pack(dataset, allow_missing=True)) == 5


def test_a_dataset_of_which_no_image_is_there_is_not_packed(dataset: Dataset, folder: Path) -> None:
    for path in folder.glob("jpeg/*/*.jpg"):
        path.unlink()
    with pytest.raises(InputError, match="5 of 5 train images are missing"):
        images_to_pack(dataset, allow_missing=True)


def test_a_table_alone_is_not_packed(folder: Path) -> None:
    with pytest.raises(InputError, match="a table without images"):
        images_to_pack(read_dataset(folder / "train.csv"))
