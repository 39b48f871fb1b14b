"""Are single cells known words, plausible, and in keeping with the target? Values, one by one."""

from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from cygnet.cohort.layout import LayoutName
from cygnet.curation.checks.seen import Seen, rows_where, where
from cygnet.curation.findings import Example, Finding, found
from cygnet.errors import MAX_SHOWN
from cygnet.vocabulary import (
    AGE_STEP_YEARS,
    BENIGN,
    ISIC_SHAPES,
    KNOWN_VALUES,
    MALIGNANT,
    OTHER_MALIGNANT_DIAGNOSES,
    UNDECIDED_DIAGNOSES,
    is_melanoma,
)

_MAY_BE_MISSING: Final = ("sex", "age_approx", "anatom_site_general_challenge", "diagnosis")

# HAM10000 has lesions of its own shape, and no patients.
_SHAPED: Final[Mapping[LayoutName, tuple[str, ...]]] = {"ham10000": ("image_name",)}


def one_class(seen: Seen) -> Iterator[Finding]:
    """Find a training table in which every image has the same target."""
    facts = seen.facts["train"]
    if facts["n_malignant"] and facts["n_benign"]:
        return
    kind = "malignant" if facts["n_malignant"] else "benign"
    yield found(
        "one-class",
        f"Every image of {seen.dataset.train.file.name} is {kind}.",
        count=facts["n_images"],
    )


def missing_targets(seen: Seen) -> Iterator[Finding]:
    """Find training rows that do not say whether the lesion is a melanoma."""
    yield from rows_where(
        "missing-target",
        f"{{count}} of {{total}} rows of {seen.dataset.train.file.name} have no target, and nothing"
        " that decides it.",
        seen.dataset.train,
        pl.col("target").is_null(),
        "image_name",
    )


def contradicting_diagnoses(seen: Seen) -> Iterator[Finding]:
    """Find rows whose diagnosis or benign_malignant says another thing than the target."""
    train = seen.dataset.train
    values = train.table["diagnosis"].drop_nulls().unique().to_list()
    melanomas = [value for value in values if is_melanoma(value)]
    others = [value for value in values if value not in (*melanomas, *UNDECIDED_DIAGNOSES)]
    diagnosis, malignancy = pl.col("diagnosis"), pl.col("benign_malignant")
    target = pl.col("target")
    contradicts = (
        (diagnosis.is_in(melanomas) & (target == 0))
        | (diagnosis.is_in(others) & (target == 1))
        | ((malignancy == BENIGN) & (target == 1))
        | (
            (malignancy == MALIGNANT)
            & (target == 0)
            & ~diagnosis.is_in(OTHER_MALIGNANT_DIAGNOSES).fill_null(value=False)
        )
    ).fill_null(value=False)
    count, _ = where(train, contradicts, "image_name")
    if not count:
        return
    shown = train.table.filter(contradicts).head(MAX_SHOWN)
    columns = ("image_name", "diagnosis", "benign_malignant", "target", "row")
    yield found(
        "diagnosis-contradicts-target",
        f"{count:,} of {train.table.height:,} rows of {train.file.name} have a diagnosis that"
        " contradicts the target.",
        count=count,
        examples=[
            Example(f"{name}: {said}, {kind}, target {number}", row, train.file, (name,))
            for name, said, kind, number, row in shown.select(columns).iter_rows()
        ],
        subject="train",
    )


def unknown_values(seen: Seen) -> Iterator[Finding]:
    """Find words that the vocabulary does not have, a finding a column."""
    for cohort in seen.dataset.parts:
        for column, known in KNOWN_VALUES.items():
            if column not in cohort.table.columns:
                continue
            values = cohort.table[column].drop_nulls().unique().to_list()
            unknown = sorted(
                value
                for value in values
                if value not in known and not (column == "diagnosis" and is_melanoma(value))
            )
            words = ", ".join(repr(value) for value in unknown[:MAX_SHOWN])
            more = ", ..." if len(unknown) > MAX_SHOWN else ""
            # Braces in a value must not be taken for a place to fill in.
            words = words.replace("{", "{{").replace("}", "}}")
            yield from rows_where(
                "unknown-values",
                f"{column} of {cohort.file.name} has {len(unknown)} unknown words, in {{count}}"
                f" of {{total}} rows: {words}{more}.",
                cohort,
                pl.col(column).is_in(unknown).fill_null(value=False),
                column,
                column,
            )


def missing_values(seen: Seen) -> Iterator[Finding]:
    """Find columns that are known for some images and not for others."""
    for cohort in seen.dataset.parts:
        for column in _MAY_BE_MISSING:
            if cohort.table[column].null_count() < cohort.table.height:
                yield from rows_where(
                    "missing-values",
                    f"{column} is missing in {{count}} of {{total}} rows of {cohort.file.name}.",
                    cohort,
                    pl.col(column).is_null(),
                    "image_name",
                    column,
                )


def ages_off_step(seen: Seen) -> Iterator[Finding]:
    """Find ages that are not in steps of five years."""
    for cohort in seen.dataset.parts:
        yield from rows_where(
            "age-off-step",
            f"{{count}} of {{total}} ages of {cohort.file.name} are not in steps of"
            f" {AGE_STEP_YEARS} years.",
            cohort,
            (pl.col("age_approx") % AGE_STEP_YEARS != 0).fill_null(value=False),
            "age_approx",
        )


def identifier_shapes(seen: Seen) -> Iterator[Finding]:
    """Find identifiers that are not shaped as ISIC's are, a finding a column."""
    columns = _SHAPED.get(seen.dataset.layout.name, tuple(ISIC_SHAPES))
    for cohort in seen.dataset.parts:
        for column in columns:
            shape = ISIC_SHAPES[column]
            example = shape.strip("^$").replace("[0-9]{7}", "1234567")
            yield from rows_where(
                "identifier-shape",
                f"{column} of {{count}} of {{total}} rows of {cohort.file.name} is not shaped as"
                f" ISIC's are, such as {example}.",
                cohort,
                ~pl.col(column).str.contains(shape),
                column,
                column,
            )


def original_sizes(seen: Seen) -> Iterator[Finding]:
    """Say where original sizes are known, and find the images that lack one."""
    for cohort in seen.dataset.parts:
        size = seen.facts[cohort.part]["original_size"]
        if not size["n_known"]:
            continue
        yield found(
            "original-size-known",
            f"The original size of {size['n_known']:,} of {cohort.table.height:,} {cohort.part}"
            f" images is known: sides from {size['min_side_px']:,} to {size['max_side_px']:,} px.",
            count=size["n_known"],
            subject=cohort.part,
        )
        yield from rows_where(
            "original-size-missing",
            "The original size of {count} of {total} " + cohort.part + " images is not known.",
            cohort,
            pl.col("width_px").is_null() | pl.col("height_px").is_null(),
            "image_name",
        )


def read_otherwise(seen: Seen) -> Iterator[Finding]:
    """Tell which columns and words were read under another name."""
    for cohort in seen.dataset.parts:
        if cohort.notes:
            yield found(
                "read-otherwise",
                f"{cohort.file.name} is read thus: {' '.join(cohort.notes)}",
                count=len(cohort.notes),
                subject=cohort.part,
            )
