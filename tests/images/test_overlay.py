"""Overlays: the map between two pictures is found, and their pixels must agree on it."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cygnet.images.keypoints import find_keypoints, read_thumbnail
from cygnet.images.overlay import Agreement, Overlay, agreement, lay_over

Pixels = NDArray[np.uint8]
Draw = Callable[[int, int], Pixels]
SAME = np.array([[1.0, 0, 0], [0, 1, 0]])


def places(xy: Any, size: float, degrees: Any) -> NDArray[np.float32]:
    n = len(xy)
    columns = (xy, np.full((n, 1), size), np.broadcast_to(degrees, (n, 1)))
    return np.hstack(columns).astype(np.float32)


def test_a_turned_scaled_and_mirrored_picture_is_laid_over(rng: np.random.Generator) -> None:
    xy = rng.random((30, 2))
    angle = rng.uniform(0, 360, (30, 1))
    # Mirrored top to bottom, turned by 90 degrees clockwise, half as large, shifted.
    moved = 0.5 * xy[:, ::-1] + np.array([0.1, 0.2])
    one, two = places(xy, 0.1, angle), places(moved, 0.05, 90 - angle)
    two[20:] = places(rng.random((10, 2)), 0.05, 0)
    found = lay_over(one, two)
    assert found is not None
    assert 20 <= found.n_agreeing <= 22
    assert found.mirrored
    assert found.scale == pytest.approx(0.5, abs=0.02)
    assert found.turned_degrees == pytest.approx(90, abs=1)
    assert np.allclose(found.affine, [[0, 0.5, 0.1], [0.5, 0, 0.2]], atol=0.02)


def test_places_that_share_no_map_are_not_laid_over(rng: np.random.Generator) -> None:
    one, two = (places(rng.random((5, 2)), 0.1, rng.uniform(0, 360, (5, 1))) for _ in range(2))
    assert lay_over(one, two) is None
    # Four keypoints on one line fix no map.
    line = places(np.column_stack([np.linspace(0, 1, 4)] * 2), 0.1, 0)
    assert lay_over(line, line) is None


def test_a_picture_agrees_with_itself_and_not_with_another(picture: Draw) -> None:
    one, two = (read_thumbnail(find_keypoints(picture(256, 256)).thumbnail) for _ in range(2))
    itself = agreement(one, one, Overlay(SAME, 9))
    assert itself.correlation == pytest.approx(1)
    assert itself.overlap > 0.9
    assert itself.same_picture
    other = agreement(one, two, Overlay(SAME, 9))
    assert abs(other.correlation) < 0.4
    assert not other.same_picture


def test_a_cut_picture_agrees_in_its_part(picture: Draw) -> None:
    pixels = picture(512, 512)
    whole, part = (
        read_thumbnail(find_keypoints(shown).thumbnail)
        for shown in (pixels, np.ascontiguousarray(pixels[64:320, 128:384]))
    )
    # A place of the whole is twice as far apart in the part.
    onto_part = np.array([[2, 0, -0.5], [0, 2, -0.25]])
    found = agreement(whole, part, Overlay(onto_part, 9))
    assert found.correlation > 0.9
    assert found.overlap > 0.85
    back = np.array([[0.5, 0, 0.25], [0, 0.5, 0.125]])
    assert agreement(part, whole, Overlay(back, 9)).correlation > 0.9


def test_black_corners_and_blown_out_skin_are_not_compared(picture: Draw) -> None:
    grey = read_thumbnail(find_keypoints(picture(256, 256)).thumbnail)
    black = grey.copy()
    black[:64] = 0
    blown = grey.copy()
    blown[64:] = 255
    assert agreement(grey, black, Overlay(SAME, 9)).overlap == pytest.approx(0.48, abs=0.02)
    assert agreement(grey, black, Overlay(SAME, 9)).correlation > 0.95
    nothing = agreement(black, blown, Overlay(SAME, 9))
    assert nothing == Agreement(0.0, 0.0)
    assert not nothing.same_picture


def test_a_flat_picture_agrees_with_nothing() -> None:
    flat = np.full((128, 128), 120, np.float32)
    assert agreement(flat, flat, Overlay(SAME, 9)).correlation == 0


def test_the_turn_of_a_picture_is_told(picture: Draw) -> None:
    pixels = picture(256, 256)
    quarter = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
    one, two = find_keypoints(pixels), find_keypoints(np.asarray(quarter))
    distance = np.linalg.norm(one.descriptors[:, None] - two.descriptors, axis=2)
    found = lay_over(one.places, two.places[distance.argmin(axis=1)])
    assert found is not None
    assert found.turned_degrees == pytest.approx(90, abs=0.5)
    assert not found.mirrored
