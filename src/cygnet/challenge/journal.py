"""What was done in a contest, by whom, in which order, and was any of it changed since?

Each act carries the SHA-256 of itself and of the act before it. The head of the chain is given to
participants with each receipt: a chain that was changed, cut or written anew does not contain it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from cygnet.challenge.settings import utc
from cygnet.errors import InputError

GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Act:
    """One act: its number from 1, moment (UTC), kind, details, the head before it and its own."""

    number: int
    moment: str
    kind: str
    details: Mapping[str, object]
    previous: str
    head: str

    def as_json(self) -> dict[str, object]:
        """Give the act as a line of the journal."""
        return {**_hashed(self), "head": self.head}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Self:
        """Read an act; raises :class:`InputError` where a field is missing or of another kind."""
        names = {"number", "moment", "kind", "details", "previous", "head"}
        details, number = document.get("details"), document.get("number")
        if set(document) != names or not isinstance(details, Mapping) or type(number) is not int:
            raise InputError.of(
                "This is no act of a journal.", f"An act has {', '.join(sorted(names))}."
            )
        texts = [document[name] for name in ("moment", "kind", "previous", "head")]
        if not all(isinstance(text, str) for text in texts):
            raise InputError.of("This is no act of a journal.", "Moment, kind and heads are texts.")
        moment, kind, previous, head = map(str, texts)
        return cls(number, moment, kind, details, previous, head)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a chain holds; ``problem`` says what does not, ``at`` from which act on."""

    ok: bool
    n_acts: int
    head: str
    problem: str | None = None
    at: int | None = None


def canonical(document: object) -> bytes:
    r"""Give the one spelling of a JSON document: sorted keys, no spaces, ASCII.

    Raises :class:`InputError` for NaN, infinities and what JSON has no word for.

    >>> canonical({"b": 1, "a": "é"})
    b'{"a":"\\u00e9","b":1}'
    """
    try:
        text = json.dumps(
            document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise InputError.of(
            f"The journal cannot hold this ({error}).", "Give texts, numbers, lists and tables."
        ) from error
    return text.encode("ascii")


def next_act(
    previous: Act | None, *, moment: datetime, kind: str, details: Mapping[str, object]
) -> Act:
    """Give the act that follows ``previous`` (``None``: the first).

    ``details`` are brought to what JSON gives back, so that reading changes nothing. Raises
    :class:`InputError` for a moment without a zone and details that JSON cannot hold.
    """
    number = 1 if previous is None else previous.number + 1
    before = GENESIS if previous is None else previous.head
    kept = json.loads(canonical(dict(details)))
    act = Act(number, utc(moment).isoformat(), kind, kept, before, "")
    return Act(act.number, act.moment, act.kind, act.details, act.previous, _head(act))


def verify(acts: Iterable[Act], *, head: str | None = None) -> Verdict:
    """Check a whole chain, from its first act.

    ``head``, from a receipt or a mail, must be the head of one of the acts: it is not where the
    chain was cut before it or written anew. Without it only the chain's own consistency is known.
    """
    before, number, met = GENESIS, 0, head in {None, GENESIS}
    for number, act in enumerate(acts, start=1):
        problem = None
        if act.number != number:
            problem = f"act {number} is missing or out of order"
        elif act.previous != before:
            problem = f"act {number} does not follow the act before it"
        elif not _holds(act):
            problem = f"act {number} was changed"
        if problem is not None:
            return Verdict(False, number - 1, before, problem, number)
        before = act.head
        met = met or act.head == head
    if not met:
        problem = "the head is not in this journal: it was cut or written anew"
        return Verdict(False, number, before, problem)
    return Verdict(True, number, before)


def _hashed(act: Act) -> dict[str, object]:
    return {
        "number": act.number,
        "moment": act.moment,
        "kind": act.kind,
        "details": dict(act.details),
        "previous": act.previous,
    }


def _head(act: Act) -> str:
    return hashlib.sha256(b"cygnet journal 1\0" + canonical(_hashed(act))).hexdigest()


def _holds(act: Act) -> bool:
    try:
        return _head(act) == act.head
    except InputError:
        return False
