"""Headers: the size and kind of an image without its pixels, by its contents."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cygnet.errors import ImageError
from cygnet.images.faults import FAULT_KINDS, fault_code
from cygnet.images.headers import header_faults, parse_header, read_header

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]


def codes(data: bytes, name: str = "lesion.jpg") -> list[str]:
    return [fault.code for fault in header_faults(parse_header(data), file=Path(name))]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF"])
def test_format_and_size_are_told_by_the_contents(
    picture: Draw, encode: Encode, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "lesion.unknown"
    path.write_bytes(encode(picture(123, 45), kind))
    header = read_header(path)
    assert header.format == kind.lower()
    assert (header.width_px, header.height_px) == (123, 45)
    assert (header.bits, header.channels, header.colour) == (8, 3, "rgb")
    assert header_faults(header, file=path) == []


def test_only_the_header_is_read(picture: Draw, encode: Encode) -> None:
    data = encode(picture(400, 300), "JPEG")
    start_of_scan = data.index(b"\xff\xda")
    assert parse_header(data[:start_of_scan]) == parse_header(data)


def test_a_large_exif_block_before_the_size_is_passed(picture: Draw, encode: Encode) -> None:
    data = encode(picture(50, 40), "JPEG")
    block = b"\xff\xe1" + (65_535).to_bytes(2, "big") + bytes(65_533)
    header = parse_header(data[:2] + block * 5 + data[2:])
    assert (header.width_px, header.height_px) == (50, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_reported_and_width_is_that_of_the_stored_grid(
    picture: Draw, encode: Encode, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(picture(80, 60), "JPEG", exif=exif)
    header = parse_header(data)
    assert (header.width_px, header.height_px, header.orientation) == (80, 60, orientation)
    assert codes(data) == ([] if orientation == 1 else ["image-oriented"])


@pytest.mark.real
def test_real_originals_have_the_sizes_that_pillow_reads(real_data: Path) -> None:
    files = sorted((real_data / "isic2020" / "jpeg" / "original").glob("*.jpg"))
    assert len(files) == 4
    for path in files:
        with Image.open(path) as image:
            assert image.size == (read_header(path).width_px, read_header(path).height_px)


def test_a_png_named_jpg_is_a_warning(picture: Draw, encode: Encode) -> None:
    data = encode(picture(64, 64), "PNG")
    assert codes(data, "lesion.jpg") == ["image-wrong-format"]
    assert codes(data, "lesion.PNG") == []
    assert FAULT_KINDS["image-wrong-format"].level == "warning"


def test_each_kind_of_odd_image_has_its_code(
    picture: Draw, encode: Encode, png_bomb: bytes
) -> None:
    image = Image.fromarray(picture(64, 64))
    deep = Image.fromarray(np.zeros((64, 64), np.uint16))
    assert codes(encode(image.convert("CMYK"), "JPEG")) == ["image-cmyk"]
    assert codes(encode(image.convert("L"), "JPEG")) == ["image-grey"]
    assert codes(encode(image.convert("RGBA"), "PNG"), "a.png") == ["image-alpha"]
    assert codes(encode(deep, "PNG"), "a.png") == ["image-grey", "image-16-bit"]
    assert codes(encode(image.resize((1, 1)), "JPEG")) == ["image-tiny"]
    assert codes(encode(image.resize((15, 600)), "JPEG")) == ["image-tiny"]
    assert codes(png_bomb, "a.png") == ["image-too-large"]


def test_arithmetic_and_lossless_jpegs_are_not_read(picture: Draw, encode: Encode) -> None:
    data = encode(picture(64, 64), "JPEG")
    place = data.index(b"\xff\xc0") + 1
    for marker in (0xC3, 0xC9):
        assert codes(data[:place] + bytes([marker]) + data[place + 1 :]) == ["image-unsupported"]


def test_a_file_without_a_header_is_refused_by_its_code(
    picture: Draw, encode: Encode, tmp_path: Path
) -> None:
    data = encode(picture(64, 64), "JPEG")
    contents = {
        "empty.jpg": (b"", "image-empty"),
        "cut.jpg": (data[: data.index(b"\xff\xc0") + 3], "image-truncated"),
        "text.jpg": (b"not a picture at all", "image-unreadable"),
        "cut.png": (encode(picture(64, 64), "PNG")[:20], "image-truncated"),
        "cut.bmp": (b"BM" + bytes(12), "image-truncated"),
        "cut.tif": (b"II*\0\x08\0\0\0\x09\0", "image-truncated"),
        "new.heic": (b"\0\0\0\x18ftypheic" + bytes(100), "image-unsupported"),
    }
    for name, (content, code) in contents.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ImageError, match=name) as caught:
            read_header(path)
        assert fault_code(caught.value) == code
    with pytest.raises(ImageError, match="not there"):
        read_header(tmp_path / "absent.jpg")


def test_a_stream_is_taken_as_well_as_bytes(picture: Draw, encode: Encode) -> None:
    data = encode(picture(64, 48), "PNG")
    assert parse_header(BytesIO(data)) == parse_header(data)
