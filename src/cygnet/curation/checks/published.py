"""Does a table that is recognised as ISIC 2020 say what was published? Counts, columns, rows."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from cygnet.cohort.published import (
    DATASET,
    PUBLISHED_COLUMNS,
    PUBLISHED_COUNTS,
    PUBLISHED_DUPLICATES,
    PUBLISHED_VALUES,
    PublishedRows,
    Rows,
)
from cygnet.cohort.table import Cohort
from cygnet.curation.checks.seen import Seen, rows_where
from cygnet.curation.findings import Example, Finding, counted, found


def published_counts(seen: Seen) -> Iterator[Finding]:
    """Find counts that are not the published ones; of a part of the dataset say that it is one."""
    for cohort, rows in _recognised(seen):
        if not rows.is_whole:
            here, all_rows = int(rows.known.sum()), PUBLISHED_COUNTS[cohort.part]["n_images"]
            yield found(
                "published-part",
                f"{cohort.file.name} is a part of {DATASET}: {here:,} of {all_rows:,} published"
                f" {cohort.part} rows are here, so no counts are compared.",
                count=here,
                subject=cohort.part,
            )
            continue
        differing = list(_differing(cohort, seen))
        if differing:
            yield found(
                "published-counts",
                f"Not as in {DATASET}: {counted(len(differing), 'figure')} of {cohort.file.name}.",
                count=len(differing),
                examples=[Example(text, file=cohort.file) for text in differing],
                subject=cohort.part,
            )


def published_columns(seen: Seen) -> Iterator[Finding]:
    """Find published columns that the table lacks."""
    for cohort, _ in _recognised(seen):
        lacking = _lacking_columns(cohort)
        if lacking:
            yield found(
                "published-columns",
                f"{cohort.file.name} lacks or leaves empty {counted(len(lacking), 'column')} of"
                f" {DATASET}, so its rows cannot be compared with the published ones.",
                count=len(lacking),
                examples=[Example(name, 1, cohort.file) for name in lacking],
                subject=cohort.part,
            )


def published_content(seen: Seen) -> Iterator[Finding]:
    """Find rows that are published under the same image_name and say another thing."""
    for cohort, rows in _recognised(seen):
        if not _lacking_columns(cohort):
            yield from rows_where(
                "published-content",
                f"{{count}} of {{total}} rows of {cohort.file.name} do not say what {DATASET} says"
                " under the same image_name.",
                cohort,
                _mask(rows.changed),
                "image_name",
            )
        yield from rows_where(
            "published-content",
            f"{{count}} of {{total}} rows of {cohort.file.name} have another lesion_id than in"
            f" version 2 of {DATASET}.",
            cohort,
            _mask(rows.lesion_changed),
            "image_name",
            "lesion_id",
        )


def rows_not_published(seen: Seen) -> Iterator[Finding]:
    """Find rows whose image is not of the dataset that the others are of."""
    for cohort, rows in _recognised(seen):
        yield from rows_where(
            "rows-not-published",
            f"{{count}} of {{total}} rows of {cohort.file.name} are not of {DATASET}.",
            cohort,
            _mask(~rows.known),
            "image_name",
        )


def published_values(seen: Seen) -> Iterator[Finding]:
    """Find words that no published row has, a finding a column."""
    for cohort, _ in _recognised(seen):
        for column in ("sex", "anatom_site_general_challenge", "diagnosis"):
            published = list(PUBLISHED_VALUES["train"][column])
            if column == "diagnosis" and cohort.part == "test":
                continue
            yield from rows_where(
                "published-values",
                f"{column} has a word that {DATASET} has not, in {{count}} of {{total}} rows of"
                f" {cohort.file.name}.",
                cohort,
                ~pl.col(column).is_in(published).fill_null(value=True),
                column,
                column,
            )


def _recognised(seen: Seen) -> Iterator[tuple[Cohort, PublishedRows]]:
    for cohort in seen.dataset.parts:
        rows = seen.published.get(cohort.part)
        if rows is not None and rows.is_recognised:
            yield cohort, rows


def _mask(rows: Rows) -> pl.Expr:
    return pl.lit(pl.Series(values=np.asarray(rows), dtype=pl.Boolean))


def _lacking_columns(cohort: Cohort) -> list[str]:
    table = cohort.table
    names = PUBLISHED_COLUMNS[cohort.part]
    return [name for name in names if table[name].null_count() == table.height]


def _differing(cohort: Cohort, seen: Seen) -> Iterator[str]:
    facts = seen.facts[cohort.part]
    expected = dict(PUBLISHED_COUNTS[cohort.part])
    if not cohort.has_lesions:
        expected.pop("n_lesions", None)
    yield from _compared("", expected, facts)
    for column, values in PUBLISHED_VALUES[cohort.part].items():
        yield from _compared(f"{column} ", values, facts.get(column, {}))
    if cohort.part == "train" and cohort.has_lesions and seen.facts["duplicates"]["n_listed"]:
        yield from _compared("", PUBLISHED_DUPLICATES, seen.facts["duplicates"])


def _compared(prefix: str, expected: Mapping[str, int], here: Mapping[str, Any]) -> Iterator[str]:
    for name, published in expected.items():
        count = here.get(name, 0)
        if count != published:
            yield f"{prefix}{name}: {published:,} published, {count:,} here"
