"""Is a disk that is really full said, and is nothing lost by it? A small tmpfs stands for one."""

import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from served_site import Server, cygnet, make_server
from site_contest import predictions

PASSWORD = "a long enough one, 9 words"  # noqa: S105 - no secret
SIZE = "16m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of some megabytes."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    made = tmp_path / "disk"
    made.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(made)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield made
    subprocess.run(["umount", "--lazy", str(made)], check=True)


def fill(server: Server, disk: Path) -> Path:
    """Leave no byte: first what the database holds in reserve, then the rest."""
    with closing(sqlite3.connect(server.folder / "contest.sqlite3", timeout=30)) as rows:
        rows.execute("pragma wal_checkpoint(truncate)")
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        for size in (65536, 4096, 1):
            while True:
                try:
                    if stream.write(b"\0" * size) < size:
                        break
                except OSError:
                    break
    return ballast


def submit(server: Server, key: str) -> requests.Response:
    return requests.post(
        f"{server.url}/api/v1/submissions",
        files={"file": ("p.csv", predictions())},
        headers={"Authorization": f"Bearer {server.tokens[0]}", "Idempotency-Key": key},
        timeout=60,
    )


def post_form(server: Server, path: str, **fields: str) -> requests.Response:
    session = requests.Session()
    page = session.get(server.url + path, timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None, page.text
    form = {"csrfmiddlewaretoken": token[1], **fields}
    return session.post(server.url + path, form, timeout=30, allow_redirects=False)


def sign_up(server: Server) -> requests.Response:
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    return post_form(server, "/accounts/signup/", **form)


def sign_in(server: Server) -> requests.Response:
    form = {"login": "t0@example.org", "password": "correct horse battery"}
    return post_form(server, "/accounts/login/", **form)


def mailed(folder: Path) -> list[str]:
    texts = [file.read_text(encoding="utf-8") for file in (folder / "mail").glob("*.log")]
    return [text for text in texts if "To: new@example.org" in text]


def wait_until(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


@pytest.mark.parametrize("files", ["on the same disk", "elsewhere"])
def test_a_full_disk_is_said_and_loses_nothing(disk: Path, tmp_path: Path, files: str) -> None:
    server = make_server(disk, 1)
    store = server.folder / "files"
    if files == "elsewhere":
        store = tmp_path / "files"
        text = (server.folder / "contest.toml").read_text(encoding="utf-8")
        text = text.replace('url = "files"                    # or s3', f'url = "{store}" # or s3')
        (server.folder / "contest.toml").write_text(text, encoding="utf-8")
    server.start()
    try:
        assert submit(server, "one").status_code == 201
        ballast = fill(server, disk)
        refused = [submit(server, "two"), sign_up(server), sign_in(server)]
        read = [
            requests.get(server.url + path, timeout=30)
            for path in ("/healthz", "/challenge/", "/challenge/board/", "/api/v1/board")
        ]
        # What was answered before is answered again.
        again = submit(server, "one")
        ballast.unlink()
        second = submit(server, "two")
        signed_up, signed_in = sign_up(server), sign_in(server)
        wait_until(lambda: mailed(server.folder))
    finally:
        server.stop()
    assert [one.status_code for one in refused] == [503] * 3, [one.text for one in refused]
    assert all("Retry-After" in one.headers for one in refused)
    assert [one.status_code for one in read] == [200] * 4
    assert again.status_code == 201
    assert (second.status_code, signed_up.status_code, signed_in.status_code) == (201, 302, 302)
    assert server.rows("select count(*) from contest_submission") == [(2,)]
    if files == "elsewhere":
        # A file was stored for what the database could not record: it is removed when it is old.
        for file in (store / "submissions").iterdir():
            os.utime(file, (0, 0))
        server.start()
        server.stop()
    assert len(list((store / "submissions").iterdir())) == 2
    assert len(mailed(server.folder)) == 1
    assert "holds" in cygnet("challenge", "verify", server.folder)


def test_mail_that_finds_the_disk_full_leaves_later(disk: Path, tmp_path: Path) -> None:
    """The folder of mail is full, the database is not."""
    server = make_server(tmp_path, 1)
    (server.folder / "mail").symlink_to(disk)
    server.start()
    try:
        ballast = fill(server, disk)
        answer = sign_up(server)
        wait_until(lambda: server.rows("select attempts from updates_mail where kind = 'account'"))
        wait_until(
            lambda: (
                server.rows("select attempts from updates_mail where kind = 'account'") == [(1,)]
            )
        )
        state = server.rows("select state from updates_mail where kind = 'account'")
        ballast.unlink()
    finally:
        server.stop()
    assert answer.status_code == 302
    assert state == [("waiting",)]
    with closing(sqlite3.connect(server.folder / "contest.sqlite3")) as rows:
        rows.execute("update updates_mail set not_before = made_at")
        rows.commit()
    server.start()
    try:
        wait_until(lambda: mailed(server.folder))
    finally:
        server.stop()
    assert server.rows("select state from updates_mail where kind = 'account'") == [("sent",)]
