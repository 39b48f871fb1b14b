"""What does a check see? A dataset, its files and its facts, and how to name rows of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cygnet.cohort.columns import offenders
from cygnet.cohort.table import Cohort, Dataset
from cygnet.curation.findings import Example, Finding, found
from cygnet.curation.present import Images


@dataclass(frozen=True)
class Seen:
    """A dataset, the files of its images by part (None where no folder goes with it), its facts.

    ``same_pictures`` are the pairs found by pixels, None where they were not looked for.
    """

    dataset: Dataset
    images: Images | None
    facts: dict[str, Any]
    same_pictures: Sequence[tuple[str, str]] | None = None


Check = Callable[[Seen], Iterator[Finding]]


def where(cohort: Cohort, breaks: pl.Expr, column: str) -> tuple[int, tuple[Example, ...]]:
    """Count the rows of ``cohort`` where ``breaks`` is true; show ``column`` of the first five."""
    shown, count = offenders(cohort.table, breaks, column)
    return count, tuple(Example(one.value, one.row, cohort.file) for one in shown)


def rows_where(
    code: str, message: str, cohort: Cohort, breaks: pl.Expr, column: str
) -> Iterator[Finding]:
    """Yield the finding ``code`` if ``breaks`` is true in a row of ``cohort``.

    ``{count}`` and ``{total}`` in ``message`` are filled in.
    """
    count, examples = where(cohort, breaks, column)
    if count:
        text = message.format(count=f"{count:,}", total=f"{cohort.table.height:,}")
        yield found(code, text, count=count, examples=examples)
