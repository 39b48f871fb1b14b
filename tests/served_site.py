"""A contest that a real server serves on loopback, for tests that need one."""

import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import urllib3

from site_contest import make_truth


def cygnet(*words: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cygnet", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Server:
    """A contest folder that is served, killed and served again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.tokens: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        began = time.monotonic()
        command = [sys.executable, "-m", "cygnet", "challenge", "serve", str(self.folder)]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], stderr=subprocess.DEVNULL
        )
        while time.monotonic() - began < 60:
            try:
                urllib3.request("GET", f"{self.url}/healthz", timeout=1, retries=False)
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)
            else:
                return time.monotonic() - began
        raise AssertionError("the server did not answer")

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(30)

    def rows(self, question: str) -> list[Any]:
        with sqlite3.connect(self.folder / "contest.sqlite3") as rows:
            return rows.execute(question).fetchall()


_PEOPLE = """
import sys
from pathlib import Path
from cygnet.site.start import open_site
open_site(Path(sys.argv[1]))
from cygnet.site.contest.people import make_user
for number in range(int(sys.argv[2])):
    print(make_user(f"t{number}@example.org", team=f"Team {number}", organiser=number == 0))
from cygnet.site.accounts.models import User
first = User.objects.get(email="t0@example.org")
first.set_password("correct horse battery")
first.save()
"""


def make_server(base: Path, n_teams: int) -> Server:
    """Make a contest with teams; the first one's leader is an organiser and has a password."""
    truth = base / "truth.csv"
    make_truth().write_csv(truth)
    made = Server(base / "contest")
    cygnet("challenge", "init", made.folder, "--truth", truth)
    done = subprocess.run(
        [sys.executable, "-c", _PEOPLE, str(made.folder), str(n_teams)],
        capture_output=True,
        text=True,
        check=True,
    )
    made.tokens = done.stdout.split()
    return made
