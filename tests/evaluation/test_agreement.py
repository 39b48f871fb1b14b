import json
import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from cygnet.errors import InputError
from cygnet.evaluation import agreements


def test_spearman_worked_by_hand() -> None:
    # Ranks 1 2 3 4 and 2 1 4 3: 1 - 6 * 4 / (4 * 15) = 3/5.
    one = agreements({"a": [0.1, 0.2, 0.3, 0.4], "b": [0.2, 0.1, 0.9, 0.3]})[0]
    assert one.spearman == pytest.approx(3 / 5, abs=1e-12)
    assert one.same_share == 0
    assert one.mean_difference == pytest.approx((0.1 + 0.1 + 0.6 + 0.1) / 4)
    assert one.largest_difference == pytest.approx(0.6)
    assert not one.near_identical


@pytest.mark.parametrize("decimals", [None, 1])
def test_scipys_spearman_agrees_with_and_without_ties(
    rng: np.random.Generator, decimals: int | None
) -> None:
    shared = rng.random(500)
    scores = {name: shared + rng.random(500) * scale for name, scale in (("a", 1), ("b", 2))}
    scores["c"] = -shared
    if decimals is not None:
        scores = {name: one.round(decimals) for name, one in scores.items()}
    made = agreements(scores)
    assert len(made) == 3
    for one in made:
        expected = spearmanr(scores[one.a], scores[one.b]).statistic
        assert one.spearman == pytest.approx(expected, abs=1e-11)
    assert [one.spearman for one in made] == sorted((one.spearman for one in made), reverse=True)


def test_a_monotone_transform_ranks_the_same_and_is_a_near_copy() -> None:
    scores = np.linspace(0.01, 0.9, 50)
    one = agreements({"a": scores, "b": scores**3})[0]
    assert (one.spearman, one.near_identical, one.reason) == (1.0, True, None)
    assert one.same_share == 0
    reverse = agreements({"a": scores, "b": -scores})[0]
    assert (reverse.spearman, reverse.near_identical) == (-1.0, False)


def test_the_same_numbers_are_the_same_and_constant_ones_have_no_rank_correlation() -> None:
    scores = {"a": [0.1, 0.2], "copy": [0.1, 0.2], "flat": [0.5, 0.5], "level": [0.5, 0.5]}
    made = {(one.a, one.b): one for one in agreements(scores)}
    copies = made["a", "copy"]
    assert (copies.spearman, copies.same_share, copies.near_identical) == (1.0, 1.0, True)
    flat = made["a", "flat"]
    assert math.isnan(flat.spearman)
    assert flat.as_json()["spearman"] is None
    assert flat.as_json()["reason"] == "one of the two is constant"
    assert not flat.near_identical
    assert made["flat", "level"].near_identical
    assert next(iter(made)) == ("a", "copy")


def test_infinite_scores_are_ranked_and_their_distance_is_null() -> None:
    one = agreements({"a": [-np.inf, 0.0, np.inf], "b": [-np.inf, 0.5, 7.0]})[0]
    assert one.spearman == 1
    assert one.same_share == pytest.approx(1 / 3)
    document = one.as_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["mean_difference"] is None
    assert document["largest_difference"] is None


def test_one_file_other_lengths_nan_and_no_image_are_refused() -> None:
    with pytest.raises(InputError, match="nothing to compare"):
        agreements({"a": [0.1]})
    with pytest.raises(InputError, match="one number for each of the 2 images"):
        agreements({"a": [0.1, 0.2], "b": [0.1]})
    with pytest.raises(InputError, match="NaN"):
        agreements({"a": [0.1, 0.2], "b": [0.1, np.nan]})
    with pytest.raises(InputError, match="no image"):
        agreements({"a": [], "b": []})
