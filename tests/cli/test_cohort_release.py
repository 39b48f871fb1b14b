"""Do release and verify speak and exit as every command does?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from small_cohort import write_small_cohort
from small_release import write_config


def cygnet(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "cygnet", "cohort", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    write_small_cohort(folder / "data")
    config = write_config(folder, "[split]\ntest_share = 0.25\n")
    done = cygnet("release", folder / "data", folder / "out", "--config", config, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["facts"]["n_images"] == 48
    assert Path(document["truth"]).is_file()
    assert document["version"] == "1.0.0"
    return folder / "out"


def test_verify_passes_and_then_finds_each_kind_of_harm(release: Path) -> None:
    done = cygnet("verify", release)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("all are there and unchanged.\n")
    (release / "README.md").rename(release / "LIESMICH.md")
    (release / "CITATION.txt").write_text("other", encoding="utf-8")
    done = cygnet("verify", release, "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["ok"], found["missing"], found["extra"]) == (
        False,
        ["README.md"],
        ["LIESMICH.md"],
    )
    assert [one["path"] for one in found["changed"]] == ["CITATION.txt"]
    done = cygnet("verify", release)
    assert done.returncode == 1
    assert "1 missing, 1 changed, 1 extra." in done.stdout
    assert not done.stderr


def test_a_release_over_another_and_a_broken_configuration_exit_with_1(release: Path) -> None:
    folder = release.parent
    config = folder / "release.toml"
    done = cygnet("release", folder / "data", release, "--config", config)
    assert done.returncode == 1
    assert "never written over another" in done.stderr
    done = cygnet("release", folder / "data", folder / "b", "--config", folder / "none.toml")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
