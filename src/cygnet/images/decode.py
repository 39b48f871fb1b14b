"""How does a file become the square of pixels that a network sees? One rule for all rooms.

The function :func:`decode_to_size` serves the pack, training and prediction, so that a model
meets at prediction what it met in training. Its rules, in the name that packs and models record:

- the geometry: ``squash`` (both sides scaled by themselves), ``crop`` (the middle square) or
  ``pad`` (whole, on black);
- ``cubic``: a JPEG is decoded at 1/8, 1/4 or 1/2 where neither side falls below what is asked for,
  then reduced once by an antialiased cubic filter;
- ``stored``: the stored grid is used and EXIF orientation is not followed. A dermatoscope looks
  down at skin, so the camera's sense of up says nothing; DICOM and published copies carry no such
  tag; and sizes in the tables are those of the stored grid.

What cannot be decoded with certainty is refused by a stable code (see ``faults``), never guessed.
"""

import re
import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import simplejpeg

from cygnet.errors import ImageError
from cygnet.images.bit_depth import to_8_bits
from cygnet.images.colour_profile import colour_profile
from cygnet.images.conversions import Conversion, Record
from cygnet.images.dicom import read_dicom_picture
from cygnet.images.faults import image_error, read_image_bytes
from cygnet.images.geometry import GEOMETRIES, Geometry, Pixels, decoding_name
from cygnet.images.headers import ImageHeader, header_faults, parse_header
from cygnet.images.jpeg_markers import read_jpeg_frame
from cygnet.images.reduction import reduce_to

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["GEOMETRIES", "Geometry", "Pixels", "decode_to_size", "decoding_name"]

_DENOMINATORS = (8, 4, 2, 1)
# Some encoders fill up the last byte run before the end marker; every pixel is decoded by then.
_HARMLESS_TAIL = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_MAX_TAIL_BYTES = 16
# Compressed pixels never hold these bytes.
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"

# Images are decoded side by side, in processes or threads; OpenCV's own threads would compete.
cv2.setNumThreads(1)


def decode_to_size(
    data: bytes,
    size_px: int,
    geometry: Geometry = "squash",
    *,
    file: Path | None = None,
    header: ImageHeader | None = None,
    conversions: list[Conversion] | None = None,
) -> Pixels:
    """Decode an image file's bytes into ``(size_px, size_px, 3)``, uint8, RGB.

    JPEG, PNG, BMP, TIFF and DICOM are told by their contents. ``file`` is only named in errors.
    ``header`` is what ``parse_header`` gave of these bytes, where its faults were looked at before.
    To ``conversions``, where it is given, is added what was done to the stored numbers, or left
    undone where the file asks for it.

    Raises :class:`~cygnet.errors.ImageError` when the image cannot be decoded with certainty; its
    fault carries a stable ``code``.
    """
    if geometry not in GEOMETRIES:
        raise ValueError(f"geometry is one of {', '.join(GEOMETRIES)}, not {geometry!r}")
    if size_px < 1:
        raise ValueError(f"size_px is at least 1, not {size_px}")
    record = Record(conversions)
    if header is None:
        header = _checked_header(data, file)
    if record.is_kept and (profile := colour_profile(data)) is not None:
        record.add("profile-left", profile)
    if header.format == "dicom":
        picture = read_dicom_picture(data, file=file, record=record)
        if isinstance(picture, bytes):
            data, header = picture, _checked_header(picture, file)
        else:
            if picture.shape != (header.height_px, header.width_px, 3):
                shape = " x ".join(map(str, picture.shape))
                raise image_error("image-unreadable", file=file, value=f"pixels of shape {shape}")
            return _arrange(picture, header.width_px, header.height_px, size_px, geometry)
    _record_header(header, record)
    if header.format == "jpeg":
        if record.is_kept:
            _record_jpeg(data, record)
        denominator = _denominator(header, size_px, geometry)
        pixels = _decode_jpeg(data, header, denominator, file)
        width, height = header.width_px / denominator, header.height_px / denominator
        return _arrange(pixels, width, height, size_px, geometry)
    decode = _decode_deep if header.bits > 8 else _decode_other
    pixels = decode(data, header, file)
    return _arrange(pixels, header.width_px, header.height_px, size_px, geometry)


def read_to_size(path: Path, size_px: int, geometry: Geometry = "squash") -> Pixels:
    """Read and decode the image at ``path``; as :func:`decode_to_size`, with its name in errors."""
    return decode_to_size(read_image_bytes(path), size_px, geometry, file=path)


def _checked_header(data: bytes, file: Path | None) -> ImageHeader:
    header = parse_header(data, file=file)
    for fault in header_faults(header, file=file):
        if fault.level == "error":
            raise ImageError(fault)
    return header


def _record_header(header: ImageHeader, record: Record) -> None:
    if header.orientation != 1:
        record.add("orientation-left", f"orientation {header.orientation}")
    if header.bits > 8:
        record.add("bits-to-8", f"{header.bits} bits")
    if header.colour == "grey":
        record.add("grey-to-rgb")
    if header.colour == "palette":
        record.add("palette-to-rgb")
    if header.has_alpha:
        record.add("alpha-left-out")


def _record_jpeg(data: bytes, record: Record) -> None:
    frame = read_jpeg_frame(BytesIO(data))
    if frame is not None and len(frame.component_ids) == 3 and not frame.is_rgb:
        record.add("ycbcr-to-rgb", "JPEG")


def _denominator(header: ImageHeader, size_px: int, geometry: Geometry) -> int:
    # A padded picture fills the square with its longer side only.
    side = (max if geometry == "pad" else min)(header.width_px, header.height_px)
    return next((d for d in _DENOMINATORS if side >= size_px * d), 1)


def _decode_jpeg(data: bytes, header: ImageHeader, denominator: int, file: Path | None) -> Pixels:
    sides = {
        # The scaled decoder rounds its sides up.
        "min_width": -(-header.width_px // denominator),
        "min_height": -(-header.height_px // denominator),
    }
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB", strict=True, **sides)
    except ValueError as error:
        message = str(error)
        tail = _HARMLESS_TAIL.search(message)
        if tail is not None and int(tail[1]) <= _MAX_TAIL_BYTES:
            pixels = simplejpeg.decode_jpeg(data, "RGB", strict=False, **sides)
        elif data.rfind(_END_OF_IMAGE) <= data.rfind(_START_OF_SCAN):
            raise image_error("image-truncated", file=file) from error
        else:
            raise image_error("image-unreadable", file=file, value=message) from error
    if pixels.shape[:2] != (sides["min_height"], sides["min_width"]):
        raise image_error("image-unreadable", file=file, value="two headers that disagree")
    return pixels


def _decode_deep(data: bytes, header: ImageHeader, file: Path | None) -> Pixels:
    """Decode a PNG or TIFF of 16 bits, which Pillow would cut to 8 without a word."""
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None:
        raise image_error("image-unreadable", file=file)
    if stored.dtype != np.uint16 or header.bits != 16:
        raise image_error("image-unsupported", file=file, value=f"{stored.dtype} numbers")
    if header.has_alpha:
        if stored.shape[-1] != 4 or stored[:, :, 3].min() < np.iinfo(np.uint16).max:
            raise image_error("image-transparent", file=file)
        stored = stored[:, :, :3]
    pixels = to_8_bits(stored, header.bits, file=file)
    if pixels.ndim == 2:
        return np.repeat(pixels[:, :, None], 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, ::-1])


def _decode_other(data: bytes, header: ImageHeader, file: Path | None) -> Pixels:
    # Imported here, as hardly any dermoscopic image is anything but JPEG.
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow warns where it fills in for missing data.
            warnings.simplefilter("error")
            with Image.open(BytesIO(data), formats=[header.format.upper()]) as image:
                frames = getattr(image, "n_frames", 1)
                if frames != 1:
                    raise image_error("image-frames", file=file, value=f"{frames} frames")
                image.load()
                return _as_rgb(image, file)
    except (OSError, SyntaxError, ValueError, EOFError, Warning) as error:
        code = "image-truncated" if "trunc" in str(error).lower() else "image-unreadable"
        raise image_error(code, file=file, value=str(error)) from error


def _as_rgb(image: "Image.Image", file: Path | None) -> Pixels:
    # The largest picture that is taken has 350 MB in Pillow: no copy of it is kept without need.
    if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info:
        whole = image if image.mode == "RGBA" else image.convert("RGBA")
        if whole.getchannel("A").getextrema() != (255, 255):
            raise image_error("image-transparent", file=file)
    elif image.mode not in {"1", "L", "P", "RGB"}:
        raise image_error("image-unsupported", file=file, value=f"mode {image.mode}")
    if image.mode == "RGB":
        return np.asarray(image)
    coloured = image.convert("RGB")
    image.close()
    return np.asarray(coloured)


def _arrange(
    pixels: Pixels, width: float, height: float, size_px: int, geometry: Geometry
) -> Pixels:
    """Fit the picture that fills ``width`` by ``height`` of ``pixels`` into the square."""
    if geometry == "squash":
        return reduce_to(pixels, width, height, size_px, size_px)
    if geometry == "crop":
        side = min(width, height)
        left, top = int((width - side) / 2), int((height - side) / 2)
        end = int(np.ceil(side))
        middle = pixels[top : top + end, left : left + end]
        return reduce_to(middle, side, side, size_px, size_px)
    longer = max(width, height)
    columns = max(1, round(width * size_px / longer))
    rows = max(1, round(height * size_px / longer))
    square = np.zeros((size_px, size_px, 3), np.uint8)
    left, top = (size_px - columns) // 2, (size_px - rows) // 2
    square[top : top + rows, left : left + columns] = reduce_to(
        pixels, width, height, columns, rows
    )
    return square
