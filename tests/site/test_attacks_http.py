"""What do odd requests reach? Raw bytes against the real server, on loopback."""

import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any

import pytest

from live_site import live_site
from site_contest import Participant, predictions

Join = Callable[..., Participant]
BOUNDARY = "cygnetcygnet"


@pytest.fixture
def address(join: Join) -> Iterator[tuple[str, int, Participant]]:
    """A served contest with one team."""
    swans = join()
    with live_site() as url:
        host, port = url.removeprefix("http://").split(":")
        yield host, int(port), swans


def raw(address: Any, *pieces: bytes, pause_s: float = 0.0) -> tuple[int, bytes]:
    """Send bytes as they are; give the status and body of the first answer, 0 for none."""
    host, port, _ = address
    with socket.create_connection((host, port), 20) as link:
        try:
            for piece in pieces:
                link.sendall(piece)
                time.sleep(pause_s)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It was answered, or closed, before all was sent.
        answer = HTTPResponse(link)
        try:
            answer.begin()
            return answer.status, answer.read()
        except TimeoutError:
            raise
        # http.client's words for a connection that was closed, and the system's.
        except (OSError, ValueError, HTTPException):
            return 0, b""


def multipart(data: bytes) -> bytes:
    """Give the body of a form with one file."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="p.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    )
    return head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def head(who: Participant, *lines: str, token: str | None = None) -> bytes:
    """Give the head of an upload."""
    words = [
        "POST /api/v1/submissions HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {token or who.token}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        *lines,
    ]
    return ("\r\n".join(words) + "\r\n\r\n").encode()


def in_chunks(body: bytes, size: int = 4096) -> bytes:
    """Write a body as chunks."""
    made = b""
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        made += b"%x\r\n" % len(piece) + piece + b"\r\n"
    return made + b"0\r\n\r\n"


def padded(n_bytes: int) -> bytes:
    """Give a file that can be scored, of exactly so many bytes: zeros behind decimals."""
    first, *rows = predictions().decode().splitlines()
    rows = [row for row in rows if "e-" not in row] + [row for row in rows if "e-" in row]
    plain = sum("e-" not in row for row in rows)
    left = n_bytes - len("\n".join([first, *rows])) - 1
    each, more = divmod(left, plain)
    made = [row + "0" * (each + (place < more)) for place, row in enumerate(rows[:plain])]
    text = "\n".join([first, *made, *rows[plain:]]) + "\n"
    assert len(text) == n_bytes
    return text.encode()


def test_a_file_in_chunks_is_scored(address: Any) -> None:
    said = raw(address, head(address[2], "Transfer-Encoding: chunked"),
               in_chunks(multipart(predictions())))  # fmt: skip
    assert said[0] == 201, said


def test_the_largest_file_is_read_and_one_byte_more_is_refused_as_too_large(address: Any) -> None:
    most = 8 * 1024 * 1024
    body = multipart(padded(most))
    said = raw(address, head(address[2], f"Content-Length: {len(body)}"), body)
    assert said[0] == 201, said
    body = multipart(padded(most + 1))
    said = raw(address, head(address[2], f"Content-Length: {len(body)}"), body)
    assert said[0] == 413, said


def test_a_body_in_chunks_without_end_is_cut(address: Any) -> None:
    piece = b"%x\r\n" % 65536 + b"1" * 65536 + b"\r\n"
    began = time.monotonic()
    said = raw(address, head(address[2], "Transfer-Encoding: chunked"), *[piece] * 400)
    assert said[0] in {0, 413}
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("length", ["2147483648", "99999999999999999999999", "-1", "0x10", "1_0"])
def test_a_length_that_is_large_or_none_is_refused_unread(address: Any, length: str) -> None:
    assert raw(address, head(address[2], f"Content-Length: {length}"))[0] in {400, 413}


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding : chunked",),
        ("Content-Length: 5\r\n ,6",),
        ("X: a\nContent-Length: 5",),
    ],
)
def test_a_request_of_two_readings_is_not_read(address: Any, lines: tuple[str, ...]) -> None:
    """Where a proxy and this server could disagree where a body ends, nothing may be hidden."""
    hidden = b"0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    host, port, swans = address
    with socket.create_connection((host, port), 20) as link:
        link.sendall(head(swans, *lines) + hidden)
        link.settimeout(3)
        got = b""
        try:
            while piece := link.recv(65536):
                got += piece
        except (TimeoutError, ConnectionResetError):
            pass
    assert b"cygnet_accounts" not in got
    assert b" 20" not in got.split(b"\r\n")[0]


def test_nobody_says_for_himself_where_he_comes_from(address: Any) -> None:
    """Thirty wrong tokens a minute an address, whatever the headers invent."""
    _, _, swans = address
    said = []
    for number in range(35):
        forged = (f"X-Forwarded-For: 10.0.0.{number}", f"Forwarded: for=10.0.0.{number}",
                  f"X-Real-IP: 10.0.0.{number}", "Content-Length: 0")  # fmt: skip
        said.append(raw(address, head(swans, *forged, token="cyg_wrong"))[0])  # noqa: S106
    assert said[:30] == [401] * 30
    assert said[30:] == [429] * 5


@pytest.mark.parametrize(
    "target",
    [
        "/static/../secrets.toml", "/static/%2e%2e/secrets.toml", "/static/..%2f..%2fsecrets.toml",
        "/static/....//secrets.toml", "//secrets.toml", "/files/../secrets.toml",
        "/static/%00", "/dataset/files/..%2f..%2fsecrets.toml", "/%2e%2e/%2e%2e/etc/passwd",
        "http://evil.example/", "*",
    ],
)  # fmt: skip
def test_no_spelling_of_a_path_leads_to_secrets(address: Any, target: str) -> None:
    said = raw(address, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert said[0] in {0, 301, 302, 400, 404} or (target == "http://evil.example/")
    assert b"secret_key" not in said[1]
    assert b"root:" not in said[1]


@pytest.mark.parametrize("path", ["/nothing-here", "/api/v1/nothing", "/api/v1/submissions/nope"])
def test_an_error_shows_no_insides(address: Any, path: str) -> None:
    status, body = raw(address, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert status in {401, 404}
    for word in (b"Traceback", b"urlconf", b"DEBUG", b"site-packages", b"/src/"):
        assert word not in body


def test_those_who_take_an_answer_slowly_keep_nobody_waiting(address: Any) -> None:
    """A team's own file of 8 MB, asked for by forty readers who read nothing."""
    from django.conf import settings

    from site_people import signed_in

    host, port, swans = address
    body = multipart(padded(8 * 1024 * 1024))
    status, text = raw(address, head(swans, f"Content-Length: {len(body)}"), body)
    assert status == 201
    own = text.decode().split('"id": "')[1].split('"')[0]
    cookie = signed_in(swans).cookies[settings.SESSION_COOKIE_NAME].value
    ask = (
        f"GET /challenge/submissions/{own}/file/ HTTP/1.1\r\nHost: localhost\r\n"
        f"Cookie: {settings.SESSION_COOKIE_NAME}={cookie}\r\n\r\n"
    ).encode()
    slow = [socket.create_connection((host, port), 20) for _ in range(40)]
    try:
        for link in slow:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.sendall(ask)
        time.sleep(3)
        began = time.monotonic()
        status, _ = raw(address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status == 200
        assert time.monotonic() - began < 2
    finally:
        for link in slow:
            link.close()
