"""Is this file a submission? One validator for the site, the API and ``cygnet submit``.

It takes what ``cygnet score`` takes, names all that is wrong at once, by code, sentence and lines,
and is never given a truth: what it says cannot depend on a label.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from cygnet.errors import Fault, InputError, TableError
from cygnet.evaluation.sample import Floats
from cygnet.identified_rows import IdentifiedRows, identified_rows_of
from cygnet.predictions import probability_columns, unfit_values

MAX_BYTES: Final = 8 * 1024 * 1024
_SHOWN_IDS, _SHOWN_LETTERS = 5, 40
_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"PK": "zip (a workbook of Excel is one too)",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
    b"PAR1": "parquet",
}


@dataclass(frozen=True, slots=True)
class SubmissionError:
    """One thing that is wrong: a word for programs, a sentence, and where.

    ``rows`` are lines of the file as an editor counts them, the first of ``count``.
    """

    code: str
    message: str
    rows: tuple[int, ...] = ()
    count: int = 0

    def as_json(self) -> dict[str, object]:
        """Give the error as the API answers it."""
        return {"code": self.code, "message": self.message, "rows": list(self.rows)}


@dataclass(frozen=True, slots=True, eq=False)
class Submission:
    """A file that can be scored: ``probability`` ``(n_images,)`` in the order of ``image_names``.

    ``file_digest`` is the SHA-256 of the bytes as sent; ``content_digest`` that of ids and numbers,
    which another order, delimiter or spelling of the same numbers leaves as it is.
    """

    probability: Floats
    image_names: tuple[str, ...]
    file_digest: str
    content_digest: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A submission, or all that is wrong with it."""

    submission: Submission | None
    errors: tuple[SubmissionError, ...]


def check_submission(
    data: bytes, image_names: Sequence[str] | None, *, max_rows: int = 20
) -> Checked:
    """Read a submission from the bytes of its file.

    ``image_names`` are the contest's ids, sorted and each once; ``None``, in a check without the
    contest, takes the ids as they come. At most ``max_rows`` lines are named an error.
    """
    refused = _refused_unread(data)
    if refused is not None:
        return Checked(None, (refused,))
    try:
        rows = identified_rows_of(data, Path("submission.csv"))
    except TableError as error:
        return Checked(None, tuple(_of_fault(fault, "not-a-table") for fault in error.faults))
    errors = [_of_fault(fault, "not-a-table") for fault in rows.faults]
    columns = probability_columns(rows)
    if len(columns) != 1:
        errors.append(_not_one_column(columns))
    errors += _identifier_errors(rows, max_rows)
    if len(columns) == 1:
        errors += _value_errors(rows, columns[0], max_rows)
    if image_names is not None:
        errors += _matching_errors(rows, image_names, max_rows)
    if errors:
        return Checked(None, tuple(errors))
    return Checked(_submission(rows, columns[0], image_names, data), ())


def probability_bytes(submission: Submission) -> bytes:
    """Give the probabilities as little-endian float64, to keep beside the file."""
    return submission.probability.astype("<f8").tobytes()


def probability_from(data: bytes) -> Floats:
    """Read back what :func:`probability_bytes` gave; raises :class:`InputError` for a torn one."""
    if len(data) % 8:
        raise InputError.of("These are no whole float64.", "Check the submission's file again.")
    return np.frombuffer(data, dtype="<f8").astype(np.float64)


def content_digest(image_names: Sequence[str], probability: Floats) -> str:
    """Give the SHA-256 of ids and numbers ``(n_images,)``, in the order of the ids."""
    content = hashlib.sha256("\n".join(image_names).encode() + b"\0")
    content.update(probability.astype("<f8").tobytes())
    return content.hexdigest()


def _refused_unread(data: bytes) -> SubmissionError | None:
    if len(data) > MAX_BYTES:
        return SubmissionError(
            "too-large",
            f"The file has {len(data):,} bytes; at most {MAX_BYTES:,} are read. "
            "Give the table of ids and probabilities alone.",
        )
    for mark, name in _PACKED.items():
        if data.startswith(mark):
            return SubmissionError(
                "compressed", f"This is not a text but {name}. Give the CSV file itself, unpacked."
            )
    return None


def _of_fault(fault: Fault, otherwise: str) -> SubmissionError:
    """Turn what a reader found into an error; a file's own name is of no use to who sent it."""
    rows = tuple(one.row for one in fault.offenders if one.row is not None)
    count = fault.count if fault.count is not None else len(rows)
    return SubmissionError(fault.code or otherwise, f"{fault.rule} {fault.remedy}", rows, count)


def _not_one_column(columns: Sequence[str]) -> SubmissionError:
    if not columns:
        return SubmissionError(
            "no-probability-column",
            "No column is named as a probability. Keep the id and one column called target.",
            (1,),
            1,
        )
    return SubmissionError(
        "several-probability-columns",
        "There are several columns of probabilities. Keep the id and one column called target.",
        (1,),
        len(columns),
    )


def _by_rows(code: str, message: str, broken: pl.DataFrame, max_rows: int) -> list[SubmissionError]:
    if not broken.height:
        return []
    rows = tuple(broken["row"].sort().head(max_rows))
    return [SubmissionError(code, message, rows, broken.height)]


def _identifier_errors(rows: IdentifiedRows, max_rows: int) -> list[SubmissionError]:
    blank = rows.table.filter(pl.col("image_name").is_null())
    filled = rows.table.filter(pl.col("image_name").is_not_null())
    twice = filled.filter(~pl.col("image_name").is_first_distinct())
    return [
        *_by_rows("blank-id", "The image id is blank. Give every row an id.", blank, max_rows),
        *_by_rows(
            "duplicate-id",
            "An image id stands in an earlier row too. Give each image one row.",
            twice,
            max_rows,
        ),
    ]


def _value_errors(rows: IdentifiedRows, column: str, max_rows: int) -> list[SubmissionError]:
    found = []
    for unfit in unfit_values(column, "The probability"):
        message = f"{unfit.rule} {unfit.remedy}"
        found += _by_rows(unfit.code, message, rows.table.filter(unfit.which), max_rows)
    return found


def _matching_errors(
    rows: IdentifiedRows, image_names: Sequence[str], max_rows: int
) -> list[SubmissionError]:
    """Name ids that only the contest or only the file has; missing ones in the order of ids."""
    wanted = pl.DataFrame({"image_name": list(image_names)}, schema={"image_name": pl.String})
    given = rows.table.filter(pl.col("image_name").is_not_null())
    unknown = given.join(wanted, on="image_name", how="anti")
    found = _by_rows(
        "unknown-image", "This image is none of the contest's. Leave it out.", unknown, max_rows
    )
    missing = wanted.join(given, on="image_name", how="anti", maintain_order="left")
    # Lines that could not be read may be just these.
    if missing.height > rows.n_unread:
        names = ", ".join(name[:_SHOWN_LETTERS] for name in missing["image_name"].head(_SHOWN_IDS))
        more = ", ..." if missing.height > _SHOWN_IDS else ""
        message = (
            f"{missing.height} of the contest's {wanted.height} images are missing: {names}{more}. "
            "Give each image one row."
        )
        found.append(SubmissionError("missing-image", message, (), missing.height))
    return found


def _submission(
    rows: IdentifiedRows, column: str, image_names: Sequence[str] | None, data: bytes
) -> Submission:
    table = rows.table.select("image_name", target=pl.col(column).cast(pl.Float64))
    table = table.sort("image_name")
    # -0.0 and 0.0 are one number.
    probability = table["target"].to_numpy() + 0.0
    names = tuple(image_names) if image_names is not None else tuple(table["image_name"])
    content = content_digest(names, probability)
    return Submission(probability, names, hashlib.sha256(data).hexdigest(), content)
