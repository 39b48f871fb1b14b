"""Which images do several prediction files share, with a truth or without? Joined by id.

The faults of all files are named at once. Files that hold other images are refused, unless the
common images were asked for; how many each held is then said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.errors import Fault, TableError
from cygnet.predictions import JoinedTables, read_predictions, read_scored
from cygnet.report import numbers


@dataclass(frozen=True, slots=True, eq=False)
class ModelTables:
    """The tables of several models, all of the same images in the truth's order.

    ``tables`` maps a model's name to ``image_name, patient_id, target, probability`` and the
    truth's other columns; ``n_truth`` and ``n_predictions`` count the rows the files held;
    ``notices`` say what was left out.
    """

    tables: dict[str, pl.DataFrame]
    n_truth: int
    n_predictions: dict[str, int]
    notices: tuple[str, ...]

    @property
    def first(self) -> pl.DataFrame:
        """The table of the first model: its images are everybody's."""
        return next(iter(self.tables.values()))

    @property
    def of_truth(self) -> pl.DataFrame:
        """The truth's own columns, without what the join added to them."""
        return self.first.drop("probability", "row")

    def common(self) -> dict[str, object]:
        """Give what ``--common`` adds to a document: how many images each file held."""
        held = list(self.n_predictions.values())
        return {
            "n_common": self.first.height,
            "n_truth": self.n_truth,
            "n_predictions": held[0] if len(held) == 1 else self.n_predictions,
        }


def read_models(truth: Path, predictions: Sequence[Path], *, common: bool = False) -> ModelTables:
    """Read ``predictions``, a model each, and join them with ``truth``.

    ``common`` keeps the images that all files hold; without it, files that differ are refused.
    Raises :class:`TableError` for the faults of all files together, and where only one class is
    left.
    """
    read = _read_all(truth, predictions, common=common)
    tables = _on_the_same_images(truth, {name: one.table for name, one in read.items()})
    return ModelTables(
        tables,
        max(one.n_truth for one in read.values()),
        {name: one.n_predictions for name, one in read.items()},
        _left_out(read, next(iter(tables.values())).height),
    )


def read_without_truth(
    predictions: Sequence[Path], *, common: bool = False
) -> tuple[dict[str, NDArray[np.float64]], tuple[str, ...]]:
    """Read the scores of several files, in the order of their ids, and what was left out.

    Any finite number is a score here: ranks need no probabilities. Raises :class:`TableError` for
    the faults of all files together; files of other images are refused without ``common``.
    """
    tables: dict[str, pl.DataFrame] = {}
    faults: list[Fault] = []
    for name, path in zip(model_names(predictions), predictions, strict=True):
        try:
            tables[name] = read_predictions(path, any_score=True).sort("image_name")
        except TableError as error:
            faults += error.faults
    if faults:
        raise TableError(*faults)
    shared = _shared(tables)
    if not shared.height:
        raise TableError.of(
            "These files have no image id in common.", "Check that they spell ids alike."
        )
    uneven = {name: one.height for name, one in tables.items() if one.height != shared.height}
    if uneven and not common:
        raise TableError.of(
            f"The files do not hold the same images; {shared.height} are in all of them.",
            "Give files of the same images, or compare the common ones with --common.",
            file=dict(zip(tables, predictions, strict=True))[next(iter(uneven))],
        )
    kept = {
        name: shared.join(one, on="image_name", how="left", maintain_order="left")["target"]
        for name, one in tables.items()
    }
    held = {name: one.height for name, one in tables.items()}
    said = _said_common(shared.height, "", held) if uneven else ()
    said += tuple(
        f"{name} holds scores outside 0 to 1, up to {numbers.format_number(float(highest))}: ranks "
        "can be compared, differences in size cannot."
        for name, one in kept.items()
        if isinstance(highest := one.abs().max(), float) and not one.is_between(0, 1).all()
    )
    return {name: one.to_numpy() for name, one in kept.items()}, said


def _shared(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Give the ids that all tables hold, in the first one's order."""
    first, *others = tables.values()
    shared = first.select("image_name")
    for other in others:
        shared = shared.join(other, on="image_name", how="semi", maintain_order="left")
    return shared


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

    >>> model_names([Path("a/oof.csv"), Path("oof.csv"), Path("b/best.csv")])
    ['a/oof', 'oof', 'best']
    """
    stems = [path.stem for path in paths]
    named = [
        str(Path(path.parent.name) / path.stem) if stems.count(path.stem) > 1 else path.stem
        for path in paths
    ]
    if len(set(named)) == len(named):
        return named
    return [f"{name} ({place})" for place, name in enumerate(named, 1)]


def _on_the_same_images(truth: Path, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    names = _shared(tables)
    kept = {
        name: names.join(table, on="image_name", how="left", maintain_order="left")
        for name, table in tables.items()
    }
    if next(iter(kept.values()))["target"].n_unique() < 2:
        raise TableError.of(
            "The images that all these files hold are not of both classes.",
            "Report the files one by one, or give predictions of the same images.",
            file=truth,
        )
    return kept


def _left_out(read: Mapping[str, JoinedTables], n_images: int) -> tuple[str, ...]:
    """Say how many images each file holds, where not all of them were scored."""
    n_truth = max(one.n_truth for one in read.values())
    held = {name: one.n_predictions for name, one in read.items()}
    if all(n == n_images == n_truth for n in held.values()):
        return ()
    return _said_common(n_images, f"the truth holds {numbers.format_count(n_truth)}, ", held)


def _said_common(n_images: int, truth: str, held: Mapping[str, int]) -> tuple[str, ...]:
    each = ", ".join(f"{name} {numbers.format_count(n)}" for name, n in held.items())
    said = f"{numbers.format_count(n_images)} images that all files hold (--common)"
    return (f"Scored are the {said}; {truth}{each}.",)
