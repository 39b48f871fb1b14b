"""Do the commands of a contest say what is wrong, and do what they say?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from site_contest import make_truth

pytest.importorskip("django")


def cygnet(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cygnet", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("contest")
    make_truth().write_csv(base / "truth.csv")
    done = cygnet("challenge", "init", base / "contest", "--truth", base / "truth.csv")
    assert done.returncode == 0, done.stderr
    return base / "contest"


def test_a_contest_folder_is_for_its_owner_alone(folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0
    for name in ("secrets.toml", "seed/seed.json", "sealed/private-truth.csv"):
        assert (folder / name).stat().st_mode & 0o077 == 0


def test_a_folder_is_made_once(folder: Path) -> None:
    done = cygnet("challenge", "init", folder)
    assert done.returncode == 1
    assert "not an empty folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_truth_that_cannot_be_used_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("image_name,target\na,7\n", encoding="utf-8")
    done = cygnet("challenge", "init", tmp_path / "c", "--truth", tmp_path / "truth.csv")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "c").exists()


def test_a_person_gets_a_token_once(folder: Path) -> None:
    done = cygnet("challenge", "user", folder, "ana@example.org", "--team", "Swans")
    assert done.stdout.startswith("cyg_")
    assert len(done.stdout.split()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "nobody"), "no email address"),
        (("close",), "open until"),
        (("export", "out"), "not closed"),
    ],
)
def test_what_cannot_be_done_is_said(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = cygnet("challenge", words[0], folder, *words[1:])
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_board_and_the_journal_are_json(folder: Path) -> None:
    board = json.loads(cygnet("challenge", "board", folder, "--json").stdout)
    assert board == {"closed": False, "scoring": False, "rows": []}
    verdict = json.loads(cygnet("challenge", "verify", folder, "--json").stdout)
    assert verdict["ok"]
    assert cygnet("challenge", "verify", folder, "--head", "1" * 64).returncode == 1
    diff = json.loads(cygnet("challenge", "rescore", folder, "--json").stdout)
    assert diff["changed"] == []


def test_a_copy_is_made(folder: Path, tmp_path: Path) -> None:
    done = cygnet("challenge", "backup", folder, tmp_path / "copy")
    assert done.returncode == 0, done.stderr
    assert "secrets.toml" in done.stdout
    assert (tmp_path / "copy" / "contest.sqlite3").is_file()


def test_a_folder_that_is_no_contest_is_said(tmp_path: Path) -> None:
    done = cygnet("challenge", "serve", tmp_path)
    assert done.returncode == 1
    assert "no contest folder" in done.stderr


def test_a_dataset_page_alone_has_no_board(tmp_path: Path) -> None:
    assert cygnet("challenge", "init", tmp_path / "d").returncode == 0
    done = cygnet("challenge", "board", tmp_path / "d")
    assert done.returncode == 1
    assert "hosts no contest" in done.stderr


def test_a_file_that_is_not_there_is_said() -> None:
    done = cygnet("submit", "nothing.csv", "--url", "http://127.0.0.1:9", "--token", "x")
    assert done.returncode == 1
    assert "no such file" in done.stderr
    done = cygnet("submit", __file__, "--url", "nonsense", "--token", "x")
    assert done.returncode == 1
    assert "no web address" in done.stderr
