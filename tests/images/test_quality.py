"""Quality and artefacts: planted faults are found, and skin alone gives no alarm."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cygnet.images.artefacts import chart_score, ruler_score
from cygnet.images.decode import read_to_size
from cygnet.images.drawing import LesionAppearance, LesionForm, Skin, View, draw_lesion
from cygnet.images.quality import PixelFacts, pixel_facts

Draw = Callable[[int, int], Any]
Pixels = NDArray[np.uint8]
SIDE = 512


@pytest.fixture
def skin(picture: Draw, rng: np.random.Generator) -> Pixels:
    """Draw skin of one hue, as the room's own pictures vary in hue too, with some texture."""
    shade = np.asarray(picture(SIDE, SIDE)[:, :, :1], float) / 255
    texture = rng.normal(0, 5, (SIDE, SIDE, 1))
    pixels = np.array([225, 175, 155]) * (0.5 + 0.5 * shade) + texture
    return np.asarray(pixels.clip(0, 255), np.uint8)


def verdicts(facts: PixelFacts) -> set[str]:
    names = [name for name in dir(PixelFacts) if name.startswith(("is_", "has_"))]
    assert len(names) == 7
    return {name for name in names if getattr(facts, name)}


def with_ticks(pixels: Pixels, pitch_px: int, *, count: int = 10) -> Pixels:
    marked = pixels.copy()
    for number in range(count):
        top = 60 + number * pitch_px
        cv2.line(marked, (20, top), (60 if number % 5 == 0 else 48, top), (30, 20, 20), 2)
    return marked


def with_chart(pixels: Pixels) -> Pixels:
    marked = pixels.copy()
    colours = [(220, 30, 30), (30, 180, 40), (30, 60, 200), (240, 220, 40), (0, 170, 190)]
    for number, colour in enumerate(colours):
        cv2.rectangle(marked, (40 + 70 * number, 440), (95 + 70 * number, 495), colour, -1)
    return marked


def test_skin_gives_no_alarm(skin: Pixels) -> None:
    assert verdicts(pixel_facts(skin)) == set()


def test_a_blurred_picture_is_told(skin: Pixels) -> None:
    sharp = pixel_facts(skin)
    soft = pixel_facts(np.asarray(cv2.GaussianBlur(skin, (0, 0), 3), np.uint8))
    assert "is_blurred" not in verdicts(sharp)
    assert verdicts(soft) == {"is_blurred"}
    assert soft.sharpness < sharp.sharpness
    assert pixel_facts(np.full((64, 64, 3), 120, np.uint8)).sharpness == 0


def test_a_small_picture_has_sharpness_and_ticks_where_it_is_looked_at_closely() -> None:
    small = np.full((128, 128, 3), 120, np.uint8)
    assert pixel_facts(small).is_blurred
    assert pixel_facts(small).ruler_score == 0
    facts = pixel_facts(small, closely=False)
    assert np.isnan(facts.ruler_score)
    assert np.isnan(facts.sharpness)
    assert not facts.is_blurred


def test_a_long_picture_is_measured_whole() -> None:
    long = np.full((200, 700, 3), 120, np.uint8)
    assert pixel_facts(long, closely=False).sharpness == 0


def test_a_mostly_black_picture_is_told(skin: Pixels) -> None:
    skin[: SIDE * 2 // 3] = 5
    facts = pixel_facts(skin)
    assert facts.black_share == pytest.approx(2 / 3, abs=0.02)
    assert facts.is_mostly_black


def test_grey_is_told(skin: Pixels) -> None:
    grey = np.repeat(skin[:, :, 1:2], 3, axis=2)
    facts = pixel_facts(np.ascontiguousarray(grey))
    assert facts.colourfulness == 0
    assert facts.is_grey
    assert not facts.is_ycbcr_as_rgb


def test_the_corners_of_a_field_stop_and_of_a_round_mask_are_told(skin: Pixels) -> None:
    rows, columns = np.indices((SIDE, SIDE)) - SIDE / 2
    outside = np.hypot(rows, columns) > SIDE * 0.52
    for level, name in ((8, "dark_corner_share"), (255, "white_corner_share")):
        marked = skin.copy()
        marked[outside] = level
        facts = pixel_facts(marked)
        assert getattr(facts, name) > 0.9
        assert facts.has_dark_corners == (level == 8)
    assert pixel_facts(skin).dark_corner_share == 0


def test_luma_and_chroma_shown_as_colours_are_told(rng: np.random.Generator) -> None:
    looks = [LesionAppearance(LesionForm(seed=n), Skin(seed=9 + n), View()) for n in range(4)]
    drawn = [draw_lesion(each, width_px=SIDE, height_px=SIDE, rng=rng) for each in looks]
    shown = [np.asarray(Image.fromarray(each).convert("YCbCr")) for each in drawn]
    assert [pixel_facts(each).is_ycbcr_as_rgb for each in drawn] == [False] * 4
    assert [pixel_facts(each).is_ycbcr_as_rgb for each in shown] == [True] * 4


@pytest.mark.parametrize("pitch_px", [18, 26, 33, 40])
@pytest.mark.parametrize("is_turned", [False, True])
def test_ticks_at_equal_distances_are_a_ruler(
    skin: Pixels, pitch_px: int, *, is_turned: bool
) -> None:
    marked = with_ticks(skin, pitch_px)
    if is_turned:
        marked = np.ascontiguousarray(marked.transpose(1, 0, 2))
    assert verdicts(pixel_facts(marked)) == {"has_ruler"}


def test_few_ticks_and_uneven_ones_are_no_ruler(skin: Pixels, rng: np.random.Generator) -> None:
    assert not pixel_facts(with_ticks(skin, 33, count=4)).has_ruler
    for top in np.cumsum(rng.integers(12, 80, 9)) + 20:
        cv2.line(skin, (20, int(top)), (50, int(top)), (30, 20, 20), 2)
    assert not pixel_facts(skin).has_ruler


def test_patches_of_several_saturated_colours_are_a_chart(skin: Pixels) -> None:
    assert verdicts(pixel_facts(with_chart(skin))) == {"has_chart"}


def test_ink_and_one_sticker_are_no_chart(skin: Pixels) -> None:
    cv2.circle(skin, (60, 60), 50, (90, 40, 160), -1)
    cv2.circle(skin, (450, 450), 50, (30, 180, 60), -1)
    assert 0 < pixel_facts(skin).chart_score < 0.5


def test_a_picture_of_another_shape_is_the_callers_mistake() -> None:
    for wrong in (np.zeros((64, 64), np.uint8), np.zeros((64, 64, 3), np.float32)):
        with pytest.raises(ValueError, match="pixels are"):
            pixel_facts(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shorter than 64 px"):
        pixel_facts(np.zeros((63, 99, 3), np.uint8))


def test_scores_of_one_colour_are_nought() -> None:
    plain = np.full((256, 256), 140, np.uint8)
    assert ruler_score(plain) == 0
    assert chart_score(np.full((64, 64, 3), 140, np.uint8)) == 0


@pytest.mark.real
def test_real_pictures_give_few_alarms_and_planted_faults_are_found_on_them(
    real_data: Path,
) -> None:
    files = sorted((real_data / "isic2020" / "jpeg" / "train").glob("*.jpg"))[::12]
    assert len(files) == 73
    pictures = [read_to_size(file, SIDE) for file in files]
    real = [pixel_facts(each) for each in pictures]
    assert sum(facts.is_blurred or facts.is_mostly_black or facts.is_grey for facts in real) <= 1
    assert not any(facts.is_ycbcr_as_rgb or facts.has_chart for facts in real)

    def found(change: Callable[[Pixels], Any], name: str) -> float:
        changed = [pixel_facts(np.ascontiguousarray(change(each))) for each in pictures]
        return float(np.mean([getattr(facts, name) for facts in changed]))

    assert found(_compressed(lambda p: cv2.GaussianBlur(p, (0, 0), 2)), "is_blurred") >= 0.9
    assert found(lambda p: Image.fromarray(p).convert("YCbCr"), "is_ycbcr_as_rgb") >= 0.95
    assert found(with_chart, "has_chart") == 1
    assert found(lambda p: with_ticks(p, 33), "has_ruler") >= 0.8


def _compressed(change: Callable[[Pixels], Any]) -> Callable[[Pixels], Any]:
    def changed(pixels: Pixels) -> Any:
        stream = BytesIO()
        Image.fromarray(change(pixels)).save(stream, "JPEG", quality=85)
        return np.asarray(Image.open(stream))

    return changed
