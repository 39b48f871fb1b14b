"""Why did context move a lesion, in the language spoken? One sentence a lesion.

The words for the numbers are the report's; here they pass through the catalogue.
"""

from cygnet.report import numbers
from cygnet.report.patient_moves import WORDS, Moves, words_of
from cygnet.site.reader.phrases import say

_USUAL = 0.5


def why_moved(moves: Moves, at: int) -> str:
    """Say from where to where the lesion at ``at`` moved, and which number moved it most."""
    first, last = int(moves.before[at]), int(moves.after[at])
    if first == last:
        return say("Context leaves it at place {place}.", place=last)
    rises = last < first
    moved = (
        say("Context raises it from place {first} to {last}", first=first, last=last)
        if rises
        else say("Context lowers it from place {first} to {last}", first=first, last=last)
    )
    return f"{moved}: {_reason(moves, at, rises=rises)}."


def _reason(moves: Moves, at: int, *, rises: bool) -> str:
    number = moves.decisive(at)
    if number is None:
        return (
            say("others fell past it; its own numbers did not raise it")
            if rises
            else say("others passed it; its own numbers did not lower it")
        )
    name, beyond = moves.parts.names[number], float(moves.beyond[at, number])
    words = words_of(name)
    if number == 0:
        own = moves.parts.values[:, 0]
        told = words.high if beyond * float(own[at] - own.mean()) > 0 else words.low
    else:
        value = float(moves.parts.values[at, number])
        told = words.high if value > _USUAL else words.low if value < -_USUAL else words.usual
    size = numbers.format_number(abs(beyond), 2)
    by = (
        say("which raises it by {size} in log odds against the patient's mean", size=size)
        if beyond > 0
        else say("which lowers it by {size} in log odds against the patient's mean", size=size)
    )
    return f"{say(told)}, {by}"


def catalogued() -> list[str]:
    """Give the report's sentences that pass through :func:`why_moved`, for the catalogue."""
    return [text for one in WORDS.values() for text in (one.high, one.usual, one.low)]
