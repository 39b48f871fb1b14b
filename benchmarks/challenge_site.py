"""How fast is the site? A contest of ISIC 2020's size, served on loopback, bounded in load.

    python benchmarks/challenge_site.py

Prints: init, start, one warm submission of 10,982 rows, p95 over 32 connections, p95 of a board
of 3,314 teams at 50 requests a second, and what is kept when the server is killed meanwhile.
"""

import argparse
import contextlib
import io
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import urllib3

N_IMAGES = 10_982
N_PATIENTS = 690
PREVALENCE = 0.0176

_PEOPLE = """
import sys
from pathlib import Path
from cygnet.site.start import open_site
open_site(Path(sys.argv[1]))
from cygnet.site.contest import clock
from cygnet.site.contest.models import Contest, Team
from cygnet.site.contest.people import make_user
for number in range(int(sys.argv[2])):
    print(make_user(f"t{number}@example.org", team=f"Team {number}", organiser=False))
Team.objects.bulk_create(
    Team(name=f"Filler {number:04d}", name_key=f"filler {number:04d}", founded_at=clock.now(),
         verified=True, released=0.5 + 0.02 * (number % 24))
    for number in range(int(sys.argv[3]))
)
"""


def make_truth(rng: np.random.Generator) -> pl.DataFrame:
    """Draw a truth of ISIC 2020's size."""
    patient = np.sort(rng.integers(0, N_PATIENTS, N_IMAGES))
    return pl.DataFrame(
        {
            "image_name": [f"ISIC_{number:07d}" for number in range(N_IMAGES)],
            "patient_id": [f"IP_{number:07d}" for number in patient],
            "target": (rng.random(N_IMAGES) < PREVALENCE).astype(int),
        }
    )


def make_file(truth: pl.DataFrame, rng: np.random.Generator) -> bytes:
    """Draw a submission."""
    logit = rng.normal(size=truth.height) + 2 * truth["target"].to_numpy() - 3
    stream = io.BytesIO()
    table = truth.select("image_name").with_columns(target=pl.Series(1 / (1 + np.exp(-logit))))
    table.write_csv(stream)
    return stream.getvalue()


def timed(work: Callable[[], Any]) -> float:
    """Give how many seconds ``work`` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def say(what: str, seconds: Iterable[float], limit_s: float) -> None:
    """Print median and p95 beside what was asked for."""
    median, p95 = np.percentile(list(seconds), (50, 95))
    asked = f"asked {1000 * limit_s:.0f} ms"
    print(f"{what}: median {1000 * median:.0f} ms, p95 {1000 * p95:.0f} ms ({asked})")


class Site:
    """A served contest folder."""

    def __init__(self, base: Path, truth: pl.DataFrame) -> None:
        file = base / "truth.csv"
        truth.write_csv(file)
        self.folder = base / "contest"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.cygnet = [sys.executable, "-m", "cygnet", "challenge"]
        init = [*self.cygnet, "init", str(self.folder), "--truth", str(file)]
        took = timed(lambda: subprocess.run(init, check=True, capture_output=True))
        print(f"init: {took:.1f} s (asked 5 s)")

    def people(self, n_teams: int, n_fillers: int) -> list[str]:
        """Make teams that post and teams that fill the board; give the tokens."""
        done = subprocess.run(
            [sys.executable, "-c", _PEOPLE, str(self.folder), str(n_teams), str(n_fillers)],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.split()

    def start(self) -> "subprocess.Popen[bytes]":
        """Serve it."""
        began = time.perf_counter()
        process = subprocess.Popen(
            [*self.cygnet, "serve", str(self.folder), "--port", str(self.port)],
            stderr=subprocess.DEVNULL,
        )
        while True:
            try:
                urllib3.request("GET", f"{self.url}/healthz", retries=False)
            except urllib3.exceptions.HTTPError:
                time.sleep(0.02)
            else:
                print(f"serve answers after {time.perf_counter() - began:.1f} s (asked 3 s)")
                return process


def measure(site: Site, files: list[bytes], tokens: list[str], seconds: float) -> None:
    """Print what a served site does."""
    pool = urllib3.PoolManager(maxsize=32)

    def post(token: str, data: bytes) -> float:
        def once() -> None:
            answer = pool.request(
                "POST",
                f"{site.url}/api/v1/submissions",
                fields={"file": ("p.csv", data)},
                headers={"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())},
                retries=False,
            )
            if answer.status != 201:
                raise SystemExit(f"answered {answer.status}: {answer.data[:300]!r}")

        return timed(once)

    post(tokens[0], files[0])
    say("one submission", [post(token, files[1]) for token in tokens[:20]], 0.4)
    jobs = [(token, files[number % len(files)]) for number, token in enumerate(tokens)]
    with ThreadPoolExecutor(32) as threads:
        began = time.perf_counter()
        took = list(threads.map(lambda job: post(*job), jobs))
        whole = time.perf_counter() - began
    say(f"32 connections, {len(jobs)} submissions in {whole:.1f} s", took, 5)
    for path in ("/challenge/board/", "/api/v1/board"):
        say(f"{path} at 50 requests a second", board(pool, site.url + path, seconds), 0.1)


def killed(site: Site, tokens: list[str], files: list[bytes], n_kills: int) -> None:
    """Kill the server while every team posts once and insists under its key; count what is kept."""
    pool = urllib3.PoolManager(maxsize=32)
    keys = [str(uuid.uuid4()) for _ in tokens]
    process = site.start()

    def insist(job: tuple[int, str, str]) -> str:
        number, token, key = job
        while True:
            try:
                answer = pool.request(
                    "POST",
                    f"{site.url}/api/v1/submissions",
                    fields={"file": ("p.csv", files[number % len(files)])},
                    headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
                    retries=False,
                )
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status == 201:
                return str(answer.json()["id"])
            time.sleep(0.1)

    with ThreadPoolExecutor(32) as threads:
        jobs = zip(range(len(tokens)), tokens, keys, strict=True)
        futures = [threads.submit(insist, job) for job in jobs]
        for _ in range(n_kills):
            time.sleep(0.3)
            process.kill()
            process.wait()
            process = site.start()
        answered = {future.result() for future in futures}
    process.terminate()
    process.wait()
    with contextlib.closing(sqlite3.connect(site.folder / "contest.sqlite3")) as rows:
        kept = {key for (key,) in rows.execute("select key from contest_idempotencykey")}
    verdict = subprocess.run([*site.cygnet, "verify", str(site.folder)], check=False)
    print(
        f"{n_kills} times SIGKILL: {len(tokens)} teams, {len(answered)} answered,"
        f" {len(kept & set(keys))} recorded once; the journal"
        f" {'holds' if verdict.returncode == 0 else 'DOES NOT HOLD'}"
    )


def board(pool: urllib3.PoolManager, address: str, seconds: float) -> list[float]:
    """Ask at 50 requests a second, whether or not the last was answered; give the times."""
    headers = {"Accept-Encoding": "gzip"}

    def get(due: float) -> float:
        time.sleep(max(0.0, due - time.perf_counter()))
        return timed(lambda: pool.request("GET", address, headers=headers, decode_content=False))

    began = time.perf_counter()
    with ThreadPoolExecutor(16) as threads:
        return list(threads.map(get, [began + n / 50 for n in range(int(50 * seconds))]))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    rng = np.random.default_rng(20200817)
    truth = make_truth(rng)
    files = [make_file(truth, rng) for _ in range(8)]
    with tempfile.TemporaryDirectory() as made:
        site = Site(Path(made), truth)
        tokens = site.people(options.teams, 3314 - options.teams)
        process = site.start()
        try:
            measure(site, files, tokens, options.seconds)
        finally:
            process.terminate()
            process.wait()
    # A contest of its own: the made-up numbers of the teams above follow from no submissions.
    with tempfile.TemporaryDirectory() as made:
        site = Site(Path(made), truth)
        killed(site, site.people(options.teams, 0), files, options.kills)


if __name__ == "__main__":
    main()
