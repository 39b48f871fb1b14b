"""The stylesheet asks for nothing from outside and can be read by everybody."""

import re

import pytest
from markupsafe import Markup

from cygnet.report.page import render_page, stylesheet

LIGHT, DARK = 0, 1


def tokens(theme: int) -> dict[str, str]:
    """Read the colours of one theme; the dark one keeps what it does not name."""
    blocks = re.findall(r":root \{(.*?)\}", stylesheet(), re.DOTALL)[:2]
    named = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    return named[0] | (named[1] if theme == DARK else {})


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_of_contrast_gives_its_known_ends() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("ground", ["paper", "raised", "accent-wash"])
def test_text_is_legible_on_every_ground(theme: int, ground: str) -> None:
    colour = tokens(theme)
    assert contrast(colour["ink"], colour[ground]) >= 7
    assert contrast(colour["ink-soft"], colour[ground]) >= 4.5
    assert contrast(colour["accent-text"], colour[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_body_text_is_legible_at_the_highest_grade(theme: int) -> None:
    colour = tokens(theme)
    assert contrast(colour["ink"], colour["paper"]) >= 7
    assert contrast(colour["ink-soft"], colour["paper"]) >= 7


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize(
    "mark", ["accent", "neutral", "pale", "s1", "s2", "s3", "s4", "s5", "s6", "s7"]
)
def test_marks_and_lines_stand_out_from_the_paper(theme: int, mark: str) -> None:
    colour = tokens(theme)
    assert contrast(colour[mark], colour["paper"]) >= 3


def test_words_on_the_ground_of_pictures_are_legible() -> None:
    assert contrast("#000000", tokens(LIGHT)["skin-ground"]) >= 4.5


def test_the_stylesheet_fetches_nothing() -> None:
    assert "url(" not in stylesheet()
    assert "@import" not in stylesheet()
    assert "</style" not in stylesheet()


def test_a_name_that_a_template_does_not_get_is_an_error() -> None:
    with pytest.raises(Exception, match="undefined"):
        render_page("base.html.j2", title="A page", kind="report", contents=[])


def test_a_title_is_escaped_and_only_the_stylesheet_is_not() -> None:
    page = render_page("base.html.j2", title="<b>bold</b>", kind="report", contents=[], created="")
    assert "<title>&lt;b&gt;bold&lt;/b&gt;" in page
    assert "font: 1rem/1.6 var(--sans);" in page
    assert not isinstance(page, Markup)
