"""DICOM pixels of every syntax, colour space and depth, in files that pydicom did not make.

The files are put together here byte by byte (PS3.10 and PS3.5), their pixels coded by Pillow,
OpenCV or the run-length coder below, so that reader and writer share no code.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from cygnet.errors import ImageError
from cygnet.images.conversions import CONVERSIONS, Conversion
from cygnet.images.decode import decode_to_size
from cygnet.images.dicom_pixels import has_colour_transform
from cygnet.images.faults import fault_code
from cygnet.images.headers import header_faults, parse_header

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]
Stored = NDArray[np.uint8] | NDArray[np.uint16]

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
RUN_LENGTH = "1.2.840.10008.1.2.5"
BASELINE = "1.2.840.10008.1.2.4.50"
EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
UNREAD = {
    "lossless JPEG": "1.2.840.10008.1.2.4.70",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG-LS, lossy": "1.2.840.10008.1.2.4.81",
    "MPEG-4": "1.2.840.10008.1.2.4.102",
    "JPIP": "1.2.840.10008.1.2.4.94",
}
SIDE = 64


@dataclass
class Dicom:
    """The few attributes of a picture, and its pixels as the syntax wants them."""

    syntax: str
    photometric: str
    channels: int
    bits_stored: int
    pixels: bytes
    planar: int = 0
    signed: int = 0
    frames: int = 1
    columns: int = SIDE
    rows: int = SIDE
    more: list[tuple[int, int, str, bytes]] = field(default_factory=list)

    @property
    def bits_allocated(self) -> int:
        return 8 if self.bits_stored <= 8 else 16

    def encode(self) -> bytes:
        order = ">" if self.syntax == BIG_ENDIAN else "<"

        def short(value: int) -> bytes:
            return struct.pack(order + "H", value)

        elements = [
            (0x0008, 0x0016, "UI", b"1.2.840.10008.5.1.4.1.1.77.1.4\0\0"),
            (0x0028, 0x0002, "US", short(self.channels)),
            (0x0028, 0x0004, "CS", self.photometric.encode()),
            (0x0028, 0x0008, "IS", str(self.frames).encode()),
            (0x0028, 0x0010, "US", short(self.rows)),
            (0x0028, 0x0011, "US", short(self.columns)),
            (0x0028, 0x0100, "US", short(self.bits_allocated)),
            (0x0028, 0x0101, "US", short(self.bits_stored)),
            (0x0028, 0x0102, "US", short(self.bits_stored - 1)),
            (0x0028, 0x0103, "US", short(self.signed)),
            *self.more,
        ]
        if self.channels == 3:
            elements.append((0x0028, 0x0006, "US", short(self.planar)))
        body = b"".join(self._element(order, *each) for each in sorted(elements))
        return _preamble(self.syntax) + body + self._pixel_element(order)

    def _element(self, order: str, group: int, number: int, kind: str, value: bytes) -> bytes:
        value += (b" " if kind in {"CS", "IS", "DS", "LO"} else b"\0") * (len(value) % 2)
        head = struct.pack(order + "HH", group, number)
        if self.syntax == IMPLICIT:
            return head + struct.pack("<I", len(value)) + value
        if kind in {"OB", "OW"}:
            return head + kind.encode() + struct.pack(order + "HI", 0, len(value)) + value
        return head + kind.encode() + struct.pack(order + "H", len(value)) + value

    def _pixel_element(self, order: str) -> bytes:
        if self.syntax in {IMPLICIT, EXPLICIT, BIG_ENDIAN}:
            kind = "OB" if self.bits_allocated == 8 and self.syntax != IMPLICIT else "OW"
            return self._element(order, 0x7FE0, 0x0010, kind, self.pixels)
        frame = self.pixels + b"\0" * (len(self.pixels) % 2)
        return (
            struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
            + struct.pack("<HHI", 0xFFFE, 0xE000, 0)
            + struct.pack("<HHI", 0xFFFE, 0xE000, len(frame))
            + frame
            + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        )


def _preamble(syntax: str) -> bytes:
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    group = struct.pack("<HH2sH", 0x0002, 0x0010, b"UI", len(uid)) + uid
    length = struct.pack("<HH2sHI", 0x0002, 0x0000, b"UL", 4, len(group))
    return bytes(128) + b"DICM" + length + group


def native(stored: Stored, syntax: str, planar: int) -> bytes:
    """Lay pixels out as an uncompressed syntax has them."""
    if stored.ndim == 3 and planar:
        stored = stored.transpose(2, 0, 1)
    return stored.astype(stored.dtype.newbyteorder(">" if syntax == BIG_ENDIAN else "<")).tobytes()


def run_length(stored: Stored) -> bytes:
    """Code pixels by PS3.5, Annex G: a segment a byte plane, the highest byte first."""
    planes = stored[:, :, None] if stored.ndim == 2 else stored
    segments = []
    for channel in range(planes.shape[2]):
        plane = np.ascontiguousarray(planes[:, :, channel])
        high_first = plane.astype(plane.dtype.newbyteorder(">")).view(np.uint8)
        size = plane.dtype.itemsize
        segments += [_pack_bits(high_first[:, byte::size]) for byte in range(size)]
    offsets, place = [], 64
    for segment in segments:
        offsets.append(place)
        place += len(segment)
    head = struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments)))
    return head + b"".join(segments)


def _pack_bits(plane: NDArray[np.uint8]) -> bytes:
    out = bytearray()
    for row in plane:
        values = row.tobytes()
        place = 0
        while place < len(values):
            end = place + 1
            while end < len(values) and end - place < 128 and values[end] == values[place]:
                end += 1
            if end - place >= 2:
                out += bytes([257 - (end - place), values[place]])
            else:
                end = min(place + 7, len(values))
                out += bytes([end - place - 1]) + values[place:end]
            place = end
    return bytes(out + b"\0" * (len(out) % 2))


def jpeg_2000(stored: Stored, *, mct: bool = True) -> bytes:
    """Code pixels without loss; Pillow for 8 bits, OpenCV for 16, which never transforms colour."""
    if stored.dtype == np.uint8:
        from io import BytesIO

        stream = BytesIO()
        Image.fromarray(stored).save(
            stream, "JPEG2000", irreversible=False, mct=int(mct), no_jp2=True
        )
        return stream.getvalue()
    ordered: Any = np.ascontiguousarray(stored[:, :, ::-1]) if stored.ndim == 3 else stored
    options = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
    coded = bytes(cv2.imencode(".jp2", ordered, options)[1])
    return coded[coded.index(b"\xff\x4f\xff\x51") :]


def ycbcr(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(rgb).convert("YCbCr"))


def back(stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give what stored YCbCr means, by Pillow."""
    return np.asarray(Image.fromarray(stored, "YCbCr").convert("RGB"))


def deep(pixels: Stored, bits: int) -> NDArray[np.uint16]:
    full = 2**bits - 1
    return np.asarray(np.round(pixels.astype(float) * full / 255), np.uint16)


def codes(data: bytes) -> list[str]:
    conversions: list[Conversion] = []
    decode_to_size(data, SIDE, conversions=conversions)
    return [conversion.code for conversion in conversions]


def refusal(data: bytes) -> str:
    with pytest.raises(ImageError, match="lesion") as caught:
        decode_to_size(data, 32, file=Path("lesion.dcm"))
    return fault_code(caught.value)


def difference(data: bytes, expected: Any) -> int:
    return int(np.abs(decode_to_size(data, SIDE).astype(int) - expected).max())


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, RUN_LENGTH])
def test_colour_without_loss_is_read_to_two_grey_levels(
    picture: Draw, syntax: str, photometric: str, bits: int, planar: int
) -> None:
    rgb = picture(SIDE, SIDE)
    stored: Stored = rgb if photometric == "RGB" else ycbcr(rgb)
    expected = rgb if photometric == "RGB" else back(ycbcr(rgb))
    if bits > 8:
        stored = deep(stored, bits)
    coded = run_length(stored) if syntax == RUN_LENGTH else native(stored, syntax, planar)
    data = Dicom(syntax, photometric, 3, bits, coded, planar).encode()
    assert difference(data, expected) <= 2
    told = {"bits-to-8": bits > 8, "ycbcr-to-rgb": photometric != "RGB"}
    assert codes(data) == [code for code, done in told.items() if done]


@pytest.mark.parametrize(
    ("photometric", "mct", "bits"),
    [
        ("RGB", False, 8),
        ("RGB", False, 16),
        ("YBR_RCT", True, 8),
        ("YBR_FULL", False, 8),
        ("YBR_FULL", False, 16),
        ("YBR_FULL", True, 8),
    ],
)
@pytest.mark.parametrize("syntax", [JPEG_2000_LOSSLESS, JPEG_2000])
def test_colour_in_jpeg_2000_is_read_to_two_grey_levels(
    picture: Draw, syntax: str, photometric: str, mct: bool, bits: int
) -> None:
    rgb = picture(SIDE, SIDE)
    # A colour transform inside is undone by any decoder: what was coded was RGB, whatever is said.
    is_ycbcr = photometric == "YBR_FULL" and not mct
    stored: Stored = ycbcr(rgb) if is_ycbcr else rgb
    if bits == 16:
        stored = deep(stored, bits)
    coded = jpeg_2000(stored, mct=mct)
    assert has_colour_transform(coded) == mct
    data = Dicom(syntax, photometric, 3, bits, coded).encode()
    assert difference(data, back(ycbcr(rgb)) if is_ycbcr else rgb) <= 2
    said = {
        "YBR_RCT": "ycbcr-to-rgb",
        "YBR_FULL": "label-overruled" if mct else "ycbcr-to-rgb",
    }.get(photometric)
    assert codes(data) == ["bits-to-8"] * (bits == 16) + ([said] if said else [])


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"])
@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_FULL", "RGB"])
@pytest.mark.parametrize("syntax", [BASELINE, EXTENDED])
def test_a_jpeg_inside_gives_the_pixels_of_the_jpeg_whatever_its_subsampling(
    picture: Draw, encode: Encode, syntax: str, photometric: str, subsampling: str
) -> None:
    jpeg = encode(picture(SIDE, SIDE), "JPEG", quality=95, subsampling=_SUBSAMPLINGS[subsampling])
    if subsampling in {"4:4:0", "4:1:1"}:
        factors = {"4:4:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440, "4:1:1": 0x411111}[subsampling]
        options = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factors]
        jpeg = bytes(cv2.imencode(".jpg", picture(SIDE, SIDE), options)[1])
    data = Dicom(syntax, photometric, 3, 8, jpeg).encode()
    assert (decode_to_size(data, SIDE) == decode_to_size(jpeg, SIDE)).all()
    assert codes(data)[-1:] == ["ycbcr-to-rgb"]


_SUBSAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2, "4:4:0": 0, "4:1:1": 0}


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, RUN_LENGTH, JPEG_2000_LOSSLESS])
def test_grey_of_every_depth_is_read_both_ways_up(picture: Draw, syntax: str, bits: int) -> None:
    grey = np.ascontiguousarray(picture(SIDE, SIDE)[:, :, 1])
    stored: Stored = grey if bits == 8 else deep(grey, bits)
    if syntax == JPEG_2000_LOSSLESS:
        coded = jpeg_2000(stored)
    else:
        coded = run_length(stored) if syntax == RUN_LENGTH else native(stored, syntax, 0)
    for photometric, expected in (("MONOCHROME2", grey), ("MONOCHROME1", 255 - grey)):
        data = Dicom(syntax, photometric, 1, bits, coded).encode()
        assert difference(data, expected[:, :, None].astype(int)) <= 1
        told = codes(data)
        assert "grey-to-rgb" in told
        assert ("inverted" in told) == (photometric == "MONOCHROME1")
        assert "image-grey" in [fault.code for fault in header_faults(parse_header(data))]


@pytest.mark.parametrize("entry_bits", [8, 16])
@pytest.mark.parametrize("syntax", [EXPLICIT, RUN_LENGTH])
def test_a_palette_is_looked_up(rng: np.random.Generator, syntax: str, entry_bits: int) -> None:
    palette = rng.integers(0, 256, (256, 3)).astype(np.uint8)
    indices = rng.integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
    more = []
    for channel in range(3):
        entries = palette[:, channel]
        raw = entries.tobytes() if entry_bits == 8 else (entries.astype("<u2") * 257).tobytes()
        descriptor = struct.pack("<3H", 256, 0, entry_bits)
        more += [
            (0x0028, 0x1101 + channel, "US", descriptor),
            (0x0028, 0x1201 + channel, "OW", raw),
        ]
    coded = run_length(indices) if syntax == RUN_LENGTH else native(indices, syntax, 0)
    data = Dicom(syntax, "PALETTE COLOR", 1, 8, coded, more=more).encode()
    assert difference(data, palette[indices]) <= 1
    assert codes(data)[0] == "palette-to-rgb"


@pytest.mark.parametrize("name", UNREAD)
def test_a_syntax_that_is_not_read_is_named(picture: Draw, encode: Encode, name: str) -> None:
    data = Dicom(UNREAD[name], "RGB", 3, 8, encode(picture(SIDE, SIDE), "JPEG")).encode()
    with pytest.raises(ImageError, match=UNREAD[name]) as caught:
        decode_to_size(data, 32)
    assert fault_code(caught.value) == "image-unsupported"


@pytest.mark.parametrize("photometric", ["YBR_PARTIAL_420", "YBR_PARTIAL_422", "HSV", "ARGB"])
def test_a_colour_space_that_is_not_read_is_named(picture: Draw, photometric: str) -> None:
    pixels = native(picture(SIDE, SIDE), EXPLICIT, 0)
    data = Dicom(EXPLICIT, photometric, 3, 8, pixels).encode()
    with pytest.raises(ImageError, match=photometric) as caught:
        decode_to_size(data, 32)
    assert fault_code(caught.value) == "image-unsupported"


def test_what_has_no_certain_meaning_is_refused(picture: Draw, encode: Encode) -> None:
    rgb = picture(SIDE, SIDE)
    pixels = native(rgb, EXPLICIT, 0)
    jpeg = encode(rgb, "JPEG")
    dark = native((rgb.astype(np.uint16) * 16), EXPLICIT, 0)
    grey = native(deep(rgb[:, :, 0], 16), EXPLICIT, 0)
    refused = {
        "image-frames": Dicom(EXPLICIT, "RGB", 3, 8, pixels * 2, frames=2),
        "image-cmyk": Dicom(EXPLICIT, "CMYK", 4, 8, native(np.zeros((64, 64, 4), np.uint8), "", 0)),
        "image-white-level": Dicom(EXPLICIT, "RGB", 3, 16, dark),
        "image-unsupported": Dicom(EXPLICIT, "MONOCHROME2", 1, 16, grey, signed=1),
        "image-unreadable": Dicom(BASELINE, "YBR_FULL_422", 3, 8, jpeg, columns=SIDE + 1),
        "image-truncated": Dicom(RUN_LENGTH, "RGB", 3, 8, run_length(rgb)[:200]),
    }
    assert {code: refusal(file.encode()) for code, file in refused.items()} == {
        code: code for code in refused
    }


def test_numbers_above_the_announced_scale_are_refused(picture: Draw) -> None:
    stored = deep(picture(SIDE, SIDE), 16)
    assert refusal(Dicom(EXPLICIT, "RGB", 3, 12, native(stored, EXPLICIT, 0)).encode()) == (
        "image-unreadable"
    )


def test_twelve_bits_in_a_jpeg_are_refused_by_name(picture: Draw, encode: Encode) -> None:
    data = Dicom(EXTENDED, "MONOCHROME2", 1, 12, encode(picture(SIDE, SIDE), "JPEG")).encode()
    assert refusal(data) == "image-unsupported"


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_a_cut_jpeg_2000_is_refused(picture: Draw, cut: float) -> None:
    coded = jpeg_2000(picture(SIDE, SIDE))
    data = Dicom(JPEG_2000, "YBR_RCT", 3, 8, coded[: int(cut * len(coded))]).encode()
    assert refusal(data) == "image-truncated"


def test_a_profile_a_window_and_an_orientation_are_left_and_told(
    picture: Draw, encode: Encode
) -> None:
    rgb = picture(SIDE, SIDE)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg = encode(rgb, "JPEG", icc_profile=profile, exif=exif)
    data = Dicom(
        BASELINE, "YBR_FULL_422", 3, 8, jpeg, more=[(0x0028, 0x2000, "OB", profile)]
    ).encode()
    assert (decode_to_size(data, SIDE) == decode_to_size(encode(rgb, "JPEG"), SIDE)).all()
    assert codes(data) == ["profile-left", "orientation-left", "ycbcr-to-rgb"]
    window = [(0x0028, 0x1050, "DS", b"100"), (0x0028, 0x1051, "DS", b"20")]
    grey = native(rgb[:, :, 0], EXPLICIT, 0)
    assert codes(Dicom(EXPLICIT, "MONOCHROME2", 1, 8, grey, more=window).encode()) == [
        "grey-to-rgb",
        "window-left",
    ]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_in_other_formats_are_scaled_and_told(
    picture: Draw, encode: Encode, kind: str
) -> None:
    rgb = picture(SIDE, SIDE)
    stored = np.ascontiguousarray(deep(rgb, 16)[:, :, ::-1])
    data = bytes(cv2.imencode(f".{kind.lower()}", stored)[1])
    assert difference(data, rgb) <= 1
    assert codes(data) == ["bits-to-8"]
    grey = encode(Image.fromarray(deep(rgb[:, :, 0], 16)), kind)
    assert difference(grey, rgb[:, :, :1].astype(int)) <= 1
    assert codes(grey) == ["bits-to-8", "grey-to-rgb"]
    dark = encode(Image.fromarray(rgb[:, :, 0].astype(np.uint16) * 16), kind)
    assert refusal(dark) == "image-white-level"


def test_nothing_is_recorded_of_pixels_that_are_rgb_already(picture: Draw, encode: Encode) -> None:
    assert codes(encode(picture(SIDE, SIDE), "PNG")) == []
    assert codes(encode(picture(SIDE, SIDE), "JPEG", keep_rgb=True)) == []


def test_every_conversion_has_a_sentence() -> None:
    assert str(Conversion("bits-to-8", "12 bits")).endswith("full scale to 255 (12 bits)")
    assert all(sentence[0].islower() for sentence in CONVERSIONS.values())
