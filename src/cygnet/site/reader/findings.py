"""What of a reading goes out of the house? One plain row a lesion, from which every export is made.

No file's name and nothing of who the patient is: lesions are numbered, and age and sex are those
that were typed in. What is withheld on the page is withheld here.
"""

import csv
from dataclasses import dataclass
from io import StringIO

from cygnet import __version__
from cygnet.report import numbers
from cygnet.site.reader.codes import REGIONS, SITES, Concept
from cygnet.site.reader.frequencies import Frequency
from cygnet.site.reader.judging import Patient, Reader
from cygnet.site.reader.phrases import marked, say
from cygnet.site.reader.places import PLACE_BY_KEY
from cygnet.site.reader.together import Judged, Reading

RESEARCH_USE = marked("Research use only; not a medical device.")
NO_ADVICE = marked("Nothing here is advice about a patient.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One lesion as exports tell it; ``probability`` is ``None`` where it is withheld."""

    number: int
    place: int | None
    probability: float | None
    lower: float | None
    upper: float | None
    alone: float | None
    beside: float | None
    frequency: str
    note: str
    where: str
    region: Concept | None
    side: str | None
    cautions: tuple[str, ...]
    width_px: int
    height_px: int
    digest: str


@dataclass(frozen=True, slots=True)
class Findings:
    """A reading as exports tell it: the lesions, the patient as typed, and the model."""

    lesions: tuple[Finding, ...]
    age_years: float | None
    sex: str | None
    verdict: str
    model: str
    version: str = __version__

    @property
    def statement(self) -> str:
        """What stands in every export."""
        return f"{say(RESEARCH_USE)} {say(NO_ADVICE)}"


def findings_of(patient: Patient, reading: Reading, reader: Reader) -> Findings:
    """Turn a reading into what may go out."""
    return Findings(
        tuple(_finding(one) for one in reading.lesions),
        patient.about.age_years,
        patient.about.sex,
        reading.verdict,
        model_name(reader),
    )


def model_name(reader: Reader) -> str:
    """Name the model by its recipe and its folds, never by its path."""
    recipe = reader.model.description.get("recipe")
    name = recipe.get("name") if isinstance(recipe, dict) else None
    return f"Cygnet model, recipe {name or 'unknown'}, {reader.model.n_folds} folds"


def _finding(one: Judged) -> Finding:
    lesion = one.lesion
    known = one.place is not None
    place = PLACE_BY_KEY.get(lesion.place or "")
    region = REGIONS[place.concept] if place is not None else SITES.get(lesion.site or "")
    told = one.frequency if isinstance(one.frequency, Frequency) else None
    return Finding(
        number=one.number,
        place=one.place,
        probability=one.probability if known else None,
        lower=one.lower if known else None,
        upper=one.upper if known else None,
        alone=one.alone if known else None,
        beside=one.beside if known else None,
        frequency=_frequency(one) if known else say("No number: the model has no evidence here."),
        note=told.note if told is not None and known else "",
        where=say(place.label) if place is not None else say(lesion.site or ""),
        region=region,
        side=None if place is None else place.side,
        cautions=tuple(caution.text for caution in lesion.cautions),
        width_px=lesion.picture.width_px,
        height_px=lesion.picture.height_px,
        digest=lesion.picture.digest,
    )


def _frequency(one: Judged) -> str:
    return one.frequency if isinstance(one.frequency, str) else one.frequency.sentence


def table_of(findings: Findings) -> tuple[list[str], list[list[str]]]:
    """Give the header and the rows of the table to copy; without a stage nothing of context."""
    has_context = any(one.beside is not None for one in findings.lesions)
    header = [
        say("Lesion"),
        say("Place"),
        say("Probability"),
        say("Lowest fold"),
        say("Highest fold"),
        *([say("Alone"), say("With context")] if has_context else []),
        say("Where"),
        say("Frequency"),
        say("Cautions"),
    ]
    rows = [
        [
            str(one.number),
            "" if one.place is None else str(one.place),
            *(
                "" if value is None else numbers.format_probability(value)
                for value in (
                    *(one.probability, one.lower, one.upper),
                    *((one.alone, one.beside) if has_context else ()),
                )
            ),
            one.where,
            one.frequency,
            " ".join(one.cautions),
        ]
        for one in findings.lesions
    ]
    return header, rows


def csv_of(findings: Findings) -> str:
    """Write the table as CSV; its last row says what it may be used for."""
    out = StringIO()
    header, rows = table_of(findings)
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    writer.writerow([findings.statement])
    return out.getvalue()
