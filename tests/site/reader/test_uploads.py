"""Which files are read, and what stands beside those that are not."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cygnet.site.reader.uploads import (
    FileFault,
    Opened,
    Upload,
    clean_name,
    other_patients,
    read_picture,
)
from reader_world import dicom_of, drawn_pixels, lesion_jpeg, with_exif


def _png(pixels: np.ndarray, mode: str | None = None) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels, mode).save(out, "png")
    return out.getvalue()


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _image(seed: int = 1) -> Image.Image:
    return Image.fromarray(drawn_pixels(seed))


def _huge_header() -> bytes:
    """Give a JPEG whose header announces 30,000 x 30,000 pixels."""
    data = bytearray(lesion_jpeg(1))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = (30_000).to_bytes(2, "big") * 2
    return bytes(data)


def _many_frames() -> bytes:
    return _saved(_image(), "tiff", save_all=True, append_images=[_image(2)])


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("empty.jpg", b"", "image-empty"),
        ("notes.txt", b"Dear colleague", "image-unreadable"),
        ("cut.jpg", lesion_jpeg(1)[:2000], "image-truncated"),
        ("huge.jpg", _huge_header(), "image-too-large"),
        ("moving.gif", _saved(_image(), "gif"), "image-unsupported"),
        ("frames.tif", _many_frames(), "image-frames"),
        ("print.jpg", _saved(_image().convert("CMYK"), "jpeg"), "image-cmyk"),
        ("small.png", _png(drawn_pixels(1, 12)), "image-tiny"),
    ],
)
def test_what_cannot_be_read_is_told_beside_its_name(name: str, data: bytes, code: str) -> None:
    found = read_picture(Upload(name, data), 32, "squash")
    assert isinstance(found, FileFault)
    assert (found.name, found.code) == (name, code)
    assert found.rule
    assert found.remedy


def test_a_fault_repeats_nothing_of_the_file() -> None:
    found = read_picture(Upload("a.jpg", b"Mueller, Anna 1970"), 32, "squash")
    assert isinstance(found, FileFault)
    assert "Mueller" not in found.rule + found.remedy


@pytest.mark.parametrize(
    "data",
    [
        lesion_jpeg(3),
        _png(drawn_pixels(3)),
        _saved(_image(3), "bmp"),
        _saved(_image(3), "jpeg", progressive=True),
    ],
)
def test_pictures_of_every_kind_are_read_in_their_proportions(data: bytes) -> None:
    found = read_picture(Upload("a", data), 32, "squash")
    assert isinstance(found, Opened)
    assert found.network.shape == (32, 32, 3)
    assert found.shown.shape == (160, 160, 3)
    assert found.picture.width_px == 160


def test_sixteen_bits_are_read_and_remarked_on() -> None:
    import cv2

    deep = drawn_pixels(3).astype(np.uint16) * 257
    data = cv2.imencode(".png", deep[..., ::-1])[1].tobytes()
    found = read_picture(Upload("deep.png", data), 32, "squash")
    assert isinstance(found, Opened)
    assert [one.code for one in found.picture.remarks] == ["image-16-bit"]


def test_a_copy_is_at_most_768_px_and_keeps_its_shape() -> None:
    data = _saved(_image().resize((2000, 1000)), "jpeg")
    found = read_picture(Upload("wide.jpg", data), 32, "squash")
    assert isinstance(found, Opened)
    assert found.shown.shape == (384, 768, 3)


def test_nothing_of_exif_is_in_what_pages_show() -> None:
    data = with_exif(lesion_jpeg(1), "MARKER-7731")
    assert b"MARKER-7731" in data
    found = read_picture(Upload("a.jpg", data), 32, "squash")
    assert isinstance(found, Opened)
    assert b"MARKER-7731" not in found.picture.copy


def test_of_two_patients_dicom_the_fewer_are_told_apart(tmp_path: Path) -> None:
    mine = [Upload("a", dicom_of(lesion_jpeg(n), "IP_1", tmp_path)) for n in range(3)]
    other = Upload("b", dicom_of(lesion_jpeg(9), "IP_2", tmp_path))
    plain = Upload("c", lesion_jpeg(4))
    assert other_patients([mine[0], other, plain, *mine[1:]]) == [1]


def test_dicom_without_an_identity_is_of_nobody_else(tmp_path: Path) -> None:
    known = Upload("a", dicom_of(lesion_jpeg(1), "IP_1", tmp_path))
    unknown = Upload("b", dicom_of(lesion_jpeg(2), "IP_1", tmp_path, PatientID=""))
    assert other_patients([known, unknown]) == []


def test_a_name_is_cut_to_its_last_part() -> None:
    assert clean_name("../../etc/passwd") == "passwd"
    assert clean_name("a\x00b\n.jpg") == "ab.jpg"
    assert len(clean_name("x" * 500)) == 120
