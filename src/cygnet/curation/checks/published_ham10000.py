"""Does a table in HAM10000's layout have its counts and its words? Whole, or as a part of it."""

from collections.abc import Iterator

import polars as pl

from cygnet.cohort.published import RECOGNISED_SHARE
from cygnet.cohort.published_ham10000 import (
    HAM10000,
    HAM10000_IMAGES,
    HAM10000_LESIONS,
    HAM10000_RECOGNISED_SHARE,
    HAM10000_VALUES,
    is_of_ham10000,
)
from cygnet.curation.audit_facts import value_counts
from cygnet.curation.checks.seen import Seen, rows_where
from cygnet.curation.findings import Example, Finding, counted, found


def ham10000_counts(seen: Seen) -> Iterator[Finding]:
    """Find counts and words that HAM10000 has not, and rows of images that are not its."""
    train = seen.dataset.train
    if seen.dataset.layout.name != "ham10000" or not train.table.height:
        return
    here = train.table.filter(is_of_ham10000())
    if here.height < HAM10000_RECOGNISED_SHARE * train.table.height:
        return
    if here.height < RECOGNISED_SHARE * HAM10000_IMAGES:
        yield found(
            "published-part",
            f"{train.file.name} is a part of {HAM10000}: {here.height:,} of {HAM10000_IMAGES:,}"
            " published images are here, so no counts are compared.",
            count=here.height,
            subject="train",
        )
    else:
        differing = list(_differing(here))
        if differing:
            yield found(
                "published-counts",
                f"Not as in {HAM10000}: {counted(len(differing), 'figure')} of {train.file.name}.",
                count=len(differing),
                examples=[Example(text, file=train.file) for text in differing],
                subject="train",
            )
    yield from rows_where(
        "rows-not-published",
        f"{{count}} of {{total}} rows of {train.file.name} are not of {HAM10000}.",
        train,
        ~is_of_ham10000(),
        "image_name",
    )
    for column, values in HAM10000_VALUES.items():
        if column in here.columns:
            yield from rows_where(
                "published-values",
                f"{column} has a word that {HAM10000} has not, in {{count}} of {{total}} rows of"
                f" {train.file.name}.",
                train,
                is_of_ham10000() & ~pl.col(column).is_in(list(values)).fill_null(value=True),
                column,
                column,
            )


def _differing(here: pl.DataFrame) -> Iterator[str]:
    counts = [
        ("n_images", HAM10000_IMAGES, here.height),
        ("n_lesions", HAM10000_LESIONS, here["lesion_id"].drop_nulls().n_unique()),
    ]
    for column, values in HAM10000_VALUES.items():
        found_here = value_counts(here[column]) if column in here.columns else {}
        counts += [(f"{column} {v}", n, found_here.get(v, 0)) for v, n in values.items()]
    for name, published, n in counts:
        if n != published:
            yield f"{name}: {published:,} published, {n:,} here"
