"""What does a training run come to? One page: the data, the result beside its shortcuts, lesions.

The page is written from a :class:`RunReport`, which the pipeline fills; curves are computed here
from the out-of-fold table, so that figure and table cannot disagree with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.context.judgement import Judgement
from cygnet.durable import write_text_whole
from cygnet.evaluation import ScoreCard
from cygnet.report.baselines import Baseline, beside_figure, differences, shortcut_verdict
from cygnet.report.context_figure import context_figure, context_verdict
from cygnet.report.headline import headline
from cygnet.report.lesions import (
    Cards,
    choice_sentence,
    most_wrong,
    patient_row,
    patients_to_show,
)
from cygnet.report.making import flattened, written_time
from cygnet.report.metric_rows import metric_groups
from cygnet.report.numbers import format_duration
from cygnet.report.page import render_page
from cygnet.report.patient_evidence import PatientEvidence, evidence_of
from cygnet.report.patient_page import patient_chapter
from cygnet.report.reporting import RunSource, drafted_lists, run_facts
from cygnet.report.score_figures import Scored, gap_table, score_figures, subgroup_figure
from cygnet.report.tables import Cell, DataTable, count_cell, table
from cygnet.report.thumbnails import ThumbnailSource

_NEEDED = ("image_name", "patient_id", "target", "probability", "fold")


@dataclass(frozen=True, slots=True, eq=False)
class RunReport:
    """All that the page of a run says.

    ``oof`` has the columns ``image_name, patient_id, target, probability, fold``, one row an image,
    ``patient_id`` null where unknown; where it also has ``diagnosis, sex, age_approx,
    anatom_site_general_challenge``, lesions are described, and where it has ``width_px`` and
    ``height_px`` (null if unknown) pictures that were ``squashed`` to a square get their
    proportions back. ``score`` was computed on the same rows, with the same ``weights``
    ``(n_images,)`` if any. ``thumbnails`` gives an image's encoded picture or ``None``.
    ``prevalence_note`` says why prevalence-dependent numbers do not transfer; ``None`` where they
    do. ``context`` is what judging patient context came to, if
    it was judged. ``facts`` and ``missing`` are label and value; ``notices`` are whole sentences.
    ``source`` says where the images came from, where their folds were checked to share nothing.
    ``patients`` is what is known of a patient's lesions beyond their scores; without it the page
    looks at patients by their scores alone.
    """

    title: str
    subtitle: str
    created: datetime
    oof: pl.DataFrame
    score: ScoreCard
    baselines: Sequence[Baseline] = ()
    facts: Sequence[tuple[str, str]] = ()
    missing: Sequence[tuple[str, str]] = ()
    notices: Sequence[str] = ()
    thumbnails: ThumbnailSource | None = None
    squashed: bool = True
    command: str = ""
    recipe: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    machine: str = ""
    files: Sequence[tuple[str, str]] = ()
    prevalence_note: str | None = None
    weights: NDArray[np.float64] | None = None
    replicates: int = 1000
    seed: int = 0
    context: Judgement | None = None
    source: RunSource | None = None
    patients: PatientEvidence | None = None


def write_run_report(report: RunReport, path: Path) -> None:
    """Write the page as one file, whole or not at all.

    Raises :class:`ValueError` when ``oof`` lacks a column or ``weights`` do not fit it, and
    :class:`StorageError` when the disk refuses.
    """
    _validate(report)
    scored = Scored(
        name="This model",
        target=report.oof["target"].to_numpy().astype(np.int64),
        probability=report.oof["probability"].to_numpy().astype(np.float64),
        patient=report.oof["patient_id"].cast(pl.String).fill_null("").to_numpy().astype(np.str_),
        score=report.score,
        weights=report.weights,
    )
    parts = _result_parts(report, scored) | _lesion_parts(report, scored) | _making_parts(report)
    page = render_page(
        "run_report.html.j2",
        kind="run report",
        title=report.title,
        created=written_time(report.created),
        report=report,
        reporting_lists=drafted_lists(run_facts(report)),
        contents=_contents(parts),
        **parts,
    )
    write_text_whole(path, page)


def _result_parts(report: RunReport, scored: Scored) -> dict[str, object]:
    note = report.prevalence_note or ""
    return {
        "headline": headline(
            report.score, "AUROC, out of fold", patients_known=scored.patients_known
        ),
        "verdict": shortcut_verdict(report.score.metrics["auroc"], report.baselines),
        "beside": beside_figure(report.score, report.baselines),
        "differences": differences(report.baselines),
        "figures": score_figures(
            [scored], note=note, replicates=report.replicates, seed=report.seed
        ),
        "context": _context(report.context),
        "subgroups": subgroup_figure(scored),
        "gaps": gap_table(scored),
        "groups": metric_groups(report.score, transferable=not note),
        "folds": _fold_table(report.oof),
        "notes": [one for one in report.score.notes if not note or note not in one],
    }


def _context(judgement: Judgement | None) -> dict[str, object] | None:
    if judgement is None:
        return None
    return {"verdict": context_verdict(judgement), "figure": context_figure(judgement)}


def _lesion_parts(report: RunReport, scored: Scored) -> dict[str, object]:
    cards = Cards(report.oof, report.thumbnails, squashed=report.squashed)
    benign, melanomas = most_wrong(scored.target, scored.probability)
    chosen, n_patients = patients_to_show(scored.patient, scored.target, scored.probability)
    return {
        "wrong": ([cards.at(one) for one in benign], [cards.at(one) for one in melanomas]),
        "patients": [
            patient_row(cards, str(scored.patient[rows[0]]), rows, within)
            for rows, within in chosen
        ],
        "patients_sentence": choice_sentence(len(chosen), n_patients),
        "together": patient_chapter(
            report.oof, report.patients or evidence_of(report.oof), cards, seed=report.seed
        ),
    }


def _making_parts(report: RunReport) -> dict[str, object]:
    return {
        "recipe": flattened(report.recipe),
        "times": [(what, format_duration(spent)) for what, spent in report.seconds.items()],
    }


def _validate(report: RunReport) -> None:
    lacking = [column for column in _NEEDED if column not in report.oof.columns]
    if lacking:
        raise ValueError(f"The out-of-fold table lacks {', '.join(lacking)}.")
    if report.weights is not None and len(report.weights) != report.oof.height:
        raise ValueError(
            f"{len(report.weights)} weights do not fit {report.oof.height} images; give one each."
        )


def _contents(parts: Mapping[str, object]) -> list[tuple[str, str]]:
    chapters = [
        ("result", "The result", True),
        ("data", "The data", True),
        ("beside", "Shortcuts", parts["beside"]),
        ("curves", "Curves", True),
        ("within", "Within a patient", True),
        ("context", "Patient context", parts["context"]),
        ("calibration", "Probabilities", True),
        ("decisions", "Decisions", True),
        ("subgroups", "Subgroups", parts["subgroups"]),
        ("wrong", "Most wrong", parts["wrong"] != ([], [])),
        ("patients", "Patients in a row", parts["patients"]),
        ("together", "Patients on a map", parts["together"]),
        ("numbers", "All numbers", True),
        ("reporting", "For a paper", True),
        ("making", "How it was made", True),
    ]
    return [(anchor, words) for anchor, words, there in chapters if there]


def _fold_table(oof: pl.DataFrame) -> DataTable:
    counted = {"Images": pl.len(), "Melanomas": pl.col("target").sum()}
    if oof["patient_id"].null_count() < oof.height:
        counted["Patients"] = pl.col("patient_id").drop_nulls().n_unique()
    folds = oof.group_by("fold").agg(**counted).sort("fold")
    rows = [[Cell(str(fold)), *map(count_cell, counts)] for fold, *counts in folds.iter_rows()]
    caption = "The folds: each was scored by a model that saw none of it"
    return table(caption, ("Fold", *counted), rows)
