"""The study of coverage runs, covers, and its page says what its record says."""

import json
import math
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "docs" / "results" / "coverage.json"
PAGE = ROOT / "docs" / "results" / "coverage.md"
SIMULATIONS = 300


def python(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_a_small_run_covers_what_it_claims_and_is_not_run_twice(tmp_path: Path) -> None:
    out = tmp_path / "coverage.json"
    command: list[str | Path] = [ROOT / "benchmarks" / "coverage.py", "--out", out]
    command += ["--patients", "20", "--icc", "0.5", "--replicates", "100"]
    command += ["--simulations", str(SIMULATIONS)]
    done = python(*command)
    assert done.returncode == 0, done.stderr
    (cell,) = json.loads(out.read_text())["cells"]
    # Four binomial standard errors: a run of another seed fails once in some ten thousand.
    tolerance = 4 * math.sqrt(0.95 * 0.05 / SIMULATIONS)
    for what, default in (("auroc", "jackknife-logit-t"), ("difference", "jackknife-t")):
        found = cell[what]["methods"][default]
        assert found["none"] == 0
        assert abs(found["coverage"] - 0.95) < tolerance
        error = cell[what]["sd"] / math.sqrt(SIMULATIONS)
        assert abs(cell[what]["mean"] - cell[what]["target"]) < 4 * error
    ignoring, clustered = (cell["auroc"]["methods"][name] for name in ("delong", "cluster-delong"))
    assert ignoring["width"] < clustered["width"]

    again = python(*command)
    assert (again.returncode, again.stdout) == (0, "")
    other = python(*command, "--seed", "7")
    assert other.returncode == 1
    assert "other settings" in other.stderr


def test_the_page_shows_the_tables_of_its_record() -> None:
    record = json.loads(RECORD.read_text())
    assert len(record["cells"]) == 14
    assert all(cell["simulations"] >= 10_000 for cell in record["cells"])
    shown = python(ROOT / "benchmarks" / "coverage_tables.py")
    assert shown.returncode == 0, shown.stderr
    tables = shown.stdout.strip().split("\n\n### ")
    assert len(tables) == 8
    page = PAGE.read_text()
    for table in tables:
        assert table.removeprefix("### ") in page
