"""The command ``compare``: several prediction files against one truth, or with one another."""

from enum import StrEnum
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
    Replicates,
    Seed,
    Threshold,
    Truth,
    Weights,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class Metric(StrEnum):
    """The evaluation room's COMPARABLE, spelt here so that it loads only when a comparison runs."""

    auroc = "auroc"
    within_patient_auroc = "within_patient_auroc"
    brier_score = "brier_score"
    log_loss = "log_loss"


def compare_command(
    truth: Truth,
    predictions: Annotated[
        list[Path],
        typer.Argument(
            metavar="PREDICTIONS...", help="CSVs with image_name and target, a model each."
        ),
    ],
    metric: Annotated[
        list[Metric] | None,
        typer.Option(help="What pairs are compared by; repeatable. AUROC where none is given."),
    ] = None,
    margin: Margin = None,
    by: By = None,
    weights: Weights = None,
    threshold: Threshold = 0.5,
    min_tpr: MinTpr = 0.8,
    prevalence: Prevalence = None,
    replicates: Replicates = 2000,
    seed: Seed = 0,
    *,
    no_truth: Annotated[
        bool,
        typer.Option(
            "--no-truth",
            help="TRUTH is a prediction file too: say how alike all files are, without labels.",
        ),
    ] = False,
    common: Common = False,
    as_json: AsJson = False,
) -> None:
    """Compare models on the same images: every pair, and the rank each may hold."""
    if no_truth:
        asked = {
            "--metric": metric,
            "--margin": margin,
            "--by": by,
            "--weights": weights,
            "--prevalence": prevalence,
        }
        _refuse_without_truth([name for name, value in asked.items() if value])
        _agree([truth, *predictions], common=common, as_json=as_json)
        return
    if len(predictions) < 2:
        raise typer.BadParameter(
            "Give two prediction files or more; `cygnet score` takes one.",
            param_hint="PREDICTIONS...",
        )
    from cygnet.cli.compare_text import print_comparison
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
        metrics=tuple(dict.fromkeys(one.value for one in metric or [Metric.auroc])),
        margin=margin,
    )
    with console.progress("Scoring", len(predictions)) as advance:
        scored = score_files(truth, predictions, scoring, progress=advance)
    if as_json:
        console.print_json(scored.as_json(common=common))
    else:
        print_comparison(scored)


def _refuse_without_truth(options: "Sequence[str]") -> None:
    if options:
        raise typer.BadParameter(
            "It needs a truth; --no-truth says how alike the files are and no more.",
            param_hint=", ".join(options),
        )


def _agree(files: "Sequence[Path]", *, common: bool, as_json: bool) -> None:
    from cygnet.cli.compare_text import print_agreement
    from cygnet.evaluation import agreements
    from cygnet.report.reading import read_without_truth

    scores, notices = read_without_truth(files, common=common)
    made = agreements(scores)
    if as_json:
        document = {
            "n_images": made[0].n_images,
            "files": list(scores),
            "agreement": [pair.as_json() for pair in made],
            "notes": list(notices),
        }
        console.print_json(document)
    else:
        for notice in notices:
            console.say(notice)
        print_agreement(made)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("compare")(compare_command)
