"""Colour profiles: read by name in every format, and never applied."""

from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageCms

from cygnet.images.colour_profile import colour_profile, icc_profile, is_srgb
from cygnet.images.decode import decode_to_size

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]


@pytest.fixture
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_profile_is_named_and_the_pixels_stay(
    picture: Draw, encode: Encode, profile: bytes, kind: str
) -> None:
    pixels = picture(64, 64)
    plain, tagged = encode(pixels, kind), encode(pixels, kind, icc_profile=profile)
    name = colour_profile(tagged)
    assert name is not None
    assert is_srgb(name)
    assert icc_profile(tagged) == profile
    assert colour_profile(plain) is None
    assert (decode_to_size(plain, 64) == decode_to_size(tagged, 64)).all()


def test_another_profile_is_no_srgb(picture: Draw, encode: Encode) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    name = colour_profile(encode(picture(64, 64), "PNG", icc_profile=lab))
    assert name is not None
    assert not is_srgb(name)


def test_a_long_profile_in_several_parts_is_put_together(
    picture: Draw, encode: Encode, profile: bytes
) -> None:
    long = profile + bytes(150_000)
    data = encode(Image.fromarray(picture(64, 64)), "JPEG", icc_profile=long)
    assert data.count(b"ICC_PROFILE\0") == 3
    assert icc_profile(data) == long


def test_a_broken_profile_is_said_to_be_unreadable(picture: Draw, encode: Encode) -> None:
    assert colour_profile(encode(picture(64, 64), "JPEG", icc_profile=b"x" * 200)) == "unreadable"
    assert colour_profile(b"no picture") is None
    assert colour_profile(b"") is None
