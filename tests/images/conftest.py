"""Pictures that the tests of this room encode, damage and decode."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Encode = Callable[..., bytes]


@pytest.fixture
def picture(rng: np.random.Generator) -> Callable[[int, int], Pixels]:
    """Draw skin-like pixels of any size: soft structure and a little grain."""

    def draw(width: int, height: int) -> Pixels:
        coarse = rng.normal(0, 28, (height // 24 + 2, width // 24 + 2, 3)).astype(np.float32)
        soft = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        grain = rng.normal(0, 2, (height, width, 3))
        pixels: Pixels = (np.array([190, 150, 130]) + soft + grain).clip(0, 255).astype(np.uint8)
        return pixels

    return draw


@pytest.fixture
def encode() -> Encode:
    """Encode pixels, or a Pillow image, by Pillow."""

    def encoded(pixels: Pixels | Image.Image, kind: str, **options: Any) -> bytes:
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        stream = BytesIO()
        image.save(stream, kind, **options)
        return stream.getvalue()

    return encoded


@pytest.fixture
def png_bomb() -> bytes:
    """Make a PNG of a few hundred bytes whose header announces 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, payload: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + payload))
        return struct.pack(">I", len(payload)) + kind + payload + checksum

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(90_001))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.fixture
def items(
    tmp_path: Path, picture: Callable[[int, int], Pixels], encode: Encode
) -> list[tuple[str, Path]]:
    """Write 70 originals of several sizes; the pack of them has three shards."""
    folder = tmp_path / "originals"
    folder.mkdir()
    pairs = []
    for number in range(70):
        path = folder / f"ISIC_{number:07d}.jpg"
        path.write_bytes(encode(picture(40 + number, 100 - number), "JPEG"))
        pairs.append((path.stem, path))
    return pairs
