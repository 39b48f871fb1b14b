"""How much of a file is already here? Its bytes in ``NAME.part``, and a note of which are there.

The note never says more than the disk holds: bytes are synced before the note is renamed into
place. A note that does not fit the file, or what the server offers now, is not believed.
"""

import fcntl
import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self, TypeGuard

from cygnet.durable import storage_errors, write_text_whole
from cygnet.errors import StorageError

FORMAT: Final = 1
MAX_PIECES: Final = 4096
MIN_PIECE_BYTES: Final = 16 * 1024**2

_MAX_NOTE_BYTES: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Offer:
    """What the server offers: how many bytes, in ranges or not, and which state of the file."""

    url: str
    total: int | None
    ranges: bool
    etag: str | None
    last_modified: str | None

    @property
    def if_range(self) -> str | None:
        """What a range is asked on condition of; a weak ETag is no such thing (RFC 9110)."""
        if self.etag is not None and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified if self.etag is None else None

    @property
    def is_told_apart(self) -> bool:
        """Whether a later state of the file would be recognised as another one."""
        return self.etag is not None or self.last_modified is not None

    def is_same_file(self, etag: str | None, last_modified: str | None) -> bool:
        """Whether a response with these headers speaks of the same state of the file."""
        if self.etag is not None:
            return etag == self.etag
        return self.last_modified is None or last_modified == self.last_modified


@dataclass(slots=True)
class Piece:
    """Bytes ``first`` to ``first + length``, of which the first ``done`` are there."""

    first: int
    length: int
    done: int = 0

    @property
    def left(self) -> int:
        """How many bytes are missing."""
        return self.length - self.done


class PartialFile:
    """The part of a file that is here, open for writing by several threads; a context manager.

    Raises :class:`StorageError` where the disk refuses, or another process has it open.
    """

    def __init__(self, target: Path) -> None:
        self.path = part_path(target)
        self._note = note_path(target)
        self._saving = threading.Lock()
        self._offer: Offer | None = None
        self._piece_bytes = 0
        self.pieces: list[Piece] = []
        with storage_errors(self.path):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise StorageError.of(
                "Another process is downloading this file.",
                "Wait for it, or stop it.",
                file=self.path,
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    @property
    def n_done(self) -> int:
        """How many bytes are here."""
        return sum(piece.done for piece in self.pieces)

    def resume(self, offer: Offer) -> int:
        """Take up what is here where it belongs to ``offer``, else begin anew; how much was kept.

        ``offer`` has a total and is told apart from others, or its file's hash is known.
        """
        total = offer.total or 0
        noted = read_note(self._note, offer)
        if noted is None or os.fstat(self._descriptor).st_size != total:
            self._note.unlink(missing_ok=True)
            with storage_errors(self.path):
                os.ftruncate(self._descriptor, 0)
                os.ftruncate(self._descriptor, total)
            noted = max(MIN_PIECE_BYTES, -(-total // MAX_PIECES)), []
        self._offer = offer
        self._piece_bytes, done = noted
        self.pieces = [
            Piece(first, min(self._piece_bytes, total - first))
            for first in range(0, total, self._piece_bytes)
        ]
        for piece, n_bytes in zip(self.pieces, done, strict=False):
            piece.done = n_bytes
        return self.n_done

    def begin_anew(self) -> Piece:
        """Forget what is here: one piece of unknown length, which cannot be taken up later."""
        self._note.unlink(missing_ok=True)
        self._offer = None
        with storage_errors(self.path):
            os.ftruncate(self._descriptor, 0)
        self.pieces = [Piece(0, 2**62)]
        return self.pieces[0]

    def write(self, piece: Piece, data: bytes) -> None:
        """Write the next bytes of ``piece``; only the thread that has the piece calls this."""
        with storage_errors(self.path):
            view = memoryview(data)
            while view:
                n_written = os.pwrite(self._descriptor, view, piece.first + piece.done)
                view = view[n_written:]
                piece.done += n_written

    def save(self, *, wait: bool = True) -> None:
        """Sync the bytes, then note which are here. Without ``wait``, not while another does it."""
        if not self._saving.acquire(blocking=wait):
            return
        try:
            done = [piece.done for piece in self.pieces]
            with storage_errors(self.path):
                os.fsync(self._descriptor)
            if self._offer is not None:
                note = asdict(self._offer) | {
                    "format": FORMAT,
                    "piece_bytes": self._piece_bytes,
                    "done": done,
                }
                write_text_whole(self._note, json.dumps(note) + "\n")
        finally:
            self._saving.release()

    def publish(self, target: Path) -> None:
        """Give the file its name; it is whole and verified."""
        with storage_errors(target):
            self.path.replace(target)
            descriptor = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._note.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove what is here: it is not what it should be."""
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def part_path(target: Path) -> Path:
    """Name the file that holds the bytes of ``target`` until it is whole."""
    return target.with_name(f"{target.name}.part")


def note_path(target: Path) -> Path:
    """Name the note beside :func:`part_path`."""
    return target.with_name(f"{target.name}.part.json")


def bytes_here(target: Path) -> int:
    """Give how many bytes of ``target`` an earlier run noted; 0 where it left no note."""
    document = _document(note_path(target))
    done = [] if document is None else document.get("done")
    if not isinstance(done, list) or not part_path(target).is_file():
        return 0
    return sum(n for n in done if isinstance(n, int) and 0 <= n < 2**50)


def read_note(path: Path, offer: Offer) -> tuple[int, list[int]] | None:
    """Read the length of a piece and the bytes done of each, where they belong to ``offer``.

    ``None`` for a note that is not there, damaged, or about another file or another state of it.
    """
    document = _document(path)
    if document is None or document.get("format") != FORMAT:
        return None
    if any(document.get(name) != value for name, value in asdict(offer).items()):
        return None
    piece_bytes, done, total = document.get("piece_bytes"), document.get("done"), offer.total
    if total is None or not _is_count(piece_bytes, 2**50) or not piece_bytes:
        return None
    n_pieces = -(-total // piece_bytes)
    if not isinstance(done, list) or len(done) != n_pieces or n_pieces > MAX_PIECES:
        return None
    lengths = [min(piece_bytes, total - first) for first in range(0, total, piece_bytes)]
    if all(_is_count(n, length) for n, length in zip(done, lengths, strict=True)):
        return piece_bytes, done
    return None


def _is_count(value: object, most: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _document(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _MAX_NOTE_BYTES:
            return None
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
