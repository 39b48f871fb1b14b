"""The command ``score``: all the numbers of one prediction file, each with its interval."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.evaluation import CrossFit, Estimate, ScoreCard
    from cygnet.predictions import JoinedTables


def _strictly_between(value: float | None) -> float | None:
    if value is not None and not 0 < value < 1:
        raise typer.BadParameter(f"{value} does not lie between 0 and 1, such as 0.02.")
    return value


def score_command(
    truth: Annotated[
        Path, typer.Argument(help="A CSV with image_name, patient_id and target (1: melanoma).")
    ],
    predictions: Annotated[
        Path, typer.Argument(help="A CSV with image_name and target, here a probability.")
    ],
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Break down by a column of TRUTH, or by age_band; repeatable."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option("--weights", help="The column of TRUTH with sampling weights.")
    ] = None,
    threshold: Annotated[
        float,
        typer.Option(min=0, max=1, help="Images at or above it are called malignant."),
    ] = 0.5,
    min_tpr: Annotated[
        float,
        typer.Option(min=0, max=1, help="Where the partial area of ISIC 2024 begins."),
    ] = 0.8,
    prevalence: Annotated[
        float | None,
        typer.Option(
            callback=_strictly_between,
            help="Move predictive values and net benefit to this share of melanomas.",
        ),
    ] = None,
    replicates: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Bootstrap replicates of the patients.")
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
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
    common: Annotated[
        bool, typer.Option("--common", help="Score the images that both files hold.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Give the result as JSON.")] = False,
) -> None:
    """Score predictions against the truth, with intervals that take patients as the unit."""
    from cygnet.breakdown import sampling_weights, subgroup_columns
    from cygnet.cli.cross_fit_options import needs_folds, rule_of
    from cygnet.evaluation import score_card
    from cygnet.predictions import read_scored

    rule = rule_of(choose_threshold)
    needs_folds(folds, recalibrate, rule)
    joined = read_scored(truth, predictions, common=common)
    table = joined.table
    weighed = sampling_weights(table, weights, truth) if weights else None
    cross = None
    if folds is not None:
        from cygnet.report.scoring import cross_fit_tables

        cross = cross_fit_tables(
            joined, folds, method=recalibrate, rule=rule, weights=weighed, common=common
        )
    card = score_card(
        table["target"].to_numpy(),
        table["probability"].to_numpy() if cross is None else cross.probability,
        table["patient_id"].to_list(),
        weights=weighed,
        subgroups=subgroup_columns(table, by or [], truth),
        replicates=replicates,
        seed=seed,
        threshold=threshold,
        min_tpr=min_tpr,
        prevalence=prevalence,
    )
    if cross is not None:
        card = cross.noted(card)
    if json:
        document = card.as_json()
        document |= cross.as_json() if cross is not None else {}
        if common:
            document["common"] = {
                "n_common": table.height,
                "n_truth": joined.n_truth,
                "n_predictions": joined.n_predictions,
            }
        console.print_json(document)
    else:
        _print_card(card, joined, cross, common=common)


def _print_card(
    card: "ScoreCard", joined: "JoinedTables", cross: "CrossFit | None", *, common: bool
) -> None:
    from cygnet.report.numbers import counted, format_count
    from cygnet.report.words import GROUPS, metric_words

    if common:
        print(
            f"Both files hold {counted(card.n_images, 'image')}, of "
            f"{format_count(joined.n_truth)} in the truth and "
            f"{format_count(joined.n_predictions)} predicted."
        )
    print(
        f"{counted(card.n_images, 'image')} of {counted(card.n_patients, 'patient')}, "
        f"{format_count(card.n_positive)} malignant\n"
    )
    marks: dict[str, str] = {}
    if cross is not None:
        _print_cross_fit(cross, marks)
    for heading in GROUPS:
        of_group = {
            name: metric
            for name, metric in card.metrics.items()
            if metric_words(name, metric.details).group == heading
        }
        _print_metrics(heading, of_group, marks)
    _print_groups(card, marks)
    for caution, mark in marks.items():
        print(f"{mark}  {caution}")
    for note in card.notes:
        print(note)
    print(console.RESEARCH_USE)


def _print_cross_fit(cross: "CrossFit", marks: dict[str, str]) -> None:
    if cross.method is not None:
        print(f"Recalibrated by {cross.method}, each of {cross.n_folds} folds by the others.\n")
    if cross.chosen is not None:
        thresholds = cross.chosen.thresholds.items()
        print(f"Thresholds chosen for each fold on the others, by {cross.chosen.rule}:")
        print(", ".join(f"fold {fold}: {value:.4g}" for fold, value in thresholds) + "\n")
        _print_metrics("At the chosen thresholds", cross.chosen.shares, marks)


def _print_metrics(heading: str, metrics: Mapping[str, "Estimate"], marks: dict[str, str]) -> None:
    from cygnet.report.words import metric_words

    rows = [
        (metric_words(name).title, _interval(metric), _counted(metric), _marked(metric, marks))
        for name, metric in metrics.items()
    ]
    if rows:
        console.print_table((heading, "estimate (95 % interval)", "n", ""), rows)
        print()


def _print_groups(card: "ScoreCard", marks: dict[str, str]) -> None:
    from cygnet.report.numbers import format_count

    for column, levels in card.by.items():
        rows = []
        for level, group in levels.items():
            auroc = group["auroc"]
            images, patients = group["n_images"], group["n_patients_positive"]
            rows.append(
                (
                    level,
                    _interval(auroc),
                    format_count(images),
                    format_count(patients),
                    _marked(auroc, marks),
                )
            )
        print()
        header = (column, "AUROC (95 % interval)", "images", "with melanoma", "")
        console.print_table(header, rows, numeric=(2, 3))


def _interval(metric: "Estimate") -> str:
    from cygnet.report.numbers import format_interval

    return format_interval(metric.estimate, metric.lower, metric.upper)


def _counted(metric: "Estimate") -> str:
    from cygnet.report.numbers import format_count

    n, unit = metric.details.get("n"), str(metric.details.get("unit", ""))
    words = {
        "images at or above the threshold": "called",
        "images below the threshold": "below",
    }
    plain = unit.partition(" of patients with")[0]
    short = words.get(unit, plain.removesuffix(" images").removesuffix(" with both classes"))
    return f"{format_count(n)} {short}" if isinstance(n, int) else ""


def _marked(metric: "Estimate", marks: dict[str, str]) -> str:
    """Give the letters of a number's cautions, new ones being added to ``marks``."""
    details = metric.details
    chance = details.get("by_chance")
    treat_all, moved_to = details.get("treat_all"), details.get("prevalence")
    threshold, undefined = details.get("threshold"), details.get("undefined_replicates")
    cautions = [
        metric.reason,
        metric.flag,
        "depends on prevalence" if details.get("prevalence_dependent") else None,
        f"by chance {chance:.3f}" if isinstance(chance, float) and chance >= 0 else None,
        f"{treat_all:.3g} if all were called malignant, 0 if none"
        if isinstance(treat_all, float)
        else None,
        f"moved to the prevalence {moved_to:.3g}" if isinstance(moved_to, float) else None,
        f"at the threshold {threshold:.3g}" if isinstance(threshold, float) else None,
        f"{undefined} replicates undefined" if undefined else None,
    ]
    said = [caution for caution in cautions if caution]
    return " ".join(marks.setdefault(caution, _letter(len(marks))) for caution in said)


def _letter(index: int) -> str:
    return chr(ord("a") + index) if index < 26 else f"n{index}"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("score")(score_command)
