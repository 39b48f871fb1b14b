"""Which probability goes with which image, and with which truth? Two tables, joined by id.

Reads predictions in ISIC's and Kaggle's spellings and any truth with an id and a target. Refuses
what a careful reader would: all kinds of fault are named at once, and none tells a truth label.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from cygnet.durable import write_text_whole
from cygnet.errors import MAX_SHOWN, Fault, InputError, Offender, TableError
from cygnet.identified_rows import (
    IdentifiedRows,
    read_identified_rows,
    row_fault,
    with_one_row_each,
)
from cygnet.vocabulary import COLUMN_SPELLINGS, MISSING_MARKS

PROBABILITY_NAMES: Final = ("target", "prediction", "probability", "score", "malignant", "melanoma")
# Columns of a prediction table that say how sure the probability is; they may lie in 0 to 1.
DOUBT_COLUMNS: Final = ("fold_spread", "view_spread", "unlikeness")
_NO_VALUE: Final = tuple(mark for mark in MISSING_MARKS if mark.casefold() != "nan")


class JoinedTables(NamedTuple):
    """Truth and probability side by side, and how many images each file held.

    ``table`` has ``image_name, patient_id, target, probability`` and the truth's other columns.
    """

    table: pl.DataFrame
    n_truth: int
    n_predictions: int


@dataclass(frozen=True, slots=True)
class _Checked:
    """A table with every row that has an id, and what is wrong with it.

    ``table`` is ``None`` where it cannot be read; ``n_unread`` lines were left out of it.
    """

    table: pl.DataFrame | None
    faults: tuple[Fault, ...]
    n_unread: int = 0


def read_predictions(path: Path, *, any_score: bool = False) -> pl.DataFrame:
    """Read a prediction file: ``image_name``, ``target`` (a probability, Float64), ``row``.

    The id may be called ``image_name``, ``image``, ``isic_id`` or ``image_id`` and carry an image
    suffix; the probability ``target``, ``prediction``, ... or anything where it is the only other
    column. Commas or semicolons, a byte-order mark, quotes and spaces around cells are taken.

    ``any_score`` takes every finite number, as ranks need no probabilities.

    Raises :class:`TableError` that names at once: duplicate and blank ids; blank, NaN, textual and
    out-of-range probabilities; lines with too many or too few cells. Also for a file that is not
    there, empty, larger than 512 MB, not a table, or that has two columns of probabilities.
    """
    return _unless_faults(_checked_predictions(path, any_score=any_score))


def read_truth(path: Path) -> pl.DataFrame:
    """Read a truth: ``image_name``, ``patient_id`` (null: unknown), ``target`` (Int8), ``row``.

    All other columns stay, as text. Kaggle's ``train.csv`` is one. Raises :class:`TableError` that
    names at once blank and duplicate ids, targets other than 0 and 1 (by id, never by value), and
    lines with too many or too few cells.
    """
    return _unless_faults(_checked_truth(path))


def read_scored(truth: Path, predictions: Path, *, common: bool = False) -> JoinedTables:
    """Read both files and join them by id; the faults of both are named at once.

    ``common`` keeps the images that both hold. Without it, ids that only one of the two holds are
    faults too. Raises :class:`TableError` also where nothing is common, or only one class is left.
    """
    true = _checked_or_faults(_checked_truth, truth)
    predicted = _checked_or_faults(_checked_predictions, predictions)
    faults = [*true.faults, *predicted.faults]
    kept = true.table
    if true.table is not None and predicted.table is not None:
        unread = true.n_unread, predicted.n_unread
        files = truth, predictions
        faults += _unmatched(true.table, predicted.table, files, common=common, unread=unread)
        if common:
            kept = true.table.join(predicted.table, on="image_name", how="semi")
    # What stands in lines that were left out may be of the other class.
    whole = not true.n_unread and not (common and predicted.n_unread)
    if whole and kept is not None and kept["target"].drop_nulls().n_unique() == 1:
        faults.append(_one_class(truth))
    if true.table is None or predicted.table is None or faults:
        raise TableError(*faults)
    joined = _joined(true.table, predicted.table)
    return JoinedTables(joined, true.table.height, predicted.table.height)


def _checked_or_faults(read: Callable[[Path], _Checked], path: Path) -> _Checked:
    """Read a table and give what is wrong with it; without a table where it cannot be read."""
    try:
        return read(path)
    except TableError as error:
        return _Checked(None, error.faults)


def join_predictions(
    truth: pl.DataFrame, predictions: pl.DataFrame, *, common: bool = False
) -> pl.DataFrame:
    """Join what :func:`read_truth` and :func:`read_predictions` give, by id, in the truth's order.

    Returns ``image_name, patient_id, target, probability`` and the truth's other columns. Raises
    :class:`TableError` for ids that only one of the two holds, unless ``common`` keeps the rest;
    the heights of the three tables then say how many. Also where nothing is common.
    """
    faults = _unmatched(truth, predictions, None, common=common)
    if faults:
        raise TableError(*faults)
    return _joined(truth, predictions)


def write_predictions(path: Path, image_names: Sequence[str], probability: ArrayLike) -> None:
    """Write a prediction file, whole or not at all: ``image_name,target``, one line an image.

    ``probability`` ``(n_images,)`` lies in 0 to 1 and is written so that it is read back exactly.
    Raises :class:`InputError` for lengths that differ, an id that stands twice, NaN and values
    outside 0 to 1.
    """
    values = np.asarray(probability)
    if values.shape != (len(image_names),):
        raise InputError.of(
            f"{len(image_names)} images do not fit an array of shape {values.shape}.",
            "Give one probability an image.",
        )
    table = pl.DataFrame(
        {"image_name": list(image_names), "target": values.astype(np.float64)},
        schema={"image_name": pl.String, "target": pl.Float64},
    )
    twice = table.filter(~pl.col("image_name").is_first_distinct())["image_name"]
    broken = table.filter(~pl.col("target").fill_nan(None).is_between(0, 1).fill_null(value=False))
    for rule, names in (
        ("An image stands twice among those to write.", twice),
        ("A probability to write is NaN or outside 0 to 1.", broken["image_name"]),
    ):
        if names.len():
            offenders = [Offender(name) for name in names[:MAX_SHOWN]]
            raise InputError.of(
                rule,
                "This is a slip of the program that made them.",
                offenders=offenders,
                count=names.len(),
            )
    # repr of a float64 is the shortest text that is read back as the same number.
    lines = (
        f"{quoted(name)},{value!r}\n"
        for name, value in zip(table["image_name"], table["target"], strict=True)
    )
    write_text_whole(path, "image_name,target\n" + "".join(lines))


def quoted(cell: str) -> str:
    """Give a cell as it stands in a CSV file."""
    if any(mark in cell for mark in ',"\n\r'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _unless_faults(checked: _Checked) -> pl.DataFrame:
    if checked.faults or checked.table is None:
        raise TableError(*checked.faults)
    return checked.table


def _checked_predictions(path: Path, *, any_score: bool = False) -> _Checked:
    rows = read_identified_rows(path)
    columns = probability_columns(rows)
    faults = [*rows.faults]
    if len(columns) != 1:
        faults.append(_not_one_column(rows, columns))
    whole, identifier_faults = with_one_row_each(rows.table, path)
    faults += identifier_faults
    for column in columns[:MAX_SHOWN]:
        whose = "The probability" if len(columns) == 1 else f"The probability in {column}"
        faults += _value_faults(rows.table, column, whose, path, any_score=any_score)
    number = pl.lit(None, pl.Float64)
    if len(columns) == 1:
        number = _number_within(columns[0], any_score=any_score)
    table = whole.select("image_name", target=number, row="row")
    return _Checked(table, tuple(faults), rows.n_unread)


class UnfitValue(NamedTuple):
    """One way in which a cell is no probability: a code, the rule, the remedy, which cells.

    ``shown`` is the column whose cells name the offenders, ``None`` where the id does.
    """

    code: str
    rule: str
    remedy: str
    which: pl.Expr
    shown: str | None


def unfit_values(column: str, whose: str, *, any_score: bool = False) -> tuple[UnfitValue, ...]:
    """Give the ways in which a cell of ``column`` is no probability, or no finite score.

    ``whose`` begins each rule: "The probability". ``any_score`` takes every finite number.
    """
    cell = pl.col(column)
    number = cell.cast(pl.Float64, strict=False)
    blank = cell.is_null() | cell.is_in(_NO_VALUE)
    nan = cell.str.to_lowercase().str.contains(r"^[+-]?nan$").fill_null(value=False)
    remedy = "Give a number from 0 to 1 with a decimal point."
    outside = (
        (f"{whose} is infinite.", "Give a finite score.", number.is_infinite())
        if any_score
        else (
            f"{whose} lies outside 0 to 1.",
            "Give probabilities, not logits.",
            ~nan & ~number.is_between(0, 1).fill_null(value=True),
        )
    )
    textual = ~blank & ~nan & number.is_null()
    return (
        UnfitValue("blank-probability", f"{whose} is blank.", remedy, blank, None),
        UnfitValue("nan", f"{whose} is NaN.", remedy, nan, None),
        UnfitValue("no-number", f"{whose} is no number.", remedy, textual, column),
        UnfitValue("out-of-range", *outside, column),
    )


def _value_faults(
    named: pl.DataFrame, column: str, whose: str, path: Path, *, any_score: bool
) -> list[Fault]:
    """Name the cells of ``column`` that are no probability, or no finite score, by kind."""
    return [
        row_fault(unfit.rule, unfit.remedy, broken, path, unfit.shown)
        for unfit in unfit_values(column, whose, any_score=any_score)
        if (broken := named.filter(unfit.which)).height
    ]


def _number_within(column: str, *, any_score: bool) -> pl.Expr:
    number = pl.col(column).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite() if any_score else number.is_between(0, 1)).then(number)


def _checked_truth(path: Path) -> _Checked:
    try:
        rows = read_identified_rows(path)
    except TableError as error:
        raise TableError(*map(_without_cells, error.faults)) from error
    named = rows.table
    faults = [*map(_without_cells, rows.faults)]
    target = pl.lit(None, pl.Int8)
    if "target" in rows.header:
        number = pl.col("target").cast(pl.Float64, strict=False)
        target = pl.when(number.is_in([0.0, 1.0])).then(number).cast(pl.Int8)
        unfit = named.filter(target.is_null())
        if unfit.height:
            remedy = "Write 1 for melanoma, 0 for what is none; leave out what is unknown."
            faults.append(row_fault("The target is neither 0 nor 1.", remedy, unfit, path))
    else:
        rule = "A truth needs a column target, 1 for melanoma and 0 for what is none."
        faults.append(Fault(rule, f"This file has: {', '.join(rows.header)}.", path))
    whole, identifier_faults = with_one_row_each(named, path)
    patient = next((c for c in COLUMN_SPELLINGS["patient_id"] if c in whole.columns), None)
    known = pl.lit(None, pl.String) if patient is None else pl.col(patient)
    table = whole.with_columns(
        target=target,
        patient_id=pl.when(~known.is_in(MISSING_MARKS)).then(known),
    )
    # A truth's own columns must not be taken for what the join adds.
    table = table.rename({"probability": "truth_probability"}, strict=False)
    first = ["image_name", "patient_id", "target", "row"]
    table = table.select(*first, pl.exclude(first))
    return _Checked(table, (*faults, *identifier_faults), rows.n_unread)


def _without_cells(fault: Fault) -> Fault:
    """Leave the rows of a truth's fault and drop what stands there: it may be a label."""
    rows = tuple(Offender("", offender.row) for offender in fault.offenders)
    return replace(fault, offenders=rows)


def probability_columns(rows: IdentifiedRows) -> list[str]:
    """Find the columns that may be of probabilities; more than one leaves it open which is.

    An empty list: no column is named as one. Columns of doubt are passed over.
    """
    aside = (rows.identifier, *DOUBT_COLUMNS)
    others = [name for name in rows.header if name not in aside]
    if len(others) == 1:
        return others
    named = [name for name in others if name.casefold() in PROBABILITY_NAMES]
    if len(named) == 1:
        named += [name for name in others if name not in named and _is_share(rows.table[name])]
    return named


def _not_one_column(rows: IdentifiedRows, columns: Sequence[str]) -> Fault:
    remedy = "Keep the id and one column called target."
    if not columns:
        others = [name for name in rows.header if name != rows.identifier]
        found = tuple(Offender(name, 1) for name in others[:MAX_SHOWN])
        rule = "No column is named as a probability."
        return Fault(rule, remedy, rows.file, found, len(others))
    shown = tuple(Offender(name, 1) for name in columns[:MAX_SHOWN])
    rule = "There are several columns of probabilities."
    return Fault(rule, remedy, rows.file, shown, len(columns))


def _is_share(column: pl.Series) -> bool:
    """Say whether a column reads as probabilities: all in 0 to 1, not all whole numbers."""
    given = column.filter(~column.is_in(_NO_VALUE).fill_null(value=True))
    number = given.cast(pl.Float64, strict=False)
    known = number.fill_nan(None).drop_nulls()
    if number.null_count() or known.is_empty():
        return False
    return bool(known.is_between(0, 1).all() and (known != known.round()).any())


def _unmatched(
    truth: pl.DataFrame,
    predictions: pl.DataFrame,
    files: tuple[Path, Path] | None,
    *,
    common: bool,
    unread: tuple[int, int] = (0, 0),
) -> list[Fault]:
    """Name the ids that only one table holds; ``unread`` lines of either may hold as many.

    With ``files`` the reader holds both and a missing image is named by its row of the truth, in
    the order of ids. Without, by its id alone: a truth's rows may stand in the order of its labels.
    """
    truth_file, file = files or (None, None)
    shared = truth.join(predictions, on="image_name", how="semi").height
    if not shared and any(unread):
        return []
    if not shared:
        rule = "The two files have no image id in common."
        remedy = "Check that they are of the same images and spell ids alike."
        samples = [Offender(one["image_name"][0]) for one in (truth, predictions) if one.height]
        return [Fault(rule, remedy, file, tuple(samples), len(samples))]
    if common:
        return []
    faults = []
    missing = truth.join(predictions, on="image_name", how="anti").sort("image_name")
    if missing.height > unread[1]:
        rule = "Images of the truth have no prediction."
        remedy = "Predict them, or score the common images with --common."
        faults.append(Fault(rule, remedy, file, _of_truth(missing, truth_file), missing.height))
    surplus = predictions.join(truth, on="image_name", how="anti").sort("row")
    if surplus.height > unread[0]:
        remedy = "Remove them, or score the common images with --common."
        faults.append(
            row_fault("Predictions are of images the truth lacks.", remedy, surplus, file)
        )
    return faults


def _of_truth(missing: pl.DataFrame, truth_file: Path | None) -> tuple[Offender, ...]:
    shown = missing.head(MAX_SHOWN)
    if truth_file is None:
        return tuple(map(Offender, shown["image_name"]))
    rows = zip(shown["image_name"], shown["row"], strict=True)
    return tuple(Offender(name, row, truth_file.name) for name, row in rows)


def _one_class(file: Path) -> Fault:
    return Fault(
        "The images to score are all of one class: nothing can be told apart.",
        "Give images of both classes.",
        file,
    )


def _joined(truth: pl.DataFrame, predictions: pl.DataFrame) -> pl.DataFrame:
    probability = predictions.select("image_name", probability="target")
    joined = truth.join(probability, on="image_name", how="inner", maintain_order="left")
    first = ["image_name", "patient_id", "target", "probability"]
    return joined.select(*first, pl.exclude(first))
