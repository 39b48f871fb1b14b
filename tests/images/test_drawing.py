"""Does a described lesion look as described, and the same each time?"""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cygnet.images.drawing import LesionAppearance, LesionForm, Skin, View, draw_lesion
from cygnet.images.drawing.field import fractal, honeycomb, noise, step

PLAIN = LesionAppearance(
    LesionForm(seed=5), Skin(seed=6, freckles=0.0, vessels=0.0), View(grain=0.0, tilt=0.0)
)


def drawn(
    appearance: LesionAppearance, seed: int = 1, width_px: int = 160, height_px: int = 120
) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return draw_lesion(appearance, width_px=width_px, height_px=height_px, rng=rng)


def middle(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean colour of the middle, where the lesion lies."""
    height, width = picture.shape[:2]
    cut = picture[height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5]
    return np.asarray(cut.mean(axis=(0, 1)))


def corner(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(picture[:12, :12].mean(axis=(0, 1)))


def of_form(**changes: Any) -> NDArray[np.uint8]:
    return drawn(replace(PLAIN, lesion=replace(PLAIN.lesion, **changes)))


def of_skin(**changes: Any) -> NDArray[np.uint8]:
    return drawn(replace(PLAIN, skin=replace(PLAIN.skin, **changes)))


def of_view(seed: int = 1, **changes: Any) -> NDArray[np.uint8]:
    return drawn(replace(PLAIN, view=replace(PLAIN.view, **changes)), seed)


@pytest.mark.parametrize(("width_px", "height_px"), [(160, 120), (90, 160), (64, 64), (16, 11)])
def test_a_picture_has_the_size_asked_for(width_px: int, height_px: int) -> None:
    picture = drawn(PLAIN, width_px=width_px, height_px=height_px)
    assert picture.shape == (height_px, width_px, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous


def test_the_same_description_and_seed_give_the_same_bytes() -> None:
    view = View(hairs=9, bubbles=4, ink=3, glints=2, ruler="loose", circle=1.05)
    busy = replace(PLAIN, view=view)
    assert drawn(busy).tobytes() == drawn(busy).tobytes()


def test_another_view_of_a_lesion_differs_in_its_grain_alone() -> None:
    grainy = replace(PLAIN, view=replace(PLAIN.view, grain=0.01))
    first, second = drawn(grainy, seed=1).astype(int), drawn(grainy, seed=2).astype(int)
    assert 0 < np.abs(first - second).mean() < 4


def test_another_shape_seed_gives_another_lesion() -> None:
    other = np.abs(of_form().astype(int) - of_form(seed=77).astype(int))
    assert other.mean() > 1


def test_a_larger_picture_shows_the_same_lesion_finer() -> None:
    small = drawn(PLAIN, width_px=160, height_px=120).astype(float)
    large = drawn(PLAIN, width_px=640, height_px=480)
    shrunk = cv2.resize(large, (160, 120), interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(small - shrunk).mean() < 5


def test_more_pigment_is_darker_and_blue_goes_first() -> None:
    pale, dark = middle(of_form(pigment=0.3)), middle(of_form(pigment=2.5))
    assert (dark < pale - 30).all()
    assert dark[2] < dark[1] < dark[0]


def test_a_warm_lesion_is_more_orange_than_a_cold_one() -> None:
    warm, cold = middle(of_form(warmth=1.0)), middle(of_form(warmth=0.0))
    assert warm[0] / warm[2] > 1.2 * cold[0] / cold[2]


def test_blood_reddens() -> None:
    pale, red = middle(of_form(blood=0.0, pigment=0.2)), middle(of_form(blood=0.6, pigment=0.2))
    assert pale[1] - red[1] > 20
    assert pale[0] - red[0] < 15


def test_a_veil_turns_brown_towards_blue() -> None:
    bare, veiled = middle(of_form(veil=0.0)), middle(of_form(veil=1.0))
    assert veiled[2] / veiled[0] > 1.3 * bare[2] / bare[0]


def test_regression_pales() -> None:
    assert middle(of_form(regression=1.0)).mean() > middle(of_form()).mean() + 15


def test_a_pale_centre_is_paler_than_a_dark_one() -> None:
    assert (middle(of_form(centre=-0.8)) > middle(of_form(centre=0.8)) + 20).all()


def test_asymmetry_makes_the_halves_differ() -> None:
    def difference(asymmetry: float) -> float:
        values = []
        for seed in range(6):
            picture = of_form(seed=seed, asymmetry=asymmetry, network=0.0).astype(float)
            values.append(np.abs(picture - picture[::-1, ::-1]).mean())
        return float(np.mean(values))

    assert difference(1.0) > 1.25 * difference(0.0)


def test_an_irregular_border_is_longer_for_its_area() -> None:
    def compactness(irregularity: float) -> float:
        values = []
        for seed in range(6):
            picture = of_form(seed=seed, irregularity=irregularity, pigment=2.0, softness_mm=0.1)
            mask = (picture[:, :, 1] < 90).astype(np.uint8)
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            outline = max(outlines, key=cv2.contourArea)
            values.append(cv2.arcLength(outline, closed=True) ** 2 / cv2.contourArea(outline))
        return float(np.mean(values))

    assert compactness(1.0) > 1.2 * compactness(0.0)


@pytest.mark.parametrize("pattern", ["network", "globules"])
def test_a_pattern_adds_detail_and_no_pigment(pattern: str) -> None:
    form = replace(PLAIN.lesion, network=0.0, globules=0.0, diameter_mm=9.0, mesh_mm=0.5)
    close = replace(PLAIN.view, field_mm=8.0, blur_mm=0.0)
    plain = replace(PLAIN, lesion=form, view=close)
    changed = replace(form, network=1.0) if pattern == "network" else replace(form, globules=1.0)
    patterned = replace(plain, lesion=changed)
    before, after = drawn(plain)[40:80, 60:100, 1], drawn(patterned)[40:80, 60:100, 1]
    assert after.std() > 1.2 * before.std()
    assert abs(after.mean() - before.mean()) < 12


def test_darker_skin_is_darker_everywhere() -> None:
    assert (corner(of_skin(melanin=1.2)) < corner(of_skin(melanin=0.05)) - 40).all()


def test_freckles_and_vessels_mark_the_skin() -> None:
    plain = of_skin().astype(int)
    assert np.abs(of_skin(freckles=0.9).astype(int) - plain).mean() > 0.5
    assert np.abs(of_skin(vessels=1.0).astype(int) - plain).mean() > 0.2


def test_a_round_window_blackens_the_corners_only() -> None:
    picture = of_view(circle=0.9)
    assert corner(picture).max() < 5
    assert middle(picture).min() > 20


def test_a_vignette_darkens_the_corners() -> None:
    assert (corner(of_view(vignette=0.6)) < corner(of_view(vignette=0.0)) - 20).all()


@pytest.mark.parametrize(
    "obstacle",
    [
        {"hairs": 25},
        {"bubbles": 12},
        {"glints": 3},
        {"ink": 6},
        {"ruler": "edge"},
        {"ruler": "loose"},
    ],
)
def test_an_obstacle_covers_some_of_the_picture_and_leaves_the_rest(
    obstacle: dict[str, Any],
) -> None:
    difference = of_view(**obstacle).astype(int) - of_view().astype(int)
    changed = np.abs(difference).max(axis=2) > 12
    assert 0.002 < changed.mean() < 0.4


def test_hair_may_be_dark_or_white() -> None:
    bare = of_view().astype(int)
    dark = of_view(hairs=40, hair_darkness=1.0) - bare
    white = of_view(hairs=40, hair_darkness=0.0) - bare
    assert dark.min() < -60
    assert white.max() > 40


def test_a_lesion_is_drawn_where_the_view_puts_it() -> None:
    def place(offset: tuple[float, float]) -> NDArray[np.float64]:
        lesion = replace(PLAIN.lesion, pigment=2.5, diameter_mm=3.0)
        aside = replace(PLAIN, lesion=lesion, view=replace(PLAIN.view, offset=offset))
        rows, columns = np.nonzero(drawn(aside)[:, :, 1] < 90)
        return np.array([columns.mean(), rows.mean()])

    moved = place((0.2, -0.1)) - place((0.0, 0.0))
    assert moved == pytest.approx([0.2 * 160, -0.1 * 160], abs=2)


def test_moving_the_camera_moves_skin_and_lesion_together() -> None:
    still = of_view().astype(np.float32).mean(axis=2)
    moved = of_view(moved=(0.05, 0.0, 0.0)).astype(np.float32).mean(axis=2)
    assert np.abs(moved[:, 8:] - still[:, :-8]).mean() < 2
    assert np.abs(moved - still).mean() > 4


def test_a_mirrored_lesion_is_not_the_same_one_turned() -> None:
    assert (of_view(mirrored=True) != of_view()).any()


def test_noise_is_centred_and_its_spread_does_not_depend_on_its_grain(
    rng: np.random.Generator,
) -> None:
    for cells in ((8.0, 12.0), (40.0, 60.0), (150.0, 225.0)):
        spreads = [noise(rng, (200, 300), cells).std() for _ in range(12)]
        assert np.mean(spreads) == pytest.approx(0.82, abs=0.08)
    layered = [fractal(rng, (200, 300), (20, 30), octaves=4).mean() for _ in range(20)]
    assert np.mean(layered) == pytest.approx(0, abs=0.05)


def test_a_step_runs_from_none_to_all_either_way() -> None:
    values = np.array([-1.0, 0.0, 0.5, 1.0, 2.0], np.float32)
    assert step(values, 0.0, 1.0).tolist() == [0, 0, 0.5, 1, 1]
    assert step(values, 1.0, 0.0).tolist() == [1, 1, 0.5, 0, 0]


def test_a_honeycomb_has_its_cells_at_the_pitch() -> None:
    axis = np.linspace(0, 4, 401, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    lattice = honeycomb(x, y, 0.5)
    assert lattice.max() == pytest.approx(1.0, abs=0.01)
    assert lattice.min() == pytest.approx(-0.5, abs=0.01)
    assert lattice[0, 0] == pytest.approx(1.0, abs=1e-5)
    along = lattice[0]
    peaks = np.flatnonzero(
        (along[1:-1] > along[:-2]) & (along[1:-1] > along[2:]) & (along[1:-1] > 0.99)
    )
    assert len(peaks) > 3
