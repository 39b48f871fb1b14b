"""Keypoints: the same spots are known again, mirrored or not; a picture without any has none."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cygnet.images.alike import learn_space, nearest_alike
from cygnet.images.keypoints import (
    KEYPOINTS_AN_IMAGE,
    THUMBNAIL_PX,
    find_keypoints,
    mirror_blind,
    read_thumbnail,
)

Pixels = NDArray[np.uint8]
Draw = Callable[[int, int], Pixels]


def test_a_picture_has_at_most_so_many_keypoints_inside_it(picture: Draw) -> None:
    found = find_keypoints(picture(256, 256))
    assert 50 < len(found.places) <= KEYPOINTS_AN_IMAGE
    assert found.descriptors.shape == (len(found.places), 128)
    assert (found.places[:, :2] > 0).all()
    assert (found.places[:, :2] < 1).all()
    assert np.allclose(np.linalg.norm(found.descriptors, axis=1), 1, atol=1e-4)


def test_the_descriptor_of_a_patch_is_that_of_its_mirror_image(rng: np.random.Generator) -> None:
    histograms = rng.random((20, 4, 4, 8)).astype(np.float32)
    # Row 0 becomes row 3; the angle of bin 1 (45 degrees) becomes that of bin 7 (315 degrees).
    mirrored = histograms[:, [3, 2, 1, 0]][..., [0, 7, 6, 5, 4, 3, 2, 1]]
    one, two = (mirror_blind(h.reshape(20, 128)) for h in (histograms, mirrored))
    assert np.allclose(one, two, atol=1e-6)
    other = mirror_blind(rng.random((20, 128)).astype(np.float32))
    assert np.linalg.norm(one - other, axis=1).min() > 0.2


def test_the_spots_of_a_mirrored_picture_are_alike(picture: Draw) -> None:
    pixels = picture(256, 256)
    one, two = find_keypoints(pixels), find_keypoints(np.ascontiguousarray(pixels[:, ::-1]))
    distance = np.linalg.norm(one.descriptors[:, None] - two.descriptors, axis=2)
    nearest = distance.argmin(axis=1)
    apart = np.abs(one.places[:, :2] * (-1, 1) + (1, 0) - two.places[nearest, :2]).max(axis=1)
    assert (apart < 0.01).mean() > 0.6


def test_a_picture_without_structure_has_no_keypoints() -> None:
    found = find_keypoints(np.full((64, 64, 3), 127, np.uint8))
    assert found.places.shape == (0, 4)
    assert found.descriptors.shape == (0, 128)


def test_a_thumbnail_is_a_small_grey_picture(picture: Draw) -> None:
    pixels = picture(256, 256)
    grey = read_thumbnail(find_keypoints(pixels).thumbnail)
    assert grey.shape == (THUMBNAIL_PX, THUMBNAIL_PX)
    assert abs(grey.mean() - (pixels @ [0.299, 0.587, 0.114]).mean()) < 2


def test_like_keypoints_are_found_in_other_pictures_only(rng: np.random.Generator) -> None:
    descriptors = mirror_blind(rng.random((400, 128)).astype(np.float32) ** 4)
    space = learn_space(descriptors, 400)
    codes, cells = space.place(np.concatenate([descriptors[:10], descriptors[:10]]))
    assert cells.shape == (20, 2)
    assert (cells[:, 0] != cells[:, 1]).all()
    image = np.array([0] * 10 + [1] * 10, np.int32)
    one, two = nearest_alike(codes, image, codes, image)
    assert {(row, (row + 10) % 20) for row in range(20)} <= set(
        zip(one.tolist(), two.tolist(), strict=True)
    )
    assert (image[one] != image[two]).all()


def test_a_space_can_be_learned_from_nothing_and_from_sameness() -> None:
    for sample in (np.zeros((0, 128), np.float32), np.ones((50, 128), np.float32)):
        space = learn_space(sample, len(sample))
        codes, _ = space.place(np.zeros((3, 128), np.float32))
        assert codes.shape == (3, 40)
        none = np.zeros((0, 40), np.int8)
        assert nearest_alike(none, np.zeros(0, np.int32), codes, np.arange(3, dtype=np.int32))[
            0
        ].shape == (0,)
