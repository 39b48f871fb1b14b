"""Are two files the same, or the same picture in different files? Two digests tell.

The bytes answer the first; the second is answered by the decoded pixels, so that metadata that was
stripped or added makes no difference. Pictures that were compressed again, resized or cut are other
pictures here.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cygnet.errors import ImageError
from cygnet.images.decode import decode_to_size

# Small enough to be cheap (a JPEG is decoded at an eighth), large enough that pictures of
# different lesions never agree in every pixel.
_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256, in hexadecimal, of a file's bytes and of its picture.

    ``pixels_sha256`` is ``None`` for an image that cannot be decoded; two such images are not known
    to be the same.
    """

    bytes_sha256: str
    pixels_sha256: str | None


def image_fingerprint(data: bytes, *, file: Path | None = None) -> Fingerprint:
    """Fingerprint an image file's bytes; a damaged image has the fingerprint of its bytes only."""
    bytes_sha256 = hashlib.sha256(data).hexdigest()
    try:
        pixels = decode_to_size(data, _SIDE_PX, file=file)
    except ImageError:
        return Fingerprint(bytes_sha256, None)
    return Fingerprint(bytes_sha256, hashlib.sha256(pixels.tobytes()).hexdigest())
