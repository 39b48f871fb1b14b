"""What does an exported model say of these pixels? ONNX Runtime alone; torch is not needed.

A MODEL is a RUN's folder or its ``model.onnx``. Everything that prediction must repeat from
training (size, geometry, decoding, views, calibration) is read from the file itself.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from cygnet.context.stage import MODEL_KEY
from cygnet.errors import ModelError
from cygnet.images.decode import Geometry

FORMAT = 1
_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of ``n`` images, by its ``folds``.

    ``logit`` is ``(n, folds)``, uncalibrated, the mean over the views; ``by_fold`` is
    ``(n, folds)``, each fold's calibrated probability, and ``probability`` ``(n,)`` their mean;
    ``embedding`` is ``(n, folds, width)``, each fold a space of its own.
    """

    logit: NDArray[np.float32]
    by_fold: NDArray[np.float64]
    embedding: NDArray[np.float32]

    @property
    def probability(self) -> NDArray[np.float64]:
        """The mean over the folds of their calibrated probabilities, ``(n,)``."""
        return np.asarray(self.by_fold.mean(axis=1))


class _Calibration(BaseModel):
    slope: list[FiniteFloat]
    intercept: list[FiniteFloat]


class _Description(BaseModel):
    """What prediction needs of a description; it may say more."""

    size_px: Annotated[int, Field(ge=1, le=4096)]
    geometry: Geometry
    decoding: str
    test_time_views: Literal[1, 2, 4, 8]
    folds: Annotated[list[int], Field(min_length=1)]
    calibration: _Calibration
    trained_on: list[str]


def names_digest(image_names: Iterable[str]) -> list[str]:
    """Give short hashes of names, sorted: enough to recognise an image, not to list a cohort."""
    return sorted(_digest(name) for name in image_names)


def _digest(image_name: str) -> str:
    return hashlib.blake2b(image_name.encode(), digest_size=_DIGEST_BYTES).hexdigest()


class Model:
    """An exported model, opened: its constants, and a session to run it.

    ``context`` is the JSON of the patient-context stage, or ``None`` where there is none in it.
    """

    def __init__(
        self, file: Path, session: Any, description: dict[str, Any], context: str | None = None
    ) -> None:
        self.file = file
        self.context = context
        self._session = session
        self.description = description
        self.size_px: int = description["size_px"]
        self.geometry: Geometry = description["geometry"]
        self.decoding: str = description["decoding"]
        self.n_views: int = description["test_time_views"]
        self._slope = np.array(description["calibration"]["slope"], np.float64)
        self._intercept = np.array(description["calibration"]["intercept"], np.float64)
        self._trained_on = frozenset(description["trained_on"])

    @property
    def folds(self) -> list[int]:
        """The numbers of the folds, in the order of the model's outputs."""
        return [int(fold) for fold in self.description["folds"]]

    @property
    def n_folds(self) -> int:
        """How many fold models the file holds."""
        return len(self._slope)

    def was_trained_on(self, image_name: str) -> bool:
        """Tell whether some fold of the model learnt from an image of this name."""
        return _digest(image_name) in self._trained_on

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Score ``(n, size, size, 3)`` RGB pictures; the logits of all views are averaged first."""
        logits, embeddings = [], []
        for view in range(self.n_views):
            turned = np.ascontiguousarray(_view(pixels, view))
            logit, embedding = self._session.run(["logit", "embedding"], {"image": turned})
            logits.append(logit)
            embeddings.append(embedding)
        logit = np.mean(logits, axis=0)
        return Prediction(logit, self._calibrated(logit), np.mean(embeddings, axis=0))

    def _calibrated(self, logit: NDArray[np.float32]) -> NDArray[np.float64]:
        scaled = logit.astype(np.float64) * self._slope + self._intercept
        return np.asarray(0.5 * (1 + np.tanh(scaled / 2)))


def _view(pixels: NDArray[np.uint8], view: int) -> NDArray[np.uint8]:
    """Give one of the eight flips and right-angle turns, numbered as training numbers them."""
    if view & 1:
        pixels = pixels[:, :, ::-1]
    if view & 2:
        pixels = pixels[:, ::-1]
    return pixels.swapaxes(1, 2) if view & 4 else pixels


def open_model(model: Path, *, threads: int | None = None) -> Model:
    """Open a RUN's folder or a ``model.onnx``.

    Raises :class:`ModelError` when there is none, when it is no ONNX file, or not Cygnet's.
    """
    import onnxruntime

    file = model / "model.onnx" if model.is_dir() else model
    if not file.is_file():
        raise ModelError.of(
            "There is no model here.",
            "Give a RUN's folder that has a model.onnx, or that file; a run that was stopped "
            "early goes on with --resume.",
            file=file,
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's exceptions share no public base class
        raise ModelError.of(
            "This file is not a readable ONNX model.", "Give a model.onnx of a RUN.", file=file
        ) from error
    try:
        metadata = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise _damaged(file, "it is not UTF-8") from error
    description = _description(metadata, file)
    return Model(file, session, description, metadata.get(MODEL_KEY))


def _description(metadata: dict[str, str], file: Path) -> dict[str, Any]:
    if "cygnet" not in metadata:
        raise ModelError.of(
            "This ONNX model was not made by Cygnet.",
            "Give the model.onnx of a RUN; it carries its own preprocessing and calibration.",
            file=file,
        )
    try:
        description = json.loads(metadata["cygnet"])
    except (ValueError, RecursionError) as error:
        raise _damaged(file, str(error)) from error
    if not isinstance(description, dict):
        raise _damaged(file, "it is no JSON object")
    if description.get("format") != FORMAT:
        raise ModelError.of(
            f"This model has format {description.get('format')!r}; this version reads {FORMAT}.",
            "Export it again, or use the version of Cygnet that wrote it.",
            file=file,
        )
    try:
        checked = _Description.model_validate(description)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise _damaged(file, f"{where}: {found['msg']}") from error
    n_folds = len(checked.folds)
    if not n_folds == len(checked.calibration.slope) == len(checked.calibration.intercept):
        raise _damaged(file, "folds and calibration differ in number")
    return description


def _damaged(file: Path, reason: str) -> ModelError:
    return ModelError.of(
        f"The description in this model cannot be read ({reason}).",
        "Export it again, or copy it again from where it came.",
        file=file,
    )
