"""A real HTTP server on this machine that behaves as badly as it is told to."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """What is answered instead of the file: a status with its headers."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class HostedFile:
    """One file and the manners with which it is served.

    ``first`` are answered before anything of the file. ``drops`` answers with more than
    ``drop_after`` bytes end there (-1: every one does). ``later`` stands in the file's place from
    request number ``later_at`` on.
    """

    content: bytes
    etag: str | None = '"one"'
    last_modified: str | None = None
    takes_ranges: bool = True
    first: list[Answer] = field(default_factory=list)
    drops: int = 0
    drop_after: int = 0
    announces_more: int = 0
    says_length: bool = True
    is_chunked: bool = False
    shifts_ranges: int = 0
    pause_s: float = 0.0
    encoding: str | None = None
    later: "HostedFile | None" = None
    later_at: int = 0
    n_requests: int = 0


@dataclass
class HostileServer:
    """The server: its address, its files by path, and what it was asked and gave."""

    url: str
    files: dict[str, HostedFile] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    n_sent: int = 0
    most_at_once: int = 0
    at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        hosted, answer = self._chosen()
        try:
            if hosted is None:
                self._say(Answer(404))
            elif answer is not None:
                self._say(answer)
            else:
                self._serve(hosted)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with self.server.described.lock:
                self.server.described.at_once -= 1

    def _chosen(self) -> tuple[HostedFile | None, Answer | None]:
        server = self.server.described
        with server.lock:
            server.asked.append((self.path, self.headers.get("Range")))
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
            hosted = server.files.get(self.path)
            if hosted is None:
                return None, None
            hosted.n_requests += 1
            if hosted.later is not None and hosted.n_requests > hosted.later_at:
                hosted = server.files[self.path] = hosted.later
            return hosted, hosted.first.pop(0) if hosted.first else None

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _range(self, hosted: HostedFile) -> tuple[int, int] | None:
        text = self.headers.get("Range")
        if text is None or not hosted.takes_ranges:
            return None
        condition = self.headers.get("If-Range")
        if condition not in {None, hosted.etag, hosted.last_modified}:
            return None
        first, last = text.removeprefix("bytes=").split("-")
        end = int(last) + 1 if last else len(hosted.content)
        return int(first), min(end, len(hosted.content))

    def _serve(self, hosted: HostedFile) -> None:
        asked = self._range(hosted)
        total = len(hosted.content)
        if asked is not None and asked[0] >= total:
            self._say(Answer(416, {"Content-Range": f"bytes */{total}"}))
            return
        self.send_response(200 if asked is None else 206)
        first, end = asked or (0, total)
        if asked is not None:
            first, end = first + hosted.shifts_ranges, end + hosted.shifts_ranges
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{total}")
        body = hosted.content[first:end]
        for name, value in (
            ("ETag", hosted.etag),
            ("Last-Modified", hosted.last_modified),
            ("Content-Encoding", hosted.encoding),
        ):
            if value is not None:
                self.send_header(name, value)
        if hosted.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif hosted.says_length:
            self.send_header("Content-Length", str(len(body) + hosted.announces_more))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self._body(hosted, body)

    def _body(self, hosted: HostedFile, body: bytes) -> None:
        with self.server.described.lock:
            drops = hosted.drops != 0 and len(body) > hosted.drop_after
            hosted.drops -= drops
        if drops:
            body = body[: hosted.drop_after]
        for begin in range(0, len(body), 16_384):
            chunk = body[begin : begin + 16_384]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if hosted.is_chunked else chunk)
            with self.server.described.lock:
                self.server.described.n_sent += len(chunk)
            if hosted.pause_s:
                time.sleep(hosted.pause_s)
        if hosted.is_chunked and not drops:
            self.wfile.write(b"0\r\n\r\n")
        if drops or hosted.announces_more:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, described: HostileServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.described = described

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that goes away is what is tested."""


@contextmanager
def serving() -> Iterator[HostileServer]:
    """Serve until the block ends."""
    described = HostileServer("")
    server = _Server(described)
    described.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield described
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
