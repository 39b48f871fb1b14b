"""What moved a lesion among the patient's, in words? One sentence a lesion, from exact parts.

A place is lost or won against the patient's other lesions, so a number that raises all of them
alike moved none: its part is told beyond the mean of the patient's lesions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cygnet.context.contributions import Contributions
from cygnet.report import numbers
from cygnet.report.patient_choice import Ranks
from cygnet.report.svg import FloatArray

MOST_SENTENCES = 6
_USUAL = 0.5


@dataclass(frozen=True, slots=True)
class NumberWords:
    """A number of the context stage: its heading, and what it says when high, usual and low."""

    title: str
    high: str
    usual: str
    low: str


OWN = NumberWords(
    "own score, weighed anew",
    "its own score counts for more beside the others",
    "its own score counts as before",
    "its own score counts for less beside the others",
)
WORDS: Mapping[str, NumberWords] = MappingProxyType(
    {
        "logit": OWN,
        "others_mean": NumberWords(
            "level of the others",
            "the patient's other lesions score high",
            "the patient's other lesions score as usual",
            "the patient's other lesions score low",
        ),
        "others_spread": NumberWords(
            "spread of the others",
            "the others differ much among themselves",
            "the others differ among themselves as usual",
            "the others differ little among themselves",
        ),
        "robust_z": NumberWords(
            "distance over spread",
            "its score lies far above the others' median, for their spread",
            "its score lies near the others' median, for their spread",
            "its score lies far below the others' median, for their spread",
        ),
        "median_difference": NumberWords(
            "distance to the median",
            "its score lies above the others' median",
            "its score lies near the others' median",
            "its score lies below the others' median",
        ),
        "shrunk_level": NumberWords(
            "level of the patient",
            "the patient's other lesions set a high level",
            "the patient's other lesions set a usual level",
            "the patient's other lesions set a low level",
        ),
        "strangeness": NumberWords(
            "strangeness",
            "it looks less like the patient's others than strangers' lesions do",
            "it looks as like the patient's others as is usual",
            "it looks much like the patient's others",
        ),
        "nearest_own": NumberWords(
            "nearest other",
            "even the nearest of the others looks unlike it",
            "the nearest of the others looks as like it as is usual",
            "the nearest of the others looks much like it",
        ),
        "outlier_factor": NumberWords(
            "apart from neighbours",
            "it stands further apart in look than its neighbours do",
            "it stands apart in look as its neighbours do",
            "it stands closer in look than its neighbours do",
        ),
        "nevus_distance": NumberWords(
            "distance to likely nevi",
            "it looks far from the patient's likely benign lesions",
            "it looks as far from the patient's likely benign lesions as is usual",
            "it looks close to the patient's likely benign lesions",
        ),
        "site_rarity": NumberWords(
            "site beside the others",
            "it lies where few of the patient's others do",
            "it lies where the others do, as is usual",
            "it lies where most of the patient's others do",
        ),
        "set_network": NumberWords(
            "attention to the others",
            "beside the others, pair by pair, it stands out",
            "beside the others, pair by pair, it is as usual",
            "beside the others, pair by pair, it blends in",
        ),
    }
)


def words_of(name: str) -> NumberWords:
    """Give a number's words; one that is not known is told by its name."""
    plain = name.replace("_", " ")
    return WORDS.get(
        name, NumberWords(plain, f"{plain} is high", f"{plain} is usual", f"{plain} is low")
    )


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """One patient's lesions on their way from one place to another.

    ``before`` and ``after`` are places, 1 the highest, ``(n,)``; ``beyond`` ``(n, n_names)`` are
    the parts less their mean over the patient's lesions; a row adds up to how much further than
    the patient's lesions on the whole the lesion was raised.
    """

    before: Ranks
    after: Ranks
    parts: Contributions
    beyond: FloatArray

    @classmethod
    def of(cls, before: Ranks, after: Ranks, parts: Contributions) -> "Moves":
        """Set a patient's parts beside the patient's mean; arguments in the patient's order."""
        return cls(before, after, parts, parts.parts - parts.parts.mean(axis=0))

    def decisive(self, at: int) -> int | None:
        """Give the number that moved lesion ``at`` most in the direction in which it moved.

        ``None`` where it kept its place, or was moved only by others that passed it or fell.
        """
        direction = int(np.sign(self.before[at] - self.after[at]))
        beyond = self.beyond[at]
        if direction == 0 or direction * float(beyond.sum()) <= 0:
            return None
        return int(np.argmax(direction * beyond))

    def sentence(self, at: int, name: str) -> str:
        """Say from where to where lesion ``at``, called ``name``, moved, and what moved it.

        For a lesion that moved.
        """
        first, last = int(self.before[at]), int(self.after[at])
        verb = "rises" if last < first else "falls"
        moved = f"{name} {verb} from place {first} to {last}"
        return f"{moved}: {self.reason(at)}."

    def reason(self, at: int) -> str:
        """Say what moved lesion ``at``, without naming it; an empty text where nothing did."""
        first, last = int(self.before[at]), int(self.after[at])
        if first == last:
            return ""
        number = self.decisive(at)
        if number is None:
            if last < first:
                return "others fell past it; its own numbers did not raise it"
            return "others passed it; its own numbers did not lower it"
        name, beyond = self.parts.names[number], float(self.beyond[at, number])
        said = self.words_at(at, number)
        if number != 0:
            value = numbers.format_number(float(self.parts.values[at, number]), 2)
            said += f" ({name} {value}; usual is 0)"
        return f"{said}, which {_by(beyond)}"

    def words_at(self, at: int, number: int) -> str:
        """Say what the number at ``number`` means for lesion ``at``; the first is its own score."""
        if number == 0:
            own, beyond = self.parts.values[:, 0], float(self.beyond[at, 0])
            return OWN.high if beyond * float(own[at] - own.mean()) > 0 else OWN.low
        words, value = words_of(self.parts.names[number]), float(self.parts.values[at, number])
        return words.high if value > _USUAL else words.low if value < -_USUAL else words.usual

    def telling(self, always: Sequence[int]) -> list[int]:
        """Choose whom to tell of: those of ``always`` that moved, then the most moved, at most 6.

        In order of place.
        """
        moved = np.abs(self.before - self.after)
        order = [*always, *np.argsort(-moved, kind="stable").tolist()]
        chosen = [at for at in dict.fromkeys(order) if moved[at] > 0][:MOST_SENTENCES]
        return sorted(chosen, key=lambda at: int(self.after[at]))


def _by(beyond: float) -> str:
    verb = "raises" if beyond > 0 else "lowers"
    size = numbers.format_number(abs(beyond), 2)
    return f"{verb} it by {size} in log odds against the patient's mean"
