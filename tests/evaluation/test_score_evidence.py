"""What is counted among images of like score, and how wide its interval is."""

import json

import numpy as np
import pytest
from scipy.stats import beta

from cygnet.evaluation.score_evidence import (
    ScoreEvidence,
    at_prevalence,
    clustered_limits,
    score_evidence,
)


def _drawn(rng: np.random.Generator, n: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probability = rng.beta(1, 9, n)
    return (rng.random(n) < probability).astype(int), probability, np.arange(n) // 4


def test_a_calibrated_score_is_found_again_as_a_share(rng: np.random.Generator) -> None:
    found = score_evidence(*_drawn(rng, 20_000))
    assert found is not None
    at = found.nearest(0.2)
    assert at is not None
    assert found.lower[at] < 0.2 < found.upper[at]
    assert found.n_positive[at] / found.n[at] == pytest.approx(0.2, abs=0.05)


def test_every_window_holds_ten_melanomas_or_a_third_of_all(rng: np.random.Generator) -> None:
    found = score_evidence(*_drawn(rng))
    assert found is not None
    assert len(found.n) > 8
    assert all((found.n_positive >= 10) | (found.n >= 4000 // 3))
    assert (found.n >= 51).all()
    assert (np.diff(found.probability) > 0).all()


def test_a_higher_score_never_counts_for_less(rng: np.random.Generator) -> None:
    target, probability, patient = _drawn(rng, 600)
    found = score_evidence(target, np.round(probability, 2), patient)
    assert found is not None
    share = found.n_positive / found.n
    assert len(share) > 5
    assert (np.diff(share) >= 0).all()
    assert (found.lower <= share).all()
    assert (share <= found.upper).all()


def test_the_interval_of_independent_images_is_the_exact_binomial_one() -> None:
    target = np.array([1] * 7 + [0] * 93)
    lower, upper = clustered_limits(target, np.arange(100))
    assert lower == pytest.approx(beta.ppf(0.025, 7, 94), rel=0.02)
    assert upper == pytest.approx(beta.ppf(0.975, 8, 93), rel=0.02)


def test_images_of_one_patient_are_worth_less_than_those_of_many() -> None:
    target = np.array(([1] * 10 + [0] * 90) * 2)
    alone = clustered_limits(target, np.arange(200))
    together = clustered_limits(target, np.repeat(np.arange(20), 10))
    assert together[1] - together[0] > 1.5 * (alone[1] - alone[0])


def test_no_melanoma_among_a_hundred_leaves_an_upper_limit() -> None:
    lower, upper = clustered_limits(np.zeros(100, int), np.arange(100))
    assert lower == 0
    assert upper == pytest.approx(1 - 0.025 ** (1 / 100))


def test_the_interval_covers_the_share_of_clustered_images(rng: np.random.Generator) -> None:
    covered = 0
    for _ in range(300):
        share = np.clip(rng.beta(2, 8, 40), 0, 1)
        target = (rng.random((40, 8)) < share[:, None]).astype(int).ravel()
        lower, upper = clustered_limits(target, np.repeat(np.arange(40), 8))
        covered += lower <= 0.2 <= upper
    assert covered / 300 >= 0.92


def test_beyond_all_scores_seen_there_is_no_evidence(rng: np.random.Generator) -> None:
    target, probability, patient = _drawn(rng)
    found = score_evidence(target, probability * 0.5, patient)
    assert found is not None
    assert found.nearest(0.9) is None


def test_fewer_than_ten_melanomas_tell_nothing() -> None:
    assert score_evidence([1] * 9 + [0] * 91, np.linspace(1, 0, 100), np.arange(100)) is None


def test_evidence_travels_as_json_of_a_few_kilobytes(rng: np.random.Generator) -> None:
    found = score_evidence(*_drawn(rng))
    assert found is not None
    text = json.dumps(found.as_json())
    again = ScoreEvidence.from_json(json.loads(text))
    assert len(text) < 4000
    np.testing.assert_array_equal(again.n, found.n)
    np.testing.assert_allclose(again.lower, found.lower, rtol=1e-4)


def test_windows_that_differ_in_number_are_no_evidence(rng: np.random.Generator) -> None:
    found = score_evidence(*_drawn(rng))
    assert found is not None
    with pytest.raises(ValueError, match="differ in number"):
        ScoreEvidence.from_json({**found.as_json(), "n": [1]})


def test_a_share_moves_with_the_prevalence_as_bayes_has_it() -> None:
    # A likelihood ratio of 4: at even odds 4 of 5, at a prevalence of 1 in 5 as many as not.
    assert at_prevalence(0.8, 0.5, 0.2) == pytest.approx(0.5)
    assert at_prevalence(0.0, 0.5, 0.2) == 0.0
