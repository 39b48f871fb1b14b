"""Which fold does each image go to? One that holds its patient, lesion and duplicates whole.

Folds are dealt by component: images that share a patient, a lesion or a listed duplicate, however
indirectly, stay together. Melanoma-bearing patients, melanomas, images and images a patient are
balanced. Refuses more folds than there are melanoma-bearing components.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.cohort.columns import image_names, offenders, spelled_columns
from cygnet.cohort.fold_check import FoldBalance, FoldsReport, check_folds
from cygnet.csv_rows import read_csv_rows
from cygnet.durable import write_text_whole
from cygnet.errors import MAX_SHOWN, Fault, Offender, TableError

__all__ = [
    "FoldBalance",
    "FoldsReport",
    "check_folds",
    "component_codes",
    "make_folds",
    "read_folds",
    "write_folds",
]

Codes = NDArray[np.int64]

_UNKNOWN: Final = -1


def make_folds(
    table: pl.DataFrame, *, k: int, seed: int, linked: Iterable[tuple[str, str]] = ()
) -> pl.DataFrame:
    """Deal the images of ``table`` into ``k`` folds, numbered from 0.

    ``table`` has image_name, patient_id, lesion_id and target, as :class:`Cohort` gives them; a
    null patient or lesion links nothing, a null target counts as no melanoma. ``linked`` names
    pairs of images that must share a fold; a pair with an image that is not in the table is
    ignored. Gives image_name and fold (Int64) in the order of ``table``; the same images and the
    same seed give the same folds, whatever the order of the rows.

    Components are dealt in rounds of ``k``, the largest first, each fold taking one a round and
    the fold that is behind taking the largest: first those with melanomas, by melanomas, then the
    others, by images. So the folds differ by at most one in components with melanomas, and each
    has its share of patients with many images and with few.

    Raises :class:`TableError` when ``k`` is below 2, or when fewer than ``k`` components have a
    melanoma in a table that has targets.
    """
    component = component_codes(table, linked)
    names = table["image_name"].rank("ordinal").to_numpy().astype(np.int64)
    target = table["target"].fill_null(0).to_numpy().astype(np.int64)
    n_components = int(component.max()) + 1
    n_images = np.bincount(component, minlength=n_components)
    n_malignant = np.bincount(component, weights=target, minlength=n_components).astype(np.int64)
    labelled = table["target"].null_count() < table.height
    _validate_k(k, int((n_malignant > 0).sum()) if labelled else n_components)
    # The first name of a component stands for it, so that the order of the rows plays no part.
    first_name = np.full(n_components, np.iinfo(np.int64).max)
    np.minimum.at(first_name, component, names)
    generator = np.random.default_rng(seed)
    lot = np.empty(n_components, dtype=np.int64)
    lot[np.argsort(first_name)] = generator.permutation(n_components)
    fold = _deal(n_images, n_malignant, lot, k, generator)
    return table.select("image_name", fold=pl.Series(fold[component], dtype=pl.Int64))


def _validate_k(k: int, n_components: int) -> None:
    if k < 2:
        raise TableError.of(f"There must be at least 2 folds, not {k}.", "Give --k 5, for example.")
    if k > n_components:
        raise TableError.of(
            f"{k} folds need at least {k} groups of linked patients with a melanoma, one a fold;"
            f" this table has {n_components}.",
            "Ask for fewer folds, or add patients.",
        )


def component_codes(table: pl.DataFrame, linked: Iterable[tuple[str, str]] = ()) -> Codes:
    """Give a code (n_images,) to each image: equal where images must share a fold.

    Two images are linked when they share a patient_id or a lesion_id, or are a pair of ``linked``,
    and so are those linked to either. Codes run from 0 without a gap.
    """
    patient = _dense_codes(table["patient_id"])
    lesion = _dense_codes(table["lesion_id"])
    n_patients, n_lesions = int(patient.max()) + 1, int(lesion.max()) + 1
    alone = n_patients + n_lesions + np.arange(table.height)
    group = np.where(
        patient != _UNKNOWN, patient, np.where(lesion != _UNKNOWN, n_patients + lesion, alone)
    )
    first_of_lesion = np.zeros(max(n_lesions, 1), dtype=np.int64)
    rows = np.flatnonzero(lesion != _UNKNOWN)
    first_of_lesion[lesion[rows][::-1]] = group[rows][::-1]
    by_lesion = np.stack([group[rows], first_of_lesion[lesion[rows]]], axis=1)
    by_pair = group[_pair_rows(table["image_name"], linked)]
    edges = np.concatenate([by_lesion, by_pair])
    edges = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)
    root = _roots(edges, n_patients + n_lesions + table.height)
    _, codes = np.unique(root[group], return_inverse=True)
    return codes.astype(np.int64)


def _dense_codes(column: pl.Series) -> Codes:
    """Give 0, 1, ... for the distinct values of ``column``, and -1 where it is null."""
    if column.null_count() == len(column):
        return np.full(len(column), _UNKNOWN, dtype=np.int64)
    return (column.rank("dense").cast(pl.Int64) - 1).fill_null(_UNKNOWN).to_numpy()


def _pair_rows(names: pl.Series, linked: Iterable[tuple[str, str]]) -> Codes:
    """Give the rows (n_pairs, 2) of each pair whose two images are both there."""
    pairs = pl.DataFrame(list(linked), schema={"one": pl.String, "two": pl.String}, orient="row")
    rows = pl.DataFrame({"name": names, "at": np.arange(len(names))})
    found = pairs.join(rows, left_on="one", right_on="name").join(
        rows, left_on="two", right_on="name", suffix="_two"
    )
    return found.select("at", "at_two").to_numpy().astype(np.int64).reshape(-1, 2)


def _roots(edges: Codes, n_groups: int) -> Codes:
    """Give the root of each group after joining the groups of each edge (union-find)."""
    parent: dict[int, int] = {}

    def find(group: int) -> int:
        while (above := parent.get(group, group)) != group:
            parent[group] = group = parent.get(above, above)
        return group

    for one, two in edges.tolist():
        low, high = sorted((find(one), find(two)))
        parent[high] = low
    root = np.arange(n_groups)
    for group in parent:
        root[group] = find(group)
    return root


def _deal(
    n_images: Codes, n_malignant: Codes, lot: Codes, k: int, generator: np.random.Generator
) -> Codes:
    """Give the fold of each component; ``lot`` decides between equals."""
    fold = np.empty(len(n_images), dtype=np.int64)
    images, malignant = [0] * k, [0] * k
    order = np.lexsort((lot, -n_images, -n_malignant))
    n_bearing = int((n_malignant > 0).sum())
    for begin, end in ((0, n_bearing), (n_bearing, len(order))):
        dealt = order[begin:end]
        ties = generator.random((len(dealt) // k + 1, k)).tolist()
        for number, at in enumerate(range(0, len(dealt), k)):
            round_ = dealt[at : at + k].tolist()
            tie = ties[number]
            uneven = n_malignant[round_[0]] != n_malignant[round_[-1]] or len(round_) < k
            behind = sorted(
                range(k), key=lambda f: (malignant[f] if uneven else 0, images[f], tie[f])
            )
            for chosen, taken in zip(behind, round_, strict=False):
                fold[taken] = chosen
                images[chosen] += int(n_images[taken])
                malignant[chosen] += int(n_malignant[taken])
    return fold


def write_folds(path: Path, folds: pl.DataFrame) -> None:
    """Write image_name and fold to ``path``, whole or not at all."""
    write_text_whole(path, folds.select("image_name", "fold").write_csv())


def read_folds(
    path: Path, table: pl.DataFrame, *, partial: bool = False, surplus: bool = False
) -> pl.DataFrame:
    """Read ``image_name, fold`` from ``path`` and give both in the order of ``table``.

    Raises :class:`TableError` with all faults: a column that lacks, a fold that is no whole
    number, an image that is there twice or is not in ``table``, and, unless ``partial``, an image
    of ``table`` that has no fold. With ``partial`` such images are left out; with ``surplus`` so
    are rows of images that are not in ``table``.
    """
    rows = read_csv_rows(path)
    spelled = spelled_columns(rows.table.columns).get("image_name")
    if spelled is None or "fold" not in rows.table.columns:
        header = [Offender(name, 1) for name in rows.table.columns]
        rule = "A table of folds has the columns image_name and fold; these are its columns."
        raise TableError.of(rule, "Rename the columns.", file=path, offenders=header)
    written = rows.table.select(
        image_name=image_names(spelled), text="fold", row=rows.line_numbers
    ).with_columns(
        number=pl.col("text").cast(pl.Float64, strict=False),
    )
    faults = [*rows.faults, *_fold_faults(written, None if surplus else table, path)]
    without = table.join(written, on="image_name", how="anti")
    if without.height and not partial:
        shown = tuple(Offender(name) for name in without["image_name"].head(MAX_SHOWN))
        rule = "Images of the table have no fold."
        faults.append(Fault(rule, "Give every image a fold.", path, shown, without.height))
    if faults:
        raise TableError(*faults)
    folds = written.select("image_name", fold=pl.col("number").cast(pl.Int64))
    return table.select("image_name").join(folds, on="image_name", maintain_order="left")


def _fold_faults(written: pl.DataFrame, table: pl.DataFrame | None, path: Path) -> Iterator[Fault]:
    number = pl.col("number")
    known = written["image_name"] if table is None else table["image_name"]
    whole = (number.is_finite() & (number == number.round())).fill_null(value=False)
    for rule, remedy, breaks, column in (
        ("fold must be a whole number.", "Number the folds 0, 1, 2, ...", ~whole, "text"),
        (
            "The same image_name stands in an earlier row.",
            "Keep one row an image.",
            ~pl.col("image_name").is_first_distinct(),
            "image_name",
        ),
        (
            "This image is not in the table that the folds are for.",
            "Remove the row, or give the table that the folds were made of.",
            ~pl.col("image_name").is_in(known.implode()).fill_null(value=False),
            "image_name",
        ),
    ):
        shown, count = offenders(written, breaks, column)
        if count:
            yield Fault(rule, remedy, path, shown, count)
