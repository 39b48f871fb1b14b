"""What of a JPEG is its picture? Everything else is taken out, and no pixel is encoded again.

Kept are the tables and scans, byte for byte, and the markers that say how colours are meant: JFIF
(without its thumbnail), Adobe's, and an ICC profile. EXIF, XMP, IPTC, makers' notes, comments,
thumbnails, and whatever follows the end of the picture go. A stream without an end is refused.
"""

from pathlib import Path

from cygnet.images.faults import image_error

_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
_RESTARTS = frozenset(range(0xD0, 0xD8))
_STANDALONE = _RESTARTS | {0x01}
_APPLICATION = frozenset(range(0xE0, 0xF0))
_APP0, _APP2, _APP14, _COMMENT = 0xE0, 0xE2, 0xEE, 0xFE
_JFIF_BYTES = 14
"""The length of a JFIF segment, its length field not counted, when it has no thumbnail."""


def without_metadata(jpeg: bytes, *, file: Path | None = None) -> bytes:
    """Give ``jpeg`` without all that is not its picture; it decodes to the same pixels.

    An EXIF orientation goes with the rest. Raises :class:`~cygnet.errors.ImageError` where the
    stream is no JPEG, or leaves the form of markers, or ends before its end marker.
    """
    if jpeg[:2] != bytes((0xFF, _START_OF_IMAGE)):
        raise image_error("image-unsupported", file=file, value="not a JPEG")
    kept = [jpeg[:2]]
    at = 2
    while True:
        marker, begin = _marker(jpeg, at, file)
        if marker == _END_OF_IMAGE:
            kept.append(bytes((0xFF, _END_OF_IMAGE)))
            return b"".join(kept)
        if marker in _STANDALONE:
            kept.append(bytes((0xFF, marker)))
            at = begin
            continue
        end = begin + int.from_bytes(jpeg[begin : begin + 2], "big")
        if end < begin + 2 or end > len(jpeg):
            raise image_error("image-truncated", file=file)
        payload = _kept_payload(marker, jpeg[begin + 2 : end])
        if payload is not None:
            length = (len(payload) + 2).to_bytes(2, "big")
            kept.append(bytes((0xFF, marker)) + length + payload)
        at = end
        if marker == _START_OF_SCAN:
            at = _end_of_scan(jpeg, end, file)
            kept.append(jpeg[end:at])


def _marker(jpeg: bytes, at: int, file: Path | None) -> tuple[int, int]:
    """Give the marker that stands at ``at`` and where what it heads begins."""
    if at < len(jpeg) and jpeg[at] != 0xFF:
        raise image_error("image-unreadable", file=file, value=f"no marker at byte {at}")
    while at < len(jpeg) and jpeg[at] == 0xFF:
        at += 1
    if at >= len(jpeg):
        raise image_error("image-truncated", file=file)
    return jpeg[at], at + 1


def _end_of_scan(jpeg: bytes, at: int, file: Path | None) -> int:
    """Give where the compressed pixels from ``at`` on end: at the next marker that is no restart.

    Within them 0xFF is followed by 0, by a restart marker, or by another 0xFF as filling.
    """
    while (at := jpeg.find(b"\xff", at)) != -1 and at + 1 < len(jpeg):
        if jpeg[at + 1] == 0xFF:
            at += 1
        elif jpeg[at + 1] == 0 or jpeg[at + 1] in _RESTARTS:
            at += 2
        else:
            return at
    raise image_error("image-truncated", file=file)


def _kept_payload(marker: int, payload: bytes) -> bytes | None:
    if marker == _APP0 and payload.startswith(b"JFIF\0") and len(payload) >= _JFIF_BYTES:
        return payload[: _JFIF_BYTES - 2] + b"\0\0"
    if marker == _APP2 and payload.startswith(b"ICC_PROFILE\0"):
        return payload
    if marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
        # Twelve bytes say all that a decoder asks of it.
        return payload[:12]
    if marker in _APPLICATION or marker == _COMMENT:
        return None
    return payload
