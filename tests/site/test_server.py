"""Does a real server on loopback lose nothing? Concurrency, SIGKILL, slow clients, large bodies."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3

from served_site import Server, cygnet, make_server
from site_contest import predictions

N_TEAMS = 24


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = make_server(tmp_path_factory.mktemp("served"), N_TEAMS)
    made.start()
    yield made
    made.stop()


def post(pool: urllib3.PoolManager, server: Server, token: str, seed: int, key: str) -> Any:
    return pool.request(
        "POST",
        f"{server.url}/api/v1/submissions",
        fields={"file": ("p.csv", predictions(seed=seed))},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
        timeout=60,
        retries=False,
    )


def test_many_connections_at_once_are_all_answered_and_scored_once(server: Server) -> None:
    pool = urllib3.PoolManager(maxsize=32)
    before = server.rows("select count(*) from contest_submission")[0][0]
    jobs = [(token, seed) for seed in range(2) for token in server.tokens]
    with ThreadPoolExecutor(32) as threads:
        answers = list(
            threads.map(lambda job: post(pool, server, job[0], job[1], str(uuid.uuid4())), jobs)
        )
    assert {one.status for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == len(jobs)
    assert server.rows("select count(*) from contest_submission")[0][0] == before + len(jobs)
    most = server.rows(
        "select max(n) from (select count(*) n from contest_submission group by team_id)"
    )
    assert most[0][0] <= 5


def test_a_server_that_is_killed_has_whole_submissions_or_none(server: Server) -> None:
    """Killed five times while everybody posts and retries with a key: each is scored once."""
    pool = urllib3.PoolManager(maxsize=8)
    keys = [str(uuid.uuid4()) for _ in server.tokens]
    taken: dict[str, dict[str, Any]] = {}
    over = threading.Event()

    def insist(job: tuple[str, str]) -> None:
        token, key = job
        while not over.is_set():
            try:
                answer = post(pool, server, token, 7, key)
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
                continue
            if answer.status == 201:
                taken[key] = answer.json()
                return
            assert answer.status in {408, 503}, answer.data
            time.sleep(0.05)

    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(insist, job) for job in zip(server.tokens, keys, strict=True)]
        try:
            for _ in range(5):
                time.sleep(0.25)
                server.stop(signal.SIGKILL)
                server.start()
            for future in futures:
                future.result(90)
        finally:
            over.set()
    assert len(taken) == len(keys)
    kept = server.rows("select key, count(*) from contest_idempotencykey group by key")
    assert {key: n for key, n in kept if key in keys} == dict.fromkeys(keys, 1)
    rows = server.rows("select count(*), count(distinct receipt) from contest_submission")
    acts = server.rows("select count(*) from contest_journalact where kind = 'submission'")
    assert rows[0] == (acts[0][0], acts[0][0])
    verdict = json.loads(cygnet("challenge", "verify", server.folder, "--json"))
    assert verdict["ok"], verdict["problems"]


def test_slow_clients_block_nobody(server: Server) -> None:
    slow = []
    head = (
        "POST /api/v1/submissions HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {server.tokens[0]}\r\nContent-Length: 100000\r\n\r\nx"
    )
    for number in range(40):
        one = socket.create_connection(("127.0.0.1", server.port))
        # Half of them do not even end their headers.
        one.sendall(head[: 30 if number % 2 else None].encode())
        slow.append(one)
    pool = urllib3.PoolManager()
    took = []
    for _ in range(40):
        began = time.monotonic()
        answer = pool.request("GET", f"{server.url}/challenge/board/", retries=False, timeout=10)
        took.append(time.monotonic() - began)
        assert answer.status == 200
    for one in slow:
        one.close()
    assert sorted(took)[37] < 1


def test_a_bad_token_is_answered_before_the_body_comes(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/v1/submissions HTTP/1.1\r\nHost: localhost\r\n"
            b"Authorization: Bearer nobody\r\nContent-Length: 400000000\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_headers_without_end_are_cut(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
            for number in range(10_000):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"a" * 1000))


def test_the_command_submits_under_a_key_and_counts_once(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_bytes(predictions(seed=11))
    words = ("submit", file, "--url", server.url, "--token", server.tokens[1], "--json")
    first, second = (json.loads(cygnet(*words, "--key", "again")) for _ in range(2))
    assert first == second


def test_the_command_names_the_lines_at_fault(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("image_name,target\nISIC_0000000,2\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cygnet", "submit", file, "--url", server.url, "--token",
         server.tokens[2]],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "row 2" in done.stderr
    assert "Traceback" not in done.stderr
