"""Fuzz every reader for long, each in processes of its own; say what was found and keep the files.

    python -m fuzz.campaign FOLDER [--examples N] [--seed S] [READER...]

A process that dies is a finding, and the next one goes on with another seed. Exits with 1 when
anything was found.
"""

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

from fuzz.readers import READERS

# A process reads so many files; the next one begins with fresh memory and another seed.
_BATCH = 1000
_MOST_S = 3600


def run(folder: Path, name: str, n_examples: int, seed: int) -> str | None:
    """Read ``n_examples`` changed files; give what was found, or ``None``."""
    command = [sys.executable, "-m", "fuzz.worker", str(folder), name]
    command += ["--examples", str(n_examples), "--seed", str(seed)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(  # this Python, and a reader of the list
        command, capture_output=True, text=True, check=False, env=environment, timeout=_MOST_S
    )
    if done.returncode == 0:
        return None
    kept = folder / "findings" / name / f"killed-{seed}"
    for file in (folder / "last").glob("*"):
        # It was being read when the process ended.
        kept.mkdir(parents=True, exist_ok=True)
        shutil.move(file, kept / file.name)
    return f"exit {done.returncode}, seed {seed}\n{done.stdout}{done.stderr[-4000:]}"


def main() -> int:
    """Fuzz all readers, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("readers", nargs="*", choices=[*READERS, []], default=list(READERS))
    parser.add_argument("--examples", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    given = parser.parse_args()
    n_found = 0
    for name in given.readers:
        folder = given.folder.resolve() / name
        begin = time.monotonic()
        found = [
            said
            for done in range(0, given.examples, _BATCH)
            if (said := run(folder, name, min(_BATCH, given.examples - done), given.seed + done))
        ]
        n_found += len(found)
        elapsed = time.monotonic() - begin
        print(f"{name}: {given.examples:,} files in {elapsed:.0f} s, {len(found)} findings")
        for said in found:
            print(said)
    print(f"seed {given.seed}: {n_found} findings in {len(given.readers)} readers")
    return int(n_found > 0)


if __name__ == "__main__":
    sys.exit(main())
