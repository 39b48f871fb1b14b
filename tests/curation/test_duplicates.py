"""Images of one lesion are found by the list, the table, the bytes and the pixels."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest

from cygnet.cohort.table import Dataset, read_dataset
from cygnet.curation.audit import audit
from cygnet.curation.duplicate_pairs import same_bytes_pairs
from cygnet.curation.duplicates import find_duplicates, linked_pairs, read_duplicates
from cygnet.curation.present import present_images
from cygnet.errors import InputError
from cygnet.images.pack import write_pack

TRAIN = """\
image_name,patient_id,lesion_id,target
ISIC_0000001,IP_0000001,IL_0000001,0
ISIC_0000002,IP_0000001,IL_0000001,1
ISIC_0000003,IP_0000002,IL_0000002,0
ISIC_0000004,IP_0000003,IL_0000003,0
ISIC_0000005,IP_0000003,IL_0000003,0
"""
TEST = "image_name,patient_id\nISIC_0000006,IP_0000006\n"


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Write six images: the fourth is the first, the sixth shows what the third does."""
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "test.csv").write_text(TEST)
    (tmp_path / "ISIC_2020_Training_Duplicates.csv").write_text(
        "image_name_1,image_name_2\nISIC_0000005,ISIC_0000004\nISIC_0000001,ISIC_0099999\n"
    )
    for part in ("train", "test"):
        (tmp_path / "jpeg" / part).mkdir(parents=True)
    pictures = {
        number: cv2.imencode(".jpg", rng.integers(0, 255, (96, 96, 3), dtype=np.uint8))[1].tobytes()
        for number in range(1, 6)
    }
    pictures[4] = pictures[1]
    for number, data in pictures.items():
        (tmp_path / "jpeg/train" / f"ISIC_000000{number}.jpg").write_bytes(data)
    # A comment after the first marker changes the bytes and not the picture.
    commented = pictures[3][:2] + b"\xff\xfe\x00\x06test" + pictures[3][2:]
    (tmp_path / "jpeg/test" / "ISIC_0000006.jpg").write_bytes(commented)
    return tmp_path


@pytest.fixture
def dataset(folder: Path) -> Dataset:
    return read_dataset(folder)


def test_all_evidence_of_a_pair_is_told(dataset: Dataset) -> None:
    found = find_duplicates(dataset, present_images(dataset), pixels="equal", workers=1)
    evidence = {(one.image_name_1[-1], one.image_name_2[-1]): one.evidence for one in found.pairs}
    assert evidence == {
        ("1", "2"): ("same_lesion",),
        ("1", "4"): ("same_bytes", "same_pixels"),
        ("3", "6"): ("same_pixels",),
        ("4", "5"): ("listed", "same_lesion"),
    }
    across = found.pairs[2]
    assert (across.part_1, across.part_2) == ("train", "test")
    document = found.as_json()
    assert document["by_evidence"] == {
        "listed": 1,
        "same_lesion": 2,
        "same_bytes": 1,
        "same_pixels": 2,
        "near_duplicate": None,
    }
    assert document["unreadable"] == []


def test_progress_counts_every_image(dataset: Dataset) -> None:
    done: list[int] = []
    opened: list[tuple[str, int]] = []

    def bar(title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        opened.append((title, total))
        return nullcontext(done.append)

    images = present_images(dataset)
    find_duplicates(dataset, images, pixels="equal", workers=1, bar=bar)
    assert sum(done) == 6
    find_duplicates(dataset, images, workers=1, bar=bar)
    assert opened[0] == ("Comparing pixels", 6)
    assert opened[1] == ("Seeing pictures", 6)
    assert sum(done) == 6 + sum(total for _, total in opened[1:])


def test_a_changed_copy_is_found_whatever_else_speaks_for_it(dataset: Dataset) -> None:
    found = find_duplicates(dataset, present_images(dataset), workers=1)
    evidence = {(one.image_name_1[-1], one.image_name_2[-1]): one.evidence for one in found.pairs}
    assert evidence["1", "4"] == ("same_bytes", "same_pixels", "near_duplicate")
    assert evidence["3", "6"] == ("same_pixels", "near_duplicate")
    assert evidence["1", "2"] == ("same_lesion",)
    assert found.count("near_duplicate") == 2
    near = {one["image_name_1"]: one["near"] for one in found.as_json()["pairs"]}
    assert near["ISIC_0000003"]["correlation"] == 1.0
    assert near["ISIC_0000004"] is None


def test_rows_that_disagree_are_told(dataset: Dataset) -> None:
    found = find_duplicates(dataset, None)
    told = {one.image_name_1[-1]: one.disagreements for one in found.pairs}
    assert told == {"1": {"target": (0, 1)}, "4": {}}
    assert found.n_disagreeing == 1
    assert found.n_listed_or_same_lesion == 2


def test_pixels_may_come_from_a_pack(dataset: Dataset, tmp_path: Path) -> None:
    images = present_images(dataset)
    assert images is not None
    items = [item for item in images["train"].items() if item[0] != "ISIC_0000002"]
    write_pack(items, tmp_path / "pack", size_px=96, workers=1)
    found = find_duplicates(dataset, images, pack=tmp_path / "pack", workers=1)
    assert found.count("near_duplicate") == 1
    assert found.not_packed == ("ISIC_0000002", "ISIC_0000006")
    with pytest.raises(InputError, match="not a whole pack"):
        find_duplicates(dataset, images, pack=tmp_path, workers=1)


def test_a_pack_of_other_images_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    images = present_images(dataset)
    assert images is not None
    other = [("ISIC_0999999", images["train"]["ISIC_0000001"])]
    write_pack(other, tmp_path / "pack", size_px=96, workers=1)
    with pytest.raises(InputError, match="holds no image of the table"):
        find_duplicates(dataset, images, pack=tmp_path / "pack", workers=1)


def test_what_was_found_is_read_back_and_links_folds(dataset: Dataset, tmp_path: Path) -> None:
    found = find_duplicates(dataset, present_images(dataset), workers=1)
    file = tmp_path / "duplicates.json"
    file.write_text(json.dumps(found.as_json()))
    assert read_duplicates(file) == [
        ("ISIC_0000001", "ISIC_0000004"),
        ("ISIC_0000003", "ISIC_0000006"),
    ]
    assert linked_pairs(dataset, None, file) == [
        ("ISIC_0000001", "ISIC_0000004"),
        ("ISIC_0000003", "ISIC_0000006"),
        ("ISIC_0000004", "ISIC_0000005"),
    ]
    audited = audit(dataset, None, read_duplicates(file))
    told = [one for one in audited.findings if one.code.startswith("same-picture")]
    assert [(one.code, one.count) for one in told] == [("same-picture-across-patients", 2)]
    assert told[0].examples[0].row == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pairs": [{}]}', '{"pairs": 3}'])
def test_what_is_no_list_of_duplicates_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "duplicates.json"
    file.write_text(text)
    with pytest.raises(InputError, match="not a list of duplicates"):
        read_duplicates(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_duplicates(tmp_path / "none.json")


def test_an_image_that_cannot_be_decoded_is_told(dataset: Dataset, folder: Path) -> None:
    (folder / "jpeg/train/ISIC_0000002.jpg").write_bytes(b"")
    found = find_duplicates(dataset, present_images(dataset), workers=1)
    assert found.unreadable == ("ISIC_0000002",)


def test_what_was_not_looked_for_is_not_counted(dataset: Dataset) -> None:
    found = find_duplicates(dataset, present_images(dataset), pixels="none")
    assert found.as_json()["by_evidence"]["same_pixels"] is None
    assert find_duplicates(dataset, None).count("same_bytes") is None


def test_files_of_equal_length_and_other_bytes_are_no_pair(tmp_path: Path) -> None:
    for name, data in (("a", b"1234"), ("b", b"1235"), ("c", b"1234")):
        (tmp_path / name).write_bytes(data)
    files = {name: tmp_path / name for name in "abc"}
    assert same_bytes_pairs({"train": files}) == {("a", "c")}


def test_folds_are_told_of_listed_pairs_and_equal_files(dataset: Dataset) -> None:
    assert linked_pairs(dataset) == [("ISIC_0000004", "ISIC_0000005")]
    assert linked_pairs(dataset, present_images(dataset)) == [
        ("ISIC_0000001", "ISIC_0000004"),
        ("ISIC_0000004", "ISIC_0000005"),
    ]
