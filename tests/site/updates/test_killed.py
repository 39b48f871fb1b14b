"""Is an announcement whole, and nobody told twice, when the server is killed in its midst?"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mail_ways import MailServer, wait_for

N_PEOPLE = 40
N_KILLS = 3


def cygnet(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "cygnet", "challenge", *words]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=120)


@pytest.fixture
def contest(tmp_path: Path, mail_server: tuple[MailServer, int]) -> Path:
    """A contest folder of its own, whose mail goes to the server on loopback."""
    _, port = mail_server
    folder = tmp_path / "contest"
    made = cygnet("init", str(folder))
    assert made.returncode == 0, made.stderr
    file = folder / "contest.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace('[mail]\nurl = "files"', f'[mail]\nurl = "smtp://127.0.0.1:{port}"')
    assert f":{port}" in text
    file.write_text(text + "\n[updates]\nlease_s = 2\n", encoding="utf-8")
    return folder


def subscribe_all(folder: Path) -> None:
    with sqlite3.connect(folder / "contest.sqlite3") as rows:
        rows.executemany(
            "INSERT INTO updates_subscriber (pseudonym, email, state, asked_at, site_url)"
            " VALUES (?, ?, 'confirmed', '2026-11-28 12:00:00', 'http://localhost')",
            [(f"{n:032x}", f"person{n}@x.example") for n in range(N_PEOPLE)],
        )


def serve(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cygnet", "challenge", "serve", str(folder), "--port", "0"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_an_announcement_goes_on_after_kills_and_reaches_nobody_twice(
    contest: Path, mail_server: tuple[MailServer, int], tmp_path: Path
) -> None:
    handler, _ = mail_server
    # A letter takes so long that a kill falls into one.
    handler.stalls_at, handler.stall_s = "DATA", 0.2
    subscribe_all(contest)
    text = tmp_path / "text.txt"
    text.write_text("Version 2 is there.", encoding="utf-8")
    announce = ("announce", str(contest), "--subject", "Version 2", "--text", str(text), "--json")
    first = json.loads(cygnet(*announce).stdout)
    assert first["is_new"]
    assert first["letters"] == {"waiting": N_PEOPLE}
    for kill in range(N_KILLS):
        running = serve(contest)
        wanted = len(handler.arrived) + 5
        wait_for(lambda wanted=wanted: len(handler.arrived) >= wanted, 60)
        time.sleep(0.03 * kill)
        os.kill(running.pid, signal.SIGKILL)
        running.wait(10)
    handler.stalls_at = ""
    running = serve(contest)

    def standing() -> dict[str, int]:
        with sqlite3.connect(contest / "contest.sqlite3") as rows:
            return dict(rows.execute("SELECT state, count(*) FROM updates_letter GROUP BY state"))

    wait_for(lambda: not {"waiting", "handing"} & standing().keys(), 60)
    os.kill(running.pid, signal.SIGTERM)
    running.wait(30)
    told = [mail["To"] for mail in handler.arrived]
    found = standing()
    sys.stdout.write(f"{N_KILLS} kills: {len(told)} of {N_PEOPLE} arrived, letters {found}\n")
    assert len(told) == len(set(told))
    assert found.get("unclear", 0) <= N_KILLS
    assert found["sent"] + found.get("unclear", 0) == N_PEOPLE
    assert len(told) >= found["sent"]
    again = json.loads(cygnet(*announce).stdout)
    assert not again["is_new"]
    assert again["letters"] == found


def test_commands_export_erase_and_count(contest: Path) -> None:
    subscribe_all(contest)
    counted = cygnet("subscribers", str(contest), "--json")
    assert json.loads(counted.stdout)["confirmed"] == N_PEOPLE
    kept = cygnet("subscribers", str(contest), "--export", "PERSON3@x.example")
    assert json.loads(kept.stdout)["email"] == "person3@x.example"
    assert cygnet("subscribers", str(contest), "--erase", "person3@x.example").returncode == 0
    gone = cygnet("subscribers", str(contest), "--export", "person3@x.example")
    assert gone.returncode == 1
    assert b"not kept here" in gone.stderr
    both = cygnet("subscribers", str(contest), "--export", "a", "--erase", "b")
    assert both.returncode == 2


def test_commands_refuse_what_they_cannot_use(contest: Path, tmp_path: Path) -> None:
    missing = cygnet("announce", str(contest), "--subject", "A", "--text", str(tmp_path / "none"))
    assert (missing.returncode, b"cannot be read" in missing.stderr) == (1, True)
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n", encoding="utf-8")
    for subject in ("A", "", "two\nlines", "x" * 200):
        done = cygnet("announce", str(contest), "--subject", subject, "--text", str(empty))
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
    bounce = cygnet("bounce", str(contest), stdin=b"Subject: no notice\n\nText")
    assert (bounce.returncode, b"RFC 3464" in bounce.stderr) == (1, True)
