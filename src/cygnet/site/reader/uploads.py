"""What was handed in? Each file becomes a picture, or a fault that stands beside its name.

Only pixels are taken from a file. EXIF and a DICOM file's identity are never shown or kept; of the
latter a digest is compared, so that two patients are not read as one.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from cygnet.errors import ImageError
from cygnet.images.decode import Geometry, decode_to_size
from cygnet.images.faults import ImageFault
from cygnet.images.headers import header_faults, parse_header
from cygnet.site.reader.phrases import marked, say

MOST_IMAGES = 200
SHOWN_PX = 768  # the copy that pages show and that cautions are measured on
_NAME_CHARS = 120
_COPY_QUALITY = 88

Pixels = NDArray[np.uint8]

TOO_MANY = "reader-too-many"
OTHER_PATIENT = "reader-other-patient"
NO_ROOM = "reader-no-room"
_OWN_FAULTS = {
    TOO_MANY: (
        marked("More than {most} pictures were given at once, and this is beyond them."),
        marked("Read it with fewer others."),
    ),
    OTHER_PATIENT: (
        marked("This DICOM file is of another patient than the others."),
        marked("Read each patient's pictures by themselves."),
    ),
    NO_ROOM: (
        marked("The reader's memory is full."),
        marked("Close pages that are no longer needed, or wait some minutes."),
    ),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: its name, as the sender gave it, and its bytes.

    ``site`` is the body site where a table tells it, ``lesion_id`` likewise.
    """

    name: str
    data: bytes
    site: str | None = None
    lesion_id: str | None = None


@dataclass(frozen=True, slots=True)
class FileFault:
    """What is wrong with one file, in words for the person who chose it."""

    name: str
    code: str
    rule: str
    remedy: str


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture that was read and is kept: encoded, as pixels would fill the memory.

    ``data`` are the file's bytes, ``copy`` a JPEG in true proportions whose longer side is at most
    768 px, without anything of the file but its pixels. Sizes are those of the stored grid.
    """

    name: str
    data: bytes
    copy: bytes
    width_px: int
    height_px: int
    site: str | None = None
    lesion_id: str | None = None
    remarks: tuple[FileFault, ...] = field(default=())

    @property
    def n_bytes(self) -> int:
        """Encoded bytes that are kept."""
        return len(self.data) + len(self.copy)

    @property
    def digest(self) -> str:
        """A digest of the file, from which identifiers of exports follow."""
        return hashlib.blake2b(self.data, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A picture with its pixels, which are let go once they were looked at.

    ``network`` is ``(size, size, 3)`` for the model, ``shown`` the pixels of the copy.
    """

    picture: Picture
    network: Pixels
    shown: Pixels


def clean_name(name: str) -> str:
    r"""Give the last part of a file's name, printable and not too long.

    >>> clean_name("C:\\pictures\\left arm.jpg"), clean_name("")
    ('left arm.jpg', '?')
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(one for one in last if one.isprintable()).strip()
    return shown[:_NAME_CHARS] or "?"


def own_fault(code: str, name: str) -> FileFault:
    """Give the fault of ``code`` that is the reader's own, not the file's."""
    rule, remedy = _OWN_FAULTS[code]
    return FileFault(name, code, say(rule, most=MOST_IMAGES), say(remedy))


def _from_image_fault(name: str, fault: ImageFault) -> FileFault:
    from cygnet.images.faults import FAULT_KINDS

    kind = FAULT_KINDS[fault.code]
    return FileFault(name, fault.code, f"{say(kind.sentence)}.", say(kind.remedy))


def read_picture(upload: Upload, size_px: int, geometry: Geometry) -> Opened | FileFault:
    """Decode one file, or say what is wrong with it; the file's own text is never repeated."""
    try:
        header = parse_header(upload.data)
        faults = header_faults(header)
        network = decode_to_size(upload.data, size_px, geometry)
        side = min(SHOWN_PX, max(header.width_px, header.height_px))
        shown = decode_in_proportion(upload.data, header.width_px, header.height_px, side)
    except ImageError as error:
        fault = error.faults[0]
        if isinstance(fault, ImageFault):
            return _from_image_fault(upload.name, fault)
        return _unreadable(upload.name)
    except (ValueError, MemoryError, cv2.error):
        return _unreadable(upload.name)
    remarks = tuple(_from_image_fault(upload.name, one) for one in faults)
    picture = Picture(
        upload.name,
        upload.data,
        encode_jpeg(shown),
        header.width_px,
        header.height_px,
        upload.site,
        upload.lesion_id,
        remarks,
    )
    return Opened(picture, network, shown)


def encode_jpeg(pixels: Pixels, quality: int = _COPY_QUALITY) -> bytes:
    """Encode pixels alone: nothing of the file that they came from goes along."""
    return bytes(
        simplejpeg.encode_jpeg(
            np.ascontiguousarray(pixels), quality=quality, colorspace="RGB", colorsubsampling="420"
        )
    )


def _unreadable(name: str) -> FileFault:
    from cygnet.images.faults import FAULT_KINDS

    kind = FAULT_KINDS["image-unreadable"]
    return FileFault(name, "image-unreadable", f"{say(kind.sentence)}.", say(kind.remedy))


def decode_in_proportion(data: bytes, width_px: int, height_px: int, longer_px: int) -> Pixels:
    """Decode a picture to its true proportions, its longer side ``longer_px``."""
    longer = max(width_px, height_px)
    square = decode_to_size(data, longer_px, "pad")
    columns = max(1, round(width_px * longer_px / longer))
    rows = max(1, round(height_px * longer_px / longer))
    left, top = (longer_px - columns) // 2, (longer_px - rows) // 2
    return np.ascontiguousarray(square[top : top + rows, left : left + columns])


def other_patients(uploads: Sequence[Upload]) -> list[int]:
    """Find the DICOM files that are of another patient than most; files without one are of all."""
    whose = [_patient_digest(one.data) for one in uploads]
    known = Counter(one for one in whose if one is not None)
    if len(known) < 2:
        return []
    most = known.most_common(1)[0][0]
    return [at for at, one in enumerate(whose) if one not in {None, most}]


def _patient_digest(data: bytes) -> bytes | None:
    """Give a digest of who a DICOM file says its patient is, or ``None`` where it does not."""
    if data[128:132] != b"DICM":
        return None
    import pydicom

    from cygnet.images.dicom import BoundedReader, reading_dicom

    tags = ["PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate"]
    try:
        parse_header(data)  # refuses a deflated file that would fill the memory
        with reading_dicom("image-unreadable", None):
            stream = BoundedReader(BytesIO(data))
            found = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=tags)
            said = [str(found.get(tag) or "") for tag in tags]
    except ImageError:
        return None
    if not any(said):
        return None
    # A number alone is enough; a name alone, where there is no number, too.
    kept = said[:2] if said[0] else said[2:]
    return hashlib.blake2b("\x00".join(kept).encode(), digest_size=16).digest()
