"""What is known of a score or a run that a paper can say? Nothing that a person has to remember.

What is not known is ``None`` or empty, and no sentence is written without its fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.evaluation import Comparison, ScoreCard
from cygnet.report.baselines import Baseline

if TYPE_CHECKING:
    from cygnet.report.run_report import RunReport
    from cygnet.report.score_report import ScoreReport


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSource:
    """Where the images of a run came from: its tables, and how many images they list.

    ``n_listed`` counts the labelled rows, ``n_test`` the test images, if any, which have no
    labels; ``n_extra`` images of ``extra_tables`` may be learnt from and are never scored.
    ``arithmetic`` names the device and the number format of the training.
    """

    layout: str
    tables: tuple[str, ...]
    n_listed: int
    n_test: int | None = None
    extra_tables: tuple[str, ...] = ()
    n_extra: int = 0
    arithmetic: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RunFacts:
    """What a training run knows beside its score."""

    recipe: Mapping[str, object] = field(default_factory=dict)
    baselines: Sequence[Baseline] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    machine: str = ""
    files: tuple[str, ...] = ()
    source: RunSource | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Facts:
    """What is known of a score: of one model, of several, or of the model that a ``run`` made.

    ``images`` is the scored table, a row an image, with the columns that it happens to have.
    ``weighted_share`` is the share of melanomas by the sampling weights, where there are any.
    """

    truth: str = ""
    predictions: tuple[str, ...] = ()
    cards: Mapping[str, ScoreCard] = field(default_factory=dict)
    images: pl.DataFrame | None = None
    patients_known: bool = False
    weighted_share: float | None = None
    notices: Sequence[str] = ()
    prevalence_note: str | None = None
    comparison: Comparison | None = None
    command: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    run: RunFacts | None = None

    @property
    def card(self) -> ScoreCard | None:
        """The score of the first model, or ``None``; its counts are those of every model."""
        return next(iter(self.cards.values()), None)


def score_facts(report: "ScoreReport") -> Facts:
    """Gather the facts of a page of scores."""
    images = next(iter(report.joined.values()), None)
    files = {label: Path(path).name for label, path in report.facts}
    labels = ("Predictions", *report.joined)
    return Facts(
        truth=files.get("Truth", ""),
        predictions=tuple(files[label] for label in labels if label in files),
        cards=report.cards,
        images=images,
        patients_known=_patients_known(images),
        weighted_share=_weighted_share(images, report.weights),
        notices=report.notices,
        prevalence_note=report.prevalence_note,
        comparison=report.comparison,
        command=report.command,
        seed=report.seed,
        versions=report.versions,
    )


def run_facts(report: "RunReport") -> Facts:
    """Gather the facts of the page of a run."""
    return Facts(
        cards={"This model": report.score},
        images=report.oof,
        patients_known=_patients_known(report.oof),
        weighted_share=_weighted_share(report.oof, report.weights),
        prevalence_note=report.prevalence_note,
        command=report.command,
        seed=report.seed,
        versions=report.versions,
        run=RunFacts(
            recipe=report.recipe,
            baselines=report.baselines,
            hashes=report.hashes,
            seconds=report.seconds,
            machine=report.machine,
            files=tuple(name for name, _ in report.files),
            source=report.source,
        ),
    )


def _patients_known(images: pl.DataFrame | None) -> bool:
    return images is not None and images["patient_id"].null_count() < images.height


def _weighted_share(
    images: pl.DataFrame | None, weights: NDArray[np.float64] | None
) -> float | None:
    if images is None or weights is None:
        return None
    return float(np.average(images["target"].to_numpy(), weights=weights))
