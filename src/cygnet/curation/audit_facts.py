"""What does a dataset hold? Its figures.

Counts only; what they mean is for the audit to say. Every figure is plain Python, ready for JSON.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from cygnet.cohort.columns import Part
from cygnet.cohort.table import Cohort, Dataset
from cygnet.curation.duplicate_pairs import Pair, lesion_pairs, listed_pairs
from cygnet.curation.present import Images, named_images

_VALUE_COLUMNS: Final = ("sex", "anatom_site_general_challenge", "diagnosis", "benign_malignant")

# Of five folds four are trained on: the random split that most published notebooks use.
_TRAINED_SHARE: Final = 0.8


def part_facts(cohort: Cohort) -> dict[str, Any]:
    """Count the images, patients, lesions, targets and values of one table."""
    table = cohort.table
    facts: dict[str, Any] = {
        "n_images": table.height,
        "n_patients": table["patient_id"].drop_nulls().n_unique(),
        "n_lesions": table["lesion_id"].drop_nulls().n_unique(),
    }
    if cohort.part == "train":
        facts |= _target_facts(table)
    facts |= _patient_facts(table)
    for column in _VALUE_COLUMNS:
        if table[column].null_count() < table.height:
            facts[column] = value_counts(table[column])
    facts["age_approx"] = {
        "min": table["age_approx"].min(),
        "max": table["age_approx"].max(),
        "missing": table["age_approx"].null_count(),
    }
    longer = table.select(pl.max_horizontal("width_px", "height_px")).to_series()
    shorter = table.select(pl.min_horizontal("width_px", "height_px")).to_series()
    facts["original_size"] = {
        "n_known": table.height - shorter.null_count(),
        "min_side_px": shorter.min(),
        "max_side_px": longer.max(),
    }
    return facts


def _target_facts(table: pl.DataFrame) -> dict[str, Any]:
    n_labelled = table["target"].count()
    n_malignant = int(table["target"].sum())
    bearing = table.filter(pl.col("target") == 1, pl.col("patient_id").is_not_null())
    melanomas = bearing.group_by("patient_id").len()["len"]
    return {
        "n_malignant": n_malignant,
        "n_benign": n_labelled - n_malignant,
        "n_unlabelled": table.height - n_labelled,
        "malignant_share": n_malignant / n_labelled if n_labelled else None,
        "n_melanoma_patients": bearing["patient_id"].n_unique(),
        "max_melanomas_a_patient": int(melanomas.max()) if len(melanomas) else 0,  # type: ignore[arg-type]
    }


def _patient_facts(table: pl.DataFrame) -> dict[str, Any]:
    patients = (
        table.filter(pl.col("patient_id").is_not_null())
        .group_by("patient_id")
        .agg(pl.len(), ages=pl.col("age_approx").drop_nulls().n_unique())
    )
    if not patients.height:
        return {}
    return {
        "mean_images_a_patient": patients["len"].mean(),
        "min_images_a_patient": patients["len"].min(),
        "max_images_a_patient": patients["len"].max(),
        "n_patients_of_several_ages": patients.filter(pl.col("ages") > 1).height,
    }


def value_counts(column: pl.Series) -> dict[str, int]:
    """Count each value of ``column``, the commonest first, and ``missing`` last."""
    counts = (
        pl.DataFrame({"value": column.drop_nulls()})
        .group_by("value")
        .len()
        .sort(pl.col("len"), pl.col("value"), descending=[True, False])
    )
    found = {str(value): int(count) for value, count in counts.iter_rows()}
    return found | {"missing": column.null_count()}


def duplicate_facts(dataset: Dataset) -> dict[str, int]:
    """Count listed pairs, pairs under one lesion_id, and what is left without one of each."""
    listed = listed_pairs(dataset)
    lesions = lesion_pairs(dataset)
    rows = dataset.train.table.select("image_name", "lesion_id", "target")
    pairs = pl.DataFrame(sorted(listed), schema={"one": pl.String, "two": pl.String}, orient="row")
    paired = pairs.join(rows, left_on="one", right_on="image_name").join(
        rows, left_on="two", right_on="image_name", suffix="_2"
    )
    same = paired.filter(pl.col("lesion_id") == pl.col("lesion_id_2")).height
    other = paired.filter(pl.col("lesion_id") != pl.col("lesion_id_2")).height
    dropped = {two for _, two in listed}
    kept = rows.filter(~pl.col("image_name").is_in(list(dropped)))
    return {
        "n_listed": len(listed),
        "n_listed_same_lesion": same,
        "n_listed_other_lesion": other,
        "n_unlisted_same_lesion": len(lesions - listed),
        "n_union": len(lesions | listed),
        "n_listed_malignant": paired.filter(pl.col("target") + pl.col("target_2") == 2).height,
        "n_images_without_one_of_each": kept.height,
        "n_malignant_without_one_of_each": int(kept["target"].sum()),
    }


def image_level_split_facts(dataset: Dataset) -> dict[str, float]:
    """Give what is to be expected of a random 80/20 split of the images.

    ``shared_patient_share`` is the expected share of validation images whose patient has an image
    in training: the mean over images of 1 - 0.2^(n - 1), for a patient with n images.
    ``split_pairs`` is the expected number of listed pairs in two parts: 2 x 0.8 x 0.2 of them.
    """
    counts = (
        dataset.train.table.filter(pl.col("patient_id").is_not_null())
        .group_by("patient_id")
        .len()["len"]
        .to_numpy()
        .astype(float)
    )
    left_alone = counts * (1 - _TRAINED_SHARE) ** (counts - 1)
    n_images = float(counts.sum())
    split = 2 * _TRAINED_SHARE * (1 - _TRAINED_SHARE) * len(listed_pairs(dataset))
    return {
        "shared_patient_share": 1 - float(left_alone.sum()) / n_images if n_images else 0.0,
        "split_pairs": round(split, 1),
    }


def image_facts(dataset: Dataset, images: Images) -> dict[Part, dict[str, int]]:
    """Count for each part the images that are there, that lack, and that no row names."""
    named = named_images(dataset, images)
    return {
        cohort.part: _present_facts(cohort, named[cohort.part], images[cohort.part])
        for cohort in dataset.parts
    }


def _present_facts(
    cohort: Cohort, named: Mapping[str, Path], files: Mapping[str, Path]
) -> dict[str, int]:
    present = cohort.table.filter(pl.col("image_name").is_in(list(named)))
    facts = {
        "n_present": len(named),
        "n_missing": cohort.table.height - len(named),
        "n_surplus": len(files) - len(named),
        "n_patients_present": present["patient_id"].drop_nulls().n_unique(),
    }
    if cohort.part == "train":
        by_patient = (
            present.filter(pl.col("patient_id").is_not_null())
            .group_by("patient_id")
            .agg(pl.len(), targets=pl.col("target").n_unique())
        )
        facts |= {
            "n_malignant_present": int(present["target"].sum()),
            "n_patients_with_one_image": by_patient.filter(pl.col("len") == 1).height,
            "n_patients_of_both_targets": by_patient.filter(pl.col("targets") > 1).height,
        }
    return facts


def evidence_facts(
    dataset: Dataset,
    same_bytes: set[Pair] | None,
    pixels: set[Pair] | None,
    same_pictures: Sequence[Pair] | None,
) -> dict[str, int | None]:
    """Count pairs by what speaks for them, the surest first; None where it was not looked for.

    ``same_bytes`` and ``pixels`` are pairs of equal files and pixels, ``same_pictures`` those of a
    search for changed copies.
    """
    return {
        "listed": len(listed_pairs(dataset)),
        "same_lesion": len(lesion_pairs(dataset)),
        "same_bytes": None if same_bytes is None else len(same_bytes),
        "same_pixels": None if pixels is None else len(pixels),
        "near_duplicate": None if same_pictures is None else len(same_pictures),
    }


def file_facts(files: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Say for each part what formats, sizes and kinds of compression its files have."""
    return {part: _file_facts(files.filter(pl.col("part") == part)) for part in _parts(files)}


def _parts(files: pl.DataFrame) -> list[str]:
    return files["part"].unique(maintain_order=True).to_list()


def _file_facts(files: pl.DataFrame) -> dict[str, Any]:
    # Here, not above: it brings OpenCV, which tables do not need.
    from cygnet.images.quality import CHART_ABOVE, DARK_CORNERS_ABOVE, RULER_ABOVE

    read = files.filter(pl.col("pixels_digest").is_not_null())
    return {
        "n_opened": files.height,
        "n_read": read.height,
        "n_bytes": int(files["n_bytes"].sum()),
        "format": value_counts(files["format"]),
        "min_side_px": files.select(pl.min_horizontal("width_px", "height_px")).to_series().min(),
        "max_side_px": files.select(pl.max_horizontal("width_px", "height_px")).to_series().max(),
        "n_sizes": files.select("width_px", "height_px").drop_nulls().n_unique(),
        "n_quantisation_tables": read["quantisation_key"].drop_nulls().n_unique(),
        "n_dark_corners": read.filter(pl.col("dark_corner_share") > DARK_CORNERS_ABOVE).height,
        "n_searched_for_rulers": read["ruler_score"].count(),
        "n_rulers": read.filter(pl.col("ruler_score") > RULER_ABOVE).height,
        "n_colour_charts": read.filter(pl.col("chart_score") > CHART_ABOVE).height,
        "n_searched_for_writing": read["n_text_lines"].count(),
        "n_with_metadata": read.filter(pl.col("metadata").str.len_bytes() > 0).height,
    }
