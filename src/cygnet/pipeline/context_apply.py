"""When may a model's context stage change what it says of new patients? When it was supported.

The stage is applied to each fold's probabilities, and these are averaged last. Without patients, or
where the judgement found no gain, the image model speaks alone, and that is said.
"""

import json
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.context.lesions import Lesions, make_lesions
from cygnet.context.stage import Stage, stage_from_json
from cygnet.errors import ModelError
from cygnet.inference.model import Model
from cygnet.inference.predict import PredictedImages

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
_NEEDED = ("patient_id", "lesion_id", "age_approx", "anatom_site_general_challenge")


def stage_of(model: Model) -> Stage | None:
    """Give the context stage inside a ``model``; ``None`` where there is none.

    Raises :class:`ModelError` for a document that is no stage of this version.
    """
    return None if model.context is None else read_stage(model.context, model.file)


def read_stage(text: str, file: Path) -> Stage:
    """Read the document of a stage, which stands in ``file``.

    Raises :class:`ModelError` for a document that is no stage of this version.
    """
    try:
        return stage_from_json(json.loads(text))
    except _NO_STAGE as error:
        raise ModelError.of(
            "This model holds no context stage that can be read.", "Run again.", file=file
        ) from error


def says_without_context(stage: Stage | None, table: pl.DataFrame | None) -> str | None:
    """Say why the image model speaks alone, or ``None`` where context is applied.

    ``table`` holds the images to predict with their patients; ``None`` for files alone.
    """
    if stage is None:
        return "There is no context stage in the model: each image is judged alone."
    if not stage.supported:
        return "Patient context was judged and did not help: each image is judged alone."
    if table is None or table["patient_id"].null_count() == table.height:
        return "No patients are known: each image is judged alone, without context."
    return None


def with_context(
    stage: Stage, predicted: PredictedImages, table: pl.DataFrame
) -> NDArray[np.float64]:
    """Give each image's probability beside its patient's others, ``(n,)``, averaged over the folds.

    ``table`` has ``image_name``, ``patient_id`` and ``lesion_id`` of every predicted image, and may
    have ``age_approx`` and ``anatom_site_general_challenge``.
    """
    return np.asarray(np.mean([stage(one) for one in lesions_of(stage, predicted, table)], axis=0))


def lesions_of(stage: Stage, predicted: PredictedImages, table: pl.DataFrame) -> list[Lesions]:
    """Give the lesions as each fold's model scores them, in the order of the folds.

    ``table`` is that of :func:`with_context`; embeddings lie along the axes of ``stage``.
    """
    names = pl.DataFrame({"image_name": predicted.image_names})
    known = names.join(
        table.select("image_name", *(name for name in _NEEDED if name in table.columns)),
        on="image_name",
        how="left",
        maintain_order="left",
    )
    found = []
    for place, fold in enumerate(predicted.folds):
        of_fold = known.with_columns(
            probability=pl.Series(predicted.by_fold[:, place]), fold=pl.lit(fold)
        )
        vectors = None
        if stage.axes is not None and predicted.embedding is not None:
            codes = np.full(known.height, fold, dtype=np.int64)
            vectors = stage.axes(predicted.embedding[:, place], codes)
        found.append(make_lesions(of_fold, embedding=vectors, scale=stage.scale))
    return found
