"""Under torchrun two processes are one, and one that is lost is started again where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from cygnet.training.processes import Processes, restarted, statistics_notice
from cygnet.training.recipe import recipe_toml
from small_cohort import write_small_cohort
from small_training import BACKBONE, small_recipe

SCRIPT = str(Path(__file__).parents[1] / "small_training.py")
WAIT_S = 150


def torchrun(*arguments: str) -> list[str]:
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    return [*run, *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.mark.slow
def test_two_processes_equal_one_with_the_same_batch(tmp_path: Path) -> None:
    recipe = small_recipe(batch_size=9, mixup=0.4, cutmix=1.0, accumulate=2)
    (tmp_path / "r.toml").write_text(recipe_toml(recipe))
    for out, command in {
        "one": [sys.executable, SCRIPT],
        "two": torchrun(SCRIPT),
    }.items():
        told = [*command, str(tmp_path / out), str(tmp_path / "r.toml")]
        subprocess.run(told, check=True, env=environment(), capture_output=True)
    one, two = (load_file(tmp_path / out / "fold-0/final.safetensors") for out in ("one", "two"))
    assert len(one) > 20
    assert not all(torch.equal(one[name], two[name]) for name in one)
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-4
    assert (tmp_path / "one/fold-0/held-out.arrow").stat().st_size == (
        tmp_path / "two/fold-0/held-out.arrow"
    ).stat().st_size


@pytest.mark.slow
def test_a_process_that_is_killed_is_started_again_and_goes_on(tmp_path: Path) -> None:
    write_small_cohort(tmp_path / "data", n_patients=8)
    recipe = small_recipe(epochs=6, batch_size=4)
    machine = recipe.machine.model_copy(update={"checkpoint_every_s": 0.0})
    (tmp_path / "r.toml").write_text(recipe_toml(recipe.model_copy(update={"machine": machine})))
    out = tmp_path / "run"
    cygnet = ["-m", "cygnet", "train", str(tmp_path / "data"), "--out", str(out)]
    command = torchrun("--max-restarts=2", *cygnet, f"--recipe={tmp_path / 'r.toml'}")
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        last = out / "fold-0/last.json"
        end = time.monotonic() + WAIT_S
        while not (last.exists() and json.loads(last.read_text())["step"] >= 3):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < end
            time.sleep(0.01)
        workers = [
            one for one in psutil.Process(process.pid).children() if "cygnet" in one.cmdline()
        ]
        assert len(workers) == 2
        workers[-1].send_signal(signal.SIGKILL)
        printed, said = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, said
    assert printed.count("This model, out of fold") == 1
    assert (out / "oof.csv").read_text().count("\n") == 33
    assert (out / "model.onnx").is_file()
    # It went on: the second log of fold 0 begins behind the first one's beginning.
    assert len(list((out / "fold-0/tensorboard").iterdir())) == 2
    rows = (out / "fold-0/log.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == [str(1 + epoch) for epoch in range(6)]


@pytest.mark.slow
def test_when_the_first_process_fails_the_others_do_not_wait(tmp_path: Path) -> None:
    cygnet = ["-m", "cygnet", "train", str(tmp_path / "absent"), "--out", str(tmp_path / "run")]
    done = subprocess.run(
        torchrun(*cygnet), env=environment(), capture_output=True, text=True, check=False,
        timeout=WAIT_S,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 1
    assert "absent" in done.stderr


def test_one_process_is_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = Processes.at_hand()
    assert processes.writes
    assert processes.count == 1
    assert processes.gathered(7) == [7]
    assert not restarted()
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert restarted()


def test_on_processors_batch_statistics_are_each_processes_own_and_that_is_said() -> None:
    cpu, two = torch.device("cpu"), Processes(0, 2, 0)
    with_statistics = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))
    said = statistics_notice(with_statistics, two, cpu)
    assert said is not None
    assert "each of the 2 processes" in said
    assert statistics_notice(nn.Conv2d(3, 3, 1), two, cpu) is None
    assert statistics_notice(with_statistics, Processes(), cpu) is None
    assert BACKBONE == "test_convnext"
