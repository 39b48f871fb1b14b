"""What picture does a DICOM file hold? Reads it, and keeps a dermoscopic JPEG in one.

Reading gives the JPEG inside, untouched, or RGB pixels: stored YCbCr is converted, never shown as
if it were RGB. Writing keeps the original JPEG bytes, so that nothing is lost a second time.
Uncompressed, run-length, JPEG and JPEG 2000 pixels are read; other syntaxes (lossless JPEG,
JPEG-LS, video) are refused by name.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cygnet.durable import write_whole
from cygnet.errors import ImageError
from cygnet.images.conversions import Record
from cygnet.images.dicom_pixels import JPEG_2000_SYNTAXES, rgb_pixels
from cygnet.images.faults import image_error
from cygnet.images.headers import Colour, ImageHeader, header_faults, parse_header
from cygnet.images.jpeg_markers import JpegFrame, read_jpeg_frame

DERMOSCOPIC_PHOTOGRAPHY = "1.2.840.10008.5.1.4.1.1.77.1.7"

if TYPE_CHECKING:
    from cygnet.images.dicom_attributes import Laterality

_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
# Twice the pixels of the largest dermoscopic camera; a deflated bomb has a thousand times its size.
_MAX_DEFLATED_BYTES = 2**27
_DEFLATED = "1.2.840.10008.1.2.1.99"
_DECODED_BY_PYDICOM = JPEG_2000_SYNTAXES | frozenset(
    {
        "1.2.840.10008.1.2",  # implicit, little endian
        "1.2.840.10008.1.2.1",  # explicit, little endian
        _DEFLATED,
        "1.2.840.10008.1.2.2",  # explicit, big endian
        "1.2.840.10008.1.2.5",  # run length
    }
)
_COLOURS: dict[str, Colour] = {
    "MONOCHROME1": "grey",
    "MONOCHROME2": "grey",
    "PALETTE COLOR": "palette",
    "RGB": "rgb",
    "YBR_FULL": "rgb",
    "YBR_FULL_422": "rgb",
    "YBR_RCT": "rgb",
    "YBR_ICT": "rgb",
    "CMYK": "cmyk",
}
# What pydicom lets out on files that break the standard.
_BROKEN = (
    AttributeError,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
# An Adobe marker of transform 0 tells the decoder that the components are red, green and blue.
_ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"


def parse_dicom_header(stream: IO[bytes], *, file: Path | None = None) -> ImageHeader:
    """Describe the picture of a DICOM file by its attributes.

    Raises :class:`~cygnet.errors.ImageError` when the file breaks the standard before its pixels,
    or holds none.
    """
    import pydicom

    _validate_deflated(stream, file)
    with reading_dicom("image-unreadable", file):
        dataset = pydicom.dcmread(BoundedReader(stream), stop_before_pixels=True)
        syntax = str(dataset.file_meta.TransferSyntaxUID)
        photometric = str(dataset.PhotometricInterpretation)
        return ImageHeader(
            "dicom",
            int(dataset.Columns),
            int(dataset.Rows),
            int(dataset.BitsStored),
            int(dataset.SamplesPerPixel),
            _COLOURS.get(photometric, "other"),
            frames=int(dataset.get("NumberOfFrames") or 1),
            variant=f"{photometric}, transfer syntax {syntax}",
            is_decodable=syntax in _DECODED_BY_PYDICOM | {_JPEG_BASELINE, _JPEG_EXTENDED}
            and not (syntax == _JPEG_EXTENDED and dataset.BitsStored > 8),
        )


class BoundedReader:
    """A stream that is never asked for more than it has, whatever length a file claims.

    Python sets aside all the bytes that are asked for before it looks whether they are there.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        place = stream.tell()
        self._end = stream.seek(0, SEEK_END)
        stream.seek(place)
        self.seek = stream.seek
        self.tell = stream.tell
        self.close = stream.close

    def read(self, n_bytes: int | None = -1) -> bytes:
        """Read up to ``n_bytes``, or to the end."""
        left = max(0, self._end - self._stream.tell())
        asked = left if n_bytes is None or n_bytes < 0 else n_bytes
        return self._stream.read(min(asked, left))


def _validate_deflated(stream: IO[bytes], file: Path | None) -> None:
    """Refuse a deflated file that becomes far larger than a picture, before it is inflated."""
    from pydicom.filereader import _read_file_meta_info, read_preamble

    place = stream.tell()
    with reading_dicom("image-unreadable", file):
        bounded: Any = BoundedReader(stream)
        read_preamble(bounded, force=False)
        meta = _read_file_meta_info(bounded)
        if str(meta.get("TransferSyntaxUID", "")) == _DEFLATED:
            inflating = zlib.decompressobj(-zlib.MAX_WBITS)
            inflating.decompress(bounded.read(), _MAX_DEFLATED_BYTES)
            if inflating.unconsumed_tail:
                raise image_error(
                    "image-unsupported",
                    file=file,
                    value=f"deflated from more than {_MAX_DEFLATED_BYTES:,} bytes",
                )
    stream.seek(place)


def read_dicom_picture(
    data: bytes, *, file: Path | None = None, record: Record | None = None
) -> bytes | NDArray[np.uint8]:
    """Give the one picture of a DICOM file: its JPEG where it has one, else RGB pixels.

    The pixels are ``(height, width, 3)``, uint8; what was done to get there is added to
    ``record``. Call :func:`parse_dicom_header` and judge it first. Raises
    :class:`~cygnet.errors.ImageError` when the pixels are missing, damaged, signed, of another size
    than announced, or of a white level that is not known.
    """
    import pydicom
    from pydicom.encaps import get_frame

    record = record if record is not None else Record(None)
    with reading_dicom("image-truncated", file):
        dataset = pydicom.dcmread(BytesIO(data))
        if str(dataset.file_meta.TransferSyntaxUID) in _DECODED_BY_PYDICOM:
            return rgb_pixels(dataset, record, file)
        jpeg = bytes(get_frame(dataset.PixelData, 0, number_of_frames=1))
        photometric = str(dataset.PhotometricInterpretation)
        announced = (int(dataset.Columns), int(dataset.Rows))
    frame = read_jpeg_frame(BytesIO(jpeg))
    if frame is not None and (frame.width_px, frame.height_px) != announced:
        raise image_error("image-unreadable", file=file, value="two headers that disagree")
    if frame is not None and _is_unmarked_rgb(frame, photometric):
        return jpeg[:2] + _ADOBE_RGB + jpeg[2:]
    if frame is not None and photometric == "RGB" and not frame.is_rgb:
        record.add("label-overruled", "RGB, YCbCr inside")
    return jpeg


def _is_unmarked_rgb(frame: JpegFrame, photometric: str) -> bool:
    # Without JFIF's or Adobe's marker a JPEG decoder takes YCbCr for granted. Where a JFIF marker
    # contradicts the attribute the marker is believed: writers mislabel, encoders do not.
    return photometric == "RGB" and not frame.has_jfif and frame.adobe_transform is None


@contextmanager
def reading_dicom(code: str, file: Path | None) -> Iterator[None]:
    """Turn what pydicom lets out on a file that breaks the standard into the fault ``code``."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    try:
        with warnings.catch_warnings():
            # Warnings are about attributes that are not used here; damaged pixels are found when
            # they are decoded.
            warnings.simplefilter("ignore")
            yield
    except (*_BROKEN, BytesLengthException, InvalidDicomError) as error:
        raise image_error(code, file=file, value=str(error)) from error


def write_dermoscopic_dicom(
    path: Path,
    jpeg: bytes,
    *,
    image_name: str,
    patient_id: str,
    sex: str | None,
    age_years: float | None,
    site: str | None,
    lesion_id: str | None = None,
    laterality: "Laterality | None" = None,
) -> None:
    """Write ``jpeg`` into a Dermoscopic Photography Image at ``path``, whole or not at all.

    The JPEG bytes are kept as they are; it must be a baseline, 8-bit, colour or grey picture. All
    identifiers follow from ``image_name`` and ``lesion_id``, so that the same picture gives the
    same file. ``sex`` is ``"male"``, ``"female"`` or ``None``; a missing age, site or side is left
    empty. The file says that its patient's identity was removed only where the JPEG has no
    metadata that may identify; take such out first.

    Raises :class:`~cygnet.errors.ImageError` for a JPEG that DICOM's baseline cannot hold, and
    :class:`~cygnet.errors.StorageError` when it cannot be written.
    """
    frame = _baseline_frame(jpeg, path)
    from pydicom.encaps import encapsulate

    from cygnet.images.colour_profile import icc_profile
    from cygnet.images.dicom_attributes import DicomPicture, DicomSubject, dermoscopic_dataset
    from cygnet.images.privacy import metadata_facts

    picture = DicomPicture(
        frame=frame,
        compressed_bytes=len(jpeg),
        icc_profile=icc_profile(jpeg),
        may_identify=metadata_facts(jpeg).may_identify,
    )
    subject = DicomSubject(
        image_name=image_name,
        patient_id=patient_id,
        lesion_id=lesion_id,
        sex=sex,
        age_years=age_years,
        site=site,
        laterality=laterality,
    )
    dataset = dermoscopic_dataset(picture, subject)
    dataset.PixelData = encapsulate([jpeg])
    dataset["PixelData"].is_undefined_length = True
    with write_whole(path) as stream:
        dataset.save_as(stream, enforce_file_format=True)


def _baseline_frame(jpeg: bytes, file: Path) -> JpegFrame:
    header = parse_header(jpeg, file=file)
    for fault in header_faults(header, file=file):
        if fault.level == "error":
            raise ImageError(fault)
    frame = read_jpeg_frame(BytesIO(jpeg))
    if frame is None or frame.frame_marker != 0xC0:
        raise image_error(
            "image-unsupported", file=file, value="not a baseline JPEG, which DICOM asks for"
        )
    return frame
