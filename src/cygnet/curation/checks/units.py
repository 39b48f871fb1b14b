"""Do images, lesions and patients fit together? One lesion, one patient; one patient, one sex."""

from collections.abc import Iterator

import polars as pl

from cygnet.cohort.table import Cohort, shared_rows
from cygnet.curation.checks.seen import Seen, rows_where
from cygnet.curation.findings import Example, Finding, counted, found
from cygnet.errors import MAX_SHOWN
from cygnet.vocabulary import LONGEST_FOLLOW_UP_YEARS


def units_in_both_parts(seen: Seen) -> Iterator[Finding]:
    """Find images, patients and lesions that are in training and in test."""
    train, test = seen.dataset.train, seen.dataset.test
    if test is None:
        return
    for column, unit in (
        ("image_name", "image"),
        ("patient_id", "patient"),
        ("lesion_id", "lesion"),
    ):
        shared = shared_rows(train, test, column)
        if shared.height:
            shown = shared.head(MAX_SHOWN).select(column, "row", "image_name")
            yield found(
                f"{unit}-in-train-and-test",
                f"In {train.file.name} and in {test.file.name}: {counted(shared.height, unit)}.",
                count=shared.height,
                examples=[
                    Example(value, row, test.file, (name,))
                    for value, row, name in shown.iter_rows()
                ],
            )


def ages_apart(seen: Seen) -> Iterator[Finding]:
    """Find patients whose ages span more years than any follow-up lasts."""
    age = pl.col("age_approx")
    for cohort in seen.dataset.parts:
        apart = (
            cohort.table.filter(pl.col("patient_id").is_not_null() & age.is_not_null())
            .group_by("patient_id", maintain_order=True)
            .agg(pl.col("row").first(), youngest=age.min(), oldest=age.max())
            .filter(pl.col("oldest") - pl.col("youngest") > LONGEST_FOLLOW_UP_YEARS)
        )
        if apart.height:
            yield found(
                "patient-ages-apart",
                f"Ages more than {LONGEST_FOLLOW_UP_YEARS} years apart for"
                f" {counted(apart.height, 'patient_id')} of {cohort.file.name}.",
                count=apart.height,
                examples=[
                    Example(f"{name}: {youngest:g} to {oldest:g} years", row, cohort.file)
                    for name, row, youngest, oldest in apart.head(MAX_SHOWN).iter_rows()
                ],
                subject=cohort.part,
            )


def lesions_of_two(seen: Seen) -> Iterator[Finding]:
    """Find lesions with two patients, and lesions with two targets."""
    for cohort in seen.dataset.parts:
        yield from _of_two("lesion-of-two-patients", cohort, "lesion_id", "patient_id")
        yield from _of_two("lesion-of-two-targets", cohort, "lesion_id", "target")


def patients_of_two_sexes(seen: Seen) -> Iterator[Finding]:
    """Find patients who are female in one row and male in another."""
    for cohort in seen.dataset.parts:
        yield from _of_two("patient-of-two-sexes", cohort, "patient_id", "sex")


def _of_two(code: str, cohort: Cohort, unit: str, attribute: str) -> Iterator[Finding]:
    """Find each ``unit`` with more than one known value of ``attribute``."""
    mixed = (
        cohort.table.filter(pl.col(unit).is_not_null() & pl.col(attribute).is_not_null())
        .group_by(unit, maintain_order=True)
        .agg(pl.col("row").first(), pl.col(attribute).cast(pl.String).unique(maintain_order=True))
        .filter(pl.col(attribute).list.len() > 1)
    )
    if not mixed.height:
        return
    examples = [
        Example(f"{name}: {', '.join(values)}", row, cohort.file)
        for name, row, values in mixed.head(MAX_SHOWN).iter_rows()
    ]
    yield found(
        code,
        f"More than one {attribute} for {counted(mixed.height, unit)} of {cohort.file.name}.",
        count=mixed.height,
        examples=examples,
        subject=cohort.part,
    )


def unknown_patients(seen: Seen) -> Iterator[Finding]:
    """Find a table without patients, or rows without one."""
    for cohort in seen.dataset.parts:
        if not cohort.has_patients:
            yield found(
                "no-patients",
                f"{cohort.file.name} does not say which patient an image is of.",
                count=cohort.table.height,
                subject=cohort.part,
            )
            continue
        yield from rows_where(
            "missing-patient",
            f"{{count}} of {{total}} rows of {cohort.file.name} have no patient_id.",
            cohort,
            pl.col("patient_id").is_null(),
            "image_name",
        )


def unknown_lesions(seen: Seen) -> Iterator[Finding]:
    """Find a training table without lesions."""
    train = seen.dataset.train
    if not train.has_lesions:
        yield found(
            "no-lesions",
            f"{train.file.name} does not say which lesion an image shows.",
            count=train.table.height,
        )


def image_level_split(seen: Seen) -> Iterator[Finding]:
    """Say what a random split of the images, rather than of the patients, would leak."""
    split = seen.facts.get("image_level_split")
    if split is None or seen.facts["train"].get("max_images_a_patient", 0) < 2:
        return
    shared = round(split["shared_patient_share"] * seen.dataset.train.table.height)
    pairs = split["split_pairs"]
    also = f", and about {pairs:.0f} listed pairs in two parts" if pairs else ""
    yield found(
        "image-level-split",
        f"A random 80/20 split of the images would leave {split['shared_patient_share']:.1%} of"
        f" the validation images with their patient in training as well{also}.",
        count=shared,
    )
