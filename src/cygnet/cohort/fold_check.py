"""Are these folds disjoint and balanced? A judgement on anybody's folds.

Judges; never mends. Balance is reported and not required: what share of melanomas a fold should
have is for its maker to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cygnet.errors import MAX_SHOWN


@dataclass(frozen=True)
class FoldBalance:
    """What one fold holds. ``images_a_patient`` is the mean, null where patients are unknown."""

    fold: int
    n_images: int
    n_patients: int
    n_malignant: int
    n_melanoma_patients: int
    images_a_patient: float | None


@dataclass(frozen=True)
class FoldsReport:
    """What :func:`check_folds` found.

    ``shared_patients`` and ``shared_lesions`` count those with images in more than one fold,
    ``split_duplicates`` the linked pairs in two folds. ``examples`` names up to five of each with
    the folds they are in. ``n_unassigned`` images of the table have no fold.
    """

    shared_patients: int
    shared_lesions: int
    split_duplicates: int
    n_unassigned: int
    balance: tuple[FoldBalance, ...]
    examples: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def ok(self) -> bool:
        """Whether no patient, lesion or linked pair is in two folds."""
        return self.shared_patients == self.shared_lesions == self.split_duplicates == 0

    def as_json(self) -> dict[str, Any]:
        """Give the report as the JSON of ``cygnet cohort check-folds``."""
        return {
            "ok": self.ok,
            "shared_patients": self.shared_patients,
            "shared_lesions": self.shared_lesions,
            "split_duplicates": self.split_duplicates,
            "n_unassigned": self.n_unassigned,
            "balance": [
                {
                    "fold": fold.fold,
                    "n_images": fold.n_images,
                    "n_patients": fold.n_patients,
                    "n_malignant": fold.n_malignant,
                    "n_melanoma_patients": fold.n_melanoma_patients,
                    "images_a_patient": fold.images_a_patient,
                }
                for fold in self.balance
            ],
            "examples": {unit: list(found) for unit, found in self.examples.items()},
        }


def check_folds(
    table: pl.DataFrame, folds: pl.DataFrame, linked: Iterable[tuple[str, str]] = ()
) -> FoldsReport:
    """Judge ``folds`` (image_name, fold) of the images of ``table``.

    ``table`` has image_name, patient_id, lesion_id and target, as :class:`Cohort` gives them;
    images without a fold are counted and left out. ``linked`` are pairs of images that should
    share a fold; pairs of which an image has no fold are left out.
    """
    assigned = table.join(folds, on="image_name", maintain_order="left")
    patients = _shared(assigned, "patient_id")
    lesions = _shared(assigned, "lesion_id")
    split = _split_pairs(assigned, linked)
    return FoldsReport(
        shared_patients=patients.height,
        shared_lesions=lesions.height,
        split_duplicates=split.height,
        n_unassigned=table.height - assigned.height,
        balance=_balance(assigned),
        examples={
            "shared_patients": patients.head(MAX_SHOWN).to_dicts(),
            "shared_lesions": lesions.head(MAX_SHOWN).to_dicts(),
            "split_duplicates": split.head(MAX_SHOWN).to_dicts(),
        },
    )


def _shared(assigned: pl.DataFrame, unit: str) -> pl.DataFrame:
    return (
        assigned.filter(pl.col(unit).is_not_null())
        .group_by(unit, maintain_order=True)
        .agg(folds=pl.col("fold").unique().sort())
        .filter(pl.col("folds").list.len() > 1)
    )


def _split_pairs(assigned: pl.DataFrame, linked: Iterable[tuple[str, str]]) -> pl.DataFrame:
    names = ["image_name_1", "image_name_2"]
    pairs = pl.DataFrame(list(linked), schema=dict.fromkeys(names, pl.String), orient="row")
    fold = assigned.select("image_name", "fold")
    return (
        pairs.join(fold, left_on=names[0], right_on="image_name", maintain_order="left")
        .join(fold, left_on=names[1], right_on="image_name", suffix="_2", maintain_order="left")
        .filter(pl.col("fold") != pl.col("fold_2"))
        .select(*names, folds=pl.concat_list("fold", "fold_2"))
    )


def _balance(assigned: pl.DataFrame) -> tuple[FoldBalance, ...]:
    bearing = pl.col("patient_id").filter(pl.col("target") == 1)
    by_fold = (
        assigned.group_by("fold")
        .agg(
            n_images=pl.len(),
            n_patients=pl.col("patient_id").drop_nulls().n_unique(),
            n_malignant=pl.col("target").sum().cast(pl.Int64),
            n_melanoma_patients=bearing.drop_nulls().n_unique(),
            n_with_patient=pl.col("patient_id").count(),
        )
        .sort("fold")
    )
    return tuple(
        FoldBalance(
            fold=row["fold"],
            n_images=row["n_images"],
            n_patients=row["n_patients"],
            n_malignant=row["n_malignant"],
            n_melanoma_patients=row["n_melanoma_patients"],
            images_a_patient=row["n_with_patient"] / row["n_patients"]
            if row["n_patients"]
            else None,
        )
        for row in by_fold.to_dicts()
    )
