"""What does a check see? A dataset, its files and its facts, and how to name rows of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from cygnet.cohort.columns import Part
from cygnet.cohort.published import PublishedRows
from cygnet.cohort.table import Cohort, Dataset
from cygnet.curation.findings import Example, Finding, found
from cygnet.curation.giveaways import Giveaway
from cygnet.curation.present import Images
from cygnet.errors import MAX_SHOWN


@dataclass(frozen=True)
class Seen:
    """A dataset, the files of its images by part (None where no folder goes with it), its facts.

    ``published`` holds each part against ISIC 2020. ``same_bytes`` and ``same_pictures`` are
    the pairs found by bytes and by pixels, None where they were not looked for. ``files`` has a
    row an image file that was opened (see :mod:`cygnet.curation.looking`), None where none was;
    ``giveaways`` are the shortcuts.
    """

    dataset: Dataset
    images: Images | None
    facts: dict[str, Any]
    published: Mapping[Part, PublishedRows] = field(default_factory=dict)
    same_bytes: AbstractSet[tuple[str, str]] | None = None
    same_pictures: Sequence[tuple[str, str]] | None = None
    files: pl.DataFrame | None = None
    giveaways: Sequence[Giveaway] = ()


Check = Callable[[Seen], Iterator[Finding]]


def where(
    cohort: Cohort, breaks: pl.Expr, column: str, shown: pl.Expr | None = None
) -> tuple[int, tuple[Example, ...]]:
    """Count the rows of ``cohort`` where ``breaks`` is true; show ``column`` of the first five.

    ``shown`` is shown instead where it is given.
    """
    broken = cohort.table.filter(breaks)
    value = (pl.col(column) if shown is None else shown).cast(pl.String).fill_null("")
    first = broken.head(MAX_SHOWN).select("row", "image_name", value.alias("value"))
    return broken.height, tuple(
        Example(value, row, cohort.file, (name,)) for row, name, value in first.iter_rows()
    )


def rows_where(
    code: str,
    message: str,
    cohort: Cohort,
    breaks: pl.Expr,
    column: str,
    subject: str = "",
    *,
    shown: pl.Expr | None = None,
) -> Iterator[Finding]:
    """Yield the finding ``code`` if ``breaks`` is true in a row of ``cohort``.

    ``{count}`` and ``{total}`` in ``message`` are filled in; ``subject`` tells findings of one
    code and one part apart.
    """
    count, examples = where(cohort, breaks, column, shown)
    if count:
        text = message.format(count=f"{count:,}", total=f"{cohort.table.height:,}")
        about = f"{cohort.part} {subject}".strip()
        yield found(code, text, count=count, examples=examples, subject=about)
