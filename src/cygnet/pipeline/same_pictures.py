"""Which images are one picture, whatever they are called? A digest of what is packed tells.

Packs of two sizes hold one picture in two ways; then the files' own fingerprints are compared.
Copies that were resized or compressed again are other pictures here; ``cygnet cohort duplicates``
finds them.
"""

import hashlib
from pathlib import Path

from cygnet.images.faults import read_image_bytes
from cygnet.images.fingerprint import image_fingerprint
from cygnet.images.pack import Pack


def picture_digests(packs: list[Pack], files: dict[str, Path]) -> dict[str, bytes]:
    """Give a digest of each packed picture: equal where the decoded pictures are equal."""
    if len({(pack.size_px, pack.geometry, pack.storage) for pack in packs}) > 1:
        return {
            name: _of_file(files[name])
            for pack in packs
            for name in pack.image_names
            if name in files
        }
    return {
        name: hashlib.blake2b(pack.stored(index), digest_size=16).digest()
        for pack in reversed(packs)
        for index, name in enumerate(pack.image_names)
    }


def _of_file(file: Path) -> bytes:
    found = image_fingerprint(read_image_bytes(file), file=file)
    return bytes.fromhex(found.pixels_sha256 or found.bytes_sha256)
