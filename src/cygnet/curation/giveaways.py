"""What gives the melanomas away without a look at the lesion? Each attribute alone, and together.

For an attribute (the size of the picture, its compression, its patient's number of images ...) each
image gets the share of melanomas among images like it in the other folds, so that no image is
judged by itself, by its patient or by a copy. The AUROC of these shares says how far the attribute
alone goes. Refuses nothing: where there is too little to fold, it says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.cohort.folds import component_codes, make_folds
from cygnet.curation.attributes import Attribute, Floats, file_attributes, table_attributes
from cygnet.evaluation import Estimate, auroc_estimate
from cygnet.evaluation.sample import sum_in_table

Codes = NDArray[np.int64]

N_FOLDS: Final = 5
TOGETHER: Final = "together"
# A shortcut whose whole interval lies above this is a strong one.
STRONG_ABOVE: Final = 0.6

# One deal of folds moves the AUROC of a size by 0.005 on ISIC 2020; shares are averaged over three,
# but in large tables, where one deal is like another.
_SEEDS: Final = (0, 1, 2)
_LARGE: Final = 200_000
_BINS: Final = 20
# A share is drawn toward that of a wider group as if there were so many images more; on ISIC 2020
# 5 to 50 give the same to 0.001.
_DRAWN_BY: Final = 20


@dataclass(frozen=True)
class Giveaway:
    """How far one attribute goes: its AUROC out of fold, and what that means for a result."""

    name: str
    label: str
    sees: str
    auroc: Estimate
    n_images: int
    n_values: int

    @property
    def tells(self) -> bool:
        """Whether the whole interval lies above chance."""
        return self.auroc.has_interval and self.auroc.lower > 0.5

    @property
    def is_strong(self) -> bool:
        """Whether the whole interval lies above ``STRONG_ABOVE``."""
        return self.auroc.has_interval and self.auroc.lower > STRONG_ABOVE

    @property
    def meaning(self) -> str:
        """Say what it means for a result on these data."""
        if self.n_values < 2:
            return "It is the same for every image, and tells nothing."
        if not self.auroc.has_interval:
            return "There are too few patients to say how far it goes."
        if self.is_strong:
            return (
                "A model can reach this without having looked at a lesion: a result is worth what"
                " it is above this, and may fall by as much where the attribute tells nothing."
            )
        if self.tells:
            return "It tells a little: a small gain of a model may come from here."
        return "It does not tell melanomas from benign lesions here."

    def as_json(self) -> dict[str, Any]:
        """Give the shortcut as it stands under ``facts`` of an audit."""
        return {
            "name": self.name,
            "label": self.label,
            "sees": self.sees,
            "n_images": self.n_images,
            "n_values": self.n_values,
            "auroc": self.auroc.as_json(),
            "meaning": self.meaning,
        }


def giveaways(
    table: pl.DataFrame,
    files: pl.DataFrame | None = None,
    linked: Sequence[tuple[str, str]] = (),
) -> list[Giveaway]:
    """Judge every attribute of the training ``table``, and of its ``files`` where they were opened.

    ``table`` is a cohort's; rows without a target are left out, and with ``files``
    (:data:`~cygnet.curation.looking.FILE_COLUMNS`) what they tell is judged on the images that
    could be read. ``linked`` images share a fold. Folds, and the units of the intervals, are
    groups of linked patients, lesions and copies. Gives the strongest first; nothing where fewer
    than two such groups have a melanoma or a benign lesion only.

    Where files were opened the last is ``together``: boosted trees on all attributes of those
    images, each fold by the others. A category that the trees have not met tells them nothing.
    """
    n_images_a_patient = pl.when(pl.col("patient_id").is_not_null()).then(
        pl.len().over("patient_id")
    )
    labelled = table.with_columns(n_images=n_images_a_patient).filter(
        pl.col("target").is_not_null()
    )
    found = _judged(labelled, table_attributes(labelled), linked)
    if files is not None:
        seen = labelled.join(
            files.filter(pl.col("part") == "train").drop("part"),
            on="image_name",
            how="inner",
            suffix="_of_file",
            maintain_order="left",
        ).filter(pl.col("pixels_digest").is_not_null())
        attributes = file_attributes(seen)
        found += _judged(seen, attributes, linked)
        together = _together(seen, [*table_attributes(seen), *attributes], linked)
        return [*_strongest_first(found), *together]
    return _strongest_first(found)


def _strongest_first(found: Sequence[Giveaway]) -> list[Giveaway]:
    return sorted(found, key=lambda one: -np.nan_to_num(one.auroc.estimate, nan=0.0))


@dataclass(frozen=True, eq=False)
class _Folded:
    """Targets, clusters and several deals of folds of some images, ``(n_images,)`` each."""

    target: Codes
    cluster: Codes
    folds: tuple[Codes, ...]


def _folded(table: pl.DataFrame, linked: Sequence[tuple[str, str]]) -> _Folded | None:
    target = table["target"].to_numpy().astype(np.int64)
    if not table.height or target.min() == target.max():
        return None
    cluster = component_codes(table, linked)
    k = min(N_FOLDS, np.unique(cluster[target == 1]).size)
    if k < 2:
        return None
    # Clusters in the place of patients, so that they are not sought anew for each deal.
    units = table.select(
        "image_name",
        "target",
        patient_id=pl.Series(cluster),
        lesion_id=pl.lit(None, pl.Int64),
    )
    folds = tuple(
        make_folds(units, k=k, seed=seed)["fold"].to_numpy().astype(np.int64)
        for seed in (_SEEDS if table.height < _LARGE else _SEEDS[:1])
    )
    return _Folded(target, cluster, folds)


def _judged(
    table: pl.DataFrame, attributes: Sequence[Attribute], linked: Sequence[tuple[str, str]]
) -> list[Giveaway]:
    folded = _folded(table, linked)
    if folded is None:
        return []
    found: list[Giveaway] = []
    for attribute in attributes:
        categories, ranks = _coded(attribute, table.height)
        known = ~np.isnan(ranks)
        if attribute.is_sampled and not known.all():
            of_known = replace(attribute, numbers=ranks[known])
            found += _judged(table.filter(known), [of_known], linked) or [_undecided(of_known)]
            continue
        n_values = int(np.unique(categories).size)
        if n_values < 2:
            auroc = Estimate(np.nan, reason="every image has the same value")
        else:
            shares = np.mean(
                [
                    cross_fitted_shares(categories, ranks, folded.target, fold)
                    for fold in folded.folds
                ],
                axis=0,
            )
            auroc = auroc_estimate(folded.target, shares, folded.cluster, replicates=0)
        found.append(
            Giveaway(attribute.name, attribute.label, attribute.sees, auroc, table.height, n_values)
        )
    return found


def _undecided(attribute: Attribute) -> Giveaway:
    """Say that an attribute was looked for in too few images to be judged."""
    auroc = Estimate(np.nan, reason="too few of the images were searched")
    n_images = 0 if attribute.numbers is None else attribute.numbers.size
    return Giveaway(attribute.name, attribute.label, attribute.sees, auroc, n_images, 2)


def _coded(attribute: Attribute, n_images: int) -> tuple[Codes, Floats]:
    """Give the code of each image's exact value, and a number that orders the rare ones."""
    numbers = attribute.numbers if attribute.numbers is not None else np.full(n_images, np.nan)
    if attribute.categories is not None:
        codes = attribute.categories.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
        return codes.astype(np.int64), numbers
    _, codes = np.unique(numbers, return_inverse=True)
    return codes.astype(np.int64), numbers


def cross_fitted_shares(categories: Codes, numbers: Floats, target: Codes, fold: Codes) -> Floats:
    """Give each image the share of melanomas among images like it in the other folds.

    All are ``(n_images,)``. The share of its category is drawn, as if by 20 images more, toward
    that of its twentieth by ``numbers`` (NaN: of none), which is drawn likewise toward that of all
    images of the other folds. Only the limits of the twentieths, which know no target, are of all.

    >>> import numpy as np
    >>> category, target = np.repeat([0, 1], 100), np.repeat([0, 1], 100)
    >>> shares = cross_fitted_shares(category, np.full(200, np.nan), target, np.arange(200) % 2)
    >>> shares[0].round(3), shares[-1].round(3)
    (np.float64(0.143), np.float64(0.857))
    """
    _, fold = np.unique(fold, return_inverse=True)
    limits = _limits(numbers)
    bins = np.where(np.isnan(numbers), limits.size + 1, np.searchsorted(limits, numbers))
    n_near, near = _in_other_folds(bins, target, fold)
    n_all = np.bincount(fold)
    malignant = np.bincount(fold, weights=target)
    prior = (malignant.sum() - malignant) / (n_all.sum() - n_all)
    wide = (near + _DRAWN_BY * prior[:, None]) / (n_near + _DRAWN_BY)
    n_exact, exact = _in_other_folds(categories, target, fold)
    drawn = exact[fold, categories] + _DRAWN_BY * wide[fold, bins]
    return np.asarray(drawn / (n_exact[fold, categories] + _DRAWN_BY), np.float64)


def _limits(numbers: Floats) -> Floats:
    known = numbers[~np.isnan(numbers)]
    if not known.size:
        return known
    return np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS))


def _in_other_folds(codes: Codes, target: Codes, fold: Codes) -> tuple[Floats, Floats]:
    """Count images and melanomas of each code in the other folds: ``(n_folds, n_codes)`` each."""
    shape = (int(fold.max()) + 1, int(codes.max()) + 1)
    ones = np.ones(target.size)
    counts = [sum_in_table(fold, codes, values, shape) for values in (ones, target.astype(float))]
    n, malignant = (one.sum(axis=0) - one for one in counts)
    return n, malignant


def _together(
    table: pl.DataFrame, attributes: Sequence[Attribute], linked: Sequence[tuple[str, str]]
) -> list[Giveaway]:
    """Judge all ``attributes`` at once by boosted trees, each fold by a model of the others."""
    folded = _folded(table, linked)
    if folded is None:
        return []
    columns: dict[str, Floats] = {}
    categorical = []
    for attribute in attributes:
        codes, numbers = _coded(attribute, table.height)
        if np.unique(codes).size < 2:
            continue
        if attribute.numbers is not None:
            columns[attribute.name] = numbers
        if attribute.categories is not None:
            categorical.append(f"{attribute.name} value")
            columns[categorical[-1]] = codes.astype(np.float64)
    if not columns:
        return []
    scores = _trees_out_of_fold(columns, categorical, folded)
    auroc = auroc_estimate(folded.target, scores, folded.cluster, replicates=0)
    seen = f"boosted trees on {len(columns)} columns of them"
    return [Giveaway(TOGETHER, "All of these together", seen, auroc, table.height, table.height)]


def _trees_out_of_fold(
    columns: Mapping[str, Floats], categorical: Sequence[str], folded: _Folded
) -> Floats:
    import lightgbm

    data = np.column_stack(list(columns.values()))
    at = [list(columns).index(name) for name in categorical]
    # Few leaves and a strong prior: a rare category must not be learnt by heart.
    settings = {
        "objective": "binary",
        "num_leaves": 7,
        "min_data_in_leaf": 20,
        "min_data_per_group": _DRAWN_BY,
        "cat_smooth": _DRAWN_BY,
        "lambda_l2": 10.0,
        "learning_rate": 0.05,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": _SEEDS[0],
        "verbose": -1,
    }
    scores = np.zeros(folded.target.size)
    for fold in folded.folds:
        for held_out in np.unique(fold):
            inside = fold == held_out
            known = lightgbm.Dataset(data[~inside], folded.target[~inside], categorical_feature=at)
            trees = lightgbm.train(settings, known, num_boost_round=150)
            scores[inside] += np.asarray(trees.predict(data[inside])) / len(folded.folds)
    return scores
