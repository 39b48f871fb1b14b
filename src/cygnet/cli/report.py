"""The command that writes a report of predictions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cygnet.cli import console
from cygnet.cli.scoring_options import (
    AsJson,
    By,
    Common,
    Margin,
    MinTpr,
    Prevalence,
    Seed,
    Threshold,
    Truth,
    Weights,
)

if TYPE_CHECKING:
    from cygnet.report.scoring import ScoredFiles

Predictions = Annotated[
    list[Path],
    typer.Argument(metavar="PREDICTIONS...", help="CSV files with image_name, target."),
]


def report(
    truth: Truth,
    predictions: Predictions,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")],
    by: By = None,
    weights: Weights = None,
    threshold: Threshold = 0.5,
    min_tpr: MinTpr = 0.8,
    prevalence: Prevalence = None,
    margin: Margin = None,
    common: Common = False,
    replicates: Annotated[
        int, typer.Option(min=100, help="Bootstrap replicates behind intervals and bands.")
    ] = 2000,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Write one page about predictions of one model or several.

    Curves, calibration and every number with its interval, in one HTML file.
    """
    from datetime import UTC, datetime

    from cygnet.report.reporting import drafted, score_facts
    from cygnet.report.score_report import report_of, write_score_report
    from cygnet.report.scoring import Scoring, score_files

    scoring = Scoring(
        by=by or (),
        weights=weights,
        common=common,
        replicates=replicates,
        seed=seed,
        threshold=threshold,
        min_tpr=min_tpr,
        prevalence=prevalence,
        margin=margin,
    )
    with console.progress("Scoring", len(predictions)) as advance:
        scored = score_files(truth, predictions, scoring, progress=advance)
    made = report_of(
        scored,
        scoring,
        truth,
        predictions,
        created=datetime.now(UTC),
        command=console.said_command(),
    )
    write_score_report(made, out)
    if as_json:
        reporting = [item.as_json() for item in drafted(score_facts(made))]
        document = {"report": str(out), **scored.as_json(common=common), "reporting": reporting}
        console.print_json(document)
    else:
        _print(scored, out)


def _print(scored: "ScoredFiles", out: Path) -> None:
    from cygnet.report.headline import headline

    for notice in scored.read.notices:
        console.say(notice)
    patient = scored.read.first["patient_id"]
    known = patient.null_count() < len(patient)
    said = {n: headline(card, "", patients_known=known) for n, card in scored.cards.items()}
    rows = [[name, line.number, line.limits] for name, line in said.items()]
    console.print_table(["Model", "AUROC", "95 % interval"], rows, numeric=(1, 2))
    (n, *_) = {line.n for line in said.values()}
    console.output().print(f"{n}. {console.RESEARCH_USE}\nThe report is in {out}")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(report)
