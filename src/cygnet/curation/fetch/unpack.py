"""Where do the files of an archive go? Into a folder of its name, each whole, and never elsewhere.

Killed anywhere, it goes on: a file that is there with the right bytes is kept, any other is written
again under a temporary name and renamed when whole.
"""

import hashlib
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from cygnet.curation.fetch.archive import Entry, archive_errors, open_archive
from cygnet.durable import write_whole
from cygnet.errors import FetchError, StorageError

Advance = Callable[[int], None]

_CHUNK_BYTES: Final = 1024**2
_SPARE_BYTES: Final = 64 * 1024**2


def unpack(archive: Path, out: Path, *, advance: Advance) -> dict[str, str]:
    """Unpack ``archive`` below ``out``; give the SHA-256 of each file by its path from ``out``.

    The files go into a folder called as the archive is; where they all stand in such a folder
    already, into that one. ``advance`` is told how many bytes were written or found there.

    Raises :class:`FetchError` for an archive that is damaged or must not be unpacked (nothing is
    written then, unless the damage shows only in the bytes of a file), and :class:`StorageError`
    where the disk has too little space, or something of another kind stands in the way.
    """
    with open_archive(archive) as (opened, entries):
        root = archive.stem
        inside = bool(entries) and all(entry.path.parts[0] == root for entry in entries)
        inside = inside and all(len(entry.path.parts) > 1 for entry in entries)
        targets = {
            (entry.path.as_posix() if inside else f"{root}/{entry.path.as_posix()}"): entry
            for entry in entries
        }
        _validate_space(out, targets)
        folders = _Folders(out)
        return {
            name: _unpack_one(opened, entry, folders.place(name), archive, advance)
            for name, entry in targets.items()
        }


def _validate_space(out: Path, targets: dict[str, Entry]) -> None:
    needed = sum(
        entry.n_bytes for name, entry in targets.items() if not _is_there(out / name, entry)
    )
    free = shutil.disk_usage(out).free
    if needed and needed + _SPARE_BYTES > free:
        raise StorageError.of(
            f"Unpacking needs {needed / 1e9:.1f} GB more, and {free / 1e9:.1f} GB are free.",
            "Free some space, or fetch to another disk.",
            file=out,
        )


def _is_there(path: Path, entry: Entry) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size == entry.n_bytes


class _Folders:
    """Makes the folders of files below one folder, and refuses those that lead out of it."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._inside = out.resolve()
        self._made: set[Path] = set()

    def place(self, name: str) -> Path:
        """Give the path of ``name``, its folder made and certainly below the folder."""
        path = self._out / name
        if path.parent not in self._made:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError) as error:
                raise _in_the_way(path.parent) from error
            if not path.parent.resolve().is_relative_to(self._inside):
                raise FetchError.of(
                    "A link in this folder leads out of it.",
                    "Remove the link, or fetch into an empty folder.",
                    file=path.parent,
                )
            self._made.add(path.parent)
        if path.is_dir() and not path.is_symlink():
            raise _in_the_way(path)
        return path


def _in_the_way(path: Path) -> StorageError:
    return StorageError.of(
        "Something of another kind stands where a file or folder of the archive goes.",
        "Move it away.",
        file=path,
    )


def _unpack_one(
    opened: zipfile.ZipFile, entry: Entry, target: Path, archive: Path, advance: Advance
) -> str:
    if _is_there(target, entry):
        with target.open("rb") as stream:
            digest, crc = _digest(_read(stream), None)
        if crc == entry.crc:
            advance(entry.n_bytes)
            return digest
    with write_whole(target) as out:
        with archive_errors(archive), opened.open(entry.info) as packed:
            digest, _ = _digest(_read(packed), out, advance)
        if out.tell() != entry.n_bytes:
            raise FetchError.of(
                f"{entry.path} of this zip archive ends early.",
                "Remove the archive and fetch it again.",
                file=archive,
            )
    return digest


def _read(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


def _digest(
    chunks: Iterator[bytes], out: IO[bytes] | None, advance: Advance | None = None
) -> tuple[str, int]:
    """Give SHA-256 and CRC-32 of what comes, and write it to ``out`` where that is given."""
    sha256, crc = hashlib.sha256(), 0
    for chunk in chunks:
        sha256.update(chunk)
        crc = zlib.crc32(chunk, crc)
        if out is not None:
            out.write(chunk)
        if advance is not None:
            advance(len(chunk))
    return sha256.hexdigest(), crc
