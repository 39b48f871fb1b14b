"""The command ``score``: all the numbers of one prediction file, each with its interval."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cygnet.cli import console
from cygnet.cli.scoring_options import (
    AsJson,
    By,
    Common,
    MinTpr,
    Prevalence,
    Replicates,
    Seed,
    Threshold,
    Truth,
    Weights,
)


def score_command(
    truth: Truth,
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS", help="A CSV with image_name and target, here a probability."
        ),
    ],
    by: By = None,
    weights: Weights = None,
    threshold: Threshold = 0.5,
    min_tpr: MinTpr = 0.8,
    prevalence: Prevalence = None,
    replicates: Replicates = 2000,
    seed: Seed = 0,
    folds: Annotated[
        Path | None,
        typer.Option(
            "--folds",
            metavar="FILE",
            help="A CSV with image_name and fold, for --recalibrate and --choose-threshold.",
        ),
    ] = None,
    recalibrate: Annotated[
        Literal["platt", "isotonic", "beta"] | None,
        typer.Option(help="Recalibrate each fold's probabilities by a map of the other folds."),
    ] = None,
    choose_threshold: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="Choose each fold's threshold on the other folds: sensitivity=0.95, "
            "specificity=0.90 or youden.",
        ),
    ] = None,
    *,
    common: Common = False,
    as_json: AsJson = False,
) -> None:
    """Score predictions against the truth, with intervals that take patients as the unit."""
    from cygnet.cli.one_thread import multiply_in_one_thread

    multiply_in_one_thread()
    from cygnet.cli.cross_fit_options import needs_folds, rule_of
    from cygnet.report.scoring import Scoring, score_across_folds, score_files

    rule = rule_of(choose_threshold)
    needs_folds(folds, recalibrate, rule)
    scoring = Scoring(
        by=by or (),
        weights=weights,
        common=common,
        replicates=replicates,
        seed=seed,
        threshold=threshold,
        min_tpr=min_tpr,
        prevalence=prevalence,
    )
    if folds is None:
        scored = score_files(truth, [predictions], scoring)
    else:
        scored = score_across_folds(
            truth, predictions, scoring, folds, method=recalibrate, rule=rule
        )
    (card,) = scored.cards.values()
    if not as_json:
        from cygnet.cli.score_text import print_score

        print_score(card, scored.read, scored.cross_fit, common=common)
        return
    document = card.as_json()
    document |= scored.cross_fit.as_json() if scored.cross_fit is not None else {}
    if common:
        document["common"] = scored.read.common()
    console.print_json(document)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("score")(score_command)
