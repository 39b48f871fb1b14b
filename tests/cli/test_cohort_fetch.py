"""The command of the download: its licence, its exit codes, and what it does after a kill."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fetch_bench import content
from hostile_server import Answer, HostedFile, HostileServer, serving

DATA = content(3_000_000)
LICENCE = ("--accept-licence", "CC0-1.0")


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with serving() as started:
        yield started


@pytest.fixture
def registry(tmp_path: Path, server: HostileServer) -> Path:
    """A registry of two files on the local server: a table, and something larger."""
    server.files["/train.csv"] = HostedFile(b"image_name\n")
    server.files["/big.bin"] = HostedFile(DATA)
    file = tmp_path / "datasets.toml"
    file.write_text(f"""
[drawn]
title = "Drawn for a test"
licence = "CC0-1.0"
licence_url = "https://creativecommons.org/publicdomain/zero/1.0/"
attribution = "Nobody, 2020"
default_parts = ["tables", "big"]

[[drawn.files]]
name = "train.csv"
part = "tables"
url = "{server.url}/train.csv"
bytes = 11

[[drawn.files]]
name = "big.bin"
part = "big"
url = "{server.url}/big.bin"
about_bytes = 3_000_000
""")
    return file


def command(registry: Path, out: Path, *options: str) -> list[str]:
    given = ["cohort", "fetch", "drawn", str(out), "--registry", str(registry), *options]
    return [sys.executable, "-m", "cygnet", *given]


def run(registry: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(registry, out, *options),
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_a_dataset_is_fetched_and_told_as_json(registry: Path, tmp_path: Path) -> None:
    done = run(registry, tmp_path / "out", *LICENCE, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["dataset"] == "drawn"
    assert [file["name"] for file in document["files"]] == ["train.csv", "big.bin"]
    assert document["files"][1]["hash_basis"] == "first download"
    assert (tmp_path / "out/big.bin").read_bytes() == DATA
    assert "no hash is published; recorded SHA-256" in done.stderr
    again = run(registry, tmp_path / "out", "--json")
    assert again.returncode == 0, "a licence that was accepted here is not asked for again"
    assert all(file["was_there"] for file in json.loads(again.stdout)["files"])


def test_a_licence_that_was_not_accepted_fetches_nothing(
    registry: Path, tmp_path: Path, server: HostileServer
) -> None:
    done = run(registry, tmp_path / "out")
    assert done.returncode == 1
    assert "Nobody, 2020" in done.stderr
    assert "The licence CC0-1.0 has not been accepted" in done.stderr
    assert "--accept-licence CC0-1.0" in done.stderr
    other = run(registry, tmp_path / "out", "--accept-licence", "MIT")
    assert other.returncode == 1
    assert "'MIT' is not the licence" in other.stderr
    assert server.asked == []
    assert not (tmp_path / "out").exists()


def test_the_acceptance_is_noted_beside_the_files(registry: Path, tmp_path: Path) -> None:
    run(registry, tmp_path / "out", *LICENCE, "--part", "tables")
    noted = json.loads((tmp_path / "out/licence-accepted.json").read_text())
    assert noted["licence"] == "CC0-1.0"
    assert noted["accepted_by"] == "--accept-licence"
    assert noted["attribution"] == "Nobody, 2020"
    assert not (tmp_path / "out/big.bin").exists()


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"n\n", 1), (b"\n", 1)])
def test_at_a_terminal_it_asks(registry: Path, tmp_path: Path, answer: bytes, code: int) -> None:
    ours, theirs = pty.openpty()
    out = tmp_path / "out"
    with subprocess.Popen(
        command(registry, out, "--part", "tables"), stdin=theirs, stdout=-1, stderr=-1
    ) as process:
        os.write(ours, answer)
        _, said = process.communicate(timeout=60)
        os.close(theirs)
        os.close(ours)
    assert b"Do you accept this licence?" in said
    assert process.returncode == code
    assert (out / "train.csv").exists() == (code == 0)


def test_a_failed_part_is_a_failure_that_says_what_to_do(
    registry: Path, tmp_path: Path, server: HostileServer
) -> None:
    server.files["/big.bin"].drops = -1
    done = run(registry, tmp_path / "out", *LICENCE, "--retries", "0")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "big.bin" in done.stderr
    assert "Run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out/train.csv").exists()
    server.files["/big.bin"].first.append(Answer(404))
    assert run(registry, tmp_path / "out").returncode == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--part", "images"), "Its parts are: tables, big"), (("--registry", "none.toml"), "none")],
)
def test_what_is_not_known_is_named(
    registry: Path, tmp_path: Path, options: tuple[str, str], said: str
) -> None:
    done = run(registry, tmp_path / "out", *LICENCE, *options)
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_between_it_goes_on_to_the_same_bytes(
    registry: Path, tmp_path: Path, server: HostileServer, end: signal.Signals
) -> None:
    hosted = server.files["/big.bin"]
    out = tmp_path / "out"
    # 3 MB at 4 kB/ms and one piece: a good second a megabyte, noted every other second.
    hosted.pause_s = 0.022
    with subprocess.Popen(
        command(registry, out, *LICENCE), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        note = out / "big.bin.part.json"
        begin = time.monotonic()
        while not (note.exists() and sum(json.loads(note.read_text())["done"])):
            assert time.monotonic() - begin < 30
            assert process.poll() is None, "it was over before it could be killed"
            time.sleep(0.02)
        process.send_signal(end)
        _, said = process.communicate(timeout=20)
    assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 130), said
    assert not (out / "big.bin").exists()
    kept = sum(json.loads(note.read_text())["done"])
    assert 0 < kept < len(DATA)
    hosted.pause_s = 0.0
    server.asked.clear()
    done = run(registry, out)
    assert done.returncode == 0, done.stderr
    assert (out / "big.bin").read_bytes() == DATA
    assert server.asked == [
        ("/big.bin", "bytes=0-0"),
        ("/big.bin", f"bytes={kept}-{len(DATA) - 1}"),
    ]
    assert {path.name for path in out.iterdir()} == {
        "train.csv",
        "big.bin",
        "manifest-sha256.txt",
        "fetched.json",
        "licence-accepted.json",
    }


def test_the_command_line_starts_without_http() -> None:
    code = "import sys, cygnet.cli.main as m; m.register(); print('urllib3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
