"""How does one file get here whole? In pieces, over several connections, checked at the end.

A server that takes no ranges gives it in one go. Bytes of two states of a file are never mixed:
where the server's file changes, what is here of the old one is thrown away.
"""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import urllib3

from cygnet.curation.fetch.answers import ContentRange, content_range
from cygnet.curation.fetch.partial import Offer, PartialFile, Piece
from cygnet.curation.fetch.registry import RemoteFile
from cygnet.curation.fetch.remote import Passing, Patience, Remote, StoppedError
from cygnet.errors import Fault, FetchError, InputError

Advance = Callable[[int], None]

_SAVE_EVERY_S: Final = 2.0
_MAX_RESTARTS: Final = 3
# A rounded size is believed within this factor: a log-in page is no archive.
_ABOUT: Final = 2.0
_HASH_CHUNK_BYTES: Final = 4 * 1024**2


class _RestartError(Exception):
    """What is here does not go with what the server gives now."""

    def __init__(self, reason: str, *, whole: bool = False) -> None:
        super().__init__(reason)
        self.whole = whole


@dataclass(frozen=True, slots=True)
class Downloaded:
    """One file that is here: its SHA-256 and size, and what the server said of its state."""

    sha256: str
    n_bytes: int
    etag: str | None
    last_modified: str | None


def ask_offer(file: RemoteFile, *, patience: Patience) -> Offer:
    """Ask the server what it offers, by asking for the first byte alone.

    Raises :class:`FetchError` when it cannot be had, or is not of the size that the registry says.
    """
    remote = Remote(file.url, patience=patience, connections=1)
    failures = 0
    try:
        while True:
            try:
                with remote.get(0, 0) as response:
                    return _validated_offer(file, _offer(file.url, response))
            except Passing as problem:
                failures += 1
                remote.pause(failures, problem)
    finally:
        remote.close()


def _offer(url: str, response: urllib3.BaseHTTPResponse) -> Offer:
    headers = response.headers
    said = content_range(headers.get("Content-Range"))
    etag, modified = headers.get("ETag"), headers.get("Last-Modified")
    if response.status == 206 and said is not None and (said.first, said.last) == (0, 0):
        return Offer(url, said.total, said.total is not None, etag, modified)
    if response.status == 416 and said is not None and said.total == 0:
        return Offer(url, 0, ranges=False, etag=etag, last_modified=modified)
    length = headers.get("Content-Length", "")
    whole = response.status == 200 and length.isascii() and length.isdigit() and len(length) < 16
    return Offer(url, int(length) if whole else None, False, etag, modified)


def _validated_offer(file: RemoteFile, offer: Offer) -> Offer:
    _validate_size(file, offer.total)
    return offer


def _validate_size(file: RemoteFile, n_bytes: int | None) -> None:
    if n_bytes is None:
        return
    if file.is_exact and n_bytes != file.size:
        expected = f"{file.size:,}"
    elif not file.is_exact and not file.size / _ABOUT <= n_bytes <= file.size * _ABOUT:
        expected = f"about {file.size:,}"
    else:
        return
    raise FetchError.of(
        f"{file.url}: this file has {n_bytes:,} bytes; the registry says {expected}.",
        "A log-in page or an error page may stand in its place: look at the address in a browser. "
        "If the file has been published anew, describe it in a registry of your own (--registry).",
    )


def download(
    file: RemoteFile,
    target: Path,
    offer: Offer,
    *,
    patience: Patience,
    connections: int,
    advance: Advance,
    say: Callable[[str], None],
) -> Downloaded:
    """Download ``file`` to ``target``, going on where an earlier run stopped.

    ``offer`` is what :func:`ask_offer` gave. ``advance`` is told bytes as they come, and a negative
    number when bytes are thrown away.

    Raises :class:`FetchError` when it is not whole or not what was announced, and
    :class:`~cygnet.errors.StorageError` when it cannot be written; what is here is kept, unless
    it is wrong.
    """
    with PartialFile(target) as part:
        whole = False
        for restart in range(_MAX_RESTARTS + 1):
            remote = Remote(file.url, patience=patience, connections=connections)
            try:
                _Run(file, part, remote, offer, advance).fill(connections, whole=whole)
                break
            except _RestartError as problem:
                advance(-part.n_done)
                part.begin_anew()
                whole = whole or problem.whole
                if restart == _MAX_RESTARTS:
                    raise FetchError.of(
                        f"{file.url}: {problem}, {_MAX_RESTARTS + 1} times in a row.",
                        "Run the same command later; if it happens again, tell the server's "
                        "keeper.",
                    ) from problem
                say(f"{file.name}: {problem}; starting again.")
                offer = ask_offer(file, patience=patience)
            finally:
                remote.close()
        return _verified(file, part, offer, target)


class _Run:
    """One attempt to fill the partial file from one state of the server's file."""

    def __init__(
        self, file: RemoteFile, part: PartialFile, remote: Remote, offer: Offer, advance: Advance
    ) -> None:
        self._file = file
        self._part = part
        self._remote = remote
        self._offer = offer
        self._advance = advance
        self._saved_at = time.monotonic()

    def fill(self, connections: int, *, whole: bool) -> None:
        offer = self._offer
        # Without a mark of its state, nothing but a hash would tell that a file has changed.
        in_ranges = offer.ranges and (offer.is_told_apart or self._file.has_hash)
        if whole or not in_ranges:
            self._in_one_go()
            return
        self._advance(self._part.resume(offer))
        waiting: SimpleQueue[Piece] = SimpleQueue()
        missing = [piece for piece in self._part.pieces if piece.left]
        for piece in missing:
            waiting.put(piece)
        try:
            self._side_by_side(waiting, min(connections, len(missing)))
        finally:
            self._part.save()

    def _side_by_side(self, waiting: "SimpleQueue[Piece]", n_threads: int) -> None:
        if not n_threads:
            return
        with ThreadPoolExecutor(n_threads, thread_name_prefix="cygnet-fetch") as pool:
            futures = [pool.submit(self._fill_pieces, waiting) for _ in range(n_threads)]
            problems: list[BaseException] = []
            try:
                for future in as_completed(futures):
                    problem = future.exception()
                    if problem is not None:
                        problems.append(problem)
                        self._remote.halt()
            except BaseException:
                self._remote.halt()
                raise
        causes = [problem for problem in problems if not isinstance(problem, StoppedError)]
        if causes:
            raise causes[0]

    def _fill_pieces(self, waiting: "SimpleQueue[Piece]") -> None:
        while True:
            try:
                piece = waiting.get_nowait()
            except Empty:
                return
            failures = 0
            while piece.left:
                before = piece.done
                try:
                    self._fill_piece(piece)
                except Passing as problem:
                    progress = piece.done - before
                    failures = failures + 1 if progress < self._enough(piece) else 1
                    self._remote.pause(failures, problem)

    def _enough(self, piece: Piece) -> int:
        return min(self._remote.patience.progress_bytes, piece.length)

    def _fill_piece(self, piece: Piece) -> None:
        first, last = piece.first + piece.done, piece.first + piece.length - 1
        with self._remote.get(first, last, if_range=self._offer.if_range) as response:
            self._validate_range(response, first)
            for chunk in self._remote.chunks(response):
                taken = chunk[: piece.left]
                self._part.write(piece, taken)
                self._advance(len(taken))
                self._save_now_and_then()
                if len(taken) < len(chunk) or (not piece.left and response.length_remaining):
                    # It gives more than was asked for; what is too much is left unread.
                    return
        if piece.left:
            raise Passing("the server ended the answer early")

    def _validate_range(self, response: urllib3.BaseHTTPResponse, first: int) -> None:
        headers = response.headers
        if not self._offer.is_same_file(headers.get("ETag"), headers.get("Last-Modified")):
            raise _RestartError("the file changed on the server")
        if response.status == 416:
            raise _RestartError("the file changed its length on the server")
        if response.status == 200:
            raise _RestartError("the server no longer takes ranges", whole=True)
        said = content_range(headers.get("Content-Range")) or ContentRange(None, None, None)
        if said.total not in {None, self._offer.total}:
            raise _RestartError("the file changed its length on the server")
        if said.first != first:
            raise _RestartError("the server gives other bytes than asked for", whole=True)

    def _save_now_and_then(self) -> None:
        now = time.monotonic()
        if now - self._saved_at >= _SAVE_EVERY_S:
            self._saved_at = now
            self._part.save(wait=False)

    def _in_one_go(self) -> None:
        failures = 0
        while True:
            piece = self._part.begin_anew()
            try:
                self._stream_whole(piece)
            except Passing as problem:
                self._advance(-piece.done)
                failures += 1
                self._remote.pause(failures, problem)
            else:
                self._part.save()
                return

    def _stream_whole(self, piece: Piece) -> None:
        with self._remote.get() as response:
            if response.status != 200:
                raise Passing(f"the server answered {response.status} where it should be 200")
            total = _offer(self._file.url, response).total
            _validate_size(self._file, total)
            chunked = "chunked" in (response.headers.get("Transfer-Encoding") or "").lower()
            if total is None and not (chunked or self._file.is_exact or self._file.has_hash):
                raise FetchError.of(
                    f"{self._file.url}: the server does not say how long this file is, so that a "
                    "part of it could pass for the whole.",
                    "Give its bytes or its sha256 in a registry of your own (--registry).",
                )
            most = self._most_bytes(total)
            for chunk in self._remote.chunks(response):
                if piece.done + len(chunk) > most:
                    raise FetchError.of(
                        f"{self._file.url}: the server gives more than {most:,} bytes.",
                        "Look at the address in a browser; if the file has been published anew, "
                        "describe it in a registry of your own (--registry).",
                    )
                self._part.write(piece, chunk)
                self._advance(len(chunk))
        if total is not None and piece.done != total:
            raise Passing(f"the server announced {total:,} bytes and gave {piece.done:,}")
        piece.length = piece.done

    def _most_bytes(self, total: int | None) -> int:
        if total is not None:
            return total
        return self._file.size if self._file.is_exact else int(self._file.size * _ABOUT)


def _verified(file: RemoteFile, part: PartialFile, offer: Offer, target: Path) -> Downloaded:
    """Check size and hash of a file that is all here, and give it its name."""
    n_bytes = part.path.stat().st_size
    sha256, md5 = file_hashes(part.path, md5=file.md5 is not None)
    try:
        _validate_size(file, n_bytes)
        validate_hash(file, sha256, md5)
    except InputError:
        part.discard()
        raise
    part.publish(target)
    return Downloaded(sha256, n_bytes, offer.etag, offer.last_modified)


def validate_hash(file: RemoteFile, sha256: str, md5: str | None) -> None:
    """Raise :class:`FetchError` when a hash is not the one that the registry gives."""
    for name, expected, found in (("SHA-256", file.sha256, sha256), ("MD5", file.md5, md5)):
        if expected is not None and found != expected:
            raise FetchError(
                Fault(
                    f"{file.name}: the {name} is {found}; the registry says {expected}.",
                    "What was downloaded has been removed. Run the same command again; if it "
                    "happens again, the file at "
                    f"{file.url} is not the one that the registry describes.",
                )
            )


def file_hashes(
    path: Path, *, md5: bool = False, advance: Advance | None = None
) -> tuple[str, str | None]:
    """Give the SHA-256 of a file and, where asked for, its MD5, in hexadecimal."""
    sha256 = hashlib.sha256()
    other = hashlib.md5(usedforsecurity=False) if md5 else None
    with path.open("rb") as stream:
        while chunk := stream.read(_HASH_CHUNK_BYTES):
            sha256.update(chunk)
            if other is not None:
                other.update(chunk)
            if advance is not None:
                advance(len(chunk))
    return sha256.hexdigest(), None if other is None else other.hexdigest()
