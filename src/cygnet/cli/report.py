"""The command that writes a report of predictions."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.report.score_report import ScoreReport

Truth = Annotated[
    Path,
    typer.Argument(
        metavar="TRUTH", help="CSV with image_name, patient_id, target and further columns."
    ),
]
Predictions = Annotated[
    list[Path],
    typer.Argument(metavar="PREDICTIONS...", help="CSV files with image_name, target."),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN", help="Break down by a column of TRUTH, or by age_band; repeatable."
    ),
]


def report(
    truth: Truth,
    predictions: Predictions,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")],
    by: By = None,
    weights: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column of TRUTH with sampling weights."),
    ] = None,
    common: Annotated[
        bool, typer.Option("--common", help="Score the images that all files hold.")
    ] = False,
    replicates: Annotated[
        int, typer.Option(min=100, help="Bootstrap replicates behind intervals and bands.")
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the numbers of the page as JSON.")
    ] = False,
) -> None:
    """Write one page about predictions of one model or several.

    Curves, calibration and every number with its interval, in one HTML file.
    """
    from datetime import UTC, datetime

    from cygnet.report.score_report import write_score_report
    from cygnet.report.scoring import score_files

    options = [f"--replicates={replicates}", f"--seed={seed}"]
    options += [f"--by={column}" for column in by or ()]
    options += [f"--weights={weights}"] if weights else []
    options += ["--common"] if common else []
    files = [str(truth), *map(str, predictions), "--out", str(out)]
    with console.progress("Scoring", len(predictions)) as advance:
        made = score_files(
            truth,
            predictions,
            by=by or (),
            weights=weights,
            common=common,
            replicates=replicates,
            seed=seed,
            created=datetime.now(UTC),
            command=shlex.join(["cygnet", "report", *files, *options]),
            progress=advance,
        )
    write_score_report(made, out)
    _print(made, out, as_json=as_json)


def _print(made: "ScoreReport", out: Path, *, as_json: bool) -> None:
    from cygnet.report.headline import headline

    if as_json:
        models = {name: card.as_json() for name, card in made.cards.items()}
        console.print_json({"report": str(out), "notices": list(made.notices), "models": models})
        return
    for notice in made.notices:
        console.say(notice)
    patient = next(iter(made.joined.values()))["patient_id"]
    known = patient.null_count() < len(patient)
    said = {n: headline(card, "", patients_known=known) for n, card in made.cards.items()}
    rows = [[name, line.number, line.limits] for name, line in said.items()]
    console.print_table(["Model", "AUROC", "95 % interval"], rows, numeric=(1, 2))
    (n, *_) = {line.n for line in said.values()}
    console.output().print(f"{n}. {console.RESEARCH_USE}\nThe report is in {out}")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(report)
