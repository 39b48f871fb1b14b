"""Pictures on a map never cover one another, stay inside, and lie where they may."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cygnet.report.patient_layout import overlapping, placed


def boxes(n: int, side: float = 44.0) -> np.ndarray:
    return np.tile([side, side + 18], (n, 1))


def points_of(kind: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    return {
        "scattered": rng.normal(size=(n, 2)),
        "far outliers": rng.standard_t(1.2, size=(n, 2)),
        "one point": np.zeros((n, 2)),
        "a line": np.column_stack([rng.normal(size=n), np.zeros(n)]),
    }[kind]


@pytest.mark.parametrize("kind", ["scattered", "far outliers", "one point", "a line"])
@pytest.mark.parametrize(("n", "width"), [(1, 350.0), (2, 780.0), (16, 350.0), (60, 780.0)])
def test_no_picture_covers_another_and_all_are_inside(kind: str, n: int, width: float) -> None:
    sizes = boxes(n)
    found = placed(points_of(kind, n), sizes, width, 420)
    assert overlapping(found.centre, sizes) == 0
    assert (found.centre - sizes / 2 >= -1e-6).all()
    assert (found.centre + sizes / 2 <= np.array([found.width, found.height]) + 1e-6).all()
    assert found.width == width


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=30),
    st.floats(30, 150),
)
def test_any_points_and_any_size_find_room(points: list[tuple[float, float]], side: float) -> None:
    sizes = boxes(len(points), side)
    found = placed(np.array(points), sizes, 350, 380)
    assert overlapping(found.centre, sizes) == 0


def test_points_far_apart_stay_where_they_are_and_keep_their_shape() -> None:
    points = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    found = placed(points, boxes(3), 780, 500)
    assert found.moved.max() == 0
    right = found.true[1] - found.true[0]
    up = found.true[2] - found.true[0]
    assert right[1] == 0
    assert up[0] == 0
    assert up[1] < 0  # upwards is less on a page
    assert abs(right[0]) == pytest.approx(2 * abs(up[1]))


def test_the_first_lies_truest() -> None:
    found = placed(points_of("one point", 12), boxes(12), 780, 420)
    assert found.moved[0] == 0
    assert found.moved[1:].min() > 0


def test_a_map_without_room_grows_and_an_empty_margin_is_cut() -> None:
    crowded = placed(points_of("scattered", 60), boxes(60), 350, 100)
    assert crowded.height > 60 * 44 * 62 / 350
    flat = placed(points_of("a line", 3), boxes(3), 780, 420)
    assert flat.height < 200


def test_a_box_wider_than_the_map_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        placed(np.zeros((1, 2)), np.array([[400.0, 10.0]]), 350, 300)


def test_overlaps_are_counted() -> None:
    centre = np.array([[0.0, 0.0], [10.0, 0.0], [100.0, 0.0], [44.0, 0.0]])
    assert overlapping(centre, boxes(4)) == 2
