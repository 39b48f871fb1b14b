"""Results side by side: what is undefined keeps its row, and two drawings tell one truth."""

import math
from xml.etree import ElementTree as ET

from cygnet.evaluation import Estimate
from cygnet.report.figures import Figure
from cygnet.report.forest import ForestRow, forest_figure

RESULT = Estimate(0.846, 0.811, 0.879)
SHORTCUT = Estimate(0.78, 0.748, 0.809)


def words(figure: Figure, drawing: int) -> list[str]:
    root = ET.fromstring(str(figure.drawings[drawing]))  # noqa: S314
    return [element.text or "" for element in root if element.tag == "text"]


def figure_of(*rows: ForestRow) -> Figure:
    return forest_figure(rows, key="beside", title="Beside", caption="see", beside=RESULT)


def test_both_drawings_tell_every_result() -> None:
    figure = figure_of(
        ForestRow("This model", RESULT, "model"), ForestRow("Size", SHORTCUT, "shortcut")
    )
    assert len(figure.drawings) == 2
    for drawing in range(2):
        told = words(figure, drawing)
        assert {"This model", "0.846 (0.811 to 0.879)", "0.780 (0.748 to 0.809)"} <= set(told)


def test_the_band_of_the_main_result_lies_under_all_rows() -> None:
    figure = figure_of(ForestRow("This model", RESULT, "model"), ForestRow("Size", SHORTCUT))
    root = ET.fromstring(str(figure.drawings[0]))  # noqa: S314
    drawn = [element.attrib.get("class", "") for element in root]
    assert drawn.index("band s0") < drawn.index("whisker kind-model")
    assert drawn.index("band s0") < drawn.index("whisker kind-group")


def test_what_is_undefined_keeps_its_row_and_its_reason() -> None:
    nothing = Estimate(math.nan, reason="only one class is present")
    figure = figure_of(ForestRow("palms/soles", nothing), ForestRow("torso", RESULT))
    assert "not defined" in words(figure, 0)
    row = figure.table.rows[0]
    assert (row[1].text, row[1].note, row[1].exact) == (
        "not defined",
        "only one class is present",
        None,
    )


def test_an_estimate_without_an_interval_says_why_in_the_table() -> None:
    bare = Estimate(0.8, reason="5 patients with melanoma, fewer than 10")
    figure = figure_of(ForestRow("palms/soles", bare), ForestRow("torso", RESULT))
    assert "0.800 (no interval)" in words(figure, 0)
    assert figure.table.rows[0][2].note == "5 patients with melanoma, fewer than 10"


def test_the_axis_reaches_down_to_results_below_chance() -> None:
    below = Estimate(0.31, 0.22, 0.41)
    assert "0.2" in words(figure_of(ForestRow("upside down", below)), 0)
    assert "0.4" not in words(figure_of(ForestRow("This model", RESULT)), 0)


def test_names_are_escaped_and_the_table_keeps_them_whole() -> None:
    name = "<img src=x onerror=alert(1)> " + "long " * 30
    figure = figure_of(ForestRow(name, RESULT))
    assert "<img" not in str(figure.drawings[0])
    assert figure.table.rows[0][0].text == name


def test_headings_name_their_groups_in_the_table_too() -> None:
    figure = figure_of(ForestRow("Sex", kind="heading"), ForestRow("female", RESULT, n_images=7))
    assert [row[0].text for row in figure.table.rows] == ["Sex: female"]
    assert figure.table.columns[3].title == "Images"
    assert figure.table.rows[0][3].value == 7
