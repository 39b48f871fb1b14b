"""How does the score differ between groups of images: sexes, ages, sites, any column?

Each group with its own interval. A group too small to judge is named with its reason, never
dropped; an image whose value is missing belongs to a group of its own.
"""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cygnet.errors import InputError
from cygnet.evaluation.auroc_interval import auroc_of
from cygnet.evaluation.estimate import Estimate
from cygnet.evaluation.gaps import Levels
from cygnet.evaluation.sample import Sample
from cygnet.evaluation.shares import share_estimate

MISSING = "(missing)"


class Group(TypedDict):
    """One level of one column: its counts and its estimates."""

    n_images: int
    n_patients: int
    n_positive: int
    n_patients_positive: int
    auroc: Estimate
    sensitivity: Estimate
    specificity: Estimate


def score_subgroups(
    sample: Sample,
    columns: Mapping[str, Levels],
    *,
    threshold: float,
    confidence_level: float,
) -> dict[str, dict[str, Group]]:
    """Score each level of each column: ``{column: {level: group}}``, levels in order.

    A column is given by its levels (:func:`levels_of`). A group has ``n_images``, ``n_patients``,
    ``n_positive``, ``n_patients_positive``, and the estimates ``auroc``, ``sensitivity`` and
    ``specificity``.
    """
    return {
        name: {
            level: _group(sample.subset(images), threshold, confidence_level)
            for level, images in levels
        }
        for name, levels in columns.items()
    }


def levels_of(name: str, values: ArrayLike, n_images: int) -> list[tuple[str, NDArray[np.bool_]]]:
    """Split a column ``(n_images,)`` into its levels, each with its images ``(n_images,)``.

    It holds text or numbers; ``None``, NaN or an empty text is missing, a level of its own and the
    last. Raises :class:`InputError` for a column of another length.
    """
    array = np.asarray(values, dtype=object)
    if array.shape != (n_images,):
        raise InputError.of(
            f"The column {name} must hold one value for each of the {n_images} images.",
            "Give an array (n_images,).",
        )
    texts = np.array([_text(value) for value in array], object)
    levels = sorted(set(texts.tolist()), key=_order)
    return [(level, texts == level) for level in levels]


def _text(value: object) -> str:
    # NaN is the one value that differs from itself.
    if value is None or value == "" or value != value:  # noqa: PLR0124
        return MISSING
    return str(value)


def _order(level: str) -> tuple[int, float, str]:
    """Sort numbers by size, then words; what is missing comes last."""
    if level == MISSING:
        return 2, 0.0, level
    try:
        return 0, float(level), level
    except ValueError:
        return 1, 0.0, level


def _group(sample: Sample, threshold: float, confidence_level: float) -> Group:
    called = sample.probability >= threshold
    return {
        "n_images": sample.n_images,
        "n_patients": sample.n_patients,
        "n_positive": sample.n_positive,
        "n_patients_positive": sample.n_patients_positive,
        "auroc": auroc_of(sample, None, confidence_level=confidence_level),
        "sensitivity": share_estimate(
            sample,
            called,
            sample.target,
            confidence_level=confidence_level,
            unit="malignant images",
            undefined_because="no image is malignant",
        ).with_details(threshold=threshold),
        "specificity": share_estimate(
            sample,
            ~called,
            ~sample.target,
            confidence_level=confidence_level,
            unit="benign images",
            undefined_because="no image is benign",
        ).with_details(threshold=threshold),
    }
