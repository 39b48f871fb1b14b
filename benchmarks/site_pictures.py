"""Take the pictures of the site in the docs: ``python benchmarks/site_pictures.py docs/pictures``.

A contest of the synthetic twin is made in a temporary folder, served, played and closed; Chromium
looks at its pages. Nothing in the pictures is of a person.
"""

import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import urllib3
from playwright.sync_api import Page, sync_playwright

TEAMS = ("Ugly Ducklings", "Dermoscopists of Vienna", "Seven Point Checklist", "Swan Lake",
         "Chaos and Clues", "Pattern Analysis", "ABCD", "Blue-White Veil", "Menzies",
         "Pigment Network", "Regression Structures", "First Try")  # fmt: skip
PASSWORD = "correct horse battery"  # noqa: S105 - of a contest that is deleted
PEOPLE = """
import sys
from pathlib import Path
from cygnet.site.start import open_site
open_site(Path(sys.argv[1]))
from cygnet.site.accounts.models import User
from cygnet.site.contest.people import make_user
for number, name in enumerate(sys.argv[2:]):
    print(make_user(f"t{number}@example.org", team=name, organiser=False))
first = User.objects.get(email="t0@example.org")
first.set_password("correct horse battery")
first.save()
"""


def cygnet(*words: str | Path) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "cygnet", *map(str, words)], check=True)


def file_of(truth: pl.DataFrame, number: int) -> bytes:
    """Give predictions that are better the lower ``number`` is."""
    noise = np.random.default_rng(number).normal(size=truth.height)
    logit = noise + (2.4 - 0.12 * number) * truth["target"].to_numpy() - 2
    table = truth.select("image_name").with_columns(target=pl.Series(1 / (1 + np.exp(-logit))))
    return table.write_csv().encode()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the folder meanwhile; gives the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cygnet", "challenge", "serve", str(folder)]
    process = subprocess.Popen([*command, "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                urllib3.request("GET", f"{url}/healthz", retries=False, timeout=1)
                break
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def shoot(page: Page, address: str, file: Path, *, height: int = 900) -> None:
    """Look at a page and keep what is seen first."""
    page.goto(address)
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})  # type: ignore[index]
    page.screenshot(path=file)


def end_now(folder: Path) -> None:
    """Let the contest have closed a moment ago."""
    with closing(sqlite3.connect(folder / "contest.sqlite3")) as rows:
        (text,) = rows.execute("select settings from contest_contest").fetchone()
        now = datetime.now(UTC).replace(microsecond=0)
        for key, moment in (("closes", now), ("opens", now - timedelta(days=90))):
            text = re.sub(rf'("{key}": ")[^"]*', rf"\g<1>{moment.isoformat()}", text)
        rows.execute("update contest_contest set settings = ?", (text,))
        rows.commit()
    time.sleep(2)


def take(base: Path, out: Path, browser: Any) -> None:
    """Play a contest and take its pictures."""
    cygnet("cohort", "synth", base / "twin", "--patients", "400", "--seed", "7", "--no-images")
    folder = base / "contest"
    cygnet("challenge", "init", folder, "--name", "isic2020", "--truth", base / "twin/train.csv")
    done = subprocess.run(
        [sys.executable, "-c", PEOPLE, str(folder), *TEAMS],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    truth = pl.read_csv(base / "twin/train.csv")
    wide = browser.new_page(viewport={"width": 1120, "height": 900})
    anybody = browser.new_page(viewport={"width": 1120, "height": 900})
    phone = browser.new_page(viewport={"width": 390, "height": 800})
    with served(folder) as url:
        shoot(wide, f"{url}/", out / "site-dataset.png", height=800)
        for number, token in list(enumerate(done.stdout.split()))[1:]:
            track = "with-context" if number % 3 else "without-context"
            urllib3.request(
                "POST",
                f"{url}/api/v1/submissions",
                fields={"file": ("p.csv", file_of(truth, number)), "track": track},
                headers={"Authorization": f"Bearer {token}"},
            )
        shoot(wide, f"{url}/challenge/", out / "site-challenge.png")
        wide.goto(f"{url}/accounts/login/?next=/challenge/submit/")
        wide.fill("#id_login", "t0@example.org")
        wide.fill("#id_password", PASSWORD)
        wide.click("main button")
        (base / "p.csv").write_bytes(file_of(truth, 0))
        wide.set_input_files("#id_file", str(base / "p.csv"))
        wide.check("#id_track_0")
        wide.click("main button")
        shoot(wide, wide.url, out / "site-answer.png", height=700)
        time.sleep(1)
        shoot(anybody, f"{url}/challenge/board/", out / "site-board.png", height=800)
    end_now(folder)
    cygnet("challenge", "close", folder)
    with served(folder) as url:
        shoot(anybody, f"{url}/challenge/board/", out / "site-closed-board.png")
        shoot(phone, f"{url}/challenge/board/", out / "site-phone.png", height=800)


def main(out: Path) -> None:
    """Write the pictures into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as made, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        take(Path(made), out, browser)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
