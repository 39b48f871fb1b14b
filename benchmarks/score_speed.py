"""Does `cygnet score` with intervals take half the time of the official scorer without them?

    python benchmarks/score_speed.py [--tool FOLDER] [--pairs N]

10,982 images of 690 patients, as many as ISIC 2020's test set has, about 2 % malignant. Both are
new processes, timed by turns: ``cygnet score --json`` with every number, 2,000 replicates and all
intervals, and ``isic-challenge-scoring classification`` for its point estimates, on the same truth
and the same scores in its own format. FOLDER is a virtual environment that holds the tool; without
one, a throwaway is made, for which pip fetches the tool and a pandas that it works with.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

from cygnet.evaluation import auroc

TOOL = ("isic-challenge-scoring==5.6.0", "pandas==2.3.3")
N_IMAGES, N_PATIENTS, N_POSITIVE = 10_982, 690, 220
PAIRS = 9
TARGET_RATIO = 0.5


def main() -> int:
    """Print both times, their ratio and both AUROCs; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", type=Path, help="a virtual environment that holds the tool")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tool = given.tool or make_environment(folder / "tool")
        known = draw_files(folder)
        ours = [
            str(Path(sys.executable).with_name("cygnet")),
            *("score", str(folder / "truth.csv"), str(folder / "predictions.csv"), "--json"),
        ]
        theirs = [
            str(tool / "bin" / "isic-challenge-scoring"),
            *("classification", str(folder / "tool_truth.csv"), str(folder / "tool_scores.csv")),
        ]
        # The first of each fills the caches of the disk and compiles the modules.
        (_, said_by_us), (_, said_by_tool) = timed(ours), timed(theirs)
        pairs = [(timed(ours)[0], timed(theirs)[0]) for _ in range(given.pairs)]
    ratio = statistics.median(cygnet / other for cygnet, other in pairs)
    cygnet, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{N_IMAGES:,} images of {N_PATIENTS} patients; Python {platform.python_version()}")
    print(f"cygnet score, 2,000 replicates      {cygnet:6.2f} s   (median of {given.pairs})")
    print(f"isic-challenge-scoring, no interval {other:6.2f} s")
    print(f"ratio, median of pairs              {ratio:6.2f}     (target: at most {TARGET_RATIO})")
    print(f"AUROC, cygnet                       {json.loads(said_by_us)['auroc']['estimate']:.12f}")
    print(f"AUROC, isic-challenge-scoring       {auroc_said(said_by_tool):.6f} (as it prints it)")
    print(f"AUROC, from the arrays              {known:.12f}")
    return 0 if ratio <= TARGET_RATIO else 1


def make_environment(folder: Path) -> Path:
    """Make a virtual environment that holds the tool."""
    print(f"installing {' and '.join(TOOL)} in a throwaway environment ...", flush=True)
    venv.create(folder, with_pip=True)
    subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", *TOOL], check=True)
    return folder


def draw_files(folder: Path) -> float:
    """Write truth and scores in both formats; give the AUROC of what was drawn."""
    rng = np.random.default_rng(2020)
    share = rng.gamma(0.9, size=N_PATIENTS)
    # Three images each at least; half the patients have 11 or fewer, one in ten more than 35.
    at_least = np.repeat(np.arange(N_PATIENTS), 3)
    further = rng.choice(N_PATIENTS, N_IMAGES - at_least.size, p=share / share.sum())
    patient = rng.permutation(np.concatenate([at_least, further]))
    target = np.zeros(N_IMAGES, dtype=np.int64)
    target[rng.choice(N_IMAGES, N_POSITIVE, replace=False)] = 1
    logit = 0.7 * rng.normal(size=N_PATIENTS)[patient] + rng.normal(size=N_IMAGES) + 2 * target
    # Six decimals, as prediction files have: ties occur.
    score = (1 / (1 + np.exp(3 - logit))).round(6)
    name = [f"ISIC_{number:07d}" for number in rng.permutation(10_000_000)[:N_IMAGES]]
    owner = [f"IP_{number:07d}" for number in patient]
    write(folder / "truth.csv", "image_name,patient_id,target", name, owner, target)
    write(folder / "predictions.csv", "image_name,target", name, score)
    write(folder / "tool_truth.csv", "image,malignant", name, target.astype(np.float64))
    write(folder / "tool_scores.csv", "image,malignant", name, score)
    return auroc(target, score)


def write(path: Path, header: str, *columns: object) -> None:
    """Write a CSV of ``columns`` under ``header``."""
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")


def timed(command: list[str]) -> tuple[float, str]:
    """Give the seconds on the clock that a command takes as a new process, and what it says."""
    begin = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - begin, done.stdout


def auroc_said(table: str) -> float:
    """Find the area under the curve in the macro averages that the tool prints."""
    averages = table.split("Macro averaged metrics:")[1]
    (line,) = [line for line in averages.splitlines() if line.split()[:1] == ["auc"]]
    return float(line.split()[1])


if __name__ == "__main__":
    sys.exit(main())
