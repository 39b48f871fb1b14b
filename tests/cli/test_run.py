"""The main job as it is met in a shell: killed, interrupted, called wrongly, and what is left."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from small_cohort import write_small_cohort

RECIPE = """
name = "small"
n_folds = 2
test_time_views = 1
[network]
backbone = "mobilenetv3_small_050"
size_px = 32
[finetune]
epochs = 3
batch_size = 16
learning_rate = 2e-3
"""
WAIT_S = 90


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small_cohort(tmp_path / "data", n_test=6)
    (tmp_path / "small.toml").write_text(RECIPE)
    return tmp_path


def arguments(folder: Path, out: str, *more: str) -> list[str]:
    files = [str(folder / "data"), "--out", str(folder / out)]
    return [
        sys.executable,
        "-m",
        "cygnet",
        "run",
        *files,
        f"--recipe={folder / 'small.toml'}",
        *more,
    ]


def cygnet(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def started(command: list[str], until: Callable[[], bool]) -> "subprocess.Popen[bytes]":
    """Start a command in a session of its own and come back when ``until`` holds."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    end = time.monotonic() + WAIT_S
    while not until():
        assert process.poll() is None, "the run ended before it could be stopped"
        assert time.monotonic() < end, "the run did not get there"
        time.sleep(0.002)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["run.json", "fold-0/last.json", "fold-1/last-0.safetensors"])
def test_a_run_killed_at_any_moment_goes_on_and_ends_with_the_same_bytes(
    folder: Path, moment: str
) -> None:
    killed = folder / "killed"
    process = started(arguments(folder, "killed"), (killed / moment).exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (killed / "oof.csv").exists()
    refused = cygnet(arguments(folder, "killed"))
    assert refused.returncode == 1
    assert "--resume" in refused.stderr
    resumed = cygnet(arguments(folder, "killed", "--resume"))
    assert resumed.returncode == 0, resumed.stderr
    whole = cygnet(arguments(folder, "whole"))
    assert whole.returncode == 0, whole.stderr
    for name in ("oof.csv", "submission.csv", "folds.csv", "embeddings.arrow"):
        assert (killed / name).read_bytes() == (folder / "whole" / name).read_bytes(), name
    assert not list(killed.rglob("*.partial"))


@pytest.mark.slow
def test_ctrl_c_is_one_line_and_leaves_nothing_half_written(folder: Path) -> None:
    out = folder / "stopped"
    process = started(arguments(folder, "stopped"), (out / "fold-0").exists)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=WAIT_S)
    assert process.returncode == 130
    assert said.decode().splitlines()[-1].startswith("interrupted")
    assert "Traceback" not in said.decode()
    assert not list(out.rglob("*.partial"))


def test_missing_images_are_one_message_with_rows_and_a_remedy(folder: Path) -> None:
    for file in sorted((folder / "data/jpeg/train").iterdir())[10:]:
        file.unlink()
    done = cygnet(arguments(folder, "run"))
    n_images = pl.read_csv(folder / "data/train.csv").height
    assert done.returncode == 1
    assert f"{n_images - 10} of {n_images}" in done.stderr
    assert "row 12" in done.stderr
    assert "--allow-missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "run").exists()


def test_without_the_train_extra_the_run_says_how_to_install_it(folder: Path) -> None:
    code = (
        "import sys, importlib.util as u; find = u.find_spec;"
        "u.find_spec = lambda name, *more: None if name == 'torch' else find(name, *more);"
        "from cygnet.cli.main import main; main()"
    )
    done = cygnet([sys.executable, "-c", code, *arguments(folder, "run")[3:]])
    assert done.returncode == 1
    assert "pip install 'cygnet[train]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_line_at_fault_exits_with_2(folder: Path) -> None:
    assert cygnet(arguments(folder, "run", "--no-such-option")).returncode == 2


def test_help_answers_in_less_than_0_4_s_of_processor_time() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = cygnet([sys.executable, "-m", "cygnet", "--help"])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert "Research use only" in done.stdout
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent_s < 0.4
