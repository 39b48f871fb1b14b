"""How well the skin of a picture is seen."""

import cv2
import numpy as np
import pytest

from cygnet.images.skin_seen import skin_seen
from reader_world import drawn_pixels


def test_a_drawn_lesion_on_fair_skin_has_no_fault() -> None:
    seen = skin_seen(drawn_pixels(1, 300))
    faults = [seen.is_dark, seen.is_glaring, seen.is_hairy, seen.is_no_skin]
    assert faults == [False] * 4
    assert seen.skin_share == 1.0


def test_brightness_is_the_median_of_the_brightest_channel() -> None:
    plain = np.full((64, 64, 3), (200, 150, 120), np.uint8)
    assert skin_seen(plain).brightness == 200
    assert skin_seen(plain // 4).is_dark


def test_the_black_around_a_field_of_view_is_not_measured() -> None:
    pixels = np.zeros((256, 256, 3), np.uint8)
    cv2.circle(pixels, (128, 128), 90, (210, 170, 150), -1)
    assert skin_seen(pixels).brightness == 210


def test_the_share_blown_out_is_that_of_the_area() -> None:
    pixels = np.full((256, 256, 3), (200, 150, 120), np.uint8)
    pixels[:64] = 255
    assert skin_seen(pixels).blown_share == pytest.approx(0.25, abs=0.01)


def test_strokes_are_hair_and_a_round_spot_is_not() -> None:
    spot = np.full((256, 256, 3), (220, 180, 160), np.uint8)
    cv2.circle(spot, (128, 128), 50, (90, 50, 40), -1)
    assert skin_seen(spot).hair_share == 0
    for x in range(20, 240, 30):
        cv2.line(spot, (x, 0), (x + 8, 255), (40, 30, 25), 2)
    assert skin_seen(spot).is_hairy


def test_green_and_blue_are_not_skin() -> None:
    for colour in ((40, 140, 50), (40, 80, 200)):
        assert skin_seen(np.full((64, 64, 3), colour, np.uint8)).is_no_skin


def test_the_angle_falls_as_skin_darkens() -> None:
    tones = [(240, 205, 185), (200, 150, 120), (140, 95, 65), (80, 50, 35)]
    angles = [skin_seen(np.full((64, 64, 3), one, np.uint8)).ita_degrees for one in tones]
    assert angles == sorted(angles, reverse=True)
    # Chardon's "very light" is above 55 degrees, "dark" below -30.
    assert angles[0] > 55
    assert angles[-1] < -30


def test_without_skin_at_the_border_there_is_no_angle() -> None:
    assert np.isnan(skin_seen(np.full((64, 64, 3), (40, 140, 50), np.uint8)).ita_degrees)


@pytest.mark.real
def test_real_dermoscopy_is_skin(real_data: object) -> None:
    from pathlib import Path

    from cygnet.images.decode import read_to_size

    folder = Path(str(real_data)) / "isic2020" / "jpeg" / "train"
    files = sorted(folder.glob("*.jpg"))[:60]
    assert len(files) == 60
    seen = [skin_seen(read_to_size(path, 256)) for path in files]
    assert sum(one.is_no_skin for one in seen) == 0
    assert sum(one.is_hairy for one in seen) <= 6
