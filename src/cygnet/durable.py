"""How is a file written so that nobody ever sees half of it? Temporary name, sync, rename.

Every room that writes uses these functions; none of them knows what it writes. A write that fails
leaves the old file as it was and no temporary file behind.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cygnet.errors import StorageError

_PARTIAL = ".partial"

_REASONS = {
    errno.ENOSPC: ("The disk is full.", "Free some space, or write to another disk."),
    errno.EDQUOT: ("The disk quota is used up.", "Free some space, or write to another disk."),
    errno.EACCES: ("Writing is not permitted.", "Choose a folder that you may write to."),
    errno.EPERM: ("Writing is not permitted.", "Choose a folder that you may write to."),
    errno.ENOENT: ("This place does not exist.", "Choose a folder that can be made."),
    errno.EROFS: ("The file system is read-only.", "Choose another folder."),
    errno.ENOTDIR: ("A part of this path is a file.", "Choose a path whose parents are folders."),
    errno.EISDIR: ("A folder stands where the file should go.", "Choose another name."),
    errno.EEXIST: ("Something of another kind stands there.", "Choose another name."),
    errno.ELOOP: ("A link stands where the file should go.", "Remove the link."),
    errno.ENAMETOOLONG: ("The name is too long.", "Choose a shorter name."),
}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def held_alone(folder: Path) -> Iterator[None]:
    """Let no other process of this machine in here that holds ``folder`` in the same way.

    The lock goes with the process, however that ends, and leaves no file. Raises
    :class:`StorageError` at once where another has it.
    """
    with storage_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError.of(
                "Another process is at work here.",
                "Wait until it is done, or stop it.",
                file=folder,
            ) from error
        yield
    finally:
        os.close(descriptor)


def _partial_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write ``path`` into a :class:`StorageError`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REASONS:
            raise
        rule, remedy = _REASONS[error.errno]
        raise StorageError.of(rule, remedy, file=path) from error


def remove_partials(folder: Path) -> None:
    """Delete what writers that were killed left in ``folder`` and below it."""
    for partial in list(folder.rglob(f".*{_PARTIAL}")):
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)


@contextmanager
def write_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file beside ``path``; on success sync it and rename it to ``path``.

    Parent folders are made. Raises :class:`StorageError` when the disk is full or refuses.
    """
    partial = _partial_name(path)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _sync_folder(path.parent)


def write_text_whole(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with Unix line ends, whole or not at all."""
    with write_whole(path) as stream:
        stream.write(text.encode("utf-8"))


@contextmanager
def folder_whole(path: Path) -> Iterator[Path]:
    """Fill a temporary folder beside ``path``; on success rename it to ``path``.

    ``path`` must not exist, or be an empty folder; otherwise :class:`StorageError`.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise StorageError.of(
            "This is already there and is not an empty folder.",
            "Choose another name, or remove it first.",
            file=path,
        )
    partial = _partial_name(path)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir()
            yield partial
            if path.exists():
                path.rmdir()
            partial.replace(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        _sync_folder(path.parent)
