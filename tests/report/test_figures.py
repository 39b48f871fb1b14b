"""Each figure draws its band before its line, its reference, and carries the numbers it draws."""

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from cygnet.evaluation import calibration_bins
from cygnet.report.curve_parts import Series
from cygnet.report.figures import (
    Figure,
    calibration_figure,
    histogram_figure,
    needs_log_odds,
    precision_recall_figure,
    roc_figure,
)


def classes(figure: Figure) -> list[str]:
    root = ET.fromstring(str(figure.drawings[0]))  # noqa: S314
    return [element.attrib.get("class", "") for element in root]


def words(figure: Figure) -> list[str]:
    root = ET.fromstring(str(figure.drawings[0]))  # noqa: S314
    return [element.text or "" for element in root if element.tag == "text"]


def first(names: Sequence[str], begins: str) -> int:
    return next(index for index, name in enumerate(names) if name.startswith(begins))


@pytest.fixture
def curve() -> Series:
    x = np.linspace(0, 1, 101)
    y = np.sqrt(x)
    low, high = np.clip(y - 0.05, 0, 1), np.clip(y + 0.05, 0, 1)
    return Series("This model", "AUROC", "0.846", "0.811 to 0.879", x, y, low, high)


def test_roc_draws_grid_then_band_then_reference_then_line(curve: Series) -> None:
    drawn = classes(roc_figure([curve], caption="see"))
    places = [first(drawn, name) for name in ("grid", "band s0", "reference", "line s0")]
    assert places == sorted(places)


def test_roc_axes_are_equal_and_labelled_directly(curve: Series) -> None:
    figure = roc_figure([curve], caption="see")
    root = ET.fromstring(str(figure.drawings[0]))  # noqa: S314
    frame = [e for e in root if e.attrib.get("class") == "axis"]
    across, up = frame[0].attrib, frame[1].attrib
    width = float(across["x2"]) - float(across["x1"])
    assert width == float(up["y1"]) - float(up["y2"]) > 0
    assert {"AUROC 0.846", "(0.811 to 0.879)", "Sensitivity", "chance"} <= set(words(figure))


def test_the_table_under_a_curve_holds_the_points_of_the_curve(curve: Series) -> None:
    rows = roc_figure([curve], caption="see").table.rows
    assert len(rows) == 21
    drawn = set(zip(curve.x, curve.y, curve.lower, curve.upper, strict=True))
    assert {tuple(cell.value for cell in row) for row in rows} <= drawn
    assert (rows[0][0].value, rows[-1][0].value) == (0, 1)


def test_a_curve_without_a_band_is_drawn_and_its_table_says_so(curve: Series) -> None:
    nothing = np.full(101, np.nan)
    figure = roc_figure([replace(curve, lower=nothing, upper=nothing)], caption="see")
    assert not [name for name in classes(figure) if name.startswith("band")]
    assert figure.table.rows[3][2].text == "not defined"
    assert figure.table.rows[3][2].exact is None


def test_several_curves_are_told_apart_by_class_and_by_name(curve: Series) -> None:
    models = [replace(curve, name=f"model {number}") for number in range(3)]
    figure = roc_figure(models, caption="see")
    assert {"line s0", "line s1", "line s2"} <= set(classes(figure))
    assert {"0.846 model 0", "0.846 model 2"} <= set(words(figure))
    assert {row[0].text for row in figure.table.rows} == {"model 0", "model 1", "model 2"}


def test_many_names_stand_below_the_plot_and_eight_curves_are_drawn(curve: Series) -> None:
    models = [replace(curve, name=f"model {number}") for number in range(11)]
    figure = roc_figure(models, caption="see")
    lines = {name for name in classes(figure) if name.startswith("line ")}
    assert lines == {f"line s{number}" for number in range(8)}
    assert len({row[0].text for row in figure.table.rows}) == 11


def test_precision_recall_shows_the_prevalence_that_chance_would_give(curve: Series) -> None:
    figure = precision_recall_figure([curve], 0.0176, caption="see", note="only here")
    assert "chance: prevalence 0.0176" in words(figure)
    assert figure.note == "only here"
    several = precision_recall_figure([curve, curve], 0.0176, caption="see")
    assert not [said for said in words(several) if said.startswith("chance")]


def test_a_histogram_counts_every_image_once(rng: np.random.Generator) -> None:
    target = (rng.random(500) < 0.3).astype(np.int64)
    probability = rng.random(500)
    probability[:2] = (0.0, 1.0)
    figure = histogram_figure(target, probability, title="Scores", caption="see")
    counts = np.array([[row[1].value, row[3].value] for row in figure.table.rows])
    assert counts.sum(axis=0).tolist() == [target.sum(), 500 - target.sum()]
    shares = np.array([[row[2].value, row[4].value] for row in figure.table.rows])
    assert shares.sum(axis=0) == pytest.approx([1, 1])


def test_crowded_probabilities_get_a_log_odds_axis_and_are_still_counted(
    rng: np.random.Generator,
) -> None:
    target = (rng.random(500) < 0.1).astype(np.int64)
    probability = np.clip(rng.exponential(0.005, 500), 0, 1)
    assert needs_log_odds(probability)
    figure = histogram_figure(target, probability, title="Scores", caption="see")
    assert "Probability given by the model (log-odds axis)" in words(figure)
    counts = np.array([[row[1].value, row[3].value] for row in figure.table.rows])
    assert counts.sum() == 500


def test_a_histogram_of_one_class_leaves_the_other_empty() -> None:
    figure = histogram_figure(np.zeros(3, np.int64), np.full(3, 0.5), title="S", caption="see")
    assert "Melanoma, 0 images" in words(figure)
    assert sum(row[3].value or 0 for row in figure.table.rows) == 3


def test_calibration_tells_the_groups_that_evaluation_made(rng: np.random.Generator) -> None:
    probability = rng.random(400)
    target = (rng.random(400) < probability).astype(np.int64)
    bins = calibration_bins(target, probability)
    figure = calibration_figure(bins, title="Calibration", caption="see")
    assert len(figure.table.rows) == len(bins.x) == 10
    for row, at in zip(figure.table.rows, range(10), strict=True):
        told = [cell.value for cell in row]
        assert told == [bins.x[at], bins.y[at], bins.lower[at], bins.upper[at], *told[4:]]
        assert told[4:] == [bins.n[at], bins.n_positive[at]]
    assert classes(figure).count("point") == 10


def test_rare_melanomas_are_drawn_on_log_odds_and_empty_groups_hollow(
    rng: np.random.Generator,
) -> None:
    probability = rng.uniform(0.0001, 0.05, 2000)
    target = (rng.random(2000) < probability * (probability > 0.02)).astype(np.int64)
    figure = calibration_figure(calibration_bins(target, probability), title="C", caption="see")
    assert "point hollow" in classes(figure)
    assert "0.001" in words(figure)
