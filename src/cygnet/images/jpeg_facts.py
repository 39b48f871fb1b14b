"""What does a JPEG tell of the software that wrote it? Its tables and metadata, without its pixels.

Quantisation tables and chroma subsampling differ between cameras and clinics, so that a model can
learn them in the place of the lesion. Says nothing of formats other than JPEG.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_APP0, _APP1, _APP2, _APP13, _COMMENT = 0xE0, 0xE1, 0xE2, 0xED, 0xFE
_TABLES, _START_OF_SCAN, _END_OF_IMAGE = 0xDB, 0xDA, 0xD9
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_PROCESSES: Final = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive"}
_SUBSAMPLINGS: Final = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
}
# The luminance table of ITU-T T.81, Annex K, in the order in which a file has it (zigzag), which
# libjpeg scales by its quality.
_ANNEX_K: Final = (
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81,
    87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """What the markers of a JPEG say of the software that wrote it.

    ``quantisation_key`` names the tables: equal keys, equal tables. ``quality`` is libjpeg's, 1 to
    100, whose luminance table is nearest, and ``is_libjpeg_table`` says whether it is that table
    exactly. ``subsampling`` is of chroma (``"4:2:0"``; ``"grey"`` for one component, ``"other"``).
    ``process`` is ``"baseline"``, ``"extended"``, ``"progressive"`` or ``"other"``.
    ``metadata`` names the kinds of metadata that are there: ``exif``, ``xmp``, ``icc``, ``iptc``,
    ``comment``.
    """

    quantisation_key: str
    quality: int
    is_libjpeg_table: bool
    subsampling: str
    process: str
    metadata: tuple[str, ...]


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Go through the marker segments of a JPEG up to its pixels: low byte of the marker, payload.

    Ends without an error where the form of markers is left.
    """
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker in _STANDALONE:
            place += 2
            continue
        if marker in {_START_OF_SCAN, _END_OF_IMAGE}:
            return
        length = (data[place + 2] << 8) + data[place + 3]
        if length < 2:
            return
        yield marker, data[place + 4 : place + 2 + length]
        place += 2 + length


def jpeg_facts(data: bytes) -> JpegFacts | None:
    """Read the facts of a JPEG's bytes; ``None`` where it is none, or has no tables or frame."""
    if not data.startswith(b"\xff\xd8"):
        return None
    tables, frame, process = b"", b"", "other"
    metadata: dict[str, None] = {}
    for marker, payload in jpeg_segments(data):
        if marker == _TABLES:
            tables += payload
        elif marker in _FRAMES:
            frame, process = payload, _PROCESSES.get(marker, "other")
        elif kind := metadata_kind(marker, payload):
            metadata[kind] = None
    parsed = _quantisation(tables)
    if parsed is None or len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        return None
    key, quality, exact = parsed
    return JpegFacts(key, quality, exact, _subsampling(frame), process, tuple(metadata))


def metadata_kind(marker: int, payload: bytes) -> str | None:
    """Name the kind of metadata in one segment; ``None`` where it has none."""
    if marker == _APP1:
        if payload.startswith(b"Exif\0"):
            return "exif"
        return "xmp" if payload.startswith(b"http://ns.adobe.com/") else None
    if marker == _APP2 and payload.startswith(b"ICC_PROFILE\0"):
        return "icc"
    if marker == _APP13 and payload.startswith(b"Photoshop 3.0\0"):
        return "iptc"
    return "comment" if marker == _COMMENT else None


@lru_cache(maxsize=4096)
def _quantisation(payload: bytes) -> tuple[str, int, bool] | None:
    # Cached, as a dataset has few tables and each is compared with a hundred.
    tables: dict[int, tuple[int, ...]] = {}
    place = 0
    while place < len(payload):
        wide, number = payload[place] >> 4, payload[place] & 15
        size = 128 if wide else 64
        values = payload[place + 1 : place + 1 + size]
        if len(values) < size:
            return None
        tables[number] = struct.unpack(">64H" if wide else "64B", values)
        place += 1 + size
    if not tables:
        return None
    text = ";".join(f"{number}:{tables[number]}" for number in sorted(tables))
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    luminance = tables[min(tables)]
    distances = [
        sum(abs(a - b) for a, b in zip(luminance, _libjpeg_table(quality), strict=True))
        for quality in range(1, 101)
    ]
    nearest = min(range(100), key=distances.__getitem__)
    return key, nearest + 1, distances[nearest] == 0


def _libjpeg_table(quality: int) -> tuple[int, ...]:
    """Scale Annex K's luminance table as libjpeg does.

    >>> _libjpeg_table(50) == _ANNEX_K, _libjpeg_table(90)[:3], set(_libjpeg_table(100))
    (True, (3, 2, 2), {1})
    """
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(255, max(1, (value * scale + 50) // 100)) for value in _ANNEX_K)


def _subsampling(frame: bytes) -> str:
    count = frame[5]
    factors = [(frame[7 + 3 * i] >> 4, frame[7 + 3 * i] & 15) for i in range(count)]
    if count == 1:
        return "grey"
    if count != 3 or factors[1] != factors[2] or 0 in {*factors[1]}:
        return "other"
    across, down = factors[0][0] / factors[1][0], factors[0][1] / factors[1][1]
    return _SUBSAMPLINGS.get((int(across), int(down)), "other")
