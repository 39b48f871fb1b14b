"""From a MODEL and DATA to its 8-bit variant, and what the rounding cost.

Calibrated on images of DATA. Where MODEL is a RUN, the loss is measured out of fold: each image by
the fold model that did not learn from it, in 32 and in 8 bits, and the AUROCs are compared.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.cohort.folds import read_folds
from cygnet.durable import write_text_whole
from cygnet.errors import ImageError, InputError
from cygnet.images.decode import decode_to_size
from cygnet.inference.model import Model, Patient, open_model
from cygnet.inference.predict import Item, bytes_of
from cygnet.inference.quantise import N_CALIBRATION_IMAGES, write_quantised
from cygnet.pipeline.prediction_job import patients_of
from cygnet.pipeline.subjects import Subjects, images_to_predict

_BATCH = 16
_FEWEST_IMAGES = 8


@dataclass(frozen=True, slots=True)
class Quantised:
    """What was made: calibration images, sizes in bytes, and the loss where it was measured."""

    n_calibration_images: int
    bytes_before: int
    bytes_after: int
    loss: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """Give the document that is printed and written beside the model."""
        return {
            "n_calibration_images": self.n_calibration_images,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
            "loss": self.loss,
        }


def quantise(
    model_file: Path, data: Path, out: Path, advance: Callable[[int], None] = lambda _: None
) -> Quantised:
    """Write the 8-bit variant to ``out``, and what it cost to ``out`` with the suffix ``.json``.

    Raises :class:`InputError` where DATA has fewer than eight readable images.
    """
    model = open_model(model_file)
    subjects = images_to_predict([data], "train", allow_missing=True)
    chosen = _chosen(subjects.items)
    n_images = write_quantised(model_file, out, _batches(model, chosen, subjects))
    loss = None
    folds, table = model_file / "folds.csv", subjects.table
    if folds.is_file() and table is not None and "target" in table.columns:
        dealt = read_folds(folds, table, partial=True, surplus=True)
        table = table.join(dealt, on="image_name").filter(
            pl.col("target").is_not_null(), pl.col("fold").is_in(model.folds)
        )
        if table["target"].n_unique() == 2:
            loss = _loss(model, open_model(out), subjects, table, advance)
    made = Quantised(n_images, model.file.stat().st_size, out.stat().st_size, loss)
    document = json.dumps(made.as_json(), indent=2, allow_nan=False) + "\n"
    write_text_whole(out.with_suffix(".json"), document)
    return made


def _chosen(items: list[Item]) -> list[Item]:
    if len(items) < _FEWEST_IMAGES:
        raise InputError.of(
            f"{len(items)} images are too few to calibrate on.", f"Give {_FEWEST_IMAGES} or more."
        )
    drawn = np.random.default_rng(0).permutation(len(items))[:N_CALIBRATION_IMAGES]
    return [items[int(place)] for place in sorted(drawn)]


def _batches(
    model: Model, items: list[Item], subjects: Subjects
) -> Iterator[tuple[NDArray[np.uint8], list[Patient]]]:
    """Yield pixels and patients; an image that cannot be read is passed over."""
    patients = patients_of(model, subjects.table)
    for start in range(0, len(items), _BATCH):
        pixels, known = [], []
        for name, place in items[start : start + _BATCH]:
            try:
                pixels.append(decode_to_size(bytes_of(place), model.size_px, model.geometry))
            except ImageError:
                continue
            known.append(patients.get(name, (None, None, None)))
        if pixels:
            yield np.stack(pixels), known


def _loss(
    before: Model,
    after: Model,
    subjects: Subjects,
    table: pl.DataFrame,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    from cygnet.evaluation import auroc_estimate, compare

    places = {fold: place for place, fold in enumerate(before.folds)}
    items = dict(subjects.items)
    rows = table.select("image_name", "fold").rows()
    scores: dict[str, list[float]] = {"float32": [], "int8": []}
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        columns = [places[fold] for _, fold in batch]
        these = [(name, items[name]) for name, _ in batch]
        (pixels, known), *_ = _batches(before, these, subjects)
        for name, model in (("float32", before), ("int8", after)):
            found = model.predict(pixels, known, views=1)
            scores[name] += found.by_fold[np.arange(len(batch)), columns].tolist()
        advance(len(batch))
    target, patient = table["target"].to_numpy(), table["patient_id"].to_list()
    apart = np.abs(np.subtract(scores["int8"], scores["float32"]))
    return {
        "n_images": len(rows),
        "views": 1,
        "auroc": {n: auroc_estimate(target, one, patient).as_json() for n, one in scores.items()},
        "difference": compare(target, scores, patient, replicates=0).pairs[0].as_json(),
        "mean_probability_difference": float(apart.mean()),
        "largest_probability_difference": float(apart.max()),
    }
