"""Fingerprints: the same file, the same picture in another file, another picture."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from cygnet.images.fingerprint import image_fingerprint

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]


def test_the_same_picture_with_other_metadata_has_the_same_pixels(
    picture: Draw, encode: Encode
) -> None:
    pixels = picture(300, 200)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "A camera", 3
    plain, tagged = encode(pixels, "JPEG"), encode(pixels, "JPEG", exif=exif, comment=b"seen")
    first, second = image_fingerprint(plain), image_fingerprint(tagged)
    assert first.bytes_sha256 != second.bytes_sha256
    assert first.pixels_sha256 == second.pixels_sha256 is not None


def test_the_same_pixels_in_another_lossless_format_agree(picture: Draw, encode: Encode) -> None:
    pixels = picture(300, 200)
    png, bmp = (image_fingerprint(encode(pixels, kind)) for kind in ("PNG", "BMP"))
    assert png.pixels_sha256 == bmp.pixels_sha256


def test_other_pictures_have_other_fingerprints(picture: Draw, encode: Encode) -> None:
    prints = [image_fingerprint(encode(picture(120, 90), "JPEG")) for _ in range(20)]
    assert len({p.bytes_sha256 for p in prints}) == len({p.pixels_sha256 for p in prints}) == 20


def test_a_damaged_image_has_the_fingerprint_of_its_bytes_only(
    picture: Draw, encode: Encode
) -> None:
    whole = encode(picture(120, 90), "JPEG")
    damaged = image_fingerprint(whole[:-50])
    assert damaged.pixels_sha256 is None
    assert damaged.bytes_sha256 != image_fingerprint(whole).bytes_sha256


def test_the_fingerprint_of_known_bytes() -> None:
    # SHA-256 of nothing, FIPS 180-4.
    expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert image_fingerprint(b"").bytes_sha256 == expected
