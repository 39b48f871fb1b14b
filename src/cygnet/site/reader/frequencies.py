"""How often were images that score like this melanoma? A natural frequency, or why there is none.

Counted out of fold in the model's own evaluation, moved to the prevalence that the reader of the
page states. Beyond what was counted nothing is said in numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cygnet.evaluation.score_evidence import ScoreEvidence, at_prevalence
from cygnet.report import numbers
from cygnet.site.reader.phrases import say, say_many

LOWEST_PREVALENCE, HIGHEST_PREVALENCE = 0.0001, 0.9


@dataclass(frozen=True, slots=True)
class Frequency:
    """A share with its 95 % limits, what it was counted on, and at which prevalence it stands."""

    share: float
    lower: float
    upper: float
    n: int
    n_positive: int
    n_patients: int
    prevalence: float
    studied: float

    @property
    def of(self) -> int:
        """Of how many images it is told: 100, or 1,000 where it is a few of these."""
        return 100 if self.share >= 0.01 else 1000

    @property
    def sentence(self) -> str:
        """The natural frequency in words, with its interval."""
        low, high, about = self.rounded_lower, self.rounded_upper, self.rounded
        if about == "0":
            return say(
                "Of {of} lesions that score like this in the model's evaluation, fewer than 1 was"
                " melanoma (0 to {high}).",
                of=numbers.format_count(self.of),
                high=high,
            )
        return say_many(
            "Of {of} lesions that score like this in the model's evaluation, about {n} was"
            " melanoma ({low} to {high}).",
            "Of {of} lesions that score like this in the model's evaluation, about {n} were"
            " melanoma ({low} to {high}).",
            int(about),
            of=numbers.format_count(self.of),
            low=low,
            high=high,
        )

    @property
    def note(self) -> str:
        """What it was counted on, and how it was moved."""
        counted = say(
            "Counted out of fold: {k} melanomas among {n} images of {patients} patients.",
            k=numbers.format_count(self.n_positive),
            n=numbers.format_count(self.n),
            patients=numbers.format_count(self.n_patients),
        )
        if self.prevalence == self.studied:
            return counted
        return (
            counted
            + " "
            + say(
                "Moved from the evaluation's prevalence of {studied} to {prevalence}.",
                studied=numbers.format_share(self.studied),
                prevalence=numbers.format_share(self.prevalence),
            )
        )

    @property
    def rounded(self) -> str:
        """How many of :attr:`of` it is, without decimals."""
        return self._rounded(self.share)

    @property
    def rounded_lower(self) -> str:
        """The lower limit likewise."""
        return self._rounded(self.lower)

    @property
    def rounded_upper(self) -> str:
        """The upper limit likewise."""
        return self._rounded(self.upper)

    def _rounded(self, share: float) -> str:
        return str(round(share * self.of))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the model's evaluation counted, by scores alone and by scores beside the others."""

    alone: ScoreEvidence | None
    beside: ScoreEvidence | None

    @classmethod
    def of(cls, description: Mapping[str, Any], context: str | None) -> "Evidence":
        """Take it from a model's metadata, whatever of it is there and readable."""
        evidence = description.get("evidence")
        alone = evidence.get("scores") if isinstance(evidence, dict) else None
        try:
            stage = json.loads(context) if context is not None else {}
            beside = stage.get("evidence")
        except (ValueError, AttributeError):
            beside = None
        return cls(_read(alone), _read(beside))

    def studied(self, *, beside: bool) -> float | None:
        """Give the prevalence of the evaluation."""
        found = self.beside if beside else self.alone
        return None if found is None else found.prevalence

    def frequency(
        self, probability: float, prevalence: float | None, *, beside: bool
    ) -> "Frequency | str":
        """Give what was counted at ``probability``, or a sentence that says why nothing is.

        ``prevalence`` is the one to state it at; ``None`` for the evaluation's own.
        """
        found = self.beside if beside else self.alone
        if found is None:
            return say(
                "This model carries no count of its evaluation, so no frequency can be given: make"
                " it again with this version of Cygnet."
            )
        at = found.nearest(probability)
        if at is None:
            return say(
                "No image of the model's evaluation scored like this, so no frequency can be given."
            )
        wanted = found.prevalence if prevalence is None else prevalence
        n, k = int(found.n[at]), int(found.n_positive[at])
        shares = (k / n, float(found.lower[at]), float(found.upper[at]))
        share, lower, upper = (at_prevalence(one, found.prevalence, wanted) for one in shares)
        patients = int(found.n_patients[at])
        return Frequency(share, lower, upper, n, k, patients, wanted, found.prevalence)


def _read(document: object) -> ScoreEvidence | None:
    if not isinstance(document, dict):
        return None
    try:
        return ScoreEvidence.from_json(document)
    except (KeyError, TypeError, ValueError):
        return None


def read_prevalence(text: str) -> float | None:
    """Read a prevalence given in per cent; ``None`` for an empty text.

    Raises :class:`ValueError`, with a sentence to show, for what is none.

    >>> read_prevalence("2"), read_prevalence("")
    (0.02, None)
    """
    plain = text.strip().removesuffix("%").strip().replace(",", ".")
    if not plain:
        return None
    try:
        share = float(plain) / 100
    except ValueError:
        share = float("nan")
    if not LOWEST_PREVALENCE <= share <= HIGHEST_PREVALENCE:
        raise ValueError(say("Give a prevalence from 0.01 to 90 per cent."))
    return share
