"""Do names of files or identifiers tell who a patient is? Persons' names and dates in them.

What is found is shown blotted out: a report of private data must not be another copy of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from cygnet.cohort.table import Cohort
from cygnet.curation.checks.seen import Seen
from cygnet.curation.findings import Example, Finding, counted, found
from cygnet.errors import MAX_SHOWN

# A short code in capitals and a number hold neither a date nor a name; nor do other codes.
_PLAIN = (
    r"^(?:[A-Z]{0,5}[_-]?[0-9]{1,7}|[0-9a-f]{16,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$"
)
_CODES = {"date": "file-name-dates", "name": "file-name-persons"}
_SAID = {"date": "a date", "name": "a person's name"}


def names_of_files(seen: Seen) -> Iterator[Finding]:
    """Find image files whose name seems to hold a date or a person's name."""
    for cohort in seen.dataset.parts:
        files = (seen.images or {}).get(cohort.part)
        if not files:
            continue
        rows = dict(cohort.table.select("image_name", "row").iter_rows())
        for clue, names in _clues(files).items():
            yield found(
                _CODES[clue],
                f"What looks like {_SAID[clue]} is in {counted(len(names), 'file name')} of"
                f" {cohort.part} images; shown blotted out.",
                count=len(names),
                examples=[
                    Example(blotted(name), rows.get(name), cohort.file if name in rows else None)
                    for name in names[:MAX_SHOWN]
                ],
                subject=cohort.part,
            )


def names_in_identifiers(seen: Seen) -> Iterator[Finding]:
    """Find identifiers of a table that seem to hold a date or a person's name, a finding each."""
    for cohort in seen.dataset.parts:
        has_files = bool((seen.images or {}).get(cohort.part))
        for column in ("image_name", "patient_id", "lesion_id"):
            if column == "image_name" and has_files:
                continue
            found_here = _clues(cohort.table[column].drop_nulls().unique(maintain_order=True))
            names = list(dict.fromkeys(name for those in found_here.values() for name in those))
            if names:
                clues = " or ".join(_SAID[clue] for clue in sorted(found_here))
                yield found(
                    "identifier-names",
                    f"What looks like {clues} is in {counted(len(names), column)} of"
                    f" {cohort.file.name}; shown blotted out.",
                    count=len(names),
                    examples=list(_placed(cohort, column, names)),
                    subject=f"{cohort.part} {column}",
                )


def _clues(names: Iterable[str]) -> dict[str, list[str]]:
    from cygnet.images.privacy import file_name_clues

    series = pl.Series(list(names), dtype=pl.String)
    clues: dict[str, list[str]] = defaultdict(list)
    for name in series.filter(~series.str.contains(_PLAIN)):
        for clue in file_name_clues(name):
            clues[clue].append(name)
    return clues


def _placed(cohort: Cohort, column: str, names: Sequence[str]) -> Iterator[Example]:
    for name in names[:MAX_SHOWN]:
        row = cohort.table.filter(pl.col(column) == name)["row"].item(0)
        yield Example(blotted(name), row, cohort.file)


def blotted(name: str) -> str:
    """Blot out all of a name but the first letter of each word.

    >>> blotted("Doe_Jane_1980-05-17")
    'D…_J…_…-…-…'
    """
    return re.sub(r"\d+", "…", re.sub(r"([^\W\d_])[^\W\d_]+", r"\1…", name))
