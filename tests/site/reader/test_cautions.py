"""What is said of a picture before any number."""

import cv2
import numpy as np
import pytest

from cygnet.site.reader.cautions import WITHHELD, Held, cautions_of
from reader_world import drawn_pixels

HELD = Held(32, (-89.0, 89.5))
SIZE = (512, 512)


def _codes(pixels: np.ndarray, held: Held = HELD, size: tuple[int, int] = SIZE) -> list[str]:
    return [one.code for one in cautions_of(pixels, size, held)]


def _sharp(seed: int = 1) -> np.ndarray:
    return drawn_pixels(seed, 512)


def test_a_good_picture_has_no_caution() -> None:
    assert _codes(_sharp()) == []


def test_a_blurred_picture_is_told() -> None:
    assert "blurred" in _codes(cv2.GaussianBlur(_sharp(), (0, 0), 9))


def test_a_dark_picture_is_told() -> None:
    assert "dark" in _codes((_sharp() * 0.25).astype(np.uint8))


def test_glare_is_told() -> None:
    pixels = _sharp()
    pixels[:200, :250] = 255
    assert "glare" in _codes(pixels)


def test_hair_is_told_and_a_lesion_is_not_hair() -> None:
    pixels = _sharp()
    for at in range(20, 500, 40):
        cv2.line(pixels, (at, 0), (at - 15, 511), (40, 25, 20), 4)
    assert "hair" in _codes(pixels)


@pytest.mark.parametrize("colour", [(30, 120, 40), (20, 60, 190)])
def test_grass_and_sky_are_no_lesion_and_get_no_number(colour: tuple[int, int, int]) -> None:
    pixels = np.tile(np.array(colour, np.uint8), (256, 256, 1))
    pixels[::2] //= 2
    assert "no-lesion" in _codes(pixels)
    assert "no-lesion" in WITHHELD


def test_grey_gets_no_number() -> None:
    grey = np.repeat(_sharp().mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    assert "grey" in _codes(grey)


def test_fewer_pixels_than_the_model_sees_are_told() -> None:
    assert _codes(_sharp(), Held(224), (200, 300)) == ["small"]
    assert _codes(drawn_pixels(1, 32), Held(224), (32, 32)) == ["tiny"]


def test_a_skin_tone_that_the_evaluation_did_not_hold_gets_no_number() -> None:
    fair = _codes(_sharp(), Held(32, (10.0, 80.0)))
    assert fair == []
    dark = _codes((_sharp() * 0.45).astype(np.uint8), Held(32, (10.0, 80.0)))
    assert "skin-tone" in dark
    assert "skin-tone" in WITHHELD


def test_what_the_model_has_seen_or_does_not_know_is_told() -> None:
    told = cautions_of(_sharp(), SIZE, HELD, unlike=True, trained_on=True)
    assert [one.code for one in told] == ["unlike", "trained-on"]
    assert [one.withholds for one in told] == [True, False]


def test_a_model_without_a_word_of_skin_holds_every_tone() -> None:
    assert Held.of({"size_px": 32}).ita_degrees is None
    assert Held.of({"size_px": 32, "evidence": {"skin": {"ita_degrees": "?"}}}).ita_degrees is None
