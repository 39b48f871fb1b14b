"""What do the stored numbers of a DICOM picture mean in RGB of 8 bits? By its attributes.

For uncompressed, run-length and JPEG 2000 pixels; each conversion is recorded. Where the coding of
the pixels contradicts the attribute, the coding is believed.
"""

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.images.bit_depth import to_8_bits
from cygnet.images.conversions import Record
from cygnet.images.faults import image_error

Pixels = NDArray[np.uint8]

JPEG_2000_SYNTAXES: Final = frozenset(
    {
        "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.4.91",
        "1.2.840.10008.1.2.4.201",
        "1.2.840.10008.1.2.4.202",
        "1.2.840.10008.1.2.4.203",
    }
)
_YCBCR: Final = frozenset({"YBR_FULL", "YBR_FULL_422"})
# The decoder of JPEG 2000 undoes these transforms by itself.
_TRANSFORMED: Final = frozenset({"YBR_RCT", "YBR_ICT"})


def rgb_pixels(dataset: Any, record: Record, file: Path | None) -> Pixels:
    """Give the one picture of ``dataset`` as ``(height, width, 3)``, uint8, RGB.

    Raises :class:`~cygnet.errors.ImageError` for signed numbers and an unknown white level; what
    pydicom raises on missing or damaged pixels is let through.
    """
    from pydicom.pixels.utils import pixel_array

    if dataset.get("PixelRepresentation"):
        raise image_error("image-unsupported", file=file, value="signed pixels")
    # Raw, as pydicom's own conversion from YCbCr rounds down and darkens by a grey level; and
    # uncorrected, as it would cut numbers above the announced scale to fit, instead of refusing.
    stored = np.asarray(pixel_array(dataset, raw=True, correct_unused_bits=False))
    photometric = str(dataset.PhotometricInterpretation)
    bits = int(dataset.BitsStored)
    if photometric == "PALETTE COLOR":
        stored, bits = _looked_up(stored, dataset)
        record.add("palette-to-rgb")
    if bits > 8:
        record.add("bits-to-8", f"{bits} bits")
    pixels = to_8_bits(stored, bits, file=file)
    if photometric in _TRANSFORMED:
        record.add("ycbcr-to-rgb", photometric)
    elif photometric in _YCBCR and _is_transformed_inside(dataset):
        record.add("label-overruled", f"{photometric}, RGB inside")
    elif photometric in _YCBCR:
        record.add("ycbcr-to-rgb", photometric)
        # OpenCV takes the chroma channels the other way round.
        swapped = np.ascontiguousarray(pixels[:, :, [0, 2, 1]])
        pixels = np.asarray(cv2.cvtColor(swapped, cv2.COLOR_YCrCb2RGB), np.uint8)
    if photometric == "MONOCHROME1":
        record.add("inverted")
        pixels = 255 - pixels
    if pixels.ndim == 2:
        record.add("grey-to-rgb")
        if "WindowCenter" in dataset or "VOILUTSequence" in dataset:
            record.add("window-left")
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    return np.ascontiguousarray(pixels)


def _looked_up(indices: NDArray[Any], dataset: Any) -> tuple[NDArray[Any], int]:
    from pydicom.pixels.processing import apply_color_lut

    colours = np.asarray(apply_color_lut(indices, dataset))
    return colours, 8 * colours.dtype.itemsize


def _is_transformed_inside(dataset: Any) -> bool:
    """Tell whether JPEG 2000 pixels were RGB before they were coded."""
    from pydicom.encaps import get_frame

    if str(dataset.file_meta.TransferSyntaxUID) not in JPEG_2000_SYNTAXES:
        return False
    return has_colour_transform(bytes(get_frame(dataset.PixelData, 0, number_of_frames=1)))


def has_colour_transform(codestream: bytes) -> bool:
    """Read from the main header of a JPEG 2000 codestream whether it uses a colour transform.

    The segment COD (ISO/IEC 15444-1, A.6.1) says so in its ninth byte.
    """
    place = codestream.find(b"\xff\x4f\xff\x51") + 2
    while 2 <= place < len(codestream) - 8 and codestream[place] == 0xFF:
        marker = codestream[place + 1]
        if marker == 0x52:
            return codestream[place + 8] == 1
        if marker in {0x90, 0xD9}:
            return False
        place += 2 + int.from_bytes(codestream[place + 2 : place + 4], "big")
    return False
