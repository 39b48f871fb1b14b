"""How a score is printed: numbers with intervals in groups, cautions as letters beneath."""

import math
from collections.abc import Mapping

from cygnet.cli import console
from cygnet.evaluation import CrossFit, Estimate, ScoreCard, telling_gaps
from cygnet.report.numbers import counted, format_count, format_interval, format_number
from cygnet.report.reading import ModelTables
from cygnet.report.words import GROUPS, metric_words


def print_score(
    card: ScoreCard, read: ModelTables, cross: CrossFit | None, *, common: bool
) -> None:
    """Print every number of ``card``, its groups, their gaps, and the cautions."""
    if common:
        print(
            f"Both files hold {counted(card.n_images, 'image')}, of "
            f"{format_count(read.n_truth)} in the truth and "
            f"{format_count(*read.n_predictions.values())} predicted."
        )
    print(
        f"{counted(card.n_images, 'image')} of {counted(card.n_patients, 'patient')}, "
        f"{format_count(card.n_positive)} malignant\n"
    )
    for note in card.notes:
        print(f"{note}\n")
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
    _print_gaps(card, marks)
    for caution, mark in marks.items():
        print(f"{mark}  {caution}")
    print(console.RESEARCH_USE)


def _print_cross_fit(cross: CrossFit, marks: dict[str, str]) -> None:
    if cross.method is not None:
        print(f"Recalibrated by {cross.method}, each of {cross.n_folds} folds by the others.\n")
    if cross.chosen is not None:
        thresholds = cross.chosen.thresholds.items()
        print(f"Thresholds chosen for each fold on the others, by {cross.chosen.rule}:")
        print(", ".join(f"fold {fold}: {value:.4g}" for fold, value in thresholds) + "\n")
        _print_metrics("At the chosen thresholds", cross.chosen.shares, marks)


def _print_metrics(heading: str, metrics: Mapping[str, Estimate], marks: dict[str, str]) -> None:
    rows = [
        (
            metric_words(name, metric.details).title,
            interval_of(metric),
            _counted(metric),
            marked(metric, marks),
        )
        for name, metric in metrics.items()
    ]
    if rows:
        console.print_table((heading, "estimate (95 % interval)", "n", ""), rows)
        print()


def _print_groups(card: ScoreCard, marks: dict[str, str]) -> None:
    for column, levels in card.by.items():
        rows = []
        for level, group in levels.items():
            auroc = group["auroc"]
            images, patients = group["n_images"], group["n_patients_positive"]
            rows.append(
                (
                    level,
                    interval_of(auroc),
                    format_count(images),
                    format_count(patients),
                    marked(auroc, marks),
                )
            )
        print()
        header = (column, "AUROC (95 % interval)", "images", "patients with melanoma", "")
        console.print_table(header, rows, numeric=(2, 3))


def interval_of(metric: Estimate) -> str:
    """Say a number with its interval."""
    return format_interval(metric.estimate, metric.lower, metric.upper)


def _print_gaps(card: ScoreCard, marks: dict[str, str]) -> None:
    """Print the gaps worth a line; how many more there are is said, and stands in the JSON."""
    if not card.gaps:
        return
    told = list(telling_gaps(card.gaps))
    rows = [
        (f"{gap.b} less {gap.a}", interval_of(gap.difference), marked(gap.difference, marks))
        for gap in told
    ]
    print()
    if rows:
        console.print_table(("Gap in AUROC", "difference (95 % interval, joint)", ""), rows)
    few = sum(not gap.difference.has_interval for gap in card.gaps)
    rest = len(card.gaps) - len(told) - few
    said = [f"{counted(len(card.gaps), 'gap')} judged together, all in --json"]
    said += [f"{rest} not shown, whose intervals hold 0"] if rest else []
    said += [f"{few} not judged, as a group is too small"] if few else []
    print("; ".join(said) + ".")


def _counted(metric: Estimate) -> str:
    n, unit = metric.details.get("n"), str(metric.details.get("unit", ""))
    words = {
        "images at or above the threshold": "called",
        "images below the threshold": "below",
    }
    plain = unit.partition(" of patients with")[0]
    short = words.get(unit, plain.removesuffix(" images").removesuffix(" with both classes"))
    return f"{format_count(n)} {short}" if isinstance(n, int) else ""


def marked(metric: Estimate, marks: dict[str, str]) -> str:
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
        f"{format_number(treat_all)} if all were called malignant, 0 if none"
        if isinstance(treat_all, float)
        else None,
        f"moved to the prevalence {moved_to:.3g}" if isinstance(moved_to, float) else None,
        _at_threshold(threshold, details.get("interpolation")),
        f"{counted(undefined, 'replicate')} undefined"
        if isinstance(undefined, int) and undefined
        else None,
    ]
    said = [caution for caution in cautions if caution]
    return " ".join(marks.setdefault(caution, _letter(len(marks))) for caution in said)


def _at_threshold(threshold: object, interpolation: object) -> str | None:
    if not isinstance(threshold, float) or not math.isfinite(threshold):
        return None
    plain = f"at the threshold {threshold:.3g}"
    return f"{plain}, the best that exists: not interpolated" if interpolation else plain


def _letter(index: int) -> str:
    return chr(ord("a") + index) if index < 26 else f"n{index}"
