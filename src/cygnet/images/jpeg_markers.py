"""What does a JPEG say of itself before its pixels? Its markers, read without decoding.

It refuses nothing but a stream whose markers cannot be followed; whether such a picture can be
used is for others to judge.
"""

import struct
from dataclasses import dataclass
from typing import IO

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_APP0, _APP1, _APP14 = 0xE0, 0xE1, 0xEE
# Every start-of-frame marker; DHT, JPG and DAC stand between them and are none.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ARITHMETIC = frozenset(range(0xC9, 0xD0))
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_HIERARCHICAL = frozenset({0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """The frame header of a JPEG with what its application markers say about it.

    ``frame_marker`` is the low byte of SOFn (0xC0 is baseline). ``adobe_transform`` is ``None``
    without an Adobe marker. ``orientation`` is EXIF's, 1 where there is none.
    """

    frame_marker: int
    bits: int
    width_px: int
    height_px: int
    component_ids: tuple[int, ...]
    sampling: tuple[tuple[int, int], ...]
    has_jfif: bool
    adobe_transform: int | None
    orientation: int

    @property
    def is_decodable(self) -> bool:
        """Whether it is a Huffman-coded DCT picture in one layer, as all cameras make."""
        return self.frame_marker not in _ARITHMETIC | _LOSSLESS | _HIERARCHICAL

    @property
    def is_rgb(self) -> bool:
        """Whether its three components are red, green and blue rather than YCbCr."""
        if self.has_jfif or len(self.component_ids) != 3:
            return False
        if self.adobe_transform is not None:
            return self.adobe_transform == 0
        return self.component_ids == tuple(b"RGB")


def read_jpeg_frame(stream: IO[bytes]) -> JpegFrame | None:
    """Read the markers of a JPEG from its first byte to its frame header.

    Gives ``None`` when the stream ends, or leaves the form of markers, before a frame header.
    """
    if stream.read(2) != b"\xff\xd8":
        return None
    has_jfif, adobe_transform, orientation = False, None, 1
    while (marker := _next_marker(stream)) is not None:
        if marker in {_START_OF_SCAN, _END_OF_IMAGE}:
            return None
        if marker in _STANDALONE:
            continue
        payload = _read_segment(stream)
        if payload is None:
            return None
        if marker in _FRAMES:
            return _parse_frame(marker, payload, has_jfif, adobe_transform, orientation)
        if marker == _APP0 and payload.startswith(b"JFIF\0"):
            has_jfif = True
        elif marker == _APP1 and payload.startswith(b"Exif\0\0"):
            orientation = exif_orientation(payload[6:])
        elif marker == _APP14 and payload.startswith(b"Adobe") and len(payload) >= 12:
            adobe_transform = payload[11]
    return None


def _next_marker(stream: IO[bytes]) -> int | None:
    if stream.read(1) != b"\xff":
        return None
    code = b"\xff"
    # Any number of 0xFF may stand before a marker as filling.
    while code == b"\xff":
        code = stream.read(1)
    return code[0] if code else None


def _read_segment(stream: IO[bytes]) -> bytes | None:
    length = stream.read(2)
    if len(length) < 2:
        return None
    size = int.from_bytes(length, "big") - 2
    payload = stream.read(max(size, 0))
    return payload if size >= 0 and len(payload) == size else None


def _parse_frame(
    marker: int, payload: bytes, has_jfif: bool, adobe_transform: int | None, orientation: int
) -> JpegFrame | None:
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        return None
    bits, height, width, count = struct.unpack(">BHHB", payload[:6])
    components = [payload[6 + 3 * i : 9 + 3 * i] for i in range(count)]
    return JpegFrame(
        marker,
        bits,
        width,
        height,
        tuple(part[0] for part in components),
        tuple((part[1] >> 4, part[1] & 15) for part in components),
        has_jfif,
        adobe_transform,
        orientation,
    )


def exif_orientation(tiff: bytes) -> int:
    """Read the orientation, 1 to 8, from the TIFF block of EXIF; 1 where there is none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 1
    start = struct.unpack_from(order + "I", tiff, 4)[0]
    if start + 2 > len(tiff):
        return 1
    count = struct.unpack_from(order + "H", tiff, start)[0]
    for offset in range(start + 2, min(start + 2 + 12 * count, len(tiff) - 11), 12):
        tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, offset)
        if tag == _EXIF_ORIENTATION:
            return int(value) if 1 <= value <= 8 else 1
    return 1
