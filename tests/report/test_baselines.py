"""A result is judged against its shortcuts by its interval, and a reference stands beside it."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from cygnet.evaluation import Estimate
from cygnet.report.baselines import Baseline, shortcut_verdict
from cygnet.report.run_report import RunReport

Page = Any
About = Callable[..., RunReport]
PageOf = Callable[[RunReport], Page]

SIZE = Baseline("Original image size only", "sees width and height", Estimate(0.6, 0.55, 0.65))


def values_of(element: Page) -> list[float]:
    return [float(one.attributes["value"]) for one in element.inside("data")]


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (Estimate(0.8, 0.75, 0.85), "The whole interval of the result lies above 0.600."),
        (Estimate(0.62, 0.57, 0.67), "does not show that the model learned more"),
        (Estimate(0.58, 0.53, 0.63), "The result is no better"),
        (Estimate(0.8, reason="9 patients"), "cannot be told apart"),
    ],
)
def test_the_verdict_on_shortcuts_follows_from_the_interval(result: Estimate, verdict: str) -> None:
    weaker = Baseline("Age, sex and site only", "", Estimate(0.55, 0.5, 0.6))
    said = shortcut_verdict(result, [weaker, SIZE])
    assert said.startswith(
        "The strongest shortcut, original image size only, reaches 0.600 (0.550 to 0.650)."
    )
    assert verdict in said


def test_a_difference_on_the_same_images_decides_where_there_is_one() -> None:
    result = Estimate(0.8, 0.5, 0.9)
    clear = replace(SIZE, difference=Estimate(0.2, 0.1, 0.3))
    assert shortcut_verdict(result, [clear]).endswith("higher by 0.200 (0.100 to 0.300).")
    open_ = replace(SIZE, difference=Estimate(0.2, -0.1, 0.5))
    assert "does not show that the model learned more" in shortcut_verdict(result, [open_])


def test_no_verdict_without_a_shortcut_that_is_defined() -> None:
    result = Estimate(0.8, 0.75, 0.85)
    reference = Baseline("A published model", "", Estimate(0.9), kind="reference")
    undefined = Baseline("Size", "", Estimate(math.nan, reason="no sizes"))
    assert shortcut_verdict(result, []) == shortcut_verdict(result, [reference, undefined]) == ""
    assert shortcut_verdict(Estimate(math.nan), [SIZE]) == ""


def test_differences_and_a_reference_stand_beside_the_result(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    baselines = [
        replace(SIZE, difference=Estimate(0.21, 0.15, 0.27)),
        Baseline(
            "A published model",
            "on 874 of them",
            Estimate(0.906, 0.885, 0.924),
            "reference",
            n_images=874,
        ),
    ]
    page = page_of(about(oof, baselines=baselines))
    section = next(e for e in page.all("section") if e.attributes.get("id") == "beside")
    assert "0.150 to 0.270" in section.text
    assert {0.906, 874.0} <= set(values_of(section))
    assert "A diamond is a model made elsewhere" in section.text
