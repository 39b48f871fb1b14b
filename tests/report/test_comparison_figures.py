"""Ranks and the map of pairs tell what the comparison holds, in both drawings and the table."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from cygnet.evaluation import Comparison, compare
from cygnet.report.comparison_figures import rank_figure, significance_figure
from cygnet.report.figures import Figure


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    rng = np.random.default_rng(8)
    n = 1200
    target = rng.random(n) < 0.3
    made = {
        name: 1 / (1 + np.exp(-(strength * target + rng.normal(size=n))))
        for name, strength in (("weak", 0.2), ("strong", 2.5), ("stronger <b>", 2.6))
    }
    return compare(target, made, np.arange(n) // 2, replicates=100)


def elements(figure: Figure, drawing: int) -> list[ET.Element]:
    return list(ET.fromstring(str(figure.drawings[drawing])))  # noqa: S314


def classes(figure: Figure, drawing: int) -> list[str]:
    return [one.attrib.get("class", "") for one in elements(figure, drawing)]


@pytest.mark.parametrize("drawing", [0, 1])
def test_the_map_has_a_cell_for_each_pair_and_shades_what_is_known(
    comparison: Comparison, drawing: int
) -> None:
    figure = significance_figure(comparison)
    cells = [one for one in classes(figure, drawing) if one.startswith("pair p")]
    legend = ["pair p3", "pair p2", "pair p1", "pair p0"]
    assert cells == ["pair p0", "pair p3", "pair p3", *legend]
    words = [one.text or "" for one in elements(figure, drawing) if one.tag == "text"]
    assert any("weak" in word for word in words)


def test_its_table_holds_every_pair_with_both_p_values(comparison: Comparison) -> None:
    figure = significance_figure(comparison)
    assert len(figure.table.rows) == 3
    for pair, row in zip(comparison.pairs, figure.table.rows, strict=True):
        assert row[0].text == f"{pair.b} less {pair.a}"
        assert row[1].value == pair.difference.estimate
        assert row[4].value == pair.difference.details["p_value"]
        assert row[5].value == pair.difference.details["p_holm"]


def test_ranks_stand_best_first_with_the_places_they_may_hold(comparison: Comparison) -> None:
    figure = rank_figure(comparison.ranks)
    assert [row[0].text for row in figure.table.rows] == [one.model for one in comparison.ranks]
    assert figure.table.rows[-1][0].text == "weak"
    assert [cell.text for cell in figure.table.rows[-1][1:3]] == ["3", "3 to 3"]
    assert "1 to 2" in figure.table.rows[0][2].text
    ticks = [one.text for one in elements(figure, 0) if one.attrib.get("class") == "tick"]
    assert ticks == ["1", "2", "3"]


def test_ranks_that_are_not_known_say_so() -> None:
    few = compare([1, 0, 0], {"a": [0.3, 0.2, 0.4], "b": [0.9, 0.2, 0.4]}, replicates=10)
    figure = rank_figure(few.ranks)
    assert figure.table.rows[0][2].text == "no interval"
    assert "fewer than 10" in figure.table.rows[0][2].note
    pairs = significance_figure(few)
    assert pairs.table.rows[0][4].text == "not known"
    assert "No difference" in str(pairs.drawings[0])
