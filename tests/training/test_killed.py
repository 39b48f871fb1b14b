"""Killed at random moments, a stage goes on and ends with the same bytes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cygnet.training.recipe import recipe_toml
from small_training import small_recipe

N_KILLS = 3
WAIT_S = 80
SCRIPT = Path(__file__).parents[1] / "small_training.py"


def command(folder: Path, out: str) -> list[str]:
    return [sys.executable, str(SCRIPT), str(folder / out), str(folder / "r.toml"), "--pause=0.03"]


def one_thread() -> dict[str, str]:
    """Give an environment in which tests that run side by side do not wait for each other."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def steps_kept(folder: Path) -> int:
    try:
        return int(json.loads((folder / "last.json").read_text())["step"])
    except OSError:
        return 0


def kill_after_some_steps(folder: Path, rng: np.random.Generator) -> int:
    """Start, wait for a few steps more and a random moment, kill; give the steps that are kept."""
    before = steps_kept(folder / "killed/fold-0")
    process = subprocess.Popen(command(folder, "killed"), start_new_session=True, env=one_thread())
    end = time.monotonic() + WAIT_S
    while steps_kept(folder / "killed/fold-0") < before + 2:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < end, "it did not get there"
        time.sleep(0.005)
    time.sleep(float(rng.uniform(0, 0.3)))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return steps_kept(folder / "killed/fold-0")


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_bytes(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    # Batch statistics, dropout, mixing, and a checkpoint after every step: all that has a state.
    recipe = small_recipe(
        "test_efficientnet", dropout=0.3, epochs=5, batch_size=4, mixup=0.4, accumulate=2
    )
    machine = recipe.machine.model_copy(update={"checkpoint_every_s": 0.0})
    recipe = recipe.model_copy(update={"machine": machine})
    (tmp_path / "r.toml").write_text(recipe_toml(recipe))
    kept = [kill_after_some_steps(tmp_path, rng) for _ in range(N_KILLS)]
    assert kept == sorted(set(kept)), "each went on from where the one before was killed"
    assert not (tmp_path / "killed/fold-0/final.json").exists()
    subprocess.run(command(tmp_path, "killed"), check=True, env=one_thread())
    subprocess.run(command(tmp_path, "whole"), check=True, env=one_thread())
    for name in ("final.safetensors", "held-out.arrow"):
        killed, whole = (tmp_path / out / "fold-0" / name for out in ("killed", "whole"))
        assert killed.read_bytes() == whole.read_bytes(), name
    left = {path.name for path in (tmp_path / "killed/fold-0").iterdir()}
    assert left >= {"final.json", "final.safetensors", "held-out.arrow", "log.csv", "tensorboard"}
    assert not any(name.startswith("last") for name in left)
