"""What did an audit find? One finding: its code, how grave, how often, where, and the remedy.

The kinds are in ``finding_kinds`` and ``picture_kinds``; here they are put together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cygnet.curation.finding_kinds import LEVELS, TABLE_KINDS, Evidence, FindingKind, Level
from cygnet.curation.picture_kinds import PICTURE_KINDS
from cygnet.errors import MAX_SHOWN

__all__ = [
    "KINDS",
    "LEVELS",
    "Evidence",
    "Example",
    "Finding",
    "FindingKind",
    "Level",
    "counted",
    "found",
]


@dataclass(frozen=True, slots=True)
class Example:
    """One place where something was found; ``row`` is the line of ``file``, if it has lines.

    ``images`` are the image_names whose pictures show it.
    """

    value: str
    row: int | None = None
    file: Path | None = None
    images: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give file (its name), row and value."""
        return {
            "file": None if self.file is None else self.file.name,
            "row": self.row,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, ``count`` times, with at most five examples.

    ``subject`` tells findings of one code apart (``train sex``); ``evidence`` is what it rests on.
    ``accepted`` is true where a baseline knows it.
    """

    code: str
    level: Level
    count: int
    message: str
    examples: tuple[Example, ...]
    remedy: str
    evidence: Evidence = "table"
    subject: str = ""
    accepted: bool = False

    @property
    def key(self) -> str:
        """What a baseline knows the finding by: code and subject, never a count or a sentence."""
        return f"{self.code}:{self.subject}" if self.subject else self.code

    def as_json(self) -> dict[str, Any]:
        """Give the finding as it stands in the JSON of ``cygnet cohort audit``."""
        return {
            "code": self.code,
            "level": self.level,
            "count": self.count,
            "subject": self.subject,
            "message": self.message,
            "examples": [example.as_json() for example in self.examples],
            "evidence": self.evidence,
            "remedy": self.remedy,
            "accepted": self.accepted,
        }


KINDS: Final = {kind.code: kind for kind in (*TABLE_KINDS, *PICTURE_KINDS)}


def counted(count: int, noun: str) -> str:
    """Say how many there are.

    >>> counted(1, "pair"), counted(1200, "pair")
    ('1 pair', '1,200 pairs')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"


def found(
    code: str,
    message: str,
    *,
    count: int,
    examples: Sequence[Example] = (),
    subject: str = "",
) -> Finding:
    """Make the finding ``code`` with the level, the remedy and the evidence of its kind."""
    kind = KINDS[code]
    shown = tuple(examples[:MAX_SHOWN])
    return Finding(code, kind.level, count, message, shown, kind.remedy, kind.evidence, subject)
