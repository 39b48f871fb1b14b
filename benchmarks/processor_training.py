"""How fast is a step on a processor, and what do its memory and `torch.compile` do to it?

    python benchmarks/processor_training.py [--backbone mobilenetv2_100] [--size 192] [--rounds 3]

Each way in a process of its own, one after the other, in turn; the middle one of the rounds:

- ``kept``: Cygnet's step, which keeps the memory that it frees;
- ``given back``: the same as glibc has it by default;
- ``compiled``: ``kept`` with ``compile = true`` in the recipe (its first steps are not counted).

Prints images a second, the share of processor time that the system takes, and memory, as JSON.
"""

import argparse
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import torch

from cygnet.training import step as step_module
from cygnet.training.loader import Samples
from cygnet.training.network import LesionNetwork
from cygnet.training.recipe import Recipe
from training_speed import cygnet_step, images_per_s

BATCH = 32
WAYS = ("kept", "given back", "compiled")


def main() -> None:
    """Start a process for each way in turn, and print what they tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="mobilenetv2_100")
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS))
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.one, given.backbone, given.size, given.seconds)))
        return
    found: dict[str, list[dict[str, float]]] = {way: [] for way in given.ways}
    for _, way in itertools.product(range(given.rounds), given.ways):
        command = [sys.executable, __file__, f"--one={way}", f"--backbone={given.backbone}"]
        command += [f"--size={given.size}", f"--seconds={given.seconds}"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[way].append(json.loads(done.stdout))
        print(way, found[way][-1], file=sys.stderr)
    middle = {
        way: {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        for way, rounds in found.items()
    }
    print(json.dumps({"threads": torch.get_num_threads(), "batch": BATCH, **middle}, indent=2))


def measured(way: str, backbone: str, size_px: int, seconds: float) -> dict[str, float]:
    """Give images a second of the whole step, the system's share of the time, and memory."""
    if way == "given back":
        vars(step_module)["keep_freed_memory"] = lambda: False
    recipe = Recipe.model_validate(
        {
            "name": "speed",
            "network": {"backbone": backbone, "size_px": size_px},
            "augment": {"cutout": 0.3},
            "finetune": {"epochs": 1, "batch_size": BATCH, "learning_rate": 1e-4},
            "machine": {"device": "cpu", "compile": way == "compiled"},
        }
    )
    torch.manual_seed(1)
    step = step_module.Step(LesionNetwork(recipe.network).train(), recipe.finetune, recipe)
    samples = Samples([""] * BATCH, (np.arange(BATCH) % 2).astype(np.float32))
    picture = torch.randint(0, 256, (BATCH, size_px, size_px, 3), dtype=torch.uint8)
    once = cygnet_step(step, samples, itertools.repeat(picture))
    for _ in range(2):
        once()
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    rate = images_per_s(step, once, seconds)
    after, lasted = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - started
    system = after.ru_stime - before.ru_stime
    busy = after.ru_utime - before.ru_utime + system
    return {
        "images_per_s": round(rate, 1),
        "system_share": round(system / busy, 3),
        "cores_busy": round(busy / lasted, 2),
        "peak_mib": round(after.ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()
