"""How is the first number of a page said? With its interval and its n, in one breath."""

import math
from dataclasses import dataclass

from cygnet.evaluation import Estimate, ScoreCard
from cygnet.report import numbers

_NOT_NAMED = "patients not named"


@dataclass(frozen=True, slots=True)
class Headline:
    """The headline and the plain sentences under it."""

    measure: str
    number: str
    exact: float | None
    limits: str
    n: str
    sentences: tuple[str, ...]


def headline(score: ScoreCard, measure: str, *, patients_known: bool = True) -> Headline:
    """Make the headline of a score from its AUROC, which ``measure`` names."""
    result = score.metrics["auroc"]
    places = numbers.decimals_for(result.estimate, result.lower, result.upper)
    images = numbers.counted(score.n_images, "image")
    patients = numbers.counted(score.n_patients, "patient") if patients_known else _NOT_NAMED
    limits = "no interval"
    if result.has_interval:
        limits = numbers.format_limits(result.lower, result.upper, places)
    return Headline(
        measure,
        numbers.format_number(result.estimate, places),
        result.estimate if math.isfinite(result.estimate) else None,
        limits,
        f"{images} of {patients}",
        _sentences(score, result, patients_known=patients_known),
    )


def _sentences(score: ScoreCard, result: Estimate, *, patients_known: bool) -> tuple[str, ...]:
    said = []
    if math.isfinite(result.estimate):
        said.append(
            "Of a melanoma and a benign image drawn at random, the model gives the melanoma the "
            f"higher probability {_of_hundred(result.estimate)}."
        )
    said.append(
        f"{numbers.counted(score.n_positive, 'image')} of melanoma, "
        f"{numbers.format_count(score.n_images - score.n_positive)} benign."
    )
    if result.has_interval:
        level = f"{100 * result.confidence_level:g}{numbers.NARROW_SPACE}%"
        unit = "patients, not images, as the unit"
        if not patients_known:
            unit = "each image for a patient, so it may be too narrow"
        said.append(f"The interval holds {level} confidence and takes {unit}.")
    said += [f"{words[:1].upper()}{words[1:]}." for words in (result.reason, result.flag) if words]
    return tuple(said)


def _of_hundred(share: float) -> str:
    times = math.floor(100 * share + 0.5)
    if times == 100 and share < 1:
        return "more than 99 times in 100"
    return f"{times} times in 100"
