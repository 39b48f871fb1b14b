"""From a MODEL and images to a table of probabilities and doubts, with context where it helps.

Without a patient-context stage rows are written as they are made and memory stays flat. Beside a
patient's other lesions all images are seen before the first is judged.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.errors import Fault, ImageError
from cygnet.inference.familiar import UNLIKE
from cygnet.inference.model import Model, Patient
from cygnet.inference.predict import Wanted, opened_once, predict_files, scored_shards
from cygnet.inference.prediction_table import PredictionTable, doubt_columns, prediction_table
from cygnet.pipeline.subjects import Subjects

_EXAMPLES = 3
_PATIENT_COLUMNS = ("age_approx", "sex", "anatom_site_general_challenge")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRequest:
    """All that ``cygnet predict`` was asked."""

    model: Path
    out: Path
    views: int | None = None
    skip_bad_images: bool = False
    workers: int = 1
    ray_address: str | None = None


@dataclass(slots=True)
class PredictionSummary:
    """What is worth saying of a table that was written; of long lists the first three."""

    n_images: int = 0
    bad: list[Fault] = field(default_factory=list)
    n_trained_on: int = 0
    trained_on: list[str] = field(default_factory=list)
    n_unlike: int = 0
    unlike: list[str] = field(default_factory=list)
    context: str | None = None

    def note(self, model: Model, names: list[str], unlikeness: NDArray[np.float64]) -> None:
        """Count images that were learnt from and images unlike those that were."""
        self.n_images += len(names)
        known = [name for name in names if model.was_trained_on(name)]
        far = [name for name, value in zip(names, unlikeness, strict=True) if value > UNLIKE]
        self.n_trained_on += len(known)
        self.n_unlike += len(far)
        self.trained_on = (self.trained_on + known)[:_EXAMPLES]
        self.unlike = (self.unlike + far)[:_EXAMPLES]


def predict_to_table(
    request: PredictionRequest,
    subjects: Subjects,
    advance: Callable[[int], None] = lambda _: None,
) -> PredictionSummary:
    """Write the table of predictions of ``subjects``; say what is worth saying of it.

    Raises :class:`ImageError` naming every image that cannot be read, unless the request skips
    them, and :class:`ModelError` for a model that cannot be used; nothing is written then.
    """
    threads = None if request.workers == 1 and request.ray_address is None else 1
    model = opened_once(request.model, threads)
    summary = PredictionSummary()
    with prediction_table(request.out, doubt_columns(model, views=request.views)) as table:
        judged_beside = model.context is not None and _beside_others(
            request, subjects, model, table, summary, advance
        )
        if not judged_beside:
            _one_by_one(request, subjects, model, table, summary, advance)
        if summary.bad and not request.skip_bad_images:
            raise ImageError(*summary.bad)
    return summary


def _one_by_one(
    request: PredictionRequest,
    subjects: Subjects,
    model: Model,
    table: PredictionTable,
    summary: PredictionSummary,
    advance: Callable[[int], None],
) -> None:
    parts = scored_shards(
        request.model,
        subjects.items,
        wanted=Wanted(views=request.views, patients=patients_of(model, subjects.table)),
        workers=request.workers,
        ray_address=request.ray_address,
        advance=advance,
    )
    for part in parts:
        doubts = [getattr(part, name) for name in table.doubts]
        table.add(part.image_names, part.probability, doubts)
        summary.bad += part.bad
        summary.note(model, part.image_names, part.unlikeness)


def _beside_others(
    request: PredictionRequest,
    subjects: Subjects,
    model: Model,
    table: PredictionTable,
    summary: PredictionSummary,
    advance: Callable[[int], None],
) -> bool:
    """Judge images beside their patient's others; tell whether that was to be done."""
    from cygnet.pipeline.context_apply import says_without_context, stage_of, with_context

    stage = stage_of(model)
    summary.context = says_without_context(stage, subjects.table)
    if summary.context is not None or stage is None or subjects.table is None:
        return False
    found = predict_files(
        request.model,
        subjects.items,
        skip_bad_images=request.skip_bad_images,
        wanted=Wanted(
            views=request.views,
            embeddings=stage.features.space is not None,
            patients=patients_of(model, subjects.table),
        ),
        workers=request.workers,
        ray_address=request.ray_address,
        advance=advance,
    )
    probability = with_context(stage, found, subjects.table)
    table.add(found.image_names, probability, [getattr(found, name) for name in table.doubts])
    summary.bad += found.bad
    unlikeness = found.unlikeness
    summary.note(model, found.image_names, np.empty(0) if unlikeness is None else unlikeness)
    summary.context = "Each image was judged beside the patient's others; the folds averaged last."
    return True


def patients_of(model: Model, table: pl.DataFrame | None) -> dict[str, Patient]:
    """Give age, sex and site by image name, where the model takes them and a table has them."""
    if not model.takes_patient or table is None:
        return {}
    columns = [
        table[name].to_list() if name in table.columns else [None] * table.height
        for name in _PATIENT_COLUMNS
    ]
    return dict(zip(table["image_name"].to_list(), zip(*columns, strict=True), strict=True))
