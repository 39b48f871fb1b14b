"""How do a truth and prediction files become scores, and models a comparison? On one footing.

Every model is scored on the same images, with the same draws of the patients.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cygnet.breakdown import sampling_weights, subgroup_columns
from cygnet.errors import InputError, TableError
from cygnet.evaluation import (
    Agreement,
    Comparison,
    CrossFit,
    ScoreCard,
    ThresholdRule,
    agreements,
    compare,
    cross_fit,
    score_card,
)
from cygnet.evaluation.recalibrators import Method
from cygnet.evaluation.replicates import MIN_TPR
from cygnet.evaluation.thresholded import DEFAULT_THRESHOLD
from cygnet.report.reading import ModelTables, read_models


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a score is asked for.

    ``by`` names columns of the truth to break it down by (or ``age_band``), ``weights`` its column
    of sampling weights. ``common`` keeps the images that all files hold. The rest is as
    :func:`score_card` takes it; ``metrics`` and ``margin`` as :func:`compare` does.
    """

    by: Sequence[str] = ()
    weights: str | None = None
    common: bool = False
    replicates: int = 2000
    seed: int = 0
    threshold: float = DEFAULT_THRESHOLD
    min_tpr: float = MIN_TPR
    prevalence: float | None = None
    metrics: Sequence[str] = ("auroc",)
    margin: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScoredFiles:
    """The scores of one model or several on the same images.

    ``weights`` ``(n_images,)`` are the sampling weights behind the cards, if any; ``comparison``
    and ``agreement`` are there from two models up; ``cross_fit`` where probabilities or thresholds
    were fitted on other folds.
    """

    read: ModelTables
    cards: dict[str, ScoreCard]
    weights: NDArray[np.float64] | None
    comparison: Comparison | None = None
    agreement: tuple[Agreement, ...] = ()
    cross_fit: CrossFit | None = None

    def as_json(self, *, common: bool = False) -> dict[str, object]:
        """Give the document of ``compare --json`` and ``report --json``.

        Counts, ``models`` (each as in ``score``), ``pairs``, ``ranks``, ``agreement``, ``notes``;
        with ``common``, how many images each file held.
        """
        one = next(iter(self.cards.values()))
        compared = self.comparison or Comparison((), ())
        document: dict[str, object] = {
            "n_images": one.n_images,
            "n_patients": one.n_patients,
            "n_positive": one.n_positive,
            "models": {name: card.as_json() for name, card in self.cards.items()},
            **compared.as_json(),
            "agreement": [pair.as_json() for pair in self.agreement],
            "notes": [*self.read.notices, *compared.notes],
        }
        if common:
            document["common"] = self.read.common()
        return document


def score_files(
    truth: Path,
    predictions: Sequence[Path],
    scoring: Scoring,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> ScoredFiles:
    """Score each of ``predictions`` against ``truth``; from two up, compare them.

    ``progress`` is told of each model that was scored. Raises :class:`TableError` for the faults of
    all files together, for a column that the truth lacks, and where only one class is left.
    """
    read = read_models(truth, predictions, common=scoring.common)
    weights = _weights(read, scoring, truth)
    scores = {name: table["probability"].to_numpy() for name, table in read.tables.items()}
    cards = {}
    for name, probability in scores.items():
        cards[name] = _card(read, probability, weights, scoring, truth)
        progress(1)
    if len(cards) == 1:
        return ScoredFiles(read, cards, weights)
    comparison = compare(
        read.first["target"].to_numpy(),
        scores,
        read.first["patient_id"].to_list(),
        weights=weights,
        metrics=scoring.metrics,
        margin=scoring.margin,
        replicates=scoring.replicates,
        seed=scoring.seed,
    )
    return ScoredFiles(read, cards, weights, comparison, agreements(scores))


def score_across_folds(
    truth: Path,
    predictions: Path,
    scoring: Scoring,
    folds: Path,
    *,
    method: Method | None,
    rule: ThresholdRule | None,
) -> ScoredFiles:
    """Score one file whose probabilities or thresholds are fitted on the folds not scored.

    Raises as :func:`score_files`, and :class:`TableError` for what the folds are refused for.
    """
    read = read_models(truth, [predictions], common=scoring.common)
    weights = _weights(read, scoring, truth)
    cross = _cross_fit(
        read, folds, method=method, rule=rule, weights=weights, common=scoring.common
    )
    card = cross.noted(_card(read, cross.probability, weights, scoring, truth))
    return ScoredFiles(read, dict.fromkeys(read.tables, card), weights, cross_fit=cross)


def _weights(read: ModelTables, scoring: Scoring, truth: Path) -> NDArray[np.float64] | None:
    if scoring.weights is None:
        return None
    return sampling_weights(read.of_truth, scoring.weights, truth)


def _card(
    read: ModelTables,
    probability: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    scoring: Scoring,
    truth: Path,
) -> ScoreCard:
    return score_card(
        read.first["target"].to_numpy(),
        probability,
        read.first["patient_id"].to_list(),
        weights=weights,
        subgroups=subgroup_columns(read.of_truth, scoring.by, truth),
        replicates=scoring.replicates,
        seed=scoring.seed,
        threshold=scoring.threshold,
        min_tpr=scoring.min_tpr,
        prevalence=scoring.prevalence,
    )


def _cross_fit(
    read: ModelTables,
    folds: Path,
    *,
    method: Method | None,
    rule: ThresholdRule | None,
    weights: NDArray[np.float64] | None,
    common: bool,
) -> CrossFit:
    """Recalibrate what was joined, or choose thresholds, by the folds of the file ``folds``.

    ``common`` passes over its rows of images that are not scored. Raises :class:`TableError` for
    what :func:`read_folds` and :func:`cross_fit` refuse, all of it faults of these folds.
    """
    from cygnet.cohort.folds import read_folds

    table = read.first
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
