"""How do a truth and prediction files become a score report? Read, joined, scored on one footing.

Every model is scored on the same images. The faults of all files are named at once.
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet import __version__
from cygnet.breakdown import sampling_weights, subgroup_columns
from cygnet.cohort.folds import read_folds
from cygnet.errors import Fault, InputError, TableError
from cygnet.evaluation import CrossFit, ScoreCard, ThresholdRule, cross_fit, score_card
from cygnet.evaluation.recalibrators import Method
from cygnet.predictions import JoinedTables, read_scored
from cygnet.report import numbers
from cygnet.report.score_report import ScoreReport


def score_files(
    truth: Path,
    predictions: Sequence[Path],
    *,
    by: Sequence[str] = (),
    weights: str | None = None,
    common: bool = False,
    replicates: int = 2000,
    seed: int = 0,
    created: datetime,
    command: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> ScoreReport:
    """Score each of ``predictions`` against ``truth`` and gather what the page says.

    ``by`` names columns of the truth to break the score down by (or ``age_band``), ``weights`` its
    column of sampling weights. ``common`` keeps the images that the truth and every prediction file
    hold; without it, files that differ are refused. ``progress`` is told of each model that was
    scored. Raises :class:`TableError` for the faults of all files together, for a column that the
    truth lacks, and where only one class is left.
    """
    read = _read_all(truth, predictions, common=common)
    tables = _on_the_same_images(truth, {name: one.table for name, one in read.items()})
    first = next(iter(tables.values()))
    weighed = sampling_weights(first, weights, truth) if weights else None
    subgroups = subgroup_columns(first, by, truth)
    cards: dict[str, ScoreCard] = {}
    for name, table in tables.items():
        cards[name] = score_card(
            table["target"].to_numpy(),
            table["probability"].to_numpy(),
            table["patient_id"].to_list(),
            weights=weighed,
            subgroups=subgroups,
            replicates=replicates,
            seed=seed,
        )
        progress(1)
    who = next(iter(tables)) if len(tables) == 1 else f"{len(tables)} models"
    return ScoreReport(
        title=f"{who} against {truth.name}",
        created=created,
        joined=tables,
        cards=cards,
        facts=_facts(truth, dict(zip(tables, predictions, strict=True))),
        notices=_left_out(read, first.height),
        weights=weighed,
        command=command,
        versions=_versions(),
        replicates=replicates,
        seed=seed,
    )


def cross_fit_tables(
    joined: JoinedTables,
    folds: Path,
    *,
    method: Method | None,
    rule: ThresholdRule | None,
    weights: NDArray[np.float64] | None = None,
    common: bool = False,
) -> CrossFit:
    """Recalibrate what was joined, or choose thresholds, by the folds of the file ``folds``.

    ``common`` passes over its rows of images that are not scored. Raises :class:`TableError` for
    what :func:`read_folds` and :func:`cross_fit` refuse, all of it faults of these folds.
    """
    table = joined.table
    fold = read_folds(folds, table, surplus=common)["fold"]
    try:
        return cross_fit(
            table["target"].to_numpy(),
            table["probability"].to_numpy(),
            fold.to_numpy(),
            table["patient_id"].to_list(),
            method=method,
            rule=rule,
            weights=weights,
        )
    except InputError as error:
        raise TableError(*(replace(fault, file=folds) for fault in error.faults)) from error


def _versions() -> dict[str, str]:
    return {
        "cygnet": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "polars": pl.__version__,
    }


def _read_all(truth: Path, predictions: Sequence[Path], *, common: bool) -> dict[str, JoinedTables]:
    read: dict[str, JoinedTables] = {}
    faults: list[Fault] = []
    for name, path in zip(model_names(predictions), predictions, strict=True):
        try:
            read[name] = read_scored(truth, path, common=common)
        except TableError as error:
            faults += error.faults
    if faults:
        # The truth is read with each file: its own faults are told once.
        raise TableError(*dict.fromkeys(faults))
    return read


def model_names(paths: Sequence[Path]) -> list[str]:
    """Name models by their files, with the folder where two files are called alike.

    >>> model_names([Path("a/oof.csv"), Path("b/oof.csv"), Path("b/best.csv")])
    ['a/oof', 'b/oof', 'best']
    """
    stems = [path.stem for path in paths]
    named = [
        f"{path.parent.name}/{path.stem}" if stems.count(path.stem) > 1 else path.stem
        for path in paths
    ]
    if len(set(named)) == len(named):
        return named
    return [f"{name} ({place})" for place, name in enumerate(named, 1)]


def _on_the_same_images(truth: Path, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    shared, *others = tables.values()
    for other in others:
        shared = shared.join(other, on="image_name", how="semi", maintain_order="left")
    if shared["target"].n_unique() < 2:
        raise TableError.of(
            "The images that all these files hold are not of both classes.",
            "Report the files one by one, or give predictions of the same images.",
            file=truth,
        )
    names = shared.select("image_name")
    return {
        name: names.join(table, on="image_name", how="left", maintain_order="left")
        for name, table in tables.items()
    }


def _facts(truth: Path, predictions: Mapping[str, Path]) -> list[tuple[str, str]]:
    alone = len(predictions) == 1
    named = [("Predictions" if alone else name, str(path)) for name, path in predictions.items()]
    return [("Truth", str(truth)), *named]


def _left_out(read: Mapping[str, JoinedTables], n_images: int) -> list[str]:
    """Say how many images each file holds, where not all of them were scored."""
    n_truth = max(one.n_truth for one in read.values())
    if all(one.n_predictions == n_images == n_truth for one in read.values()):
        return []
    held = ", ".join(
        f"{name} {numbers.format_count(one.n_predictions)}" for name, one in read.items()
    )
    scored = numbers.format_count(n_images)
    return [
        (
            f"Scored are the {scored} images that all files hold (--common); the truth holds "
            f"{numbers.format_count(n_truth)}, {held}."
        )
    ]
