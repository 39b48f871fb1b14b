"""Does a figure of counts say each of them, in the drawing and in the table?"""

from cygnet.report.cohort_figures import counts_figure
from cygnet.report.numbers import format_count

COUNTS = {"unknown": 27_124, "nevus": 5_193, "melanoma": 584, "cafe-au-lait macule": 1}


def test_every_count_is_written_and_stands_in_the_table() -> None:
    figure = counts_figure(COUNTS, key="diagnosis", title="Diagnoses", caption="What was found.")
    drawing = str(figure.drawings[0])
    for label, count in COUNTS.items():
        assert label in drawing
        assert f">{format_count(count)} (" in drawing
    assert [row[1].value for row in figure.table.rows] == list(COUNTS.values())
    assert drawing.count('class="class1"') == 1


def test_the_rarest_is_seen_and_shares_sum_to_one() -> None:
    figure = counts_figure(COUNTS, key="diagnosis", title="Diagnoses", caption="")
    assert 'width="1.5"' in str(figure.drawings[0])
    shares = [row[2].value for row in figure.table.rows]
    assert abs(sum(share for share in shares if share is not None) - 1) < 1e-12


def test_more_than_twelve_values_are_said_to_stand_in_the_table() -> None:
    counts = {f"value {number}": 20 - number for number in range(15)}
    figure = counts_figure(counts, key="k", title="Many", caption="Bars.")
    assert "3 rarer values in the table alone." in figure.caption
    assert len(figure.table.rows) == 15


def test_a_drawing_for_a_strict_page_has_no_style_and_no_markup_of_a_label() -> None:
    figure = counts_figure({"<b>": 1}, key="k", title="T", caption="", styled=False)
    assert "style=" not in figure.drawings[0]
    assert "<b>" not in figure.drawings[0]


def test_nothing_to_count_is_an_empty_drawing() -> None:
    figure = counts_figure({}, key="k", title="T", caption="")
    assert "rect" not in figure.drawings[0]
    assert figure.table.rows == ()
