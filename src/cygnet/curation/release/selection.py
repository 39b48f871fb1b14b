"""Which images are released, under which identifiers, on which side? One row an image.

Takes a dataset that the audit passed; refuses what may not be published as it is: a row without a
patient, words outside the vocabulary (free text), a source that nobody is thanked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from cygnet.cohort.columns import offenders
from cygnet.cohort.folds import component_codes
from cygnet.cohort.table import Dataset, read_cohort
from cygnet.curation.release.config import ReleaseConfig, Source
from cygnet.curation.release.keyring import Ledger, keyed_rank
from cygnet.curation.release.split import TRAIN, sides_of_patients
from cygnet.errors import Fault, InputError
from cygnet.vocabulary import DIAGNOSES, KNOWN_VALUES

_LABELS: Final = ("diagnosis", "benign_malignant", "target")
_WORDED: Final = (
    "sex",
    "anatom_site_general_challenge",
    "laterality",
    "diagnosis",
    "benign_malignant",
)
_KEPT: Final = (
    "image_name",
    "patient_id",
    "lesion_id",
    "sex",
    "age_approx",
    "anatom_site_general_challenge",
    *_LABELS,
    "width_px",
    "height_px",
)


@dataclass(frozen=True)
class Selected:
    """What is released, a row an image, in the order of the released image_name.

    ``rows`` has the columns of the cohort with released identifiers, and: side (train, Public or
    Private), source (its name), source_image and source_part. ``pairs`` are the listed duplicates
    among the released training images. The rest counts what was left out, and why.
    """

    rows: pl.DataFrame
    pairs: tuple[tuple[str, str], ...]
    has_truth: bool
    n_left_out_of_lesions: int
    n_left_out_of_patients: int

    @property
    def train(self) -> pl.DataFrame:
        """The training images."""
        return self.rows.filter(pl.col("side") == TRAIN)

    @property
    def test(self) -> pl.DataFrame:
        """The test images, both parts."""
        return self.rows.filter(pl.col("side") != TRAIN)


def select(
    dataset: Dataset,
    config: ReleaseConfig,
    *,
    key: bytes,
    ledger: Ledger,
    linked: Iterable[tuple[str, str]],
) -> Selected:
    """Choose and name what is released; ``ledger`` learns what it did not know.

    ``linked`` are pairs of images of one lesion or of equal bytes, by source image_name. Raises
    :class:`InputError` with every row that may not be published.
    """
    pairs = list(linked)
    rows, has_truth = _rows_of(dataset, config)
    whole = rows.height
    if config.selection.one_image_a_lesion:
        rows = _one_image_a_lesion(rows, pairs, key, ledger)
    left_of_lesions = whole - rows.height
    rows = _of_patients_with(rows, config.selection.min_lesions_a_patient)
    left_of_patients = whole - left_of_lesions - rows.height
    sides = sides_of_patients(
        rows,
        key=key,
        known=ledger.sides,
        linked=pairs,
        test_share=config.split.test_share,
        public_share=config.split.public_share,
    )
    _validate_sides(rows, sides, dataset)
    ledger.sides.update(sides)
    named = _named(rows, key, ledger).with_columns(side=rows["patient_id"].replace_strict(sides))
    named = named.sort("image_name")
    return Selected(
        _aged(named, config), _released_pairs(dataset, named), has_truth,
        left_of_lesions, left_of_patients,
    )  # fmt: skip


def _rows_of(dataset: Dataset, config: ReleaseConfig) -> tuple[pl.DataFrame, bool]:
    """Give all rows with their part, and whether every test row, if any, has a truth."""
    if dataset.test is not None and config.split.test_share is not None:
        raise InputError.of(
            "DATA has a test table, and `split.test_share` asks for another split.",
            "Remove `split.test_share` to keep the split, or give DATA as one table.",
            file=dataset.test.file,
        )
    faults: list[Fault] = []
    tables = []
    for cohort in dataset.parts:
        faults += _faults(cohort.table, config, cohort.part, dataset)
        source = _source_names(cohort.table, config)
        table = cohort.table.select(
            *_KEPT, _laterality(cohort.table), source=source, source_part=pl.lit(cohort.part)
        )
        tables.append(table)
    if faults:
        raise InputError(*faults)
    has_truth = config.split.test_share is not None
    if dataset.test is not None and config.split.test_truth is not None:
        tables[1] = _with_truth(tables[1], config)
        has_truth = True
    return pl.concat(tables).with_columns(part=pl.col("source_part")), has_truth


def _faults(
    table: pl.DataFrame, config: ReleaseConfig, part: str, dataset: Dataset
) -> Iterator[Fault]:
    file = dataset.train.file if part == TRAIN or dataset.test is None else dataset.test.file
    known = {**KNOWN_VALUES, "diagnosis": (*DIAGNOSES, *config.tables.more_diagnoses)}
    checks: list[tuple[str, str, pl.Expr, str]] = [
        (
            "A row has no patient_id, and a release is split and counted by patient.",
            "Fill it in, or remove the row.",
            pl.col("patient_id").is_null(),
            "image_name",
        )
    ]
    checks += [
        (
            f"{column} holds a word that is not known, and free text is not published.",
            "Use one of the known words, leave the cell empty"
            + (", or name the word in `tables.more_diagnoses`." if column == "diagnosis" else "."),
            pl.col(column).is_not_null() & ~pl.col(column).is_in(known[column]),
            column,
        )
        for column in _WORDED
        if column in table.columns
    ]
    column = config.tables.source_column
    if column is not None and column not in table.columns:
        yield Fault(f"There is no column {column} (`tables.source_column`).", "Add it.", file)
    elif column is not None:
        values = [source.value for source in config.source if source.value is not None]
        rule = "The source of an image has no [[source]] in the configuration."
        checks.append((rule, "Add it there.", ~pl.col(column).is_in(values), column))
        checks.append((rule, "Fill the cell in.", pl.col(column).is_null(), "image_name"))
    for rule, remedy, breaks, shown_column in checks:
        shown, count = offenders(table, breaks, shown_column)
        if count:
            yield Fault(rule, remedy, file, shown, count)


def _laterality(table: pl.DataFrame) -> pl.Expr:
    """Give the side of the body, which DICOM files say and ISIC 2020's tables do not."""
    return (
        pl.col("laterality")
        if "laterality" in table.columns
        else pl.lit(None, pl.String).alias("laterality")
    )


def _source_names(table: pl.DataFrame, config: ReleaseConfig) -> pl.Expr:
    column = config.tables.source_column
    if column is None or column not in table.columns:
        return pl.lit(config.source[0].name)
    names = {one.value: one.name for one in config.source if one.value is not None}
    return pl.col(column).replace_strict(names, default=None, return_dtype=pl.String)


def source_of(config: ReleaseConfig, name: str) -> Source:
    """Give the source called ``name``."""
    return next(source for source in config.source if source.name == name)


def _with_truth(test: pl.DataFrame, config: ReleaseConfig) -> pl.DataFrame:
    file = config.split.test_truth
    if file is None:
        return test
    truth = read_cohort(file, "train").table
    lacking = test.filter(~pl.col("image_name").is_in(truth["image_name"].implode()))
    if lacking.height:
        shown, count = offenders(lacking.with_row_index("row"), pl.lit(value=True), "image_name")
        raise InputError.of(
            "The truth of a test image is not in `split.test_truth`.",
            "Complete the file, or leave it out to release without a truth.",
            file=file,
            offenders=shown,
            count=count,
        )
    columns = ("image_name", "lesion_id", *_LABELS)
    return (
        test.drop(columns[1:])
        .join(truth.select(columns), on="image_name", how="left", maintain_order="left")
        .select(test.columns)
    )


def _one_image_a_lesion(
    rows: pl.DataFrame, pairs: list[tuple[str, str]], key: bytes, ledger: Ledger
) -> pl.DataFrame:
    """Keep the image of each lesion that was released before, else the one the key draws."""
    no_patient = pl.lit(None, dtype=pl.String).alias("patient_id")
    lesion = component_codes(rows.with_columns(no_patient), pairs)
    released = ledger.given["image_name"]
    order = [
        (0 if name in released else 1, keyed_rank(key, "lesion", name))
        for name in rows["image_name"]
    ]
    best: dict[int, int] = {}
    for index, code in enumerate(lesion.tolist()):
        if code not in best or order[index] < order[best[code]]:
            best[code] = index
    return rows[sorted(best.values())]


def _of_patients_with(rows: pl.DataFrame, n_lesions: int) -> pl.DataFrame:
    lesion = pl.coalesce(pl.col("lesion_id"), "image " + pl.col("image_name"))
    kept = rows.filter(lesion.n_unique().over("patient_id") >= n_lesions)
    if not kept.height:
        raise InputError.of(
            f"No patient has {n_lesions} lesions.", "Lower `selection.min_lesions_a_patient`."
        )
    return kept


def _validate_sides(rows: pl.DataFrame, sides: dict[str, str], dataset: Dataset) -> None:
    if TRAIN not in sides.values():
        raise InputError.of(
            "No patient is left for training.",
            "Lower `split.test_share`.",
            file=dataset.train.file,
        )
    train = rows.filter(pl.col("patient_id").replace_strict(sides) == TRAIN)
    if train["target"].n_unique() < 2:
        raise InputError.of(
            "The training images of the release are all of one class.",
            "Lower `split.test_share`, or release more patients.",
            file=dataset.train.file,
        )


def _named(rows: pl.DataFrame, key: bytes, ledger: Ledger) -> pl.DataFrame:
    images = ledger.give(key, "image_name", rows["image_name"])
    patients = ledger.give(key, "patient_id", rows["patient_id"])
    lesions = ledger.give(key, "lesion_id", rows["lesion_id"].drop_nulls())
    return rows.with_columns(
        source_image="image_name",
        image_name=pl.col("image_name").replace_strict(images),
        patient_id=pl.col("patient_id").replace_strict(patients),
        lesion_id=pl.col("lesion_id").replace_strict(lesions, return_dtype=pl.String)
        if lesions
        else pl.lit(None, dtype=pl.String),
    )


def _aged(rows: pl.DataFrame, config: ReleaseConfig) -> pl.DataFrame:
    step, oldest = config.tables.age_step_years, config.tables.oldest_age_years
    age = (pl.col("age_approx") / step + 0.5).floor() * step
    return rows.with_columns(age.clip(upper_bound=float(oldest)).alias("age_approx"))


def _released_pairs(dataset: Dataset, rows: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    train = rows.filter(pl.col("side") == TRAIN)
    names = dict(train.select("source_image", "image_name").iter_rows())
    listed = dataset.duplicates.select("image_name_1", "image_name_2").iter_rows()
    found = {tuple(sorted((names[a], names[b]))) for a, b in listed if a in names and b in names}
    return tuple(sorted((one, two) for one, two in found))
