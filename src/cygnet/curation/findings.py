"""What can an audit find? Each kind of finding, how grave it is, and what is to be done.

The registry of stable codes. Each is described one by one in ``docs/reference/findings.md``. A
level belongs to a code, not to a dataset: an error makes a result wrong, a warning may, a note is
for the reader to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from cygnet.curation.present import MISSING_REMEDY
from cygnet.errors import MAX_SHOWN

Level = Literal["error", "warning", "note"]

LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of finding: its code, its level and the remedy."""

    code: str
    level: Level
    remedy: str


@dataclass(frozen=True, slots=True)
class Example:
    """One place where something was found; ``row`` is the line of ``file``, if it has lines."""

    value: str
    row: int | None = None
    file: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Give file (its name), row and value."""
        return {
            "file": None if self.file is None else self.file.name,
            "row": self.row,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, ``count`` times, with at most five examples."""

    code: str
    level: Level
    count: int
    message: str
    examples: tuple[Example, ...]
    remedy: str

    def as_json(self) -> dict[str, Any]:
        """Give the finding as it stands in the JSON of ``cygnet cohort audit``."""
        return {
            "code": self.code,
            "level": self.level,
            "count": self.count,
            "message": self.message,
            "examples": [example.as_json() for example in self.examples],
            "remedy": self.remedy,
        }


_KINDS: Final = (
    FindingKind(
        "missing-images",
        "error",
        f"{MISSING_REMEDY} To audit a table alone, give the path of the CSV file.",
    ),
    FindingKind(
        "one-class",
        "error",
        "A classifier needs melanomas and benign lesions: check the column target.",
    ),
    FindingKind(
        "diagnosis-contradicts-target",
        "error",
        "Look the lesion up in its source, and correct the diagnosis or the target.",
    ),
    FindingKind(
        "lesion-of-two-patients",
        "error",
        "Correct the patient_id or the lesion_id. Until then folds keep both patients together.",
    ),
    FindingKind(
        "lesion-of-two-targets",
        "error",
        "One lesion has one truth: correct the target or the lesion_id.",
    ),
    FindingKind(
        "tables-disagree",
        "error",
        "Fetch both tables again; one of them was changed. The main table is the one used.",
    ),
    FindingKind(
        "published-counts",
        "warning",
        "Fetch the table again if it should be whole; say what was changed if it was meant.",
    ),
    FindingKind(
        "published-content",
        "warning",
        "Fetch the table again, and compare the two: values were changed under the same names.",
    ),
    FindingKind(
        "no-patients",
        "warning",
        "Add patient_id if it is known: without it the images of one patient can be in two folds,"
        " and intervals take every image for a patient.",
    ),
    FindingKind(
        "missing-patient",
        "warning",
        "Fill in patient_id: these images may share a patient with another fold.",
    ),
    FindingKind(
        "patient-of-two-sexes",
        "warning",
        "Check whether two patients share this patient_id.",
    ),
    FindingKind(
        "unknown-values",
        "warning",
        "Use one of the known words, or leave the cell empty.",
    ),
    FindingKind(
        "listed-duplicates",
        "warning",
        "Nothing to do: folds keep both images together. Do not split the images by any other"
        " means, and do not count a pair as two lesions.",
    ),
    FindingKind(
        "unlisted-same-lesion",
        "warning",
        "Nothing to do: folds keep them together. Treat them as duplicates too.",
    ),
    FindingKind(
        "listed-other-lesion",
        "warning",
        "Look at the two images. Folds keep them together whatever lesion_id says.",
    ),
    FindingKind(
        "duplicates-disagree",
        "warning",
        "Look at both images: one of the two values is wrong, or they are not duplicates.",
    ),
    FindingKind(
        "same-bytes",
        "warning",
        "Nothing to do: folds keep both together. Drop one of each where images are counted.",
    ),
    FindingKind(
        "same-bytes-across-patients",
        "warning",
        "Look at both: one person may have two patient_ids, or one file is not what its name says."
        " Folds keep both together.",
    ),
    FindingKind(
        "same-picture",
        "warning",
        "Deal folds with the same --duplicates FILE, which keeps both together. Do not count a pair"
        " as two lesions.",
    ),
    FindingKind(
        "same-picture-across-patients",
        "warning",
        "Look at both: one person may have two patient_ids. Deal folds with the same --duplicates"
        " FILE, which keeps both together.",
    ),
    FindingKind(
        "lesion-table-lacks",
        "warning",
        "Fetch the table with lesion_id again; duplicates of these images may go unseen.",
    ),
    FindingKind(
        "original-size-missing",
        "warning",
        "Complete the table of original sizes, or remove it so that image headers are read.",
    ),
    FindingKind(
        "image-level-split",
        "note",
        "Split by patient, with: cygnet cohort folds.",
    ),
    FindingKind(
        "original-size-known",
        "note",
        "The original size alone can tell malignant from benign: report every result beside it.",
    ),
    FindingKind(
        "no-lesions",
        "note",
        "Add lesion_id if it is known: two images of one lesion cannot be told from two lesions.",
    ),
    FindingKind(
        "several-images-a-lesion",
        "note",
        "Nothing to do: folds keep the images of a lesion together.",
    ),
    FindingKind(
        "missing-values",
        "note",
        "Nothing to do: an unknown value is taken as unknown.",
    ),
    FindingKind(
        "age-off-step",
        "note",
        "Check whether exact ages may be published; ISIC gives them in steps of 5 years.",
    ),
    FindingKind(
        "identifier-shape",
        "note",
        "Nothing to do, unless the table should be ISIC's own.",
    ),
    FindingKind(
        "duplicates-not-in-table",
        "note",
        "Nothing to do: pairs with an image that is not in the table are left out.",
    ),
    FindingKind(
        "surplus-images",
        "note",
        "Nothing to do: an image without a row is not used. If it should be, add its row.",
    ),
    FindingKind(
        "read-otherwise",
        "note",
        "Check that this is what the table means; rename the column if it is not.",
    ),
    FindingKind(
        "byte-order-mark",
        "note",
        "Nothing to do: the mark is skipped. Programs that take it for a part of the first"
        " column's name need the file without it.",
    ),
    FindingKind(
        "windows-line-ends",
        "note",
        "Nothing to do: they are read as line ends.",
    ),
)

KINDS: Final = {kind.code: kind for kind in _KINDS}


def counted(count: int, noun: str) -> str:
    """Say how many there are.

    >>> counted(1, "pair"), counted(1200, "pair")
    ('1 pair', '1,200 pairs')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"


def found(code: str, message: str, *, count: int, examples: Sequence[Example] = ()) -> Finding:
    """Make the finding ``code`` with the level and the remedy of its kind."""
    kind = KINDS[code]
    return Finding(code, kind.level, count, message, tuple(examples[:MAX_SHOWN]), kind.remedy)
