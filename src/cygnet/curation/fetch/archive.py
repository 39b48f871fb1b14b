"""May this zip archive be unpacked? Judged whole, before one byte of it is written.

Refuses names that lead out of the folder or mean two things, links and devices, encryption, two
names that some file systems take for one, entries that share bytes, and what unpacks to far more
than it is (a zip bomb). See Fifield, "A better zip bomb", WOOT 2019.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from cygnet.curation.fetch.names import folded, name_fault
from cygnet.errors import Fault, FetchError, Offender

# 700,000 entries at least, and less than half a gigabyte of memory to list them.
_MAX_DIRECTORY_BYTES: Final = 32 * 1024**2
# Deflate gives at most 1,032 bytes for one; pictures give hardly more than one.
_MAX_RATIO: Final = 100
_FREE_BYTES: Final = 16 * 1024**2
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_LOCAL_HEADER_BYTES: Final = 30
_END, _END_BYTES, _MAX_COMMENT_BYTES = b"PK\x05\x06", 22, 65_535
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END64, _END64_BYTES = b"PK\x06\x06", 56
_UNIX: Final = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive: its path, its size unpacked, its CRC-32, and zipfile's own note."""

    path: PurePosixPath
    n_bytes: int
    crc: int
    info: zipfile.ZipInfo


@contextmanager
def open_archive(path: Path) -> Iterator[tuple[zipfile.ZipFile, list[Entry]]]:
    """Open a zip archive; give it and its files, in the order in which they lie in it.

    Raises :class:`FetchError` that names every kind of fault with up to five entries.
    """
    with path.open("rb") as stream:
        _validate_directory(stream, path)
        with archive_errors(path):
            archive = zipfile.ZipFile(stream)  # closed below
        with archive:
            infos = archive.infolist()
            faults = _faults(infos, path)
            if faults:
                raise FetchError(*faults)
            files = sorted(
                (info for info in infos if not _is_folder(info)),
                key=lambda info: info.header_offset,
            )
            yield (
                archive,
                [
                    Entry(PurePosixPath(info.filename), info.file_size, info.CRC, info)
                    for info in files
                ],
            )


@contextmanager
def archive_errors(path: Path) -> Iterator[None]:
    """Turn what ``zipfile`` lets out on a damaged archive into :class:`FetchError`."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
        OverflowError,
        IndexError,
    ) as error:
        raise _damaged(path, str(error) or type(error).__name__) from error


def _damaged(path: Path, reason: str) -> FetchError:
    return FetchError.of(
        f"This zip archive is damaged ({reason}).",
        "Remove it and fetch it again; if it is damaged again, it is so at its source.",
        file=path,
    )


def _validate_directory(stream: IO[bytes], path: Path) -> None:
    """Refuse a directory that is too large to list, before ``zipfile`` reads it into memory."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _END_BYTES - _MAX_COMMENT_BYTES))
    tail = stream.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_BYTES:
        raise _damaged(path, "it has no directory at its end; was it cut off?")
    n_bytes = struct.unpack_from("<I", tail, place + 12)[0]
    before = size - len(tail) + place - _LOCATOR_BYTES
    if before >= 0:
        stream.seek(before)
        locator = stream.read(_LOCATOR_BYTES)
        if locator.startswith(_LOCATOR):
            # zipfile takes the record of 64 bits that ends where its locator begins.
            stream.seek(max(0, before - _END64_BYTES))
            record = stream.read(_END64_BYTES)
            if record.startswith(_END64):
                n_bytes = struct.unpack_from("<Q", record, 40)[0]
    if n_bytes > min(size, _MAX_DIRECTORY_BYTES):
        raise _damaged(path, f"its directory announces {n_bytes:,} bytes")
    stream.seek(0)


def _faults(infos: Sequence[zipfile.ZipInfo], path: Path) -> list[Fault]:
    """List what forbids the archive, a fault a rule."""
    named = {
        "A name in this archive cannot be taken as it is.": [
            Offender(f"{info.orig_filename}: {fault}")
            for info in infos
            if (fault := _entry_name_fault(info)) is not None
        ],
        "An entry of this archive is a link or a device, not a file.": [
            Offender(info.orig_filename) for info in infos if _is_special(info)
        ],
        "An entry of this archive is encrypted.": [
            Offender(info.orig_filename) for info in infos if info.flag_bits & 0x41
        ],
        "An entry of this archive is compressed by another method than deflate.": [
            Offender(info.orig_filename) for info in infos if info.compress_type not in _METHODS
        ],
        "Two names of this archive are one where case is ignored, or one is a file and a folder.": [
            Offender(f"{one} / {other}") for one, other in _collisions(infos)
        ],
        "Two entries of this archive share bytes, as in a zip bomb.": [
            Offender(name) for name in _overlaps(infos)
        ],
        "This archive unpacks to far more than it is, as a zip bomb does.": [
            Offender(text) for text in _bomb(infos, path)
        ],
    }
    remedy = "It is not unpacked. Tell its publisher, or unpack it by hand where it can do no harm."
    return [
        Fault(rule, remedy, path, tuple(offenders[:5]), len(offenders))
        for rule, offenders in named.items()
        if offenders
    ]


def _entry_name_fault(info: zipfile.ZipInfo) -> str | None:
    # zipfile cuts a name at a zero byte; what it cut is judged too.
    return name_fault(info.orig_filename.removesuffix("/"))


def _is_folder(info: zipfile.ZipInfo) -> bool:
    # zipfile's own test takes an empty name for an error.
    return info.filename.endswith("/")


def _is_special(info: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(info.external_attr >> 16)
    expected = {0, stat.S_IFDIR} if _is_folder(info) else {0, stat.S_IFREG}
    return info.create_system == _UNIX and kind not in expected


def _collisions(infos: Sequence[zipfile.ZipInfo]) -> Iterator[tuple[str, str]]:
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for info in infos:
        name = info.filename.removesuffix("/")
        parents = [str(parent) for parent in PurePosixPath(name).parents][:-1]
        if _is_folder(info):
            parents.append(name)
        else:
            key = folded(name)
            if key in files:
                yield files[key], name
            files[key] = name
        for parent in parents:
            other = folders.setdefault(folded(parent), parent)
            if other != parent:
                yield other, parent
    for key, name in files.items():
        if key in folders:
            yield name, f"{folders[key]}/"


def _overlaps(infos: Sequence[zipfile.ZipInfo]) -> Iterator[str]:
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            yield info.orig_filename
        end = max(end, info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size)


def _bomb(infos: Sequence[zipfile.ZipInfo], path: Path) -> Iterator[str]:
    packed, unpacked = path.stat().st_size, sum(info.file_size for info in infos)
    if unpacked > _FREE_BYTES + _MAX_RATIO * packed:
        yield f"{packed:,} bytes become {unpacked:,}"
