"""What does an exported model say of itself? The JSON in its metadata, checked before use."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from cygnet.errors import ModelError
from cygnet.images.decode import Geometry

KEY = "cygnet"
# The first format has no maps and no metadata; it is read, and cannot be explained.
FORMATS = (1, 2)


class Calibration(BaseModel):
    """One line a fold: probability = sigmoid(slope * logit + intercept)."""

    slope: list[FiniteFloat]
    intercept: list[FiniteFloat]


class Description(BaseModel):
    """What prediction needs of a description; it may say more."""

    format: int
    size_px: Annotated[int, Field(ge=1, le=4096)]
    geometry: Geometry
    decoding: str
    test_time_views: Literal[1, 2, 4, 8]
    folds: Annotated[list[int], Field(min_length=1)]
    calibration: Calibration
    trained_on: list[str]


def read_description(metadata: dict[str, str], file: Path) -> tuple[Description, dict[str, Any]]:
    """Give the checked description and the whole document.

    Raises :class:`ModelError` where there is none, where it is of an unknown format, or damaged.
    """
    if KEY not in metadata:
        raise ModelError.of(
            "This ONNX model was not made by Cygnet.",
            "Give the model.onnx of a RUN; it carries its own preprocessing and calibration.",
            file=file,
        )
    try:
        document = json.loads(metadata[KEY])
    except (ValueError, RecursionError) as error:
        raise damaged(file, str(error)) from error
    if not isinstance(document, dict):
        raise damaged(file, "it is no JSON object")
    if document.get("format") not in FORMATS:
        raise ModelError.of(
            f"This model has format {document.get('format')!r}; this version reads "
            f"{' and '.join(map(str, FORMATS))}.",
            "Export it again, or use the version of Cygnet that wrote it.",
            file=file,
        )
    try:
        checked = Description.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise damaged(file, f"{where}: {found['msg']}") from error
    n_folds = len(checked.folds)
    if not n_folds == len(checked.calibration.slope) == len(checked.calibration.intercept):
        raise damaged(file, "folds and calibration differ in number")
    return checked, document


def damaged(file: Path, reason: str) -> ModelError:
    """Give the error for a description that cannot be read for ``reason``."""
    return ModelError.of(
        f"The description in this model cannot be read ({reason}).",
        "Export it again, or copy it again from where it came.",
        file=file,
    )
