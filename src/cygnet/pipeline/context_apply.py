"""When may a model's context stage change what it says of new patients? When it was supported.

The stage is applied to each fold's probabilities, and these are averaged last. Without patients, or
where the judgement found no gain, the image model speaks alone, and that is said.
"""

import json
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.context.lesions import make_lesions
from cygnet.context.stage import Stage, stage_from_json
from cygnet.errors import ModelError
from cygnet.inference.predict import PredictedImages
from cygnet.pipeline.subjects import Subjects

# What a document lets out that is JSON and no stage; the first is a subclass of ValueError.
_NO_STAGE = (
    json.JSONDecodeError,
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


def read_stage(model: Path) -> Stage | None:
    """Read the context stage that lies in the RUN ``model``; ``None`` where there is none.

    Raises :class:`ModelError` for a file that is no stage of this version.
    """
    file = (model if model.is_dir() else model.parent) / "context.json"
    if not file.is_file():
        return None
    try:
        return stage_from_json(json.loads(file.read_text(encoding="utf-8")))
    except _NO_STAGE as error:
        raise ModelError.of(
            "This is no context stage.", "Run again, or remove the file.", file=file
        ) from error


def says_without_context(stage: Stage | None, subjects: Subjects) -> str | None:
    """Say why the image model speaks alone, or ``None`` where context is applied."""
    if stage is None:
        return "No context stage lies beside the model: each image is judged alone."
    if not stage.supported:
        return "Patient context was judged and did not help: each image is judged alone."
    if subjects.table is None or subjects.table["patient_id"].null_count() == subjects.table.height:
        return "No patients are known: each image is judged alone, without context."
    return None


def with_context(
    stage: Stage, predicted: PredictedImages, table: pl.DataFrame
) -> NDArray[np.float64]:
    """Give each image's probability beside its patient's others, ``(n,)``, averaged over the folds.

    ``table`` has ``image_name``, ``patient_id`` and ``lesion_id`` of every predicted image.
    """
    names = pl.DataFrame({"image_name": predicted.image_names})
    known = names.join(
        table.select("image_name", "patient_id", "lesion_id"),
        on="image_name",
        how="left",
        maintain_order="left",
    )
    parts = []
    for place, fold in enumerate(predicted.folds):
        of_fold = known.with_columns(
            probability=pl.Series(predicted.by_fold[:, place]), fold=pl.lit(fold)
        )
        vectors = None
        if stage.axes is not None and predicted.embedding is not None:
            codes = np.full(known.height, fold, dtype=np.int64)
            vectors = stage.axes(predicted.embedding[:, place], codes)
        lesions = make_lesions(of_fold, embedding=vectors, scale=stage.scale)
        parts.append(stage(lesions))
    return np.asarray(np.mean(parts, axis=0))
