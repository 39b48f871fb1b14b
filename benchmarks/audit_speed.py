"""How fast is an audit? Prints three figures beside what they were set out to be.

    python benchmarks/audit_speed.py TABLES [--images FOLDER] [--rows N] [--rounds R]

Cold: a new process audits the tables of TABLES without opening an image; the middle one of R runs.
Pixels: images of FOLDER a second in the pass over files, as an audit of many images does it by
default, beside decoding the same files to 512 px, the size of a training pack, and nothing else;
both in this process on one core, best of R. Rows: a table of N made-up rows, audited in a new
process, with the largest memory that it took.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from cygnet.curation.looking import CLOSER_PX, look_at_file
from cygnet.images.decode import read_to_size
from cygnet.vocabulary import IMAGE_SUFFIXES, SITES

_MOST_IMAGES = 300


def audit_process(*arguments: str) -> float:
    """Run the command in a new process and give the seconds that it took."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "cygnet", "cohort", "audit", *arguments, "--json"],
        capture_output=True,
        check=False,
    )
    if done.returncode not in {0, 1} or not done.stdout:
        sys.exit(done.stderr.decode())
    return time.perf_counter() - begin


def cold(tables: Path, rounds: int) -> None:
    """Print how long a cold audit of tables takes."""
    times = [audit_process(str(tables), "--no-pixels") for _ in range(rounds)]
    shown = ", ".join(f"{one:.2f}" for one in times)
    print(f"tables, cold: {statistics.median(times):.2f} s of 2 s allowed ({shown})")


def pixels(folder: Path, rounds: int) -> None:
    """Print how fast the pass over files is beside decoding alone."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    files = files[:: max(1, len(files) // _MOST_IMAGES)][:_MOST_IMAGES]
    looking, decoding = [], []
    for _ in range(rounds):
        begin = time.process_time()
        for path in files:
            read_to_size(path, CLOSER_PX)
        middle = time.process_time()
        for path in files:
            look_at_file("train", path.stem, path, all_writing=False)
        decoding.append(middle - begin)
        looking.append(time.process_time() - middle)
    n, alone, whole = len(files), min(decoding), min(looking)
    print(
        f"pixels: {n / whole:.0f} images a second of processor time, decoding alone"
        f" {n / alone:.0f}: {alone / whole:.0%} of 80 % asked for ({n} files)"
    )


def rows(n: int) -> None:
    """Print how long a table of ``n`` rows takes, and how much memory."""
    generator = np.random.default_rng(1)
    patient = generator.integers(0, n // 16 + 1, n)
    target = generator.random(n) < 0.02
    table = pl.DataFrame(
        {
            "image_name": [f"ISIC_{number:07d}" for number in range(n)],
            "patient_id": [f"IP_{number:07d}" for number in patient],
            "lesion_id": [f"IL_{number:07d}" for number in range(n)],
            "sex": np.where(patient % 2 == 0, "male", "female"),
            "age_approx": (patient % 14 + 3) * 5,
            "anatom_site_general_challenge": np.array(SITES)[generator.integers(0, len(SITES), n)],
            "diagnosis": np.where(target, "melanoma", "nevus"),
            "benign_malignant": np.where(target, "malignant", "benign"),
            "target": target.astype(int),
            "width_px": generator.choice([640, 1024, 1872, 4000, 6000], n),
            "height_px": generator.choice([480, 768, 1053, 3000, 4000], n),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        table.write_csv(path)
        del table
        seconds = audit_process(str(path))
    # Of all processes that were started here this is by far the largest.
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"{n:,} rows: {seconds:.1f} s of 30 s allowed, {most:.2f} GB of 2 GB allowed")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path)
    parser.add_argument("--images", type=Path, action="append", default=[])
    parser.add_argument("--rows", type=int, default=1_000_000, help="0 leaves this out")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    cold(options.tables, options.rounds)
    for folder in options.images:
        print(folder.name, end=" ")
        pixels(folder, options.rounds)
    if options.rows:
        rows(options.rows)


if __name__ == "__main__":
    main()
