"""Which colours do the numbers of a picture mean? The name of its embedded ICC profile.

Profiles are read, named and left: pixels are never converted by one
(``docs/decisions/colour-and-bits.md``).
"""

import struct
from typing import Final

from cygnet.images.jpeg_facts import jpeg_segments, metadata_kind

# Signature, size and offsets of an ICC profile (ICC.1:2022, 7.2 and 10.15).
_HEADER_BYTES: Final = 128
_MARKER_HEAD: Final = 14


def colour_profile(data: bytes) -> str | None:
    """Give the description of a file's ICC profile; ``None`` where it has none.

    ``"unreadable"`` stands for a profile without a description that can be read. JPEG, PNG, TIFF
    and DICOM are told by their contents.
    """
    profile = icc_profile(data)
    if profile is None:
        return None
    return _description(profile) or "unreadable"


def is_srgb(name: str) -> bool:
    """Whether a profile of this description means what pixels without a profile mean, sRGB.

    >>> is_srgb("sRGB IEC61966-2.1"), is_srgb("Display P3")
    (True, False)
    """
    return "srgb" in name.lower()


def icc_profile(data: bytes) -> bytes | None:
    """Give the bytes of a file's embedded ICC profile; ``None`` where it has none."""
    if data.startswith(b"\xff\xd8"):
        return _profile_of_jpeg(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n" or data[:4] in {b"II*\0", b"MM\0*"}:
        return _profile_by_pillow(data)
    if data[128:132] == b"DICM":
        return _profile_of_dicom(data)
    return None


def _profile_of_jpeg(data: bytes) -> bytes | None:
    # A long profile is cut into numbered parts.
    parts = {
        payload[12]: payload[_MARKER_HEAD:]
        for marker, payload in jpeg_segments(data)
        if metadata_kind(marker, payload) == "icc" and len(payload) > _MARKER_HEAD
    }
    return b"".join(parts[number] for number in sorted(parts)) or None


def _profile_by_pillow(data: bytes) -> bytes | None:
    import warnings
    from io import BytesIO

    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=["PNG", "TIFF"]) as image:
                profile = image.info.get("icc_profile")
    except (OSError, SyntaxError, ValueError, EOFError):
        return None
    return profile if isinstance(profile, bytes) and profile else None


def _profile_of_dicom(data: bytes) -> bytes | None:
    from io import BytesIO

    import pydicom

    from cygnet.errors import ImageError
    from cygnet.images.dicom import reading_dicom

    try:
        with reading_dicom("image-unreadable", None):
            dataset = pydicom.dcmread(BytesIO(data), stop_before_pixels=True)
            profile = dataset.get("ICCProfile")
            if profile is None and "OpticalPathSequence" in dataset:
                profile = dataset.OpticalPathSequence[0].get("ICCProfile")
            return bytes(profile) if profile else None
    except ImageError:
        return None


def _description(profile: bytes) -> str:
    if len(profile) < _HEADER_BYTES + 4:
        return ""
    (count,) = struct.unpack_from(">I", profile, _HEADER_BYTES)
    for place in range(132, min(132 + 12 * count, len(profile) - 11), 12):
        tag, offset, size = struct.unpack_from(">4sII", profile, place)
        if tag == b"desc":
            return _text(profile[offset : offset + size])
    return ""


def _text(block: bytes) -> str:
    if block[:4] == b"desc" and len(block) > 12:
        (length,) = struct.unpack_from(">I", block, 8)
        return block[12 : 12 + length].split(b"\0")[0].decode("latin-1").strip()
    if block[:4] == b"mluc" and len(block) >= 28:
        size, offset = struct.unpack_from(">II", block, 20)
        return block[offset : offset + size].decode("utf-16-be", "replace").strip("\0 ")
    return ""
