"""What do predictions come to, one model or several, against one truth? A page without pictures.

The same figures and tables as a run's page, all models side by side on the same images.
"""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet import __version__
from cygnet.durable import write_text_whole
from cygnet.evaluation import Agreement, Comparison, ScoreCard
from cygnet.report import numbers
from cygnet.report.comparison_figures import rank_figure, significance_figure
from cygnet.report.curve_parts import MOST_SERIES
from cygnet.report.figures import Figure
from cygnet.report.forest import ForestRow, forest_figure
from cygnet.report.headline import headline
from cygnet.report.making import written_time
from cygnet.report.metric_rows import compared_groups, metric_groups
from cygnet.report.page import render_page
from cygnet.report.reporting import drafted_lists, score_facts
from cygnet.report.score_figures import Scored, gap_table, score_figures, subgroup_figure
from cygnet.report.scoring import ScoredFiles, Scoring
from cygnet.report.tables import Cell, DataTable, number_cell, table


@dataclass(frozen=True, slots=True, eq=False)
class ScoreReport:
    """All that the page of a score says.

    ``joined`` holds for each model a table of the same images in the same order (``image_name,
    patient_id, target, probability``), and ``cards`` its score on them. ``facts`` are label and
    value, ``notices`` whole sentences, ``weights`` ``(n_images,)`` the sampling weights behind the
    cards, if any; ``comparison`` and ``agreement`` are of several models.
    """

    title: str
    created: datetime
    joined: Mapping[str, pl.DataFrame]
    cards: Mapping[str, ScoreCard]
    subtitle: str = ""
    facts: Sequence[tuple[str, str]] = ()
    notices: Sequence[str] = ()
    command: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    prevalence_note: str | None = None
    weights: NDArray[np.float64] | None = None
    comparison: Comparison | None = None
    agreement: Sequence[Agreement] = ()
    replicates: int = 1000
    seed: int = 0


def report_of(
    scored: ScoredFiles,
    scoring: Scoring,
    truth: Path,
    predictions: Sequence[Path],
    *,
    created: datetime,
    command: str = "",
) -> ScoreReport:
    """Gather what the page of ``scored`` says; the files are named on it."""
    names = list(scored.cards)
    alone = len(names) == 1
    files = [
        ("Predictions" if alone else name, str(path))
        for name, path in zip(names, predictions, strict=True)
    ]
    return ScoreReport(
        title=f"{names[0] if alone else f'{len(names)} models'} against {truth.name}",
        created=created,
        joined=scored.read.tables,
        cards=scored.cards,
        facts=[("Truth", str(truth)), *files],
        notices=scored.read.notices,
        weights=scored.weights,
        comparison=scored.comparison,
        agreement=scored.agreement,
        command=command,
        versions=_versions(),
        replicates=scoring.replicates,
        seed=scoring.seed,
    )


def _versions() -> dict[str, str]:
    return {
        "cygnet": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "polars": pl.__version__,
    }


def write_score_report(report: ScoreReport, path: Path) -> None:
    """Write the page as one file, whole or not at all.

    Raises :class:`ValueError` without a model or where tables and cards do not belong together,
    and :class:`StorageError` when the disk refuses.
    """
    if not report.joined or report.joined.keys() != report.cards.keys():
        raise ValueError("A score report needs at least one model, and a table and a card of each.")
    models = [_scored(report, name) for name in report.joined]
    one = models[0]
    subgroups = _subgroups(models)
    page = render_page(
        "score_report.html.j2",
        kind="score report",
        title=report.title,
        created=written_time(report.created),
        report=report,
        undrawn=_undrawn(models),
        figures=score_figures(
            models,
            note=report.prevalence_note or "",
            replicates=report.replicates,
            seed=report.seed,
        ),
        subgroups=subgroups,
        comparison=_comparison(report),
        facts=[*_counts(one), *report.facts],
        notes=list(dict.fromkeys(note for model in models for note in model.score.notes)),
        prevalence=numbers.format_share(one.prevalence) if one.score.n_images else "",
        reporting_lists=drafted_lists(score_facts(report)),
        contents=_contents(subgroups=bool(subgroups), compared=report.comparison is not None),
        **_first_said(report, models),
    )
    write_text_whole(path, page)


def _first_said(report: ScoreReport, models: Sequence[Scored]) -> dict[str, object]:
    """Give what differs between one model, which has a headline, and several, side by side."""
    transferable = report.prevalence_note is None
    if len(models) > 1:
        groups = compared_groups(report.cards, transferable=transferable)
        return {"headline": None, "models": _models_figure(models), "groups": groups}
    (one,) = models
    return {
        "headline": headline(one.score, "AUROC", patients_known=one.patients_known),
        "models": None,
        "groups": metric_groups(one.score, transferable=transferable),
    }


def _scored(report: ScoreReport, name: str) -> Scored:
    table = report.joined[name]
    return Scored(
        name=name,
        target=table["target"].to_numpy().astype(np.int64),
        probability=table["probability"].to_numpy().astype(np.float64),
        patient=table["patient_id"].cast(pl.String).fill_null("").to_numpy().astype(np.str_),
        score=report.cards[name],
        weights=report.weights,
    )


def _models_figure(models: Sequence[Scored]) -> Figure:
    best = max(models, key=lambda one: np.nan_to_num(one.score.metrics["auroc"].estimate, nan=-1.0))
    rows = [
        ForestRow(
            one.name,
            one.score.metrics["auroc"],
            n_images=one.score.n_images,
            n_patients=one.score.n_patients,
            n_positive=one.score.n_positive,
        )
        for one in models
    ]
    n = headline(models[0].score, "", patients_known=models[0].patients_known).n
    return forest_figure(
        rows,
        key="models",
        title="AUROC of each model",
        caption=(
            f"Each point is the AUROC of a model on the same {n}, each line its interval; the "
            f"band behind is that of {best.name}. Models judged on the same images go up and down "
            "together, so overlapping intervals do not show that two are alike."
        ),
        beside=best.score.metrics["auroc"],
    )


def _subgroups(models: Sequence[Scored]) -> list[tuple[Figure, DataTable | None]]:
    figures = []
    for index, one in enumerate(models):
        title = "AUROC in subgroups" + (f": {one.name}" if len(models) > 1 else "")
        figure = subgroup_figure(one, key=f"subgroups-{index}", title=title)
        figures += [(figure, gap_table(one))] if figure else []
    return figures


def _comparison(report: ScoreReport) -> dict[str, object] | None:
    """Gather what stands in the chapter on several models."""
    if report.comparison is None:
        return None
    return {
        "figures": [rank_figure(report.comparison.ranks), significance_figure(report.comparison)],
        "notes": report.comparison.notes,
        "agreement": _agreement_table(report.agreement),
    }


def _agreement_table(agreement: Sequence[Agreement]) -> DataTable:
    rows = [
        [
            Cell(f"{pair.a} and {pair.b}", note="nearly the same" if pair.near_identical else ""),
            number_cell(pair.spearman, 4),
            Cell(numbers.format_share(pair.same_share), pair.same_share),
            number_cell(pair.largest_difference, 3),
        ]
        for pair in agreement
    ]
    columns = ["Files", "Spearman", "Same number", "Largest difference"]
    return table("How alike the predictions are, most alike first", columns, rows)


def _undrawn(models: Sequence[Scored]) -> str:
    if len(models) <= MOST_SERIES:
        return ""
    return (
        f"The first {MOST_SERIES} of {len(models)} models are drawn; the tables hold all of them."
    )


def _counts(one: Scored) -> list[tuple[str, str]]:
    score = one.score
    patients = numbers.format_count(score.n_patients) if one.patients_known else "not named"
    return [
        ("Images", numbers.format_count(score.n_images)),
        ("Patients", patients),
        ("Melanomas", numbers.format_count(score.n_positive)),
        ("Benign", numbers.format_count(score.n_images - score.n_positive)),
    ]


def _contents(*, subgroups: bool, compared: bool) -> list[tuple[str, str]]:
    chapters = [
        ("result", "The result", True),
        ("data", "The data", True),
        ("compared", "The models compared", compared),
        ("curves", "Curves", True),
        ("within", "Within a patient", True),
        ("calibration", "Probabilities", True),
        ("decisions", "Decisions", True),
        ("subgroups", "Subgroups", subgroups),
        ("numbers", "All numbers", True),
        ("reporting", "For a paper", True),
        ("making", "How it was made", True),
    ]
    return [(anchor, words) for anchor, words, there in chapters if there]
