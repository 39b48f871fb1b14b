"""Which patients, lesions and images does a dataset hold? What its tables say, checked.

Reads every table of a layout, checks each cell and the tables against each other, and reports all
faults together. It refuses what would make a later number wrong; what is merely odd passes and is
the audit's to find. Never opens an image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import polars as pl

from cygnet.cohort.columns import Part, canonical_columns, offenders
from cygnet.cohort.companions import FileForm, form_of, read_pairs, read_sizes
from cygnet.cohort.layout import Layout, recognise_layout
from cygnet.csv_rows import read_csv_rows
from cygnet.errors import Fault, TableError

Read = TypeVar("Read")

_LAYOUTS_WITH_PATIENTS: Final = ("kaggle", "isic2020")


@dataclass(frozen=True)
class Cohort:
    """One checked table: a row an image, the canonical columns first.

    ``table`` has image_name, patient_id, lesion_id, sex, age_approx (Float64, years),
    anatom_site_general_challenge, diagnosis, benign_malignant, target (Int8, all null in a test
    set), width_px and height_px (Int32, of the original image), row (Int64, line of ``file``, the
    header being line 1), then every other column as read. Null means not known.
    """

    part: Part
    file: Path
    table: pl.DataFrame
    notes: tuple[str, ...] = ()
    form: FileForm | None = None

    @property
    def has_patients(self) -> bool:
        """Whether the table says of any image whose it is."""
        return self.table["patient_id"].null_count() < self.table.height

    @property
    def has_lesions(self) -> bool:
        """Whether the table says of any image which lesion it shows."""
        return self.table["lesion_id"].null_count() < self.table.height


@dataclass(frozen=True)
class Dataset:
    """A training table, its test table where there is one, and what stands beside them.

    ``duplicates`` (n_pairs,) has image_name_1, image_name_2 and row: the listed pairs of images of
    one lesion. ``lesions`` is the second table that ``lesion_id`` was taken from.
    """

    layout: Layout
    train: Cohort
    test: Cohort | None
    duplicates: pl.DataFrame
    lesions: Cohort | None = None
    forms: tuple[FileForm, ...] = ()

    @property
    def parts(self) -> tuple[Cohort, ...]:
        """The tables there are: train, and test where there is one."""
        return (self.train,) if self.test is None else (self.train, self.test)


def read_cohort(file: Path, part: Part, *, requires_patient: bool = False) -> Cohort:
    """Read and check one table.

    Raises :class:`TableError` with every fault in it.
    """
    cohort, faults = _cohort_and_faults(file, part, requires_patient=requires_patient)
    if cohort is None or faults:
        raise TableError(*faults)
    return cohort


def _cohort_and_faults(
    file: Path, part: Part, *, requires_patient: bool, requires_target: bool = True
) -> tuple[Cohort | None, list[Fault]]:
    """Read one table, faults and all, so that it can still be held against the others."""
    try:
        rows = read_csv_rows(file)
    except TableError as error:
        return None, list(error.faults)
    table, notes, faults = canonical_columns(
        rows, part, requires_patient=requires_patient, requires_target=requires_target
    )
    return Cohort(part, file, table, tuple(notes), form_of(rows)), faults


def read_dataset(data: Path, *, for_audit: bool = False) -> Dataset:
    """Read and check every table of the dataset at ``data``, a folder or one CSV file.

    Raises :class:`TableError` with the faults of all tables, each with file, rows, values, count
    and remedy; also when an image, a patient or a lesion is in both training and test, or when a
    training row does not say its target. ``for_audit`` leaves these two to the audit, which can
    describe what nothing else may be made of.
    """
    layout = recognise_layout(data)
    faults: list[Fault] = []
    needs_patient = layout.name in _LAYOUTS_WITH_PATIENTS

    def cohort(file: Path | None, part: Part) -> Cohort | None:
        if file is None:
            return None
        read, found = _cohort_and_faults(
            file, part, requires_patient=needs_patient, requires_target=not for_audit
        )
        faults.extend(found)
        return read

    train = cohort(layout.train_table, "train")
    test = cohort(layout.test_table, "test")
    lesions = cohort(layout.lesion_table, "train")
    if train is not None and test is not None and not for_audit:
        faults += _shared_faults(train, test)
    beside = layout.duplicates_table
    pairs = None if beside is None else _gather(lambda: read_pairs(beside), faults)
    train = _with_sizes(train, layout.train_sizes, faults)
    test = _with_sizes(test, layout.test_sizes, faults)
    if faults or train is None:
        raise TableError(*faults)
    if lesions is not None:
        train = _with_lesions(train, lesions)
    duplicates, pairs_form = pairs if pairs is not None else (_no_pairs(), None)
    forms = (train.form, *(other.form for other in (test, lesions) if other), pairs_form)
    known_forms = tuple(form for form in forms if form is not None)
    return Dataset(layout, train, test, duplicates, lesions, known_forms)


def _gather(read: Callable[[], Read], faults: list[Fault]) -> Read | None:
    """Read, or note the faults and go on, so that those of the next table are found as well."""
    try:
        return read()
    except TableError as error:
        faults.extend(error.faults)
        return None


def _no_pairs() -> pl.DataFrame:
    return pl.DataFrame(
        schema={"image_name_1": pl.String, "image_name_2": pl.String, "row": pl.Int64}
    )


def _with_sizes(cohort: Cohort | None, file: Path | None, faults: list[Fault]) -> Cohort | None:
    if file is None:
        return cohort
    sizes = _gather(lambda: read_sizes(file), faults)
    if cohort is None or sizes is None:
        return cohort
    columns = cohort.table.columns
    table = (
        cohort.table.drop("width_px", "height_px")
        .join(sizes, on="image_name", how="left", maintain_order="left")
        .select(columns)
    )
    return Cohort(cohort.part, cohort.file, table, cohort.notes, cohort.form)


def _with_lesions(train: Cohort, lesions: Cohort) -> Cohort:
    if train.has_lesions:
        return train
    columns = train.table.columns
    table = (
        train.table.drop("lesion_id")
        .join(
            lesions.table.select("image_name", "lesion_id"),
            on="image_name",
            how="left",
            maintain_order="left",
        )
        .select(columns)
    )
    notes = (*train.notes, f"lesion_id is taken from {lesions.file.name}, by image_name.")
    return Cohort(train.part, train.file, table, notes, train.form)


_SHARED: Final[Sequence[tuple[str, str, str]]] = (
    ("image_name", "An image", "Remove it from one of the two."),
    ("patient_id", "A patient", "Keep all images of a patient in one of the two tables."),
    ("lesion_id", "A lesion", "Keep all images of a lesion in one of the two tables."),
)


def shared_rows(train: Cohort, test: Cohort, column: str) -> pl.DataFrame:
    """Give the first test row of each value of ``column``, an identifier, that train has too."""
    known = train.table[column].drop_nulls()
    return test.table.filter(
        pl.col(column).is_in(known.implode()) & pl.col(column).is_first_distinct()
    )


def _shared_faults(train: Cohort, test: Cohort) -> list[Fault]:
    faults = []
    for column, unit, remedy in _SHARED:
        first_rows = shared_rows(train, test, column)
        shown, count = offenders(first_rows, pl.lit(value=True), column)
        if count:
            rule = f"{unit} of {train.file.name} is in the test table too ({column})."
            faults.append(Fault(rule, remedy, test.file, shown, count))
    return faults
