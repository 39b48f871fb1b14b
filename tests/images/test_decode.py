"""Decoding to a size: never below it, close to Pillow, and never silently wrong."""

import hashlib
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from cygnet.errors import ImageError
from cygnet.images.decode import GEOMETRIES, decode_to_size, decoding_name, read_to_size
from cygnet.images.faults import fault_code

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]


def refusal(data: bytes, size_px: int = 64) -> str:
    with pytest.raises(ImageError) as caught:
        decode_to_size(data, size_px, file=Path("lesion.jpg"))
    message = str(caught.value)
    assert message.startswith("lesion.jpg: ")
    assert fault_code(caught.value) in message
    return fault_code(caught.value)


def error(pixels: Any, reference: Any) -> float:
    return float(np.abs(np.asarray(pixels, np.int16) - np.asarray(reference, np.int16)).mean())


def test_a_jpeg_is_never_decoded_below_the_target_on_either_side(
    picture: Draw, encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[tuple[int, int]] = []
    real = simplejpeg.decode_jpeg

    def watched(*args: Any, **options: Any) -> Any:
        pixels = real(*args, **options)
        shapes.append(pixels.shape[:2])
        return pixels

    monkeypatch.setattr(simplejpeg, "decode_jpeg", watched)
    sizes = [(w, h) for w in (300, 511, 512, 513, 1023) for h in (256, 383, 384, 700)]
    for width, height in sizes:
        data = encode(picture(width, height), "JPEG")
        for size_px in (32, 64, 100, 127, 128, 255, 256):
            decode_to_size(data, size_px)
            rows, columns = shapes.pop()
            assert min(rows, columns) >= size_px
            # The next scale down would have been too small.
            assert (rows, columns) == (height, width) or min(width, height) >= size_px * (
                width // columns
            )


def test_the_smallest_scale_that_suffices_is_used(
    picture: Draw, encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = simplejpeg.decode_jpeg

    def watched(*args: Any, **options: Any) -> Any:
        asked.append(options["min_height"])
        return real(*args, **options)

    monkeypatch.setattr(simplejpeg, "decode_jpeg", watched)
    data = encode(picture(1600, 1024), "JPEG")
    for size_px in (128, 129, 256, 512, 513):
        decode_to_size(data, size_px)
    assert asked == [128, 256, 256, 512, 1024]


@pytest.mark.parametrize(("width", "height"), [(1053, 527), (701, 1061), (2047, 1029)])
def test_a_scaled_decode_is_placed_as_the_whole_picture_is(
    picture: Draw, encode: Encode, width: int, height: int
) -> None:
    # Sides that no scale divides: the scaled decoder adds a last row and column of a fraction.
    data = encode(picture(width, height), "JPEG", quality=95, subsampling=0)
    with Image.open(BytesIO(data)) as image:
        reference = image.resize((128, 128), Image.Resampling.BICUBIC)
    assert error(decode_to_size(data, 128), reference) < 0.6


@pytest.mark.parametrize("size_px", [48, 96, 200, 256, 400])
def test_reduction_and_enlargement_agree_with_pillow_bicubic(
    picture: Draw, encode: Encode, size_px: int
) -> None:
    pixels = picture(400, 300)
    reference = Image.fromarray(pixels).resize((size_px, size_px), Image.Resampling.BICUBIC)
    assert error(decode_to_size(encode(pixels, "PNG"), size_px), reference) < 0.5


@pytest.mark.real
@pytest.mark.parametrize("size_px", [512, 224])
@pytest.mark.parametrize("method", [Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
def test_real_originals_differ_from_pillow_by_less_than_half_a_grey_level(
    real_data: Path, size_px: int, method: Image.Resampling
) -> None:
    files = sorted((real_data / "isic2020" / "jpeg" / "original").glob("*.jpg"))
    errors = []
    for path in files:
        with Image.open(path) as image:
            reference = image.convert("RGB").resize((size_px, size_px), method)
        errors.append(error(read_to_size(path, size_px), reference))
    assert len(errors) == 4
    assert np.mean(errors) <= 0.5


def test_the_geometries_squash_crop_and_pad() -> None:
    # Left half red, middle green, right blue; twice as wide as high.
    wide = np.zeros((64, 128, 3), np.uint8)
    wide[:, :32, 0] = wide[:, 32:96, 1] = wide[:, 96:, 2] = 255
    stream = BytesIO()
    Image.fromarray(wide).save(stream, "PNG")
    squashed, cropped, padded = (decode_to_size(stream.getvalue(), 64, g) for g in GEOMETRIES)
    assert squashed[32, 4].tolist() == [255, 0, 0]
    assert squashed[32, 60].tolist() == [0, 0, 255]
    assert (cropped == [0, 255, 0]).all()
    assert (padded[:16] == 0).all()
    assert (padded[48:] == 0).all()
    assert padded[32, 4].tolist() == [255, 0, 0]
    assert padded[32, 32].tolist() == [0, 255, 0]


def test_a_geometry_or_size_that_does_not_exist_is_the_callers_mistake(
    picture: Draw, encode: Encode
) -> None:
    data = encode(picture(32, 32), "PNG")
    with pytest.raises(ValueError, match="geometry is one of squash, crop, pad"):
        decode_to_size(data, 16, "stretch")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        decode_to_size(data, 0)


def test_the_name_of_a_decoding_tells_its_geometry() -> None:
    assert len({decoding_name(geometry) for geometry in GEOMETRIES}) == len(GEOMETRIES)


def test_exif_orientation_is_not_followed(picture: Draw, encode: Encode) -> None:
    pixels = picture(96, 64)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encode(pixels, "JPEG", exif=exif)
    assert (decode_to_size(turned, 32) == decode_to_size(encode(pixels, "JPEG"), 32)).all()


def test_the_same_bytes_give_the_same_pixels(picture: Draw, encode: Encode) -> None:
    data = encode(picture(333, 257), "JPEG")
    digests = {hashlib.sha256(decode_to_size(data, 100).tobytes()).hexdigest() for _ in range(5)}
    assert len(digests) == 1


def test_the_result_is_whole_rgb_bytes_in_one_block(picture: Draw, encode: Encode) -> None:
    for geometry in GEOMETRIES:
        pixels = decode_to_size(encode(picture(75, 52), "JPEG"), 40, geometry)
        assert pixels.shape == (40, 40, 3)
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_give_the_same_pixels_whatever_they_are_called(
    picture: Draw, encode: Encode, kind: str
) -> None:
    pixels = picture(90, 70)
    decoded = decode_to_size(encode(pixels, kind), 64, file=Path("lesion.jpg"))
    assert (decoded == decode_to_size(encode(pixels, "PNG"), 64)).all()


def test_a_palette_and_an_opaque_alpha_channel_are_read(picture: Draw, encode: Encode) -> None:
    image = Image.fromarray(picture(64, 64))
    palette = image.quantize(64)
    expected = decode_to_size(encode(palette.convert("RGB"), "PNG"), 32)
    assert (decode_to_size(encode(palette, "PNG"), 32) == expected).all()
    expected = decode_to_size(encode(image, "PNG"), 32)
    assert (decode_to_size(encode(image.convert("RGBA"), "PNG"), 32) == expected).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF"])
def test_grey_becomes_three_equal_channels(picture: Draw, encode: Encode, kind: str) -> None:
    grey = Image.fromarray(picture(64, 64)).convert("L")
    pixels = decode_to_size(encode(grey, kind), 64)
    assert (pixels == pixels[:, :, :1]).all()
    assert error(pixels[:, :, 0], grey) < 2


def test_progressive_and_rgb_jpegs_are_read(picture: Draw, encode: Encode) -> None:
    pixels = picture(128, 128)
    baseline = decode_to_size(encode(pixels, "JPEG", quality=95), 64)
    progressive = decode_to_size(encode(pixels, "JPEG", quality=95, progressive=True), 64)
    rgb = decode_to_size(encode(pixels, "JPEG", quality=95, keep_rgb=True), 64)
    assert (progressive == baseline).all()
    assert error(rgb, baseline) < 3


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == "image-empty"


def test_a_jpeg_cut_anywhere_is_refused(picture: Draw, encode: Encode) -> None:
    data = encode(picture(200, 160), "JPEG")
    for cut in [3, 30, *range(len(data) // 10, len(data), 97), len(data) - 2, len(data) - 1]:
        assert refusal(data[:cut]) == "image-truncated"
    assert refusal(data[: len(data) // 2], size_px=16) == "image-truncated"


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_another_format_cut_in_its_pixels_is_refused(
    picture: Draw, encode: Encode, kind: str
) -> None:
    data = encode(picture(200, 160), kind)
    assert refusal(data[: len(data) // 2]) in {"image-truncated", "image-unreadable"}


def test_a_jpeg_with_damaged_pixels_is_refused(
    picture: Draw, encode: Encode, rng: np.random.Generator
) -> None:
    data = bytearray(encode(picture(200, 160), "JPEG"))
    middle = len(data) // 2
    data[middle : middle + 60] = rng.bytes(60)
    assert refusal(bytes(data)) == "image-unreadable"


def test_bytes_after_the_end_of_a_jpeg_do_not_matter(picture: Draw, encode: Encode) -> None:
    data = encode(picture(200, 160), "JPEG")
    expected = decode_to_size(data, 64)
    assert (decode_to_size(data + b"trailer of a camera", 64) == expected).all()
    padded = data[:-2] + bytes(4) + data[-2:]
    assert (decode_to_size(padded, 64) == expected).all()


def test_what_is_no_picture_is_refused() -> None:
    assert refusal(b"image_name,target\nISIC_0000001,0\n") == "image-unreadable"


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_formats_that_are_not_read_are_named(picture: Draw, encode: Encode, kind: str) -> None:
    data = encode(picture(64, 64), kind)
    with pytest.raises(ImageError, match=kind.replace("WEBP", "WebP")) as caught:
        decode_to_size(data, 32)
    assert fault_code(caught.value) == "image-unsupported"


def test_print_colours_are_refused(picture: Draw, encode: Encode) -> None:
    cmyk = Image.fromarray(picture(64, 64)).convert("CMYK")
    jpeg = encode(cmyk, "JPEG")
    # The transform of Adobe's marker tells CMYK (0) from YCCK (2).
    place = jpeg.index(b"Adobe") + 11
    ycck = jpeg[:place] + b"\x02" + jpeg[place + 1 :]
    assert [refusal(data) for data in (jpeg, ycck)] == ["image-cmyk", "image-cmyk"]
    assert refusal(encode(cmyk, "TIFF")) == "image-cmyk"


def test_a_jpeg_of_12_bits_is_refused(picture: Draw, encode: Encode) -> None:
    jpeg = bytearray(encode(picture(64, 64), "JPEG"))
    jpeg[jpeg.index(b"\xff\xc0") + 4] = 12
    assert refusal(bytes(jpeg)) == "image-unsupported"


def test_a_single_pixel_is_refused(encode: Encode) -> None:
    pixel = np.zeros((1, 1, 3), np.uint8)
    assert [refusal(encode(pixel, kind)) for kind in ("JPEG", "PNG")] == ["image-tiny"] * 2


def test_a_bomb_is_refused_before_it_takes_memory(
    picture: Draw, encode: Encode, png_bomb: bytes
) -> None:
    jpeg = bytearray(encode(picture(64, 64), "JPEG"))
    place = jpeg.index(b"\xff\xc0") + 5
    jpeg[place : place + 4] = (30_000).to_bytes(2, "big") * 2
    tracemalloc.start()
    try:
        assert refusal(png_bomb) == "image-too-large"
        assert refusal(bytes(jpeg)) == "image-too-large"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_transparent_parts_are_refused(picture: Draw, encode: Encode) -> None:
    image = Image.fromarray(picture(64, 64)).convert("RGBA")
    image.putpixel((5, 5), (0, 0, 0, 10))
    assert refusal(encode(image, "PNG")) == "image-transparent"


def test_a_file_of_several_pictures_is_refused(picture: Draw, encode: Encode) -> None:
    first, second = (Image.fromarray(picture(64, 64)) for _ in range(2))
    data = encode(first, "TIFF", save_all=True, append_images=[second])
    assert refusal(data) == "image-frames"


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    codes = []
    for path in (tmp_path / "absent.jpg", tmp_path):
        with pytest.raises(ImageError, match=path.name) as caught:
            read_to_size(path, 32)
        codes.append(fault_code(caught.value))
    assert codes == ["image-missing", "image-unreadable"]


def test_random_damage_is_refused_or_decoded_and_nothing_else(
    picture: Draw, encode: Encode, rng: np.random.Generator
) -> None:
    sources = [encode(picture(60, 40), kind) for kind in ("JPEG", "PNG", "BMP", "TIFF")]
    refused = 0
    for trial in range(400):
        data = bytearray(sources[trial % 4])
        for place in rng.integers(0, min(len(data), 400), 3):
            data[place] = rng.integers(256)
        try:
            decode_to_size(bytes(data), 16)
        except ImageError:
            refused += 1
    assert 50 < refused < 400
