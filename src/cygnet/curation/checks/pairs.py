"""Do two rows say the same of one lesion, two tables of one image? Duplicates and second tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from cygnet.cohort.table import Dataset
from cygnet.curation.checks.seen import Seen
from cygnet.curation.duplicate_pairs import lesion_pairs, listed_pairs
from cygnet.curation.duplicates import COMPARED_COLUMNS
from cygnet.curation.findings import Example, Finding, counted, found
from cygnet.errors import MAX_SHOWN


def listed_duplicates(seen: Seen) -> Iterator[Finding]:
    """Find the pairs on the list, and those of them that lesion_id calls two lesions."""
    pairs = _listed_rows(seen.dataset)
    if not pairs.height:
        return
    facts = seen.facts["duplicates"]
    file = seen.dataset.layout.duplicates_table
    yield found(
        "listed-duplicates",
        f"Listed as duplicates: {counted(pairs.height, 'pair')}, {facts['n_listed_malignant']}"
        f" malignant; without one of each, {facts['n_images_without_one_of_each']:,}"
        f" images and {facts['n_malignant_without_one_of_each']:,} melanomas are left.",
        count=pairs.height,
        examples=_pair_examples(pairs, file),
    )
    other = pairs.filter(pl.col("lesion_id_1") != pl.col("lesion_id_2"))
    if other.height:
        yield found(
            "listed-other-lesion",
            f"Listed, and with two lesion_ids: {counted(other.height, 'pair')}.",
            count=other.height,
            examples=_pair_examples(other, file),
        )


def lesions_of_several_images(seen: Seen) -> Iterator[Finding]:
    """Find lesions with more than one image that the list does not tell of."""
    dataset = seen.dataset
    unlisted = sorted(lesion_pairs(dataset) - listed_pairs(dataset))
    if not unlisted:
        return
    listed = dataset.duplicates.height > 0
    shown = [one for one, _ in unlisted[:MAX_SHOWN]]
    rows = {
        name: (row, cohort.file)
        for cohort in dataset.parts
        for name, row in cohort.table.filter(pl.col("image_name").is_in(shown))
        .select("image_name", "row")
        .iter_rows()
    }
    examples = [
        Example(f"{one} / {two}", *rows[one], (one, two)) for one, two in unlisted[:MAX_SHOWN]
    ]
    yield found(
        "unlisted-same-lesion" if listed else "several-images-a-lesion",
        f"Of one lesion_id, and not on the list: {counted(len(unlisted), 'pair')}. List and"
        f" lesion_id together tell of {counted(seen.facts['duplicates']['n_union'], 'pair')}."
        if listed
        else f"Of a lesion that an earlier image shows: {counted(len(unlisted), 'image')}.",
        count=len(unlisted),
        examples=examples,
    )


def duplicates_that_disagree(seen: Seen) -> Iterator[Finding]:
    """Find listed pairs whose two rows say different things."""
    pairs = _listed_rows(seen.dataset)
    examples = []
    for row in pairs.iter_rows(named=True):
        differing = [
            f"{column} {row[f'{column}_1']}, {row[f'{column}_2']}"
            for column in COMPARED_COLUMNS
            if row[f"{column}_1"] != row[f"{column}_2"]
        ]
        if differing:
            names = f"{row['image_name_1']} / {row['image_name_2']}"
            file = seen.dataset.layout.duplicates_table
            both = (row["image_name_1"], row["image_name_2"])
            examples.append(Example(f"{names}: {'; '.join(differing)}", row["row"], file, both))
    if examples:
        yield found(
            "duplicates-disagree",
            f"The two rows differ for {len(examples):,} of {counted(pairs.height, 'listed pair')}.",
            count=len(examples),
            examples=examples,
        )


def same_pictures(seen: Seen) -> Iterator[Finding]:
    """Find pairs of one picture, found by pixels, that neither list nor lesion_id tells of."""
    if seen.same_pictures is None:
        return
    owner = {
        name: (patient, row, cohort.file)
        for cohort in seen.dataset.parts
        for name, patient, row in cohort.table.select("image_name", "patient_id", "row").iter_rows()
    }
    told = listed_pairs(seen.dataset) | lesion_pairs(seen.dataset)
    fresh = [
        pair
        for pair in seen.same_pictures
        if pair not in told and pair[0] in owner and pair[1] in owner
    ]
    strangers = [pair for pair in fresh if owner[pair[0]][0] != owner[pair[1]][0]]
    kin = [pair for pair in fresh if owner[pair[0]][0] == owner[pair[1]][0]]
    for code, pairs, whose in (
        ("same-picture", kin, "one patient"),
        ("same-picture-across-patients", strangers, "two patients"),
    ):
        if pairs:
            yield found(
                code,
                f"Alike pixel by pixel: {counted(len(pairs), 'pair')} of images of {whose}"
                " that neither the list nor lesion_id tells of.",
                count=len(pairs),
                examples=[
                    Example(f"{one} / {two}", *owner[one][1:], (one, two))
                    for one, two in pairs[:MAX_SHOWN]
                ],
            )


def duplicates_not_in_table(seen: Seen) -> Iterator[Finding]:
    """Find listed pairs with an image that the training table does not have."""
    here = seen.dataset.train.table["image_name"].implode()
    one, two = pl.col("image_name_1"), pl.col("image_name_2")
    stray = seen.dataset.duplicates.filter(~one.is_in(here) | ~two.is_in(here))
    if stray.height:
        yield found(
            "duplicates-not-in-table",
            "An image that the training table does not have is named by"
            f" {stray.height:,} of {counted(seen.dataset.duplicates.height, 'listed pair')}.",
            count=stray.height,
            examples=_pair_examples(stray, seen.dataset.layout.duplicates_table),
        )


def tables_that_disagree(seen: Seen) -> Iterator[Finding]:
    """Find images of which the main table and the table with lesion_id say different things."""
    lesions = seen.dataset.lesions
    if lesions is None:
        return
    train = seen.dataset.train
    both = train.table.join(lesions.table, on="image_name", suffix="_2", maintain_order="left")
    for column in COMPARED_COLUMNS:
        differing = both.filter(pl.col(column).ne_missing(pl.col(f"{column}_2")))
        if differing.height:
            shown = differing.head(MAX_SHOWN).select("image_name", column, f"{column}_2", "row")
            yield found(
                "tables-disagree",
                f"{train.file.name} and {lesions.file.name} differ in {column} of"
                f" {counted(differing.height, 'image')}.",
                count=differing.height,
                subject=column,
                examples=[
                    Example(f"{name}: {one}, {two}", row, train.file)
                    for name, one, two, row in shown.iter_rows()
                ],
            )
    lacking = train.table.join(lesions.table, on="image_name", how="anti", maintain_order="left")
    if lacking.height:
        yield found(
            "lesion-table-lacks",
            f"{lesions.file.name} lacks {lacking.height:,} of {train.table.height:,} images.",
            count=lacking.height,
            examples=[
                Example(name, row, train.file)
                for name, row in lacking.head(MAX_SHOWN).select("image_name", "row").iter_rows()
            ],
        )


def _listed_rows(dataset: Dataset) -> pl.DataFrame:
    """Give the listed pairs with what the training table says of either image."""
    columns = ("lesion_id", *COMPARED_COLUMNS)
    sides = [
        dataset.train.table.select(
            pl.col("image_name").alias(f"image_name_{side}"),
            *(pl.col(name).alias(f"{name}_{side}") for name in columns),
        )
        for side in (1, 2)
    ]
    return dataset.duplicates.join(sides[0], on="image_name_1", maintain_order="left").join(
        sides[1], on="image_name_2", maintain_order="left"
    )


def _pair_examples(pairs: pl.DataFrame, file: Path | None) -> Sequence[Example]:
    shown = pairs.head(MAX_SHOWN).select("image_name_1", "image_name_2", "row")
    return [Example(f"{one} / {two}", row, file, (one, two)) for one, two, row in shown.iter_rows()]
