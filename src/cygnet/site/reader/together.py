"""Which of this patient's lesions is looked at first, and what did the others change? One reading.

Order is by the probability that the model may speak by: beside the patient's others where its
context stage was found to help, else alone; both are told. Lesions without evidence have no place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cygnet.context.contributions import Contributions, contributions
from cygnet.context.lesions import Floats
from cygnet.context.neighbourhood import Neighbourhood
from cygnet.inference.predict import PredictedImages
from cygnet.pipeline.context_apply import lesions_of
from cygnet.report.patient_choice import places
from cygnet.report.patient_moves import Moves
from cygnet.site.reader.frequencies import Frequency
from cygnet.site.reader.judging import Lesion, Patient, Reader
from cygnet.site.reader.looks import lie_together
from cygnet.site.reader.phrases import say


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One lesion in its place. ``at`` is its position among the patient's pictures as they came.

    ``number`` names it on the page: its place where it has one, then on. ``place`` is ``None``
    where the number is withheld; ``alone`` and ``beside`` are probabilities, ``beside`` ``None``
    without a stage. ``lower`` and ``upper`` are the lowest and the highest fold's.
    """

    at: int
    number: int
    place: int | None
    lesion: Lesion
    probability: float
    alone: float
    beside: float | None
    lower: float
    upper: float
    frequency: Frequency | str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One patient as read: ``lesions`` in the order of their numbers.

    ``uses_context`` says whether order and numbers are those beside the others; ``verdict`` is what
    may be claimed of context, ``unchecked`` what the model cannot tell of a picture, empty where it
    can. ``moves`` and ``around`` are in the order of ``lesions``.
    """

    lesions: tuple[Judged, ...]
    uses_context: bool
    verdict: str
    unchecked: str
    around: Neighbourhood | None
    moves: Moves | None
    prevalence: float | None
    studied: float | None

    @property
    def ranked(self) -> tuple[Judged, ...]:
        """Those that have a place."""
        return tuple(one for one in self.lesions if one.place is not None)

    @property
    def unranked(self) -> tuple[Judged, ...]:
        """Those of which the model has no evidence: a person looks at them."""
        return tuple(one for one in self.lesions if one.place is None)

    @property
    def duckling(self) -> int | None:
        """The position of the duckling in ``lesions``, or ``None``."""
        return None if self.around is None else self.around.duckling


def read_together(patient: Patient, reader: Reader) -> Reading:
    """Judge a patient's lesions together."""
    lesions = list(patient.lesions)
    alone = np.array([one.probability for one in lesions])
    context = _beside(lesions, patient, reader) if len(lesions) > 1 else None
    stage = reader.stage
    uses = context is not None and stage is not None and stage.supported
    final = context.probability if context is not None and uses else alone
    order = _order(lesions, final)
    n_ranked = sum(not one.is_withheld for one in lesions)
    found = []
    for number, at in enumerate(order, start=1):
        one = lesions[at]
        by_fold = context.by_fold[at] if context is not None and uses else one.by_fold
        found.append(
            Judged(
                at,
                number,
                number if number <= n_ranked else None,
                one,
                float(final[at]),
                float(alone[at]),
                None if context is None else float(context.probability[at]),
                float(by_fold.min()),
                float(by_fold.max()),
                reader.evidence.frequency(float(final[at]), patient.prevalence, beside=uses),
            )
        )
    kinds = _lesion_codes([lesions[at] for at in order])
    embedding = np.array([lesions[at].embedding for at in order])
    return Reading(
        tuple(found),
        uses,
        _verdict(reader, len(lesions)),
        _unchecked(reader),
        lie_together(embedding, final[order], kinds) if len(lesions) > 1 else None,
        None if context is None else _moves(alone[order], context, order),
        patient.prevalence,
        reader.evidence.studied(beside=uses),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Context:
    by_fold: Floats
    parts: Contributions

    @property
    def probability(self) -> Floats:
        return np.asarray(self.by_fold.mean(axis=1))


def _order(lesions: Sequence[Lesion], final: Floats) -> list[int]:
    """Put those with evidence first, by falling probability; the others in the order they came."""
    withheld = np.array([one.is_withheld for one in lesions], np.bool_)
    return [int(at) for at in np.lexsort((np.arange(len(lesions)), -final * ~withheld, withheld))]


def _lesion_codes(lesions: Sequence[Lesion]) -> np.ndarray:
    known: dict[str, int] = {}
    names = [one.picture.lesion_id or f"\x00{at}" for at, one in enumerate(lesions)]
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)


def _beside(lesions: Sequence[Lesion], patient: Patient, reader: Reader) -> _Context | None:
    """Judge each lesion beside the others by the model's stage; ``None`` where it has none."""
    stage = reader.stage
    if stage is None:
        return None
    # A file's name may name a person: rows are named by their number.
    names = [f"lesion {at}" for at in range(len(lesions))]
    predicted = PredictedImages(
        names,
        reader.model.folds,
        np.array([one.by_fold for one in lesions]),
        [],
        [],
        np.array([one.embedding for one in lesions]),
    )
    table = pl.DataFrame(
        {
            "image_name": names,
            "patient_id": ["patient"] * len(names),
            "lesion_id": [f"lesion {code}" for code in _lesion_codes(lesions)],
            "age_approx": pl.Series([patient.about.age_years] * len(names), dtype=pl.Float64),
            "anatom_site_general_challenge": pl.Series(
                [one.site for one in lesions], dtype=pl.String
            ),
        }
    )
    by_fold = lesions_of(stage, predicted, table)
    parts = [contributions(stage, one) for one in by_fold]
    return _Context(np.column_stack([stage(one) for one in by_fold]), _mean_parts(parts))


def _mean_parts(folds: Sequence[Contributions]) -> Contributions:
    """Average what context made of the log odds over the folds' models."""

    def mean(name: str) -> Floats:
        return np.asarray(np.mean([getattr(one, name) for one in folds], axis=0))

    return Contributions(
        folds[0].names, mean("values"), mean("parts"), mean("before"), mean("after")
    )


def _moves(alone: Floats, context: _Context, order: Sequence[int]) -> Moves:
    rows = np.array(order, np.int64)
    return Moves.of(places(alone), places(context.probability[rows]), context.parts.of(rows))


def _verdict(reader: Reader, n_lesions: int) -> str:
    if reader.stage is None:
        return say("This model has no context stage: each lesion is judged alone.")
    if n_lesions < 2:
        return say("There is one lesion: there are no others to judge it beside.")
    if reader.stage.supported:
        return say(
            "Order and numbers are those beside the patient's other lesions, which was found to"
            " help in the model's evaluation."
        )
    return say(
        "Patient context was judged in the model's evaluation and did not help: order and numbers"
        " are each lesion's alone. What context would change is shown; nothing is claimed of it."
    )


def _unchecked(reader: Reader) -> str:
    if reader.model.familiar is not None:
        return ""
    return say(
        "This model holds nothing of what its own pictures look like: a picture of another kind is"
        " told by its colours alone."
    )
