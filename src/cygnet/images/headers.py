"""How large is an image, and of which kind? Told by its contents, without decoding it.

The format is told by magic bytes, whatever the name says. A file whose header cannot be followed is
refused; everything else is described here and judged by :func:`header_faults`.
"""

import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

from cygnet.errors import ImageError
from cygnet.images.faults import MAX_PIXELS, MIN_SIDE_PX, ImageFault, image_error, image_fault
from cygnet.images.jpeg_markers import read_jpeg_frame

Format = Literal["jpeg", "png", "bmp", "tiff", "dicom"]
Colour = Literal["rgb", "grey", "palette", "cmyk", "other"]

_SUFFIXES: dict[str, Format] = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jpe": "jpeg",
    ".jfif": "jpeg",
    ".png": "png",
    ".bmp": "bmp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".dcm": "dicom",
    ".dicom": "dicom",
}
_MAGIC_BYTES = 132
_MOST_BITS = 16
# TIFF's tags and the sizes of the field types that these tags use.
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS, _TIFF_COLOUR = 256, 257, 258, 262
_TIFF_ORIENTATION, _TIFF_CHANNELS, _TIFF_EXTRA = 274, 277, 338
_TIFF_TYPES = {1: "B", 3: "H", 4: "I"}


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a header says. ``bits`` are a channel's; ``orientation`` is EXIF's, 1 to 8 (1: none).

    ``is_decodable`` is ``False`` for a variant of the format that is not read, named in
    ``variant``. ``width_px`` and ``height_px`` are those of the stored grid, before any turning.
    """

    format: Format
    width_px: int
    height_px: int
    bits: int
    channels: int
    colour: Colour
    orientation: int = 1
    has_alpha: bool = False
    frames: int = 1
    variant: str = ""
    is_decodable: bool = True


def read_header(path: Path) -> ImageHeader:
    """Read the header of the image at ``path``; its pixels are not touched.

    Raises :class:`~cygnet.errors.ImageError` when the file is missing, may not be read, is empty,
    is no picture that is read here, or ends within its header.
    """
    try:
        with path.open("rb") as stream:
            return parse_header(stream, file=path)
    except FileNotFoundError as error:
        raise image_error("image-missing", file=path) from error
    except PermissionError as error:
        raise image_error("image-denied", file=path) from error
    except OSError as error:
        raise image_error("image-unreadable", file=path, value=str(error.strerror)) from error


def parse_header(source: IO[bytes] | bytes, *, file: Path | None = None) -> ImageHeader:
    """Read the header of an image from its bytes or an open stream; errors as `read_header`."""
    stream = BytesIO(source) if isinstance(source, bytes) else source
    magic = stream.read(_MAGIC_BYTES)
    stream.seek(0)
    if not magic:
        raise image_error("image-empty", file=file)
    try:
        header = _parse(magic, stream, file)
    except struct.error as error:
        raise image_error("image-truncated", file=file) from error
    if header.width_px <= 0 or header.height_px <= 0:
        raise image_error("image-unreadable", file=file, value="no width or no height")
    return header


def _parse(magic: bytes, stream: IO[bytes], file: Path | None) -> ImageHeader:
    if magic.startswith(b"\xff\xd8"):
        return _parse_jpeg(stream, file)
    if magic.startswith(b"\x89PNG\r\n\x1a\n"):
        return _parse_png(stream, file)
    if magic.startswith(b"BM"):
        return _parse_bmp(stream)
    if magic[:4] in {b"II*\0", b"MM\0*"}:
        return _parse_tiff(stream)
    if magic[128:132] == b"DICM":
        from cygnet.images.dicom import parse_dicom_header

        return parse_dicom_header(stream, file=file)
    raise _unknown(magic, file)


def _unknown(magic: bytes, file: Path | None) -> ImageError:
    known = {
        "GIF": magic.startswith(b"GIF8"),
        "WebP": magic[:4] == b"RIFF" and magic[8:12] == b"WEBP",
        "HEIC or AVIF": magic[4:8] == b"ftyp",
        "JPEG 2000": magic[4:8] == b"jP  " or magic.startswith(b"\xff\x4f\xff\x51"),
        "BigTIFF": magic[:4] in {b"II+\0", b"MM\0+"},
    }
    name = next((name for name, matches in known.items() if matches), None)
    if name is not None:
        return image_error("image-unsupported", file=file, value=name)
    shown = magic[:8].hex(" ")
    return image_error("image-unreadable", file=file, value=f"it begins with {shown}")


def _parse_jpeg(stream: IO[bytes], file: Path | None) -> ImageHeader:
    frame = read_jpeg_frame(stream)
    if frame is None:
        raise image_error("image-truncated", file=file)
    channels = len(frame.component_ids)
    colours: dict[int, Colour] = {1: "grey", 3: "rgb", 4: "cmyk"}
    return ImageHeader(
        "jpeg",
        frame.width_px,
        frame.height_px,
        frame.bits,
        channels,
        colours.get(channels, "other"),
        orientation=frame.orientation,
        variant=f"SOF{frame.frame_marker - 0xC0}",
        # The decoder's library reads 12 bits a channel, our binding to it does not.
        is_decodable=frame.is_decodable and frame.bits == 8,
    )


def _parse_png(stream: IO[bytes], file: Path | None) -> ImageHeader:
    chunk = stream.read(33)
    width, height, bits, kind = struct.unpack_from(">IIBB", chunk, 16)
    if chunk[12:16] != b"IHDR" or kind not in {0, 2, 3, 4, 6}:
        raise image_error("image-unreadable", file=file, value="no PNG header")
    colours: dict[int, Colour] = {0: "grey", 2: "rgb", 3: "palette", 4: "grey", 6: "rgb"}
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    return ImageHeader(
        "png", width, height, bits, channels, colours[kind], has_alpha=kind in {4, 6}
    )


def _parse_bmp(stream: IO[bytes]) -> ImageHeader:
    head = stream.read(34)
    size = struct.unpack_from("<I", head, 14)[0]
    # The first version of the format has shorter fields.
    width, height, _, depth = struct.unpack_from("<HHHH" if size == 12 else "<iiHH", head, 18)
    channels = {24: 3, 32: 4}.get(depth, 3 if depth == 16 else 1)
    colour: Colour = "palette" if depth <= 8 else "rgb"
    return ImageHeader("bmp", abs(width), abs(height), min(depth, 8), channels, colour)


def _parse_tiff(stream: IO[bytes]) -> ImageHeader:
    head = stream.read(8)
    order = "<" if head[:2] == b"II" else ">"
    stream.seek(struct.unpack_from(order + "I", head, 4)[0])
    (count,) = struct.unpack(order + "H", stream.read(2))
    block = stream.read(12 * count)
    tags: dict[int, int] = {}
    for offset in range(0, 12 * count, 12):
        tag, kind, length, place = struct.unpack_from(order + "HHII", block, offset)
        code = _TIFF_TYPES.get(kind)
        if code is None:
            continue
        field = block[offset + 8 : offset + 12]
        if struct.calcsize(code) * length > 4:
            stream.seek(place)
            field = stream.read(struct.calcsize(code))
        tags[tag] = struct.unpack_from(order + code, field)[0]
    # 0 and 1 are grey, 2 RGB, 3 palette, 5 print colours, 6 YCbCr of a JPEG inside.
    colours: dict[int, Colour] = {
        0: "grey", 1: "grey", 2: "rgb", 3: "palette", 5: "cmyk", 6: "rgb",
    }  # fmt: skip
    return ImageHeader(
        "tiff",
        tags.get(_TIFF_WIDTH, 0),
        tags.get(_TIFF_HEIGHT, 0),
        tags.get(_TIFF_BITS, 1),
        tags.get(_TIFF_CHANNELS, 1),
        colours.get(tags.get(_TIFF_COLOUR, -1), "other"),
        orientation=tags.get(_TIFF_ORIENTATION, 1),
        has_alpha=_TIFF_EXTRA in tags,
    )


def header_faults(header: ImageHeader, *, file: Path | None = None) -> list[ImageFault]:
    """List what a header shows to be wrong or worth telling, the gravest first.

    An image with a fault of level ``error`` is not decoded; with others it is. Faults that only
    the pixels show (damage, truncation, transparency) are found by decoding.
    """
    size = f"{header.width_px} x {header.height_px} px"
    expected = _SUFFIXES.get(file.suffix.lower()) if file is not None else None
    grave = {
        "image-too-large": (header.width_px * header.height_px > MAX_PIXELS, size),
        "image-tiny": (min(header.width_px, header.height_px) < MIN_SIDE_PX, size),
        "image-cmyk": (header.colour == "cmyk", None),
        "image-unsupported": (
            not header.is_decodable or header.colour == "other" or header.bits > _MOST_BITS,
            f"{header.format} {header.variant or header.colour}, {header.bits} bits",
        ),
        "image-frames": (header.frames != 1, f"{header.frames} frames"),
    }
    light = {
        "image-wrong-format": (expected not in {None, header.format}, header.format),
        "image-grey": (header.colour == "grey", None),
        "image-16-bit": (header.bits > 8, f"{header.bits} bits"),
        "image-alpha": (header.has_alpha, None),
        "image-oriented": (header.orientation != 1, f"orientation {header.orientation}"),
    }
    return [
        image_fault(code, file=file, value=value)
        for code, (holds, value) in (grave | light).items()
        if holds
    ]
