"""What does attention over a patient's lesions make of each? A small set network, run as ONNX.

It sees each pair of a patient's lesions by their scores and by how far apart they look, in units of
how far strangers lie: spaces of folds are never mixed, and the order of lesions means nothing.
What it gives is made blind to the number of lesions before a line weighs it. Fitted by a trainer
that is handed in, as torch does not live here.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cygnet.context.features import FOLD, LESION, OWN, PATIENT, PLACE, SCORE, STRANGE
from cygnet.context.learners import Columns, Fitted, Line, Trees, fit_linear, line_from_json
from cygnet.context.lesions import Codes, Floats
from cygnet.context.relative import Levelled, dealt_within_folds, rows_of_each
from cygnet.errors import ModelError

NAME = "set_network"
_HELD_SHARE = 0.25
_FEWEST_HELD = 5
_SMALLEST_RATIO = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Sets:
    """Lesions and their patients as a trainer sees them, ``(n_images,)`` each.

    ``place`` ``(n_images, n_axes)`` is the embedding in the units of its fold's space and
    ``strange`` the distance to a middling stranger there. ``held`` marks patients that are not
    fitted on but tell when to stop.
    """

    patient: Codes
    lesion: Codes
    score: Floats
    place: Floats
    strange: Floats
    logit: Floats
    held: NDArray[np.bool_]


class Trainer(Protocol):
    """Fits the network: lesions, targets and weights ``(n_images,)`` in, an ONNX file out."""

    def __call__(self, sets: Sets, target: Floats, weight: Floats) -> bytes:
        """Give the file: ``score (n,)``, ``near (n, n)``, ``other (n, n)`` to ``moved (n,)``."""
        ...


def nearness(apart: Floats, strange: Floats, other_strange: Floats) -> Floats:
    """Give the logarithm of distances over what lies between strangers; low is alike."""
    ratio = apart / np.sqrt(np.maximum(strange * other_strange, 1e-12))
    return np.log(np.maximum(ratio, _SMALLEST_RATIO))


@dataclass(frozen=True, slots=True, eq=False)
class SetNetwork:
    """A fitted set network: the ONNX file, what makes it blind to the count, and the line."""

    content: bytes
    levelled: Levelled
    line: Line

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the line sees: the own logit and what the network gives."""
        return self.line.names

    def __call__(self, columns: Columns) -> Floats:
        """Give the probability of each image."""
        return self.line(self.seen(columns))

    def parts(self, columns: Columns) -> Floats:
        """Give what each of ``names`` adds to the logit, and last a constant."""
        return self.line.parts(self.seen(columns))

    def as_json(self) -> dict[str, Any]:
        """Give the document that :func:`fitted_from_json` reads."""
        return {
            "kind": NAME,
            "names": list(self.names),
            "onnx": base64.b64encode(self.content).decode("ascii"),
            "levelled": self.levelled.as_json(),
            "line": self.line.as_json(),
        }

    def values(self, columns: Columns) -> Floats:
        """Give what the network makes of each image, blind to the count, ``(n_images,)``."""
        return self.levelled(moved(self.content, columns), n_others(columns))

    def seen(self, columns: Columns) -> Columns:
        """Give the columns that the line sees, what the network makes of each image among them."""
        given = {name: columns[name] for name in self.names if name != NAME}
        return given | {NAME: self.values(columns)}


def fit_set_network(
    columns: Columns,
    names: tuple[str, ...],
    target: Floats,
    weight: Floats,
    *,
    trainer: Trainer,
) -> Fitted:
    """Fit the network on most patients; level it on a dealt copy; fit the line on the rest."""
    held = _held_patients(columns, target)
    content = trainer(_sets(columns, held), target, weight)
    dealt = _dealt(columns)
    levelled = Levelled.of(moved(content, dealt), n_others(dealt))
    seen = {name: columns[name] for name in names if name != NAME}
    seen[NAME] = levelled(moved(content, columns), n_others(columns))
    judged = held if target[held].sum() >= _FEWEST_HELD else np.ones(held.size, dtype=np.bool_)
    here = {name: values[judged] for name, values in seen.items()}
    line = fit_linear(here, names, target[judged], weight[judged])
    return SetNetwork(content, levelled, line)


def fitted_from_json(document: Mapping[str, Any]) -> Fitted:
    """Read what any learner's ``as_json`` wrote."""
    if document["kind"] == "trees":
        return Trees(tuple(document["names"]), document["text"])
    if document["kind"] == NAME:
        levelled = Levelled.from_json(document["levelled"])
        content = base64.b64decode(document["onnx"])
        return SetNetwork(content, levelled, line_from_json(document["line"]))
    return line_from_json(document)


def n_others(columns: Columns) -> Codes:
    """Count the patient's other lesions of each image, ``(n_images,)``."""
    _, patient = np.unique(columns[PATIENT], return_inverse=True)
    _, first = np.unique(columns[LESION], return_index=True)
    n_lesions = np.bincount(patient[first], minlength=int(patient.max(initial=-1)) + 1)
    return np.asarray(n_lesions[patient] - 1, dtype=np.int64)


def moved(content: bytes, columns: Columns) -> Floats:
    """Run the network on each patient's lesions, ``(n_images,)``; 0 where there is no other.

    Raises :class:`ModelError` for a file that is no such network.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no public base class
        raise ModelError.of("The set network cannot be read.", "Fit the stage again.") from error
    found = np.zeros(columns[OWN].size)
    for rows, near, other in _pairs(columns):
        score = columns[SCORE][rows].astype(np.float32)
        feed = {"score": score, "near": near, "other": other}
        found[rows] = session.run(["moved"], feed)[0]
    return found


def _pairs(columns: Columns) -> Iterator[tuple[Codes, NDArray[np.float32], NDArray[np.float32]]]:
    """Give the rows of each patient with several lesions, how near they lie, and who is another.

    Of several images of another lesion the first stands for it.
    """
    _, patient = np.unique(columns[PATIENT], return_inverse=True)
    for rows in rows_of_each(patient.astype(np.int64), int(patient.max(initial=-1)) + 1):
        lesion = columns[LESION][rows]
        _, first = np.unique(lesion, return_index=True)
        if first.size < 2:
            continue
        place, strange = columns[PLACE][rows], columns[STRANGE][rows]
        squares = np.sum(place**2, axis=1)
        apart = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * place @ place.T, 0.0))
        near = nearness(apart, strange[:, None], strange[None, :])
        other = (lesion[:, None] != lesion[None, :]) & np.isin(np.arange(rows.size), first)
        yield rows, near.astype(np.float32), other.astype(np.float32)


def _sets(columns: Columns, held: NDArray[np.bool_]) -> Sets:
    return Sets(
        columns[PATIENT].astype(np.int64),
        columns[LESION].astype(np.int64),
        columns[SCORE],
        columns[PLACE],
        columns[STRANGE],
        columns[OWN],
        held,
    )


def _held_patients(columns: Columns, target: Floats) -> NDArray[np.bool_]:
    """Hold a quarter of the patients with melanoma and of those without, ``(n_images,)``."""
    _, patient = np.unique(columns[PATIENT], return_inverse=True)
    bearing = np.bincount(patient, target) > 0
    generator = np.random.default_rng(0)
    held = np.zeros(bearing.size, dtype=np.bool_)
    for group in (np.flatnonzero(bearing), np.flatnonzero(~bearing)):
        chosen = generator.permutation(group)[: round(_HELD_SHARE * group.size)]
        held[chosen] = True
    return np.asarray(held[patient])


def _dealt(columns: Columns) -> Columns:
    """Deal the opinions to the slots within folds; patients and lesions stay where they are."""
    fold = columns[FOLD].astype(np.int64)
    order = dealt_within_folds(fold, np.random.default_rng(1))
    stay = {PATIENT, LESION, FOLD}
    return {name: values if name in stay else values[order] for name, values in columns.items()}
