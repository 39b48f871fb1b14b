"""What did the simulation of coverage find? Its record as the tables of its page.

    python benchmarks/coverage_tables.py [RECORD]

RECORD is what ``coverage.py`` wrote, by default the one in the project. A test holds
``docs/results/coverage.md`` against what this prints.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RECORD = Path(__file__).resolve().parents[1] / "docs" / "results" / "coverage.json"
HEADINGS = {"auroc": "AUROC", "difference": "difference of two AUROCs"}
SHORT = {
    "patient-cluster-bootstrap-percentile": "cluster bootstrap, percentile",
    "patient-cluster-bootstrap-bca": "cluster bootstrap, BCa",
    "delong": "DeLong, patients ignored",
    "cluster-delong": "cluster DeLong",
}

Cell = dict[str, Any]


def coverage(one: dict[str, float]) -> str:
    """Show a coverage with its Monte Carlo standard error."""
    return f"{100 * one['coverage']:.1f} ± {100 * one['standard_error']:.1f}"


def misses(one: dict[str, float]) -> str:
    """Show how often the whole interval lies above, and below, the true value."""
    return f"{100 * one['interval_above']:.1f} / {100 * one['interval_below']:.1f}"


def width(one: dict[str, float]) -> str:
    """Show a mean width."""
    return f"{one['width']:.3f}"


def missing(one: dict[str, float]) -> str:
    """Show how often no interval is given."""
    return f"{100 * one['none']:.2f}"


def tables(cells: list[Cell]) -> Iterator[str]:
    """Yield each table as Markdown, a row a cell."""
    for what, heading in HEADINGS.items():
        yield table(f"Coverage, {heading} (%, with its Monte Carlo standard error)", cells, what)
    without = [
        cell for cell in cells if any(one["none"] > 0 for one in cell["auroc"]["methods"].values())
    ]
    if without:
        yield table("No interval (% of the simulations; cells not shown: 0)", without, show=missing)
    for what, heading in HEADINGS.items():
        yield table(f"Mean width, {heading}", cells, what, width)
    for what, heading in HEADINGS.items():
        yield table(f"Interval wholly above / below the truth, {heading} (%)", cells, what, misses)
    yield true_values(cells)


def table(
    title: str,
    cells: list[Cell],
    what: str = "auroc",
    show: Callable[[dict[str, float]], str] = coverage,
) -> str:
    """Give one table: the methods side by side."""
    methods = list(cells[0][what]["methods"])
    names = [SHORT.get(method, method) for method in methods]
    rows = [
        [*_cell(cell), *(show(cell[what]["methods"][method]) for method in methods)]
        for cell in cells
    ]
    return _markdown(title, ["patients with melanoma", "ICC", *names], rows)


def true_values(cells: list[Cell]) -> str:
    """Hold the computed true values against the estimates' mean and spread."""
    rows = []
    for cell in cells:
        one, two = cell["auroc"], cell["difference"]
        rows.append(
            [
                *_cell(cell),
                f"{100 * cell['share_of_pairs_within']:.2f}",
                *(f"{one[name]:.4f}" for name in ("target", "mean", "sd")),
                *(f"{two[name]:.4f}" for name in ("target", "mean", "sd")),
                coverage(one["default_for_other_patients"]),
            ]
        )
    names = ["patients with melanoma", "ICC", "pairs within a patient, %"]
    names += ["AUROC, true", "mean", "sd", "difference, true", "mean", "sd"]
    names += ["default's coverage of 0.90, %"]
    return _markdown("True values, and the estimates' mean and standard deviation", names, rows)


def _cell(cell: Cell) -> list[str]:
    return [str(cell["patients_with_melanoma"]), str(cell["icc"])]


def _markdown(title: str, names: list[str], rows: list[list[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### {title}\n\n{body}\n"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record", type=Path, nargs="?", default=RECORD)
    record = json.loads(parser.parse_args().record.read_text())
    print("\n".join(tables(record["cells"])), end="")


if __name__ == "__main__":
    main()
