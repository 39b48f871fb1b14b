"""How can a release be checked by anybody? As a BagIt bag (RFC 8493), with SHA-256 throughout."""

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

from cygnet.durable import write_text_whole

DECLARATION: Final = "bagit.txt"
BAG_INFO: Final = "bag-info.txt"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
PAYLOAD: Final = "data"
IMAGE_CHECKSUMS: Final = "images-sha256.txt"


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Give the checksum of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def write_bag_files(folder: Path, *, title: str, identifier: str, published: date) -> None:
    """Write the manifests and the declaration of the bag that ``folder`` is to become.

    Everything else must be there by now; the declaration is written last.
    """
    payload = _files_below(folder / PAYLOAD)
    n_bytes = sum(path.stat().st_size for path in payload)
    write_text_whole(
        folder / BAG_INFO,
        "Bag-Software-Agent: cygnet\n"
        f"Bagging-Date: {published.isoformat()}\n"
        f"External-Identifier: {identifier}\n"
        f"External-Description: {title}\n"
        f"Payload-Oxum: {n_bytes}.{len(payload)}\n",
    )
    write_text_whole(folder / MANIFEST, _manifest(folder, payload))
    declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    write_text_whole(folder / DECLARATION, declaration)
    tags = [path for path in folder.iterdir() if path.is_file() and path.name != TAG_MANIFEST]
    write_text_whole(folder / TAG_MANIFEST, _manifest(folder, sorted(tags)))


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _manifest(folder: Path, files: Iterable[Path]) -> str:
    return "".join(
        f"{file_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files
    )
