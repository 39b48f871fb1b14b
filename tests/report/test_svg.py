"""Drawings escape what they are told to write, and scales put values where they belong."""

import math
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from cygnet.report.svg import (
    Drawing,
    Frame,
    Scale,
    path_data,
    probability_scale,
    round_ticks,
    shortened,
    tag,
)


def test_text_and_attributes_are_escaped() -> None:
    drawing = Drawing(100, 50, 'a "name" & <more>', "<desc>")
    drawing.text(0, 10, "<script>alert(1)</script>")
    written = drawing.markup()
    assert "<script" not in written
    root = ET.fromstring(str(written))  # noqa: S314
    assert root.attrib["aria-label"] == 'a "name" & <more>. <desc>'
    assert [one.text for one in root if one.tag == "text"] == ["<script>alert(1)</script>"]


def test_a_scale_maps_its_ends_and_holds_what_lies_outside() -> None:
    scale = Scale(0.0, 1.0, 100.0, 300.0)
    assert [scale.at(value) for value in (0, 0.5, 1, -3, 7)] == [100, 200, 300, 100, 300]
    falling = Scale(0.0, 1.0, 300.0, 100.0)
    assert falling.at(0.25) == 250


def test_a_log_odds_scale_is_even_around_one_half() -> None:
    scale = probability_scale(0, 100, logit=True)
    assert scale.at(0.5) == pytest.approx(50)
    assert scale.at(0.1) == pytest.approx(100 - scale.at(0.9))
    assert scale.at(0.0) == 0
    assert scale.at(1.0) == 100
    assert scale.ticks() == [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.5, 1), (0.7, 0.93), (0, 0.013), (-3, 8)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = round_ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)


def test_no_ticks_where_there_is_no_span() -> None:
    assert round_ticks(1, 1) == round_ticks(0, math.nan) == []


def test_an_undefined_point_breaks_a_path_and_repeated_points_are_left_out() -> None:
    x = np.array([0.0, 1.0, 1.0, np.nan, 3.0, 4.0])
    y = np.array([0.0, 1.0, 1.0, 2.0, 3.0, 4.0])
    assert path_data(x, y) == "M0 0L1 1M3 3L4 4"
    assert path_data(x[:0], y[:0], closed=True) == ""


def test_a_band_without_limits_is_not_drawn() -> None:
    drawing = Drawing(10, 10, "", "")
    frame = Frame(Scale(0, 1, 0, 10), Scale(0, 1, 10, 0))
    nothing = np.full(5, np.nan)
    frame.band(drawing, np.linspace(0, 1, 5), nothing, nothing, "band")
    assert drawing.parts == []


def test_long_words_lose_their_middle() -> None:
    assert shortened("short", 200, 14) == "short"
    cut = shortened("submission_EfficientNetB6_384x384_hair-augm", 160, 14)
    assert cut.startswith("submission")
    assert cut.endswith("hair-augm")
    assert len(cut) <= 160 / (14 * 0.57)


def test_empty_attributes_are_left_out() -> None:
    assert tag("line", x1=1.0, text_anchor=None, class_="a<b") == '<line x1="1" class="a&lt;b"/>'
