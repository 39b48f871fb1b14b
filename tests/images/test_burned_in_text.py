"""Burned-in text: planted writing is found where it stands; skin, hair, scales are no writing."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cygnet.images.burned_in_text import burned_in_text
from cygnet.images.decode import read_to_size

Draw = Callable[[int, int], Any]
Pixels = NDArray[np.uint8]
SIDE = 512
_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
_TEXTS = ("DOE^JANE", "17.05.1980", "ID 4711-0815", "MUELLER ANNA", "Patient: Smith")
_COLOURS = ("white", "black", "yellow", "lime", "red")


def write(pixels: Pixels, text: str, *, top: int, size: int = 20, colour: str = "white") -> Pixels:
    """Write ``text`` and compress the picture, as a device that burns it in does."""
    image = Image.fromarray(pixels)
    font = ImageFont.truetype(str(_FONTS / "DejaVuSans.ttf"), size)
    ImageDraw.Draw(image).text((40, top), text, fill=colour, font=font)
    stream = BytesIO()
    image.save(stream, "JPEG", quality=88)
    return np.array(Image.open(stream))


@pytest.fixture
def skin(picture: Draw) -> Pixels:
    # Darker than white writing, lighter than black.
    shade = np.asarray(picture(SIDE, SIDE)[:, :, :1], float) / 255
    return np.asarray(np.array([205, 160, 140]) * (0.6 + 0.4 * shade), np.uint8)


@pytest.mark.parametrize("colour", _COLOURS)
@pytest.mark.parametrize("top", [12, 470])
def test_writing_near_the_border_is_found_where_it_stands(
    skin: Pixels, colour: str, top: int
) -> None:
    (line,) = burned_in_text(write(skin, "ID 4711-0815", top=top, colour=colour))
    assert 7 <= line.n_signs <= 12
    assert top / SIDE - 0.02 <= line.top < line.bottom <= (top + 26) / SIDE + 0.02
    assert 36 / SIDE <= line.left < line.right <= 200 / SIDE


def test_writing_up_the_side_is_found(skin: Pixels) -> None:
    turned = np.ascontiguousarray(np.rot90(write(skin, "DOE^JANE 1980", top=20)))
    (line,) = burned_in_text(turned)
    assert line.right < 0.15
    assert line.bottom - line.top > line.right - line.left


def test_writing_in_a_box_is_found(skin: Pixels) -> None:
    cv2.rectangle(skin, (30, 465), (260, 500), (0, 0, 0), -1)
    assert len(burned_in_text(write(skin, "ID 4711-0815", top=470, colour="lime"))) == 1


def test_writing_over_the_lesion_is_not_looked_for(skin: Pixels) -> None:
    image = Image.fromarray(skin)
    font = ImageFont.truetype(str(_FONTS / "DejaVuSans.ttf"), 20)
    ImageDraw.Draw(image).text((200, 245), "DOE^JANE", fill="white", font=font)
    assert burned_in_text(np.array(image)) == ()


def test_skin_hair_and_ticks_are_no_writing(skin: Pixels, rng: np.random.Generator) -> None:
    assert burned_in_text(skin) == ()
    hairy = skin.copy()
    for _ in range(60):
        (x, y), (dx, dy) = rng.integers(0, SIDE, 2), rng.integers(-120, 120, 2)
        cv2.line(hairy, (int(x), int(y)), (int(x + dx), int(y + dy)), (40, 25, 20), 2)
    assert burned_in_text(hairy) == ()
    for number in range(14):
        cv2.line(skin, (40 + 18 * number, 480), (40 + 18 * number, 498), (20, 20, 20), 2)
    assert burned_in_text(skin) == ()


def test_a_larger_picture_is_searched_as_well(skin: Pixels) -> None:
    large = cv2.resize(skin, (1500, 1000), interpolation=cv2.INTER_CUBIC)
    found = burned_in_text(write(np.asarray(large, np.uint8), "ID 4711-0815", top=930, size=44))
    assert len(found) == 1


@pytest.mark.real
def test_recall_and_false_alarms_on_real_pictures(
    real_data: Path, rng: np.random.Generator
) -> None:
    files = sorted((real_data / "isic2020" / "jpeg" / "train").glob("*.jpg"))[::12]
    pictures = [read_to_size(file, SIDE) for file in files]
    assert len(pictures) == 73
    alarms = sum(bool(burned_in_text(each)) for each in pictures)
    found = 0
    for number, each in enumerate(pictures):
        text, colour = _TEXTS[number % 5], _COLOURS[number % 4]
        top = int(rng.integers(4, 60) if number % 2 else rng.integers(440, 480))
        found += bool(burned_in_text(write(each, text, top=top, colour=colour)))
    # The alarms are the "mm" beside scales, which is writing, and hair.
    assert alarms <= 5
    assert found / len(pictures) >= 0.8
