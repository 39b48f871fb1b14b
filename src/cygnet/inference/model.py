"""What does an exported model say of these pixels? ONNX Runtime alone; torch is not needed.

A MODEL is a RUN's folder or its ``model.onnx``. Everything that prediction must repeat from
training (size, geometry, decoding, views, calibration) is read from the file itself.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cygnet.errors import ModelError
from cygnet.images.decode import Geometry
from cygnet.inference import familiar
from cygnet.inference.description import FORMATS, damaged, read_description

# The name under which ``context.stage`` writes; it is not imported, as it brings the learners.
CONTEXT_KEY = "cygnet.context"
N_ALL_VIEWS = 8
_DIGEST_BYTES = 8

Patient = tuple[float | None, str | None, str | None]
"""Age in years, sex and site in ISIC 2020's words; each may be missing."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of ``n`` images, by its ``folds``.

    ``logit`` is ``(n, folds)``, uncalibrated, the mean over the views; ``by_fold`` is
    ``(n, folds)``, each fold's calibrated probability, and ``probability`` ``(n,)`` their mean;
    ``embedding`` is ``(n, folds, width)``, each fold a space of its own. ``view_spread`` is
    ``(n,)``, the standard deviation over the views of the probability; NaN with one view.
    """

    logit: NDArray[np.float32]
    by_fold: NDArray[np.float64]
    embedding: NDArray[np.float32]
    view_spread: NDArray[np.float64]

    @property
    def probability(self) -> NDArray[np.float64]:
        """The mean over the folds of their calibrated probabilities, ``(n,)``."""
        return np.asarray(self.by_fold.mean(axis=1))


@dataclass(frozen=True, slots=True)
class Maps:
    """What each place added to the image's logit: ``map (n, folds, h, w)`` and ``(n, folds)`` each.

    ``map`` summed over its places, plus ``bias``, is ``image_logit``; ``logit`` has what age, sex
    and site add besides.
    """

    map: NDArray[np.float32]
    bias: NDArray[np.float32]
    image_logit: NDArray[np.float32]
    logit: NDArray[np.float32]


def names_digest(image_names: Iterable[str]) -> list[str]:
    """Give short hashes of names, sorted: enough to recognise an image, not to list a cohort."""
    return sorted(_digest(name) for name in image_names)


def _digest(image_name: str) -> str:
    return hashlib.blake2b(image_name.encode(), digest_size=_DIGEST_BYTES).hexdigest()


class Model:
    """An exported model, opened: its constants, and a session to run it.

    ``context`` is the JSON of the patient-context stage, or ``None`` where there is none in it.
    """

    def __init__(self, file: Path, session: Any, metadata: dict[str, str]) -> None:
        self.file = file
        self._session = session
        checked, self.description = read_description(metadata, file)
        self.context = metadata.get(CONTEXT_KEY)
        self.size_px: int = checked.size_px
        self.geometry: Geometry = checked.geometry
        self.decoding: str = checked.decoding
        self.n_views: int = checked.test_time_views
        self.folds: list[int] = checked.folds
        self.slope = np.array(checked.calibration.slope, np.float64)
        self.intercept = np.array(checked.calibration.intercept, np.float64)
        self._trained_on = frozenset(checked.trained_on)
        self.familiar = familiar.read_familiar(metadata.get(familiar.KEY), len(self.folds), file)
        outputs = {one.name for one in session.get_outputs()}
        self.has_maps = checked.format == FORMATS[-1] and "map" in outputs
        self.takes_patient = any(one.name == "age" for one in session.get_inputs())

    @property
    def n_folds(self) -> int:
        """How many fold models the file holds."""
        return len(self.slope)

    def was_trained_on(self, image_name: str) -> bool:
        """Tell whether some fold of the model learnt from an image of this name."""
        return _digest(image_name) in self._trained_on

    def predict(
        self,
        pixels: NDArray[np.uint8],
        patients: Sequence[Patient] | None = None,
        *,
        views: int | None = None,
    ) -> Prediction:
        """Score ``(n, size, size, 3)`` RGB pictures; the logits of all views are averaged first.

        ``views`` is 1, 2, 4 or 8; the recipe's where it is not given. ``patients`` are used where
        the model takes age, sex and site, and count as unknown where they are not given.
        """
        logits, embeddings = [], []
        feeds = self.feeds(pixels, patients)
        for view in range(views or self.n_views):
            turned = np.ascontiguousarray(_view(pixels, view))
            logit, embedding = self._session.run(["logit", "embedding"], feeds | {"image": turned})
            logits.append(logit)
            embeddings.append(embedding)
        spread = np.full(len(pixels), np.nan)
        if len(logits) > 1:
            spread = np.std([self.calibrated(one).mean(axis=1) for one in logits], axis=0, ddof=1)
        logit = np.mean(logits, axis=0)
        return Prediction(logit, self.calibrated(logit), np.mean(embeddings, axis=0), spread)

    def maps(self, pixels: NDArray[np.uint8], patients: Sequence[Patient] | None = None) -> Maps:
        """Give what each place of ``(n, size, size, 3)`` RGB pictures added; one view, upright.

        Raises :class:`ModelError` for a model that was exported without maps.
        """
        if not self.has_maps:
            raise ModelError.of(
                "This model was exported by an earlier version and holds no maps.",
                "Export it again from its RUN with this version.",
                file=self.file,
            )
        names = ["map", "map_bias", "image_logit", "logit"]
        return Maps(*self._session.run(names, self.feeds(pixels, patients)))

    def feeds(
        self, pixels: NDArray[np.uint8], patients: Sequence[Patient] | None = None
    ) -> dict[str, Any]:
        """Give the graph's inputs; who is not known is NaN and empty words."""
        given: dict[str, Any] = {"image": np.ascontiguousarray(pixels)}
        if not self.takes_patient:
            return given
        known = patients or [(None, None, None)] * len(pixels)
        return given | {
            "age": np.array([np.nan if age is None else age for age, _, _ in known], np.float32),
            "sex": np.array([sex or "" for _, sex, _ in known], object),
            "site": np.array([site or "" for _, _, site in known], object),
        }

    def calibrated(self, logit: NDArray[np.float32]) -> NDArray[np.float64]:
        """Turn logits ``(n, folds)`` into probabilities by each fold's line."""
        scaled = logit.astype(np.float64) * self.slope + self.intercept
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
    # Threads that wait in busy loops would take the processors from those that decode.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
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
        raise damaged(file, "it is not UTF-8") from error
    return Model(file, session, metadata)
