"""JPEG facts: tables, quality, subsampling and metadata, read without decoding."""

from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageCms

from cygnet.images.jpeg_facts import jpeg_facts, jpeg_segments

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 84, 95, 100])
def test_the_quality_is_the_one_that_was_asked_of_libjpeg(
    picture: Draw, encode: Encode, quality: int
) -> None:
    facts = jpeg_facts(encode(picture(64, 64), "JPEG", quality=quality))
    assert facts is not None
    assert (facts.quality, facts.is_libjpeg_table) == (quality, True)


def test_tables_of_a_camera_are_told_from_those_of_libjpeg(picture: Draw, encode: Encode) -> None:
    tables = {0: [3 + i // 4 for i in range(64)], 1: [9 + i // 3 for i in range(64)]}
    camera = jpeg_facts(encode(picture(64, 64), "JPEG", qtables=tables))
    other = jpeg_facts(encode(picture(64, 64), "JPEG", quality=90))
    again = jpeg_facts(encode(picture(90, 50), "JPEG", qtables=tables))
    assert camera is not None
    assert other is not None
    assert again is not None
    assert not camera.is_libjpeg_table
    assert camera.quantisation_key == again.quantisation_key != other.quantisation_key


@pytest.mark.parametrize(("code", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_subsampling_and_process_are_named(
    picture: Draw, encode: Encode, code: int, name: str
) -> None:
    facts = jpeg_facts(encode(picture(64, 64), "JPEG", subsampling=code, progressive=code == 1))
    assert facts is not None
    assert facts.subsampling == name
    assert facts.process == ("progressive" if code == 1 else "baseline")


def test_grey_and_kinds_of_metadata_are_told(picture: Draw, encode: Encode) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(
        Image.fromarray(picture(64, 64)).convert("L"),
        "JPEG",
        exif=exif,
        icc_profile=profile,
        comment=b"a note",
    )
    facts = jpeg_facts(data)
    assert facts is not None
    assert facts.subsampling == "grey"
    assert sorted(facts.metadata) == ["comment", "exif", "icc"]


def test_what_is_no_whole_jpeg_has_no_facts(picture: Draw, encode: Encode) -> None:
    data = encode(picture(64, 64), "JPEG")
    assert jpeg_facts(b"") is None
    assert jpeg_facts(encode(picture(64, 64), "PNG")) is None
    assert jpeg_facts(data[:40]) is None
    assert jpeg_facts(data[: data.index(b"\xff\xc0") + 6]) is None


def test_segments_end_at_the_pixels_and_at_any_damage(picture: Draw, encode: Encode) -> None:
    data = encode(picture(64, 64), "JPEG")
    markers = [marker for marker, _ in jpeg_segments(data)]
    assert markers[0] == 0xE0
    assert 0xDA not in markers
    assert list(jpeg_segments(data[:2] + b"\x00\x00" + data[2:])) == []
    assert list(jpeg_segments(data[:2] + b"\xff\xe0\x00\x01")) == []
