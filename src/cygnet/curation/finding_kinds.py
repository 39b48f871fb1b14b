"""Which kinds of finding does an audit of tables know? The registry of stable codes, first part.

Each is described one by one in ``docs/reference/findings.md``. A level belongs to a code, not to a
dataset: an error makes a result wrong, a warning may, a note is for the reader to know. What
pictures show is in ``picture_kinds``.
"""

from dataclasses import dataclass
from typing import Final, Literal

from cygnet.curation.present import MISSING_REMEDY

Level = Literal["error", "warning", "note"]
LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "note")

Evidence = Literal[
    "table",
    "published record",
    "official list",
    "folder",
    "bytes",
    "file name",
    "file",
    "pixels",
    "cross-fitted model",
]


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of finding: its code, its level, the remedy, and what it rests on."""

    code: str
    level: Level
    remedy: str
    evidence: Evidence = "table"


TABLE_KINDS: Final = (
    FindingKind(
        "missing-images",
        "error",
        f"{MISSING_REMEDY} To audit a table alone, give the path of the CSV file.",
        "folder",
    ),
    FindingKind(
        "no-images",
        "warning",
        "Nothing to do if the tables alone were to be audited; else put the images into the"
        " folders of the layout.",
        "folder",
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
        "published record",
    ),
    FindingKind(
        "published-content",
        "warning",
        "Fetch the table again, and compare the two: values were changed under the same names.",
        "published record",
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
        "official list",
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
        "official list",
    ),
    FindingKind(
        "duplicates-disagree",
        "warning",
        "Look at both images: one of the two values is wrong, or they are not duplicates.",
        "official list",
    ),
    FindingKind(
        "same-bytes",
        "warning",
        "Nothing to do: folds keep both together. Drop one of each where images are counted.",
        "bytes",
    ),
    FindingKind(
        "same-bytes-across-patients",
        "warning",
        "Look at both: one person may have two patient_ids, or one file is not what its name says."
        " Folds keep both together.",
        "bytes",
    ),
    FindingKind(
        "same-picture",
        "warning",
        "Deal folds with the same --duplicates FILE, which keeps both together. Do not count a pair"
        " as two lesions.",
        "pixels",
    ),
    FindingKind(
        "same-picture-across-patients",
        "warning",
        "Look at both: one person may have two patient_ids. Deal folds with the same --duplicates"
        " FILE, which keeps both together.",
        "pixels",
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
        "official list",
    ),
    FindingKind(
        "surplus-images",
        "note",
        "Nothing to do: an image without a row is not used. If it should be, add its row.",
        "folder",
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
    FindingKind(
        "image-in-train-and-test",
        "error",
        "Remove it from one of the two tables.",
    ),
    FindingKind(
        "patient-in-train-and-test",
        "error",
        "Keep all images of a patient in one of the two tables.",
    ),
    FindingKind(
        "lesion-in-train-and-test",
        "error",
        "Keep all images of a lesion in one of the two tables.",
    ),
    FindingKind(
        "missing-target",
        "error",
        "Add a target of 0 or 1, or remove the row: every other command refuses this table.",
    ),
    FindingKind(
        "malignant-not-by-histopathology",
        "error",
        "Find the histopathology report, or leave the lesion out: a malignant truth needs one.",
    ),
    FindingKind(
        "benign-not-confirmed",
        "warning",
        "Confirm it by histopathology, follow-up or the agreement of experts, or leave it out"
        " of a test set.",
    ),
    FindingKind(
        "confirmation-unknown",
        "warning",
        "Fill in diagnosis_confirm_type: how sure the truth of these rows is, is not known.",
    ),
    FindingKind(
        "patient-ages-apart",
        "warning",
        "Check whether two people share this patient_id, or an age is mistyped.",
    ),
    FindingKind(
        "identifier-names",
        "warning",
        "Replace it by a pseudonym before the table is shared.",
    ),
    FindingKind(
        "published-columns",
        "warning",
        "Fetch the table again if it should be as published.",
        "published record",
    ),
    FindingKind(
        "published-values",
        "warning",
        "Compare with the published table: this word is not in it.",
        "published record",
    ),
    FindingKind(
        "rows-not-published",
        "warning",
        "Say where these rows come from: they are not of the published dataset.",
        "published record",
    ),
    FindingKind(
        "published-part",
        "note",
        "Nothing to do: the rows that are here are compared one by one. Say which were left out.",
        "published record",
    ),
)
