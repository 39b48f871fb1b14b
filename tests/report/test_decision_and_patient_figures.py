"""Decision curves and the ugly duckling's figures draw what the score holds, and its chance."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl

from cygnet.evaluation import ScoreCard, found_within_patients
from cygnet.report.decision_figure import decision_figure
from cygnet.report.figures import Figure
from cygnet.report.patient_figures import found_figure, within_figure


def drawn(figure: Figure, class_: str) -> list[ET.Element]:
    root = ET.fromstring(str(figure.drawings[0]))  # noqa: S314
    return [one for one in root if class_ in one.attrib.get("class", "").split()]


def test_the_decision_curve_is_that_of_the_score_and_stays_in_its_frame(
    oof: pl.DataFrame, scored: Callable[..., ScoreCard]
) -> None:
    curve = scored(oof).decision_curve
    assert curve is not None
    figure = decision_figure([("mine", curve)], caption="see", note="not transferable")
    rows = {row[0].value: row for row in figure.table.rows}
    at = int(np.flatnonzero(np.isclose(curve.thresholds, 0.1))[0])
    assert rows[0.1][1].value == curve.model[at]
    assert rows[0.1][4].value == curve.treat_all[at]
    assert figure.note == "not transferable"
    (line,) = drawn(figure, "line")
    heights = [float(pair.split()[1]) for pair in line.attrib["d"][1:].split("L")]
    assert min(heights) >= 34 - 0.1
    assert max(heights) <= 34 + 320 + 0.1
    assert len(drawn(figure, "reference")) == 2


def test_what_falls_below_the_frame_is_left_out_not_drawn_along_its_edge(
    oof: pl.DataFrame, scored: Callable[..., ScoreCard]
) -> None:
    curve = scored(oof).decision_curve
    assert curve is not None
    worse = replace(curve, model=np.where(curve.thresholds > 0.05, -5.0, curve.model))
    figure = decision_figure([("mine", worse)], caption="see")
    (line,) = drawn(figure, "line")
    assert line.attrib["d"].count("L") <= 5
    assert "0.1" in [one.text for one in drawn(figure, "tick")]


def test_found_within_draws_one_line_a_model_and_chance(
    oof: pl.DataFrame, scored: Callable[..., ScoreCard]
) -> None:
    card = scored(oof)
    columns = (oof[name].to_numpy() for name in ("target", "probability", "patient_id"))
    found = found_within_patients(*columns, replicates=50)
    one = found_figure([("mine", found)], [card])
    two = found_figure([("mine", found), ("other", found)], [card, card])
    assert len(drawn(one, "reference")) == 1
    curves = [line for line in drawn(two, "line") if line.tag == "path"]
    assert len(curves) == 2
    assert f"{found.n_patients} patients" in one.caption
    written = card.metrics["within_patient_auroc"].estimate
    assert any(f"{written:.3f}" in (text.text or "") for text in drawn(one, "strong"))


def test_within_shows_each_number_beside_chance(
    oof: pl.DataFrame, scored: Callable[..., Any]
) -> None:
    card = scored(oof)
    alone = within_figure([("mine", card)])
    values = {row[0].text: row[1].value for row in alone.table.rows}
    assert values["AUROC within patients"] == card.metrics["within_patient_auroc"].estimate
    assert values["Melanomas among top 3"] == card.metrics["top_3_share"].estimate
    hollow = drawn(alone, "kind-shortcut")
    known = [name for name, value in values.items() if value is not None and np.isfinite(value)]
    assert len(hollow) == len(known)
    several = within_figure([("a", card), ("b", card)])
    assert len(several.table.rows) == 10
    assert several.table.rows[0][0].text == "AUROC within patients: a"
