"""What does ``POST /v1/read`` answer? The shape of its JSON, and how a reading takes it.

The shapes make the OpenAPI document, so that it cannot say anything else than what is sent.
"""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cygnet import __version__
from cygnet.site.reader.findings import NO_ADVICE, RESEARCH_USE, model_name
from cygnet.site.reader.frequencies import Frequency
from cygnet.site.reader.judging import Patient, Reader, Step
from cygnet.site.reader.moves_words import why_moved
from cygnet.site.reader.phrases import say
from cygnet.site.reader.together import Judged, Reading
from cygnet.site.reader.uploads import FileFault


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CautionShape(_Shape):
    """Something to know before the number; where it ``withholds``, there is none."""

    code: str
    text: str
    remedy: str
    withholds: bool


class FrequencyShape(_Shape):
    """What was counted out of fold among images of like score; limits are 95 %."""

    share: float
    lower: float
    upper: float
    n_images: int
    n_melanomas: int
    n_patients: int
    prevalence: float
    sentence: str


class LesionShape(_Shape):
    """One picture: ``place`` and all numbers are null where they are withheld."""

    image: str
    number: int
    place: int | None
    probability: float | None
    lowest_fold: float | None
    highest_fold: float | None
    alone: float | None
    with_context: float | None
    moved: str | None
    frequency: FrequencyShape | None
    no_frequency: str | None
    oddness: float | None
    duckling: bool
    nearest: list[int]
    cautions: list[CautionShape]
    width_px: int
    height_px: int


class FaultShape(_Shape):
    """One file that was not read, and what to do."""

    image: str
    code: str
    rule: str
    remedy: str


class ModelShape(_Shape):
    """Which model spoke."""

    name: str
    version: str


class ReadingShape(_Shape):
    """All lesions in order of attention, and the files that were not read."""

    research_use: str
    model: ModelShape
    verdict: str
    unchecked: str
    uses_context: bool
    lesions: list[LesionShape]
    faults: list[FaultShape]


class ProgressShape(_Shape):
    """A line of a streamed answer: one file is done."""

    event: Literal["file"] = "file"
    done: int
    total: int
    image: str
    probability: float | None
    fault: FaultShape | None


class ResultShape(_Shape):
    """The last line of a streamed answer."""

    event: Literal["result"] = "result"
    result: ReadingShape


class ErrorShape(_Shape):
    """What is wrong with the request, and where."""

    message: str
    field: str | None = None


class ErrorsShape(_Shape):
    """Why nothing was read."""

    errors: list[ErrorShape]


def answer_of(patient: Patient, reading: Reading, reader: Reader) -> ReadingShape:
    """Put a reading into the shape of the answer."""
    return ReadingShape(
        research_use=f"{say(RESEARCH_USE)} {say(NO_ADVICE)}",
        model=ModelShape(name=model_name(reader), version=__version__),
        verdict=reading.verdict,
        unchecked=reading.unchecked,
        uses_context=reading.uses_context,
        lesions=[_lesion(at, one, reading) for at, one in enumerate(reading.lesions)],
        faults=[fault_of(one) for one in patient.faults],
    )


def progress_of(step: Step) -> ProgressShape:
    """Put one step into the shape of a line."""
    known = step.lesion is not None and not step.lesion.is_withheld
    return ProgressShape(
        done=step.done,
        total=step.total,
        image=step.name,
        probability=step.lesion.probability if known and step.lesion is not None else None,
        fault=None if step.fault is None else fault_of(step.fault),
    )


def fault_of(one: FileFault) -> FaultShape:
    """Put a fault into its shape."""
    return FaultShape(image=one.name, code=one.code, rule=one.rule, remedy=one.remedy)


def _lesion(at: int, one: Judged, reading: Reading) -> LesionShape:
    lesion, around = one.lesion, reading.around
    known = one.place is not None
    oddness = float(around.oddness[at]) if around is not None else float("nan")
    told = one.frequency if known else say("The model has no evidence for a picture like this.")
    return LesionShape(
        image=lesion.picture.name,
        number=one.number,
        place=one.place,
        probability=one.probability if known else None,
        lowest_fold=one.lower if known else None,
        highest_fold=one.upper if known else None,
        alone=one.alone if known else None,
        with_context=one.beside if known else None,
        moved=None if reading.moves is None or not known else why_moved(reading.moves, at),
        frequency=_frequency(told) if isinstance(told, Frequency) else None,
        no_frequency=None if isinstance(told, Frequency) else told,
        oddness=None if math.isnan(oddness) else oddness,
        duckling=reading.duckling == at,
        nearest=[] if around is None else [place + 1 for place in around.nearest[at].tolist()],
        cautions=[
            CautionShape(code=c.code, text=c.text, remedy=c.remedy, withholds=c.withholds)
            for c in lesion.cautions
        ],
        width_px=lesion.picture.width_px,
        height_px=lesion.picture.height_px,
    )


def _frequency(told: Frequency) -> FrequencyShape:
    return FrequencyShape(
        share=told.share,
        lower=told.lower,
        upper=told.upper,
        n_images=told.n,
        n_melanomas=told.n_positive,
        n_patients=told.n_patients,
        prevalence=told.prevalence,
        sentence=told.sentence,
    )
