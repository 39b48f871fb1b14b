"""Is the synthetic twin whole on disk, readable, and always the same?"""

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest

from cygnet.cohort.layout import locate_images
from cygnet.cohort.table import read_dataset
from cygnet.curation import twin_picture
from cygnet.curation.synth import SETTINGS, TEST_TRUTH, count_images, write_twin
from cygnet.curation.twin_appearance import Sitter, Traitline
from cygnet.curation.twin_table import draw_table
from cygnet.errors import InputError, StorageError


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("twin") / "twin"
    write_twin(out, n_patients=5, n_test_patients=2, seed=12, size_px=48, melanoma_prevalence=0.1)
    return out


def test_a_twin_is_laid_out_as_on_kaggle_and_read_without_a_fault(twin: Path) -> None:
    dataset = read_dataset(twin)
    assert dataset.layout.name == "kaggle"
    assert dataset.test is not None
    for part, cohort in (("train", dataset.train), ("test", dataset.test)):
        found = locate_images(dataset.layout, part)  # type: ignore[arg-type]
        assert set(found) == set(cohort.table["image_name"])
        assert cohort.table["width_px"].null_count() == 0
    assert dataset.train.table["lesion_id"].null_count() == 0
    assert not set(dataset.train.table["patient_id"]) & set(dataset.test.table["patient_id"])


def test_its_tables_are_written_as_the_published_ones(twin: Path) -> None:
    heads = {
        "train.csv": "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,"
        "diagnosis,benign_malignant,target",
        "test.csv": "image_name,patient_id,sex,age_approx,anatom_site_general_challenge",
        "ISIC_2020_Training_GroundTruth_v2.csv": "image_name,patient_id,lesion_id,sex,age_approx,"
        "anatom_site_general_challenge,diagnosis,benign_malignant,target",
        "ISIC_2020_Training_Duplicates.csv": "image_name_1,image_name_2",
        "train_original_size.csv": "image_name,width,height",
        "test_original_size.csv": "image_name,width,height",
    }
    for name, head in heads.items():
        assert (twin / name).read_bytes().split(b"\n")[0].decode() == head
    ages = pl.read_csv(twin / "train.csv", infer_schema=False)["age_approx"].drop_nulls()
    assert ages.str.contains(r"^\d+\.0$").all()
    second = pl.read_csv(twin / "ISIC_2020_Training_GroundTruth_v2.csv", infer_schema=False)
    assert second["age_approx"].drop_nulls().str.contains(r"^\d+$").all()


@pytest.mark.real
def test_its_heads_are_those_of_the_published_files(twin: Path, real_data: Path) -> None:
    published = sorted((real_data / "isic2020").glob("*.csv"))
    assert published
    for path in published:
        with path.open() as real, (twin / path.name).open() as drawn:
            assert drawn.readline() == real.readline()


def test_the_truth_of_the_test_set_lies_apart_with_the_seed(twin: Path) -> None:
    truth, test = pl.read_csv(twin / TEST_TRUTH), pl.read_csv(twin / "test.csv")
    assert truth["image_name"].to_list() == test["image_name"].to_list()
    assert set(truth["target"]) <= {0, 1}
    assert json.loads((twin / SETTINGS).read_text())["seed"] == 12
    assert "target" not in test.columns
    handed_out = [p for p in twin.glob("*") if p.is_file()]
    assert handed_out
    assert not any("seed" in path.read_text() for path in handed_out)


def test_pictures_have_the_longer_side_asked_for_and_the_stated_aspect(twin: Path) -> None:
    sizes = pl.read_csv(twin / "train_original_size.csv")
    resized = draw_table(5, 12, 0.1).filter(pl.col("copy_kind") == "resized")["image_name"]
    shown = 0
    for name, width, height in sizes.iter_rows():
        picture = cv2.imread(str(twin / "jpeg" / "train" / f"{name}.jpg"))
        assert picture is not None
        longer = 36 if name in resized else 48
        assert max(picture.shape) == longer
        assert picture.shape[1] / picture.shape[0] == pytest.approx(width / height, rel=0.05)
        shown += 1
    assert shown > 40


def test_the_same_seed_gives_the_same_bytes_whatever_the_workers(
    twin: Path, tmp_path: Path
) -> None:
    told: list[int] = []
    summary = write_twin(
        tmp_path / "again",
        n_patients=5,
        n_test_patients=2,
        seed=12,
        size_px=48,
        melanoma_prevalence=0.1,
        workers=1,
        progress=told.append,
    )
    assert hashes(tmp_path / "again") == hashes(twin)
    assert sum(told) == summary.n_images + summary.n_test_images
    assert sum(told) == count_images(5, 12, n_test_patients=2)
    assert summary.test_truth == tmp_path / "again" / TEST_TRUTH
    assert "5 synthetic patients" in summary.sentence()


def test_copies_show_the_lesion_that_they_repeat(tmp_path: Path) -> None:
    table = draw_table(60, 21)
    copies = table.filter(pl.col("copy_of").is_not_null())
    assert set(copies["copy_kind"]) == {"same file", "resized", "retaken"}
    write_twin(tmp_path / "twin", n_patients=60, n_test_patients=0, seed=21, size_px=32)
    images = tmp_path / "twin" / "jpeg" / "train"
    for row in copies.iter_rows(named=True):
        one, other = (images / f"{row[name]}.jpg" for name in ("image_name", "copy_of"))
        assert (one.read_bytes() == other.read_bytes()) == (row["copy_kind"] == "same file")
        first, second = cv2.imread(str(one)), cv2.imread(str(other))
        assert first is not None
        assert second is not None
        if row["copy_kind"] == "resized":
            assert first.shape[0] < second.shape[0]
        difference = cv2.resize(first, second.shape[1::-1]).astype(float) - second
        assert np.abs(difference).mean() < 32


def test_a_twin_may_be_of_dicom_files(tmp_path: Path) -> None:
    import pydicom

    write_twin(
        tmp_path / "twin",
        n_patients=1,
        n_test_patients=0,
        seed=2,
        size_px=32,
        image_format="dicom",
        workers=1,
    )
    table = pl.read_csv(tmp_path / "twin" / "train.csv")
    files = sorted((tmp_path / "twin" / "train").glob("*.dcm"))
    assert [file.stem for file in files] == table["image_name"].sort().to_list()
    dataset = pydicom.dcmread(files[0])
    assert dataset.PatientID == table["patient_id"][0]
    assert max(dataset.Rows, dataset.Columns) == 32
    assert dataset.TrackingID.startswith("IL_")
    assert not (tmp_path / "twin" / "test.csv").exists()


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not here")
def test_dciodvfy_finds_no_error_in_a_twin_of_dicom_files(tmp_path: Path) -> None:
    write_twin(
        tmp_path / "twin",
        n_patients=3,
        n_test_patients=1,
        seed=4,
        size_px=32,
        image_format="dicom",
        workers=1,
    )
    files = sorted((tmp_path / "twin").rglob("*.dcm"))
    assert len(files) >= 8
    for file in files:
        command = ["dciodvfy", str(file)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
        assert "DermoscopicPhotographyImage" in said
        assert [line for line in said.splitlines() if line.startswith("Error")] == []


def test_without_a_size_pictures_are_saved_at_the_stated_one() -> None:
    sitter = Sitter(1, 1, 1, "nevus", "1872x1053", 40.0, True, "torso")
    plan = twin_picture.PicturePlan(
        "x", "y", "z", sitter, (1872, 1053), (1872, 1053), "male", "torso"
    )
    assert twin_picture.draw_picture(plan, 1, Traitline()).shape == (1053, 1872, 3)


def test_tables_may_be_written_alone(tmp_path: Path) -> None:
    summary = write_twin(tmp_path / "twin", n_patients=30, seed=5, images=False)
    assert summary.n_test_patients == 10
    assert not (tmp_path / "twin" / "jpeg").exists()
    assert read_dataset(tmp_path / "twin").train.table.height == summary.n_images


def test_a_folder_that_is_taken_is_refused_and_kept(tmp_path: Path) -> None:
    kept = tmp_path / "twin" / "kept.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    with pytest.raises(StorageError, match="already there"):
        write_twin(tmp_path / "twin", n_patients=2, seed=1, images=False)
    assert kept.read_text() == "mine"


def test_a_twin_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(twin_picture, "_write_picture", full)
    with pytest.raises(StorageError, match="disk is full"):
        write_twin(tmp_path / "twin", n_patients=1, seed=1, size_px=32, workers=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("size_px", "traitline"),
    [(4, None), (9_000, None), (64, Traitline(signature_strength=1.2)), (64, Traitline(0.5, -1))],
)
def test_settings_that_cannot_be_are_refused(
    tmp_path: Path, size_px: int, traitline: Traitline | None
) -> None:
    with pytest.raises(InputError):
        write_twin(tmp_path / "twin", n_patients=2, seed=1, size_px=size_px, traitline=traitline)
    assert list(tmp_path.iterdir()) == []
