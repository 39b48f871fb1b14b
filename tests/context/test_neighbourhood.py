"""One patient's lesions on a map: exact where it can be, and the odd one is odd in the space."""

import numpy as np
import polars as pl
import pytest

from cygnet.context.lesions import Lesions, make_lesions
from cygnet.context.neighbourhood import classical_map, neighbourhood, oddness_of
from cygnet.context.resemblance import Space, distances
from cygnet.errors import InputError


def lesions_at(
    points: np.ndarray,
    *,
    patient: list[str] | None = None,
    lesion: list[str] | None = None,
    probability: list[float] | None = None,
    fold: list[int] | None = None,
) -> Lesions:
    n = len(points)
    table = pl.DataFrame(
        {
            "image_name": [f"ISIC_{row}" for row in range(n)],
            "patient_id": patient or ["IP_1"] * n,
            "lesion_id": pl.Series(lesion if lesion is not None else [None] * n, dtype=pl.String),
            "probability": probability or np.linspace(0.1, 0.9, n).tolist(),
            "fold": fold or [0] * n,
        }
    )
    return make_lesions(table, embedding=points.astype(np.float32))


def unit_space(width: int, folds: tuple[int, ...] = (0,)) -> Space:
    """Measure as it is: no centre, no scale."""
    nowhere = np.zeros(width, np.float32)
    return Space(
        dict.fromkeys(folds, nowhere),
        dict.fromkeys(folds, 1.0),
        dict.fromkeys(folds, nowhere[None]),
    )


SQUARE = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [9, 0]], dtype=np.float64)


def test_the_duckling_lies_farthest_from_its_three_nearest_by_hand() -> None:
    lesions = lesions_at(SQUARE)
    found = neighbourhood(lesions, np.arange(5), unit_space(2))
    assert found.duckling == 4
    assert found.oddness[4] == pytest.approx((8 + np.sqrt(65) + 9) / 3)
    assert found.oddness[0] == pytest.approx((1 + 1 + np.sqrt(2)) / 3)
    assert set(found.nearest[4].tolist()) == {1, 3, 0}
    assert found.nearest[4, 0] == 1


def test_points_of_a_plane_keep_all_their_distances(rng: np.random.Generator) -> None:
    flat = rng.normal(size=(9, 2))
    turn = np.linalg.qr(rng.normal(size=(7, 7)))[0][:2]
    points = (flat @ turn).astype(np.float32)
    position, share, stress = classical_map(points, distances(points, points))
    assert share == pytest.approx(1.0)
    assert stress == pytest.approx(0.0, abs=1e-3)
    expected = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    shown = np.linalg.norm(position[:, None] - position[None], axis=2)
    assert shown == pytest.approx(expected, abs=1e-4)


def test_what_a_flat_map_loses_is_told(rng: np.random.Generator) -> None:
    points = rng.normal(size=(30, 10)).astype(np.float32)
    _, share, stress = classical_map(points, distances(points, points))
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
    assert share == pytest.approx(spread[:2].sum() / spread.sum(), abs=1e-5)
    assert 0.2 < stress < 0.8


def test_lesions_on_one_point_have_no_map_and_no_duckling() -> None:
    found = neighbourhood(lesions_at(np.ones((4, 3))), np.arange(4), unit_space(3))
    assert np.isnan(found.share)
    assert np.isnan(found.stress)
    assert (found.position == 0).all()
    assert found.duckling is None


def test_of_two_lesions_neither_is_odd() -> None:
    found = neighbourhood(lesions_at(SQUARE[:2]), np.arange(2), unit_space(2))
    assert np.isnan(found.oddness).all()
    assert found.duckling is None
    assert found.nearest.tolist() == [[1], [0]]


def test_a_copy_of_a_lesion_is_no_neighbour_of_its_own() -> None:
    points = np.array([[0, 0], [9, 0], [9, 0.1], [1, 0], [0, 1]], dtype=np.float64)
    lesion = ["a", "b", "b", "c", "d"]
    found = neighbourhood(lesions_at(points, lesion=lesion), np.arange(5), unit_space(2))
    assert found.duckling in {1, 2}
    assert not {1, 2} & set(found.nearest[[1, 2]].ravel().tolist())
    # Two images of one lesion are one neighbour of the others.
    assert all(len({1, 2} & set(row)) < 2 for row in found.nearest[[0, 3, 4]].tolist())


def test_the_map_is_turned_to_the_score_and_to_the_duckling(rng: np.random.Generator) -> None:
    for sign in (1, -1):
        points = rng.normal(size=(12, 4))
        points[:, 0] = sign * np.linspace(-6, 6, 12)
        points[3, 1] = sign * 9
        lesions = lesions_at(points)
        found = neighbourhood(lesions, np.arange(12), unit_space(4))
        assert np.corrcoef(found.position[:, 0], lesions.logit)[0, 1] > 0
        assert found.duckling is not None
        assert found.position[found.duckling, 1] > 0


def test_without_embeddings_the_score_is_all_there_is() -> None:
    lesions = lesions_at(SQUARE, probability=[0.1, 0.2, 0.3, 0.95, 0.15])
    found = neighbourhood(lesions, np.arange(5), None)
    assert found.duckling == 3
    assert np.argsort(found.position[:, 0]).tolist() == np.argsort(lesions.logit).tolist()
    assert found.position[:, 1] == pytest.approx(0, abs=1e-6)
    assert oddness_of(lesions, None) == pytest.approx(found.oddness)


def test_the_oddness_of_all_is_that_of_each_and_folds_are_never_mixed(
    rng: np.random.Generator,
) -> None:
    points = rng.normal(size=(14, 3))
    patient = ["a"] * 5 + ["b"] * 6 + ["c"] * 2 + ["d"]
    fold = [0] * 5 + [1] * 3 + [0] * 3 + [0] * 3
    lesions = lesions_at(points, patient=patient, fold=fold)
    space = unit_space(3, (0, 1))
    every = oddness_of(lesions, space)
    for rows in (np.arange(5), np.arange(5, 8), np.arange(8, 11)):
        assert every[rows] == pytest.approx(neighbourhood(lesions, rows, space).oddness)
    assert np.isnan(every[11:]).all()


@pytest.mark.parametrize("rows", [[], [0, 1, 5], [2, 3]])
def test_rows_that_are_not_one_patient_in_one_fold_are_refused(rows: list[int]) -> None:
    patient = ["a"] * 4 + ["b"] * 2
    lesions = lesions_at(np.zeros((6, 2)), patient=patient, fold=[0, 0, 0, 1, 0, 0])
    with pytest.raises(InputError, match="one patient in one fold"):
        neighbourhood(lesions, np.array(rows, dtype=np.int64), unit_space(2, (0, 1)))
