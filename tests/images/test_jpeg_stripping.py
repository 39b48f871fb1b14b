"""Is a stripped JPEG the same picture, byte for byte where pixels are, and nothing besides?"""

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from cygnet.errors import ImageError
from cygnet.images.decode import decode_to_size
from cygnet.images.jpeg_markers import read_jpeg_frame
from cygnet.images.jpeg_stripping import without_metadata
from small_release import segment, telling

TOLD = "Erika Muster 1970-01-01"


def picture(seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return cv2.GaussianBlur(generator.integers(0, 256, (61, 83, 3)).astype(np.uint8), (9, 9), 0)


def encoded(**settings: Any) -> bytes:
    stream = BytesIO()
    Image.fromarray(picture()).save(stream, "JPEG", quality=90, **settings)
    return stream.getvalue()


def scans(jpeg: bytes) -> bytes:
    """Give everything from the first start of a scan to the last end of the image."""
    return jpeg[jpeg.index(b"\xff\xda") : jpeg.rindex(b"\xff\xd9") + 2]


KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 2},
    "4:4:4": {"subsampling": 0},
    "optimised": {"optimize": True},
}


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_and_scans_are_the_same_bytes_and_nothing_is_told(kind: str) -> None:
    plain = encoded(**KINDS[kind])
    stripped = without_metadata(telling(plain, TOLD))
    assert TOLD.encode() not in stripped
    assert scans(stripped) == scans(plain)
    assert stripped == without_metadata(plain)
    before, after = (simplejpeg.decode_jpeg(data) for data in (plain, stripped))
    assert np.array_equal(before, after)
    assert np.array_equal(decode_to_size(telling(plain, TOLD), 32), decode_to_size(stripped, 32))


def test_a_colour_profile_and_the_meaning_of_colours_stay() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    stripped = without_metadata(encoded(icc_profile=profile))
    with Image.open(BytesIO(stripped)) as image:
        assert image.info["icc_profile"] == profile
        assert image.info["jfif"] == 257
    frame = read_jpeg_frame(BytesIO(stripped))
    assert frame is not None
    assert frame.has_jfif
    rgb = encoded(keep_rgb=True)
    with_adobe = rgb[:2] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") + rgb[2:]
    kept = read_jpeg_frame(BytesIO(without_metadata(with_adobe)))
    assert kept is not None
    assert kept.adobe_transform == 0


def test_a_thumbnail_in_the_jfif_header_goes() -> None:
    plain = encoded()
    length = int.from_bytes(plain[4:6], "big")
    header = plain[6 : 4 + length]
    thumbnail = header[:-2] + b"\x01\x01" + b"abc"
    stripped = without_metadata(plain[:2] + segment(0xE0, thumbnail) + plain[4 + length :])
    assert b"abc" not in stripped[:40]
    assert stripped == without_metadata(plain)


def test_an_orientation_goes_and_the_stored_grid_is_the_picture() -> None:
    turned = telling(encoded(), "x", orientation=6)
    before = read_jpeg_frame(BytesIO(turned))
    assert before is not None
    assert before.orientation == 6
    after = read_jpeg_frame(BytesIO(without_metadata(turned)))
    assert after is not None
    assert after.orientation == 1
    same = decode_to_size(turned, 40), decode_to_size(without_metadata(turned), 40)
    assert np.array_equal(*same)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.6, 0.99])
def test_a_picture_that_ends_early_is_refused(share: float) -> None:
    plain = encoded()
    with pytest.raises(ImageError, match=r"image-(truncated|unsupported|unreadable)"):
        without_metadata(plain[: int(share * len(plain))])


def test_what_is_no_jpeg_is_refused() -> None:
    for data in (b"", b"\x89PNG\r\n", b"\xff\xd8\x00\x00", b"\xff\xd8\xff\xe0\x00\x00"):
        with pytest.raises(ImageError):
            without_metadata(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_stripped_or_refused(data: bytes) -> None:
    try:
        stripped = without_metadata(b"\xff\xd8" + data)
    except ImageError:
        return
    assert without_metadata(stripped) == stripped


@pytest.mark.real
def test_the_published_images_keep_their_pixels(real_data: Path) -> None:
    files = sorted((real_data / "isic2020" / "jpeg" / "original").glob("*.jpg"))
    assert files
    for file in files:
        data = file.read_bytes()
        stripped = without_metadata(data, file=file)
        assert len(stripped) <= len(data)
        assert np.array_equal(decode_to_size(data, 256), decode_to_size(stripped, 256))
