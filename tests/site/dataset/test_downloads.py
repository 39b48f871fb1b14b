"""Do downloads go on where they stopped, hold no worker, and wait for the licence?"""

import hashlib
import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import psutil
import pytest

from live_site import live_site

ARCHIVE = "ISIC_2020_Training_JPEG.zip"


@pytest.fixture
def live(released_site: Path) -> Iterator[SimpleNamespace]:
    """The live site, and a token of a licence that was accepted."""
    from cygnet.site.dataset.subject import subject

    about = subject()
    assert about is not None
    with live_site() as address:
        yield SimpleNamespace(
            address=address, token=token(about), folder=released_site, about=about
        )


def token(about: object) -> str:
    from django.test import RequestFactory

    from cygnet.site.dataset import licence
    from cygnet.site.dataset.subject import Subject

    assert isinstance(about, Subject)
    request = RequestFactory().get("/")
    made = licence.accept(request, about)
    cookie = licence._signer(licence._COOKIE_SALT).sign(f"{made.id.hex}.{made.terms}")
    given = licence.link_token(cookie, about)
    assert given is not None
    return given


def ask(
    live: SimpleNamespace, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(live.address).netloc, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=sent)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_a_file_comes_whole_with_its_checksum_as_etag(live: SimpleNamespace) -> None:
    answer, body = ask(live, f"/files/{live.token}/{ARCHIVE}")
    data = (live.folder / "data" / ARCHIVE).read_bytes()
    assert answer.status == 200
    assert body == data
    assert answer.headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Type"] == "application/zip"
    assert ARCHIVE in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    head, nothing = ask(live, f"/files/{live.token}/{ARCHIVE}", "HEAD")
    assert (head.status, nothing) == (200, b"")
    assert head.headers["Content-Length"] == str(len(data))
    again, nothing = ask(
        live, f"/files/{live.token}/{ARCHIVE}", If_None_Match=answer.headers["ETag"]
    )
    assert (again.status, nothing) == (304, b"")


def test_a_download_that_stopped_goes_on(live: SimpleNamespace) -> None:
    data = (live.folder / "data" / ARCHIVE).read_bytes()
    path = f"/files/{live.token}/{ARCHIVE}"
    middle = len(data) // 2
    first, begun = ask(live, path, Range=f"bytes=0-{middle - 1}")
    rest, ended = ask(live, path, Range=f"bytes={middle}-", If_Range=first.headers["ETag"])
    assert (first.status, rest.status) == (206, 206)
    assert rest.headers["Content-Range"] == f"bytes {middle}-{len(data) - 1}/{len(data)}"
    assert begun + ended == data
    tail, last = ask(live, path, Range="bytes=-7")
    assert (tail.status, last) == (206, data[-7:])
    beyond, nothing = ask(live, path, Range=f"bytes={len(data)}-")
    assert (beyond.status, nothing) == (416, b"")
    assert beyond.headers["Content-Range"] == f"bytes */{len(data)}"


def test_several_ranges_come_as_parts_of_one_answer(live: SimpleNamespace) -> None:
    data = (live.folder / "data" / ARCHIVE).read_bytes()
    answer, body = ask(live, f"/files/{live.token}/{ARCHIVE}", Range="bytes=0-9,20-29")
    kind = answer.headers["Content-Type"]
    assert answer.status == 206
    assert kind.startswith("multipart/byteranges; boundary=")
    assert answer.headers["Content-Length"] == str(len(body))
    boundary = kind.split("boundary=")[1].encode()
    parts = body.split(b"--" + boundary)[1:-1]
    assert [part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for part in parts] == [
        data[0:10], data[20:30],
    ]  # fmt: skip
    assert f"Content-Range: bytes 20-29/{len(data)}".encode() in parts[1]


def test_without_a_licence_nothing_is_sent(live: SimpleNamespace) -> None:
    answer, body = ask(live, f"/files/{ARCHIVE}")
    assert answer.status == 403
    assert b"Read the licence" in body
    assert b"PK" not in body
    forged, body = ask(live, f"/files/{live.token[:-1]}x/{ARCHIVE}")
    assert forged.status == 403
    assert b"This link has ended" in body


@pytest.mark.parametrize(
    "path",
    ["../release.json", "..%2f..%2fprivate/release.key", "%2e%2e/release.json", "/etc/passwd",
     "nothing.zip", "ISIC_2020_Training_JPEG.zip/", "ISIC_2020_Training_JPEG.zip%00"],
)  # fmt: skip
def test_only_files_of_the_manifest_are_there(live: SimpleNamespace, path: str) -> None:
    answer, body = ask(live, f"/files/{live.token}/{path}")
    assert answer.status in {301, 404}
    assert b"PK" not in body


def test_a_file_can_only_be_read(live: SimpleNamespace) -> None:
    answer, _ = ask(live, f"/files/{live.token}/{ARCHIVE}", "POST")
    assert answer.status in {403, 405}
    answer, _ = ask(live, f"/files/{live.token}/{ARCHIVE}", "DELETE")
    assert answer.status in {403, 405}


def test_a_file_that_was_changed_is_not_sent(live: SimpleNamespace) -> None:
    file = live.folder / "data" / "ISIC_2020_Training_GroundTruth.csv"
    state = file.stat()
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    try:
        answer, body = ask(live, f"/files/{live.token}/{file.name}")
    finally:
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert answer.status == 503
    assert b"being replaced" in body


@pytest.fixture
def large(released_site: Path, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The live site with a file of 23 GB, which takes no room on the disk."""
    from cygnet.site.dataset import outer
    from cygnet.site.dataset.subject import Download, Subject, subject

    about = subject()
    assert isinstance(about, Subject)
    file = tmp_path / "large.zip"
    with file.open("wb") as stream:
        stream.truncate(23_000_000_000)
    state = file.stat()
    made = Download(file.name, state.st_size, "0" * 64, None, state.st_mtime_ns)
    monkey = pytest.MonkeyPatch()
    monkey.setitem(about.downloads, file.name, made)
    monkey.setattr(outer, "wrap", lambda app: outer.Downloads(app, about, tmp_path, 2.0))
    with live_site() as address:
        yield SimpleNamespace(address=address, token=token(about), about=about)
    monkey.undo()
    assert released_site.is_dir()


def begin(large: SimpleNamespace, **headers: str) -> socket.socket:
    host, port = urlsplit(large.address).netloc.split(":")
    client = socket.create_connection((host, int(port)), timeout=20)
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    path = f"/files/{large.token}/large.zip"
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n".encode())
    return client


def test_a_download_of_23_gb_takes_little_memory_and_its_end_can_be_asked_for(
    large: SimpleNamespace,
) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    client = begin(large)
    got = 0
    while got < 300_000_000:
        got += len(client.recv(1 << 20))
    grown = process.memory_info().rss - before
    client.close()
    sys.stdout.write(f"memory grew by {grown / 1e6:.1f} MB over 300 MB\n")
    assert grown < 60_000_000
    answer, body = ask(large, f"/files/{large.token}/large.zip", Range="bytes=22999999990-")
    assert (answer.status, len(body)) == (206, 10)


def test_those_who_read_nothing_keep_nobody_waiting_and_are_let_go(large: SimpleNamespace) -> None:
    stalled = [begin(large) for _ in range(12)]
    time.sleep(0.5)
    begun = time.monotonic()
    answer, _ = ask(large, "/updates/asked/")
    waited = time.monotonic() - begun
    sys.stdout.write(f"a page beside 12 stalled downloads: {1000 * waited:.0f} ms\n")
    assert answer.status == 200
    assert waited < 1
    time.sleep(3)
    for client in stalled:
        client.settimeout(5)
        n_bytes = 0
        # What was under way still comes; then the connection ends.
        while piece := client.recv(1 << 20):
            n_bytes += len(piece)
        assert n_bytes < 50_000_000
        client.close()


def test_an_address_has_so_many_downloads_at_once(large: SimpleNamespace) -> None:
    from cygnet.site.dataset.outer import MOST_AT_ONCE

    begun = [begin(large) for _ in range(MOST_AT_ONCE)]
    heads = [client.recv(12) for client in begun]
    assert set(heads) == {b"HTTP/1.1 200"}
    answer, body = ask(large, f"/files/{large.token}/large.zip")
    assert answer.status == 429
    assert b"in progress" in body
    for client in begun:
        client.close()
