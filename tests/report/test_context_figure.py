"""What context adds is drawn around 0, and the verdict claims no more than the judgement."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from cygnet.context.judgement import Judgement
from cygnet.evaluation import Estimate, Pair, score_card
from cygnet.report.context_figure import context_figure, context_verdict, placebo_sentence


def pair(estimate: float, reach: float) -> Pair:
    return Pair("without", "with", "auroc", Estimate(estimate, estimate - reach, estimate + reach))


@pytest.fixture
def judgement() -> Judgement:
    card = score_card([1, 0, 0], [0.9, 0.2, 0.1], replicates=10)
    return Judgement(
        without=card,
        with_context=card,
        difference=pair(0.0039, 0.0032),
        difference_given_count=pair(0.0003, 0.0019),
        difference_thinned=pair(-0.0007, 0.0011),
        from_raw=pair(0.0037, 0.0031),
        within=pair(0.0015, 0.0019),
        placebo=Estimate(0.504, 0.487, 0.520),
        chosen={},
        artefacts=(("log_pixels", pair(0.0086, 0.0037)),),
    )


def test_every_difference_is_a_row_with_its_interval(judgement: Judgement) -> None:
    figure = context_figure(judgement)
    values = [row[1].value for row in figure.table.rows]
    assert values == [0.0039, 0.0003, -0.0007, 0.0037, 0.0015, 0.0086]
    for drawing in figure.drawings:
        root = ET.fromstring(str(drawing))  # noqa: S314
        words = [one.text or "" for one in root if one.tag == "text"]
        assert "0.0039 (0.0007 to 0.0071)" in words
        assert "With the original image size" in words
    assert "0.504 (0.487 to 0.520), as it should be" in figure.caption


def test_a_leaking_placebo_is_called_one(judgement: Judgement) -> None:
    assert "leak" in placebo_sentence(Estimate(0.65, 0.59, 0.72))
    assert placebo_sentence(Estimate(np.nan)) == ""
    assert "No claim" in context_verdict(judgement)
    above = replace(
        judgement, difference_given_count=pair(0.02, 0.01), difference_thinned=pair(0.02, 0.01)
    )
    assert "Context helps" in context_verdict(above)
    leaking = replace(above, placebo=Estimate(0.65, 0.59, 0.72))
    assert "No claim" in context_verdict(leaking)
