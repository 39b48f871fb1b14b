"""One pass over image files tells what is wrong with each, and outlives all of it."""

from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageFilter

from cygnet.cohort.table import read_dataset
from cygnet.curation.audit import Audit, audit
from cygnet.curation.findings import Finding
from cygnet.curation.looking import FILE_COLUMNS, is_sampled, look_at_file, look_at_files
from cygnet.curation.present import named_images, present_images
from small_cohort import Pixels, blob, jpeg

SHARED_BY_ALL = 16


def picture(rng: np.random.Generator, size_px: int = 64) -> Pixels:
    return blob(rng, dark=False, size_px=size_px)


def saved(pixels: Pixels, **options: object) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=92, **options)
    return stream.getvalue()


@pytest.fixture
def planted(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Write sixteen images of eight patients, of which most have a fault of their own."""
    folder = tmp_path / "data"
    (folder / "jpeg/train").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0132] = "2019:03:21 10:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (47.0, 22.0, 0.0)
    plain = jpeg(picture(rng))
    large = picture(rng, 520)
    noise = rng.integers(0, 255, (520, 520, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3)))
    grey = np.repeat(picture(rng).mean(axis=2).astype(np.uint8)[..., None], 3, axis=2)
    files = {
        1: plain[: len(plain) // 2],
        2: b"",
        3: b"no picture at all",
        4: jpeg(picture(rng, 64)[:8]),
        5: saved(picture(rng), exif=exif),
        6: saved(picture(rng), comment=b"Jane Doe"),
        7: jpeg(grey),
        8: jpeg(np.full((64, 64, 3), 3, dtype=np.uint8)),
        9: jpeg(soft),
        10: jpeg(large),
        11: plain,
        12: plain + b"\xff\xd9",
    }
    for number in range(SHARED_BY_ALL):
        data = files.get(number) or (b"" if number == 2 else jpeg(picture(rng)))
        (folder / "jpeg/train" / f"ISIC_{number:07d}.jpg").write_bytes(data)
    png = BytesIO()
    Image.fromarray(picture(rng)).save(png, "PNG")
    (folder / "jpeg/train/ISIC_0000013.jpg").write_bytes(png.getvalue())
    rows = [
        f"ISIC_{number:07d},IP_{number // 2:07d},{int(number % 4 == 0)}"
        for number in range(SHARED_BY_ALL)
    ]
    (folder / "train.csv").write_text("image_name,patient_id,target\n" + "\n".join(rows) + "\n")
    return folder


def seen(folder: Path, *, workers: int | None = None) -> tuple[pl.DataFrame, Audit]:
    dataset = read_dataset(folder, for_audit=True)
    images = present_images(dataset)
    assert images is not None
    files = look_at_files(named_images(dataset, images), workers=workers)
    return files, audit(dataset, images, files=files)


def only(found: Audit, code: str) -> Finding:
    (finding,) = [one for one in found.findings if one.code == code]
    return finding


def names_of(finding: Finding) -> list[int]:
    return [int(name[-7:]) for example in finding.examples for name in example.images]


def test_every_file_has_a_row_whatever_is_wrong_with_it(planted: Path) -> None:
    files, _ = seen(planted)
    assert files.height == SHARED_BY_ALL
    assert files.columns == list(FILE_COLUMNS)
    bad = files.filter(pl.col("pixels_digest").is_null())
    faults = {int(name[-7:]): codes for name, codes in bad.select("image_name", "faults").rows()}
    assert faults == {
        1: ["image-truncated"],
        2: ["image-empty"],
        3: ["image-unreadable"],
        4: ["image-tiny"],
    }


@pytest.mark.parametrize(
    ("code", "level", "names"),
    [
        ("image-truncated", "error", [1]),
        ("image-empty", "error", [2]),
        ("image-unreadable", "error", [3]),
        ("image-tiny", "error", [4]),
        ("exif-gps", "warning", [5]),
        ("metadata-free-text", "warning", [6]),
        ("image-grey", "warning", [7, 8]),
        ("image-mostly-black", "warning", [8]),
        ("image-blurred", "warning", [9]),
        ("image-wrong-format", "warning", [13]),
    ],
)
def test_each_planted_fault_is_found_with_its_row(
    planted: Path, code: str, level: str, names: list[int]
) -> None:
    finding = only(seen(planted)[1], code)
    assert finding.level == level
    assert names_of(finding) == names
    assert [example.row for example in finding.examples] == [name + 2 for name in names]


def test_metadata_is_named_and_its_values_are_not_shown(planted: Path) -> None:
    _, found = seen(planted)
    finding = only(found, "exif-identifying")
    assert "DateTime" in finding.examples[0].value
    text = str(found.as_json())
    assert "2019" not in text
    assert "Jane" not in text


def test_equal_pixels_in_different_files_are_one_picture(planted: Path) -> None:
    _, found = seen(planted)
    assert found.facts["duplicate_evidence"]["same_bytes"] == 0
    assert found.facts["duplicate_evidence"]["same_pixels"] == 1
    pair = only(found, "same-picture-across-patients").examples[0]
    assert pair.value == "ISIC_0000011 / ISIC_0000012"


def test_small_files_are_not_called_blurred(planted: Path) -> None:
    files, _ = seen(planted)
    judged = files.filter(pl.col("is_blurred").is_not_null())
    assert [int(name[-7:]) for name in judged["image_name"]] == [9, 10]


def test_processes_see_what_one_sees(planted: Path) -> None:
    alone, _ = seen(planted, workers=1)
    told: list[int] = []
    dataset = read_dataset(planted, for_audit=True)
    images = present_images(dataset)
    assert images is not None
    named = named_images(dataset, images)
    together = look_at_files(named, workers=2, progress=told.append)
    assert together.equals(alone)
    assert sum(told) == SHARED_BY_ALL


def test_a_file_that_went_away_is_a_fault_like_others(tmp_path: Path) -> None:
    row = look_at_file("train", "gone", tmp_path / "gone.jpg")
    assert row["faults"] == ["image-missing"]


def test_no_images_give_no_rows() -> None:
    files = look_at_files({"train": {}})
    assert files.height == 0
    assert files.columns == list(FILE_COLUMNS)


def test_of_many_small_images_writing_is_searched_for_in_a_stated_sample(
    planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = read_dataset(planted, for_audit=True)
    images = present_images(dataset)
    assert images is not None
    named = named_images(dataset, images)
    monkeypatch.setattr("cygnet.curation.looking.SEARCHED_ALL_UP_TO", 5)
    files = look_at_files(named, workers=1)
    read = files.filter(pl.col("pixels_digest").is_not_null())
    searched = read.filter(pl.col("n_text_lines").is_not_null())["image_name"].to_list()
    assert searched == [name for name in read["image_name"] if is_sampled(name)]
    assert 0 < len(searched) < read.height
    found = audit(dataset, images, files=files)
    told = only(found, "writing-sampled")
    assert told.count == read.height - len(searched)
    assert f"in {len(searched)} of {read.height} train images" in told.message
    told_of = found.facts["files"]["train"]
    assert told_of["n_searched_for_writing"] == len(searched)
    small = read.filter(pl.min_horizontal("width_px", "height_px") < 256)
    assert told_of["n_searched_for_rulers"] == (
        read.height - small.height + sum(is_sampled(name) for name in small["image_name"])
    )
    every = look_at_files(named, workers=1, all_writing=True)
    assert every["n_text_lines"].count() == read.height
    assert "writing-sampled" not in {
        one.code for one in audit(dataset, images, files=every).findings
    }
