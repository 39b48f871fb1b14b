"""Does a table that is recognised as ISIC 2020 say what was published? Counts and rows."""

from collections.abc import Iterator, Mapping
from typing import Any

from cygnet.cohort.published import (
    DATASET,
    PUBLISHED_COUNTS,
    PUBLISHED_DUPLICATES,
    PUBLISHED_VALUES,
    says_what_was_published,
)
from cygnet.cohort.table import Cohort
from cygnet.curation.checks.seen import Seen
from cygnet.curation.findings import Example, Finding, counted, found


def published_counts(seen: Seen) -> Iterator[Finding]:
    """Find counts that are not the published ones, a finding a part."""
    for cohort in _recognised(seen):
        differing = list(_differing(cohort, seen))
        if differing:
            yield found(
                "published-counts",
                f"Not as in {DATASET}: {counted(len(differing), 'figure')} of {cohort.file.name}.",
                count=len(differing),
                examples=[Example(text, file=cohort.file) for text in differing],
            )


def published_content(seen: Seen) -> Iterator[Finding]:
    """Find a table whose counts are the published ones and whose rows are not."""
    for cohort in _recognised(seen):
        same_counts = next(_differing(cohort, seen), None) is None
        if same_counts and not says_what_was_published(cohort.table, cohort.part):
            yield found(
                "published-content",
                f"{cohort.file.name} has the counts of {DATASET}, but not its rows.",
                count=1,
                examples=[Example("the digest of the rows differs", file=cohort.file)],
            )


def _recognised(seen: Seen) -> Iterator[Cohort]:
    for cohort in seen.dataset.parts:
        if seen.facts["is_isic_2020"][cohort.part]:
            yield cohort


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
