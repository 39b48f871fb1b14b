"""Patient-relative numbers: worked by hand, blind to the count, deaf to copies."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from context_cohort import draw_cohort, lesions_of
from cygnet.context.features import ADDED_UP, LEVEL, SAFE_TOGETHER, Features
from cygnet.context.lesions import Lesions, make_lesions
from cygnet.context.relative import (
    median_difference,
    others_mean,
    others_of,
    others_spread,
    robust_z,
    shrunk_level,
    variance_ratio,
)
from cygnet.errors import InputError


def lesions_with(
    scores: list[float], patient: list[str], lesion: list[str] | None = None
) -> Lesions:
    """Give lesions whose scores are just these."""
    table = pl.DataFrame(
        {
            "image_name": [f"ISIC_{row}" for row in range(len(scores))],
            "patient_id": patient,
            "lesion_id": lesion or [f"IL_{row}" for row in range(len(scores))],
            "probability": [0.5] * len(scores),
        }
    )
    made = make_lesions(table)
    return Lesions(
        made.image_name, made.patient, made.lesion, made.fold, np.array(scores), np.array(scores)
    )


def test_the_others_are_summed_without_the_lesion_itself() -> None:
    others = others_of(lesions_with([1.0, 2.0, 4.0, 7.0], ["a", "a", "a", "b"]))
    assert others.n.tolist() == [2, 2, 2, 0]
    assert others.mean.tolist() == [3.0, 2.5, 1.5, 0.0]
    assert others_mean(others) == pytest.approx(np.sqrt(2) * np.array([3, 2.5, 1.5, 0]))
    assert shrunk_level(others, 2.0).tolist() == [1.5, 1.25, 0.75, 0.0]


def test_the_spread_of_two_others_is_chi_squared_with_one_degree() -> None:
    others = others_of(lesions_with([0.0, 1.0, 1.0 + np.sqrt(2) * 0.6744897501960817], ["a"] * 3))
    # Of the first image the others lie sqrt(2) * 0.6745 apart: the square of half of it, twice, is
    # the median of chi-squared with one degree of freedom.
    assert others_spread(others, np.zeros(3))[0] == pytest.approx(0.0, abs=1e-9)


def test_with_one_other_the_spread_is_the_lot_and_alone_it_is_nothing() -> None:
    others = others_of(lesions_with([0.0, 1.0, 5.0], ["a", "a", "b"]))
    assert others_spread(others, np.array([0.3, -0.7, 9.0])).tolist() == [0.3, -0.7, 0.0]


def test_the_median_of_the_others_by_hand() -> None:
    one = lesions_with([1.0, 2.0, 4.0, 8.0, 3.0], ["a"] * 4 + ["b"])
    assert median_difference(one).tolist() == [1 - 4, 2 - 4, 4 - 2, 8 - 2, 0]
    # (5 + (2-4)^2 + 0 + (8-4)^2) / (5 + 3) = 25 / 8
    assert robust_z(one)[0] == pytest.approx((1 - 4) / np.sqrt(25 / 8))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12))
def test_the_left_out_median_is_numpys(scores: list[float]) -> None:
    found = median_difference(lesions_with(scores, ["a"] * len(scores)))
    for place, score in enumerate(scores):
        rest = scores[:place] + scores[place + 1 :]
        assert found[place] == pytest.approx(score - float(np.median(rest)), abs=1e-12)


def test_copies_of_a_lesion_do_not_outvote_and_are_no_others_of_themselves() -> None:
    alone = others_of(lesions_with([3.0, 3.0], ["a", "a"], ["x", "x"]))
    assert alone.n.tolist() == [0, 0]
    copied = others_of(lesions_with([1.0, 3.0, 3.0, 3.0], ["a"] * 4, ["p", "x", "x", "x"]))
    assert copied.n.tolist() == [1, 1, 1, 1]
    assert copied.total[1:].tolist() == [1.0, 1.0, 1.0]


def test_the_variance_ratio_finds_what_was_drawn() -> None:
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(2000), 6)
    scores = rng.normal(0, 1, 2000)[patient] + rng.normal(0, 2, patient.size)
    made = lesions_with(scores.tolist(), [str(one) for one in patient])
    assert variance_ratio(made) == pytest.approx(4.0, rel=0.15)
    level = lesions_with(rng.normal(size=4000).tolist(), [str(one) for one in range(2000)] * 2)
    assert variance_ratio(level) > 5


def test_dealt_at_random_every_number_is_standard_normal_for_few_and_for_many() -> None:
    lesions, _ = lesions_of(draw_cohort(1, n_patients=1500))
    features = Features.of(lesions, seed=7)
    rng = np.random.default_rng(2)
    columns = features.columns(lesions.dealt(rng.permutation(lesions.n_images)))
    n = lesions.counts()[1]
    for name in ADDED_UP:
        for group in (n <= 4, n >= 18):
            values = columns[name][group]
            assert abs(values.mean()) < 0.15, name
            assert abs(values.std() - 1) < 0.15, name
    spread = [columns[LEVEL][group].std() for group in (n <= 4, n >= 18)]
    assert spread[0] > 1.5 * spread[1], "the level tells the count, which is why it is not bent"
    together = np.corrcoef([columns["logit"], *(columns[name] for name in SAFE_TOGETHER)])
    assert np.abs(together - np.eye(3)).max() < 0.06


def test_equal_scores_give_no_number_that_is_not_finite() -> None:
    table = draw_cohort(1, n_patients=60).with_columns(probability=pl.lit(0.3))
    lesions, _ = lesions_of(table)
    columns = Features.of(lesions).columns(lesions)
    assert all(np.isfinite(values).all() for values in columns.values())


def test_scores_that_are_no_probabilities_are_refused() -> None:
    table = draw_cohort(1, n_patients=5).with_columns(probability=pl.lit(1.5))
    with pytest.raises(InputError, match="no probability"):
        make_lesions(table)


def test_images_without_a_patient_are_each_alone() -> None:
    table = draw_cohort(1, n_patients=5).with_columns(patient_id=pl.lit(None, pl.String))
    made = make_lesions(table)
    assert made.n_patients == table.height
    assert set(made.counts()[1].tolist()) == {1}
