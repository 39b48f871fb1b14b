"""The options that ``score``, ``compare`` and ``report`` share, said once."""

import math
from pathlib import Path
from typing import Annotated

import typer

Truth = Annotated[
    Path,
    typer.Argument(
        metavar="TRUTH", help="A CSV with image_name, patient_id and target (1: melanoma)."
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="COLUMN",
        help="Break down by a column of TRUTH, or by age_band; repeatable.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="The column of TRUTH with sampling weights."),
]
Threshold = Annotated[
    float, typer.Option(min=0, max=1, help="Images at or above it are called malignant.")
]


def _below_one(value: float) -> float:
    if not 0 <= value < 1:
        raise typer.BadParameter(f"{value} does not lie in 0 to 1, below 1, such as 0.8.")
    return value


MinTpr = Annotated[
    float, typer.Option(callback=_below_one, help="Where the partial area of ISIC 2024 begins.")
]


def _strictly_between(value: float | None) -> float | None:
    if value is not None and not 0 < value < 1:
        raise typer.BadParameter(f"{value} does not lie between 0 and 1, such as 0.02.")
    return value


Prevalence = Annotated[
    float | None,
    typer.Option(
        callback=_strictly_between,
        help="Move predictive values and net benefit to this share of melanomas.",
    ),
]
Replicates = Annotated[
    int, typer.Option(min=1, max=1_000_000, help="Bootstrap replicates of the patients.")
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")]
Common = Annotated[
    bool, typer.Option("--common", help="Score the images that all these files hold.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Give the result as JSON.")]


def _above_nothing(value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise typer.BadParameter(f"{value} is no number above 0, such as 0.02.")
    return value


Margin = Annotated[
    float | None,
    typer.Option(
        callback=_above_nothing,
        help="Test equivalence: differences within this margin do not matter to you.",
    ),
]
