"""Which column of a table is which, and what in it breaks a rule? Names, cells and faults.

Takes the cells of any ISIC-like table as text and gives the columns that the rest of the house
reads, together with every fault that was met on the way. Refuses nothing itself.
"""

from collections.abc import Sequence
from typing import Final, Literal

import polars as pl

from cygnet.csv_rows import CsvRows
from cygnet.errors import MAX_SHOWN, Fault, Offender
from cygnet.vocabulary import (
    AGE_LIMIT_YEARS,
    BENIGN,
    COLUMN_SPELLINGS,
    IDENTIFIER_LIMIT_CHARS,
    IMAGE_SUFFIXES,
    KNOWN_VALUES,
    MALIGNANT,
    MISSING_MARKS,
    PLAIN_IDENTIFIER,
    UNDECIDED_DIAGNOSES,
    VALUE_SPELLINGS,
    is_melanoma,
    is_safe_identifier,
)

Part = Literal["train", "test"]

IDENTIFIERS: Final = ("image_name", "patient_id", "lesion_id")

CANONICAL: Final = (
    *IDENTIFIERS,
    "sex",
    "age_approx",
    "anatom_site_general_challenge",
    "diagnosis",
    "benign_malignant",
    "target",
    "width_px",
    "height_px",
    "row",
)

_LABELS: Final = ("diagnosis", "benign_malignant", "target")
_SUFFIX: Final = "(?i)(" + "|".join(suffix.replace(".", "[.]") for suffix in IMAGE_SUFFIXES) + ")$"
_FLOAT_TARGETS: Final = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}


def spelled_columns(header: Sequence[str]) -> dict[str, str]:
    """Give for each canonical column that ``header`` has the spelling that stands there.

    >>> spelled_columns(["isic_id", "age", "notes"])
    {'image_name': 'isic_id', 'age_approx': 'age'}
    """
    by_fold = {name.casefold(): name for name in reversed(header)}
    found = {}
    for canonical, spellings in COLUMN_SPELLINGS.items():
        for spelling in spellings:
            if spelling in by_fold:
                found[canonical] = by_fold[spelling]
                break
    return found


def image_names(column: str) -> pl.Expr:
    """Give the image_name in each cell of ``column``, without the suffix of an image file."""
    return pl.col(column).str.replace(_SUFFIX, "")


def offenders(
    table: pl.DataFrame, breaks: pl.Expr | pl.Series, column: str
) -> tuple[tuple[Offender, ...], int]:
    """Give the first five rows of ``table`` where ``breaks`` is true, and how many there are.

    ``table`` has a column ``row``, the line number; the value shown is that of ``column``.
    """
    broken = table.filter(breaks)
    shown = broken.head(MAX_SHOWN).select("row", pl.col(column).cast(pl.String).fill_null(""))
    return tuple(Offender(value, row) for row, value in shown.iter_rows()), broken.height


class CanonicalColumns:
    """The canonical columns of one table while they are built: cells, notes and faults.

    ``notes`` are sentences on what was read in another way than it is written.
    """

    def __init__(
        self, rows: CsvRows, part: Part, *, requires_patient: bool, requires_target: bool = True
    ) -> None:
        self._requires_target = requires_target
        self.file = rows.file
        self.faults: list[Fault] = list(rows.faults)
        self.notes: list[str] = []
        spelled = spelled_columns(rows.table.columns)
        if part == "test":
            # A test set has no labels here; what such columns hold is kept under another name.
            spelled = {name: spelling for name, spelling in spelled.items() if name not in _LABELS}
        self._require(rows, spelled, part, requires_patient=requires_patient)
        self.table = self._named(rows, spelled)
        if self._lacks_image_name:
            return
        self._map_values()
        self._check_identifiers()
        self._read_age()
        self._read_sizes()
        self._read_target(part, spelled)

    def _fault(self, rule: str, remedy: str, breaks: pl.Expr | pl.Series, column: str) -> None:
        shown, count = offenders(self.table, breaks, column)
        if count:
            self.faults.append(Fault(rule, remedy, self.file, shown, count))

    def _require(
        self, rows: CsvRows, spelled: dict[str, str], part: Part, *, requires_patient: bool
    ) -> None:
        wanted = ["image_name"]
        if requires_patient:
            wanted.append("patient_id")
        if part == "train" and not any(name in spelled for name in _LABELS):
            wanted.append("target")
        lacking = [name for name in wanted if name not in spelled]
        self._lacks_image_name = "image_name" in lacking
        if lacking:
            header = tuple(Offender(name, 1) for name in rows.table.columns[:MAX_SHOWN])
            names = " and ".join(f"'{name}'" for name in lacking)
            spellings = "; ".join(f"as {' or '.join(COLUMN_SPELLINGS[name])}" for name in lacking)
            self.faults.append(
                Fault(
                    f"The table has no column {names}; these are the columns it has.",
                    f"Add or rename the column ({spellings}); the first line must be a header.",
                    self.file,
                    header,
                    rows.table.width,
                )
            )

    def _named(self, rows: CsvRows, spelled: dict[str, str]) -> pl.DataFrame:
        for name, spelling in spelled.items():
            if name != spelling:
                self.notes.append(f"{name} is read from the column {spelling}.")
        taken = set(spelled.values())
        reserved = {*CANONICAL, *spelled}
        others = [name for name in rows.table.columns if name not in taken]
        missing = [name for name in CANONICAL if name not in spelled and name != "row"]
        canonical = {*spelled, *missing}
        text = pl.col(sorted(canonical))
        return rows.table.select(
            *(pl.col(spelled[name]).alias(name) for name in spelled),
            *(pl.lit(None, dtype=pl.String).alias(name) for name in missing),
            rows.line_numbers,
            *(
                pl.col(name).alias(f"{name} as read" if name in reserved else name)
                for name in others
            ),
        ).with_columns(pl.when(~text.is_in(MISSING_MARKS)).then(text))

    def _map_values(self) -> None:
        self.table = self.table.with_columns(image_names("image_name"))
        for column, spellings in VALUE_SPELLINGS.items():
            if column not in self.table.columns:
                continue
            known = {value.casefold(): value for value in KNOWN_VALUES[column]} | dict(spellings)
            values = self.table[column].drop_nulls().unique().to_list()
            mapping = {
                value: known[value.casefold()]
                for value in values
                if value.casefold() in known and known[value.casefold()] != value
            }
            if mapping:
                self.table = self.table.with_columns(pl.col(column).replace(mapping))
                shown = ", ".join(
                    f"{value} as {meant or 'missing'}" for value, meant in sorted(mapping.items())
                )
                self.notes.append(f"{column}: {shown}.")

    def _check_identifiers(self) -> None:
        self._fault(
            "A row has no image_name.",
            "Name the image, or remove the row.",
            pl.col("image_name").is_null(),
            "image_name",
        )
        for column in IDENTIFIERS:
            odd = self.table.filter(~pl.col(column).str.contains(PLAIN_IDENTIFIER))[column]
            unsafe = [name for name in odd.unique().to_list() if not is_safe_identifier(name)]
            if unsafe:
                self._fault(
                    f"{column} must be 1 to {IDENTIFIER_LIMIT_CHARS} printable characters without"
                    " slashes, backslashes or two dots in a row.",
                    "Give the identifier alone, without a folder.",
                    pl.col(column).is_in(unsafe),
                    column,
                )
        names = self.table["image_name"]
        if names.drop_nulls().n_unique() != len(names):
            self._fault(
                "The same image_name stands in an earlier row.",
                "Keep one row an image.",
                pl.col("image_name").is_not_null() & ~pl.col("image_name").is_first_distinct(),
                "image_name",
            )

    def _read_age(self) -> None:
        years = pl.col("age_approx").cast(pl.Float64, strict=False)
        self._fault(
            f"age_approx must be a number of years from 0 to {AGE_LIMIT_YEARS}, or empty.",
            "Write 85+ as 85; leave an unknown age empty.",
            # A cell that is no number is null here: it is not in the range, and not missing.
            pl.col("age_approx").is_not_null()
            & ~years.is_between(0, AGE_LIMIT_YEARS).fill_null(value=False),
            "age_approx",
        )
        self.table = self.table.with_columns(years)

    def _read_sizes(self) -> None:
        for column in ("width_px", "height_px"):
            side = pl.col(column).cast(pl.Int32, strict=False)
            self._fault(
                f"{column} must be a whole number of pixels above 0, or empty.",
                "Give the size of the original image.",
                pl.col(column).is_not_null() & ~(side > 0).fill_null(value=False),
                column,
            )
            self.table = self.table.with_columns(side)

    def _read_target(self, part: Part, spelled: dict[str, str]) -> None:
        if part == "test":
            self.table = self.table.with_columns(pl.col("target").cast(pl.Int8))
            return
        if "target" in spelled:
            target = pl.col("target").replace_strict(
                _FLOAT_TARGETS, default=None, return_dtype=pl.Int8
            )
            rule = "target must be 0 (benign) or 1 (malignant)."
            remedy = "Write 0 or 1; a word such as malignant belongs in benign_malignant."
        elif any(name in spelled for name in _LABELS):
            target = self._derived_target()
            rule = "This row does not say whether the lesion is a melanoma."
            remedy = "Add a column target with 0 or 1, or remove the row."
            self.notes.append(
                "target is 1 where the diagnosis is melanoma, or where the diagnosis says nothing"
                " and the lesion is malignant."
            )
        else:
            return
        shown = "target" if "target" in spelled else "diagnosis"
        # A cell that says nothing may be left to the audit; one that says nonsense may not.
        said = pl.lit(value=True) if self._requires_target else self._says_a_target(spelled)
        self._fault(rule, remedy, target.is_null() & said, shown)
        self.table = self.table.with_columns(target.alias("target"))

    def _says_a_target(self, spelled: dict[str, str]) -> pl.Expr:
        return pl.col("target").is_not_null() if "target" in spelled else pl.lit(value=False)

    def _derived_target(self) -> pl.Expr:
        values = self.table["diagnosis"].drop_nulls().unique().to_list()
        by_diagnosis = {
            value: int(is_melanoma(value))
            for value in values
            if value.casefold() not in UNDECIDED_DIAGNOSES
        }
        said = pl.col("diagnosis").replace_strict(by_diagnosis, default=None, return_dtype=pl.Int8)
        malignancy = pl.col("benign_malignant").replace_strict(
            {BENIGN: 0, MALIGNANT: 1}, default=None, return_dtype=pl.Int8
        )
        return pl.coalesce(said, malignancy)


def canonical_columns(
    rows: CsvRows, part: Part, *, requires_patient: bool, requires_target: bool = True
) -> tuple[pl.DataFrame, list[str], list[Fault]]:
    """Give the canonical table of ``rows``, notes on what was read otherwise, and all faults.

    Unless ``requires_target`` a training row without a target is none. The table has the columns
    of ``CANONICAL`` first, then whatever else was there, as text. With faults it is fit for looking
    further, not for use.
    """
    built = CanonicalColumns(
        rows, part, requires_patient=requires_patient, requires_target=requires_target
    )
    first = [name for name in CANONICAL if name in built.table.columns]
    others = [name for name in built.table.columns if name not in first]
    return built.table.select(*first, *others), built.notes, built.faults
