"""How does a download of 23 GB hold no worker? It is sent before Django, in small pieces.

A piece is read when the one before has left; a client that does not read holds two of them and no
thread. What is refused (no licence, no such file) is left to Django, which has the pages for it.
"""

import asyncio
import logging
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django.conf import settings

from cygnet.curation.release.bag import PAYLOAD
from cygnet.site.dataset import licence
from cygnet.site.dataset.ranges import Span, Wanted, wanted
from cygnet.site.dataset.subject import Download, Subject, subject
from cygnet.site.gate import App, Receive, Scope, Send

log = logging.getLogger(__name__)

PREFIX: Final = "/files/"
PIECE_BYTES: Final = 256 * 1024
# Who reads nothing for so long has gone, or means to hold the connection.
STALLED_S: Final = 60.0
MOST_AT_ONCE: Final = 16

_TYPES: Final = {
    ".csv": "text/csv; charset=utf-8",
    ".zip": "application/zip",
    ".jpg": "image/jpeg",
    ".dcm": "application/dicom",
}


def wrap(app: App) -> App:
    """Put downloads before Django, where the contest folder has a release of its own.

    Raises :class:`InputError` where it names a release that is none: the server does not start.
    """
    about = subject()
    if about is None or about.release is None or settings.DATASET_STORE is not None:
        return app
    return Downloads(app, about, about.release.folder / PAYLOAD)


@dataclass
class Downloads:
    """The ASGI layer that sends files of ``folder``."""

    app: App
    about: Subject
    folder: Path
    stalled_s: float = STALLED_S
    _open: Counter[str] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file, or pass the request on."""
        download = self._download(scope)
        if download is None:
            await self.app(scope, receive, send)
            return
        address = str((scope.get("client") or ("",))[0])
        self._open[address] += 1
        try:
            if self._open[address] > MOST_AT_ONCE:
                await _say(send, 429, "Too many downloads of this address are in progress.")
            else:
                await self._send_file(download, scope, receive, send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _download(self, scope: Scope) -> Download | None:
        """Give the file that may be sent now, else ``None``."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return None
        if settings.SECURE_SSL_REDIRECT and scope["scheme"] != "https":
            return None
        path: str = scope["path"]
        if not path.startswith(PREFIX):
            return None
        token, name = split_token(path.removeprefix(PREFIX))
        download = self.about.downloads.get(name)
        if download is None:
            return None
        holds = (
            licence.link_holds(token, self.about)
            if token
            else licence.cookie_holds(_cookie(scope), self.about)
        )
        return download if holds else None

    async def _send_file(
        self, download: Download, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            descriptor = await asyncio.to_thread(os.open, self.folder / download.path, os.O_RDONLY)
        except OSError:
            await _say(send, 503, "This file cannot be read at the moment; please try again.")
            return
        try:
            state = await asyncio.to_thread(os.fstat, descriptor)
            if (state.st_size, state.st_mtime_ns) != (download.n_bytes, download.mtime_ns):
                # Its checksum is no longer that of the page: sending it would be worse than not.
                await _say(send, 503, "This file is being replaced; please try again later.")
                return
            answer = Answer.of(download, scope)
            await send(answer.start())
            if scope["method"] == "HEAD" or not answer.sends:
                await send({"type": "http.response.body", "body": b""})
                return
            await self._stream(descriptor, answer, receive, send)
        finally:
            os.close(descriptor)

    async def _stream(
        self, descriptor: int, answer: "Answer", receive: Receive, send: Send
    ) -> None:
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            for piece in answer.pieces():
                data = (
                    piece
                    if isinstance(piece, bytes)
                    else await asyncio.to_thread(
                        os.pread, descriptor, piece[1] - piece[0], piece[0]
                    )
                )
                if gone.done():
                    return
                message = {"type": "http.response.body", "body": data, "more_body": True}
                await asyncio.wait_for(send(message), self.stalled_s)
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            # The answer is not whole, so that the server closes the connection.
            log.info("a download stalled for %g s and was ended", self.stalled_s)
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone


@dataclass(frozen=True)
class Answer:
    """What is sent of one file: status, headers, and pieces of a bounded size."""

    download: Download
    decided: Wanted
    etag: str
    boundary: str

    @classmethod
    def of(cls, download: Download, scope: Scope) -> "Answer":
        """Decide by the request's headers."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        etag = f'"{download.sha256}"'
        modified_s = download.mtime_ns // 1_000_000_000
        decided = wanted(headers, size=download.n_bytes, etag=etag, modified_s=modified_s)
        return cls(download, decided, etag, secrets.token_hex(16))

    @property
    def sends(self) -> bool:
        """Whether the answer has a body."""
        return bool(self.decided.spans)

    def start(self) -> dict[str, object]:
        """Give the ASGI message that begins the answer."""
        name = self.download.path.rsplit("/", 1)[-1]
        headers = {
            "accept-ranges": "bytes",
            "cache-control": "private, no-transform",
            "etag": self.etag,
            "last-modified": formatdate(self.download.mtime_ns // 1_000_000_000, usegmt=True),
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox",
            "referrer-policy": "same-origin",
        }
        if settings.SECURE_HSTS_SECONDS:
            headers["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        if self.decided.status in {200, 206}:
            headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
            headers["content-type"] = self._content_type()
            headers["content-length"] = str(self._n_bytes())
        elif self.decided.status == 416:
            headers["content-range"] = f"bytes */{self.download.n_bytes}"
            headers["content-length"] = "0"
        elif self.decided.status == 412:
            headers["content-length"] = "0"
        if self.decided.status == 206 and len(self.decided.spans) == 1:
            headers["content-range"] = self._content_range(self.decided.spans[0])
        return {
            "type": "http.response.start",
            "status": self.decided.status,
            "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
        }

    def pieces(self) -> Iterator[bytes | Span]:
        """Give what is sent, in order: bytes as they are, or a span of the file to read."""
        for span in self.decided.spans:
            if self._is_multipart:
                yield self._part_head(span)
            for start in range(span[0], span[1], PIECE_BYTES):
                yield start, min(start + PIECE_BYTES, span[1])
        if self._is_multipart:
            yield self._tail

    @property
    def _is_multipart(self) -> bool:
        return len(self.decided.spans) > 1

    @property
    def _tail(self) -> bytes:
        return f"\r\n--{self.boundary}--\r\n".encode()

    def _n_bytes(self) -> int:
        if not self._is_multipart:
            return self.decided.n_bytes
        heads = sum(len(self._part_head(span)) for span in self.decided.spans)
        return self.decided.n_bytes + heads + len(self._tail)

    def _content_range(self, span: Span) -> str:
        return f"bytes {span[0]}-{span[1] - 1}/{self.download.n_bytes}"

    def _part_head(self, span: Span) -> bytes:
        return (
            f"\r\n--{self.boundary}\r\nContent-Type: {self._file_type()}\r\n"
            f"Content-Range: {self._content_range(span)}\r\n\r\n"
        ).encode()

    def _file_type(self) -> str:
        return _TYPES.get(Path(self.download.path).suffix, "application/octet-stream")

    def _content_type(self) -> str:
        if self._is_multipart:
            return f"multipart/byteranges; boundary={self.boundary}"
        return self._file_type()


def split_token(path: str) -> tuple[str, str]:
    """Split ``TOKEN/path`` or ``path``; a token has a colon, and no path of a release has one.

    >>> split_token("a:b:c/train.csv"), split_token("jpeg/train.csv")
    (('a:b:c', 'train.csv'), ('', 'jpeg/train.csv'))
    """
    first, slash, rest = path.partition("/")
    return (first, rest) if slash and ":" in first else ("", path)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cookie(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            with suppress(CookieError):
                found = SimpleCookie(value.decode("latin-1")).get(licence.COOKIE)
                return None if found is None else found.value
    return None


async def _say(send: Send, status: int, reason: str) -> None:
    body = f"{reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"60"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
