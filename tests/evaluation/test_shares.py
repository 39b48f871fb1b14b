import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cygnet.evaluation.sample import make_sample
from cygnet.evaluation.shares import share_estimate, share_with_design_effect, wilson_limits


def test_a_published_interval() -> None:
    # Newcombe (1998), 10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I,
    # method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for hits, n, expected in (
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ):
        assert wilson_limits(hits / n, n) == pytest.approx(expected, abs=5e-5)


@given(st.integers(1, 500), st.floats(0, 1))
def test_the_limits_enclose_the_share_and_are_never_certain(n: int, part: float) -> None:
    share = round(part * n) / n
    lower, upper = wilson_limits(share, n)
    assert 0 <= lower <= share <= upper <= 1
    assert upper - lower > 0


def test_where_each_patient_has_one_image_it_is_wilson(rng: np.random.Generator) -> None:
    target = rng.random(200) < 0.3
    sample = make_sample(target, np.full(200, 0.5))
    everyone = np.ones(200, dtype=bool)
    share, effective = share_with_design_effect(sample, sample.target, everyone)
    assert share == target.mean()
    assert effective == pytest.approx(200, rel=1e-12)


def test_copies_within_a_patient_add_nothing(rng: np.random.Generator) -> None:
    target = np.repeat(rng.random(50) < 0.3, 4)
    sample = make_sample(target, np.full(200, 0.5), np.repeat(np.arange(50), 4))
    _, effective = share_with_design_effect(sample, sample.target, np.ones(200, dtype=bool))
    assert effective == pytest.approx(50, rel=1e-12)


def test_all_hits_leave_an_interval_below_one() -> None:
    # 3 patients with 4, 1 and 1 images: (4 + 1 + 1)^2 / (16 + 1 + 1) = 2 effective images.
    sample = make_sample([1] * 6, [0.9] * 6, list("aaaabc"))
    everyone = np.ones(6, dtype=bool)
    share, effective = share_with_design_effect(sample, sample.target, everyone)
    assert (share, effective) == (1, 2)
    made = share_estimate(
        sample, sample.target, everyone, confidence_level=0.95, unit="images", undefined_because=""
    )
    assert made.lower < 0.5 < made.upper == 1


def test_patients_who_are_all_alike_do_not_make_it_certain() -> None:
    # One hit and one miss in each patient: no variance between patients, of whom there are 20.
    sample = make_sample([1, 0] * 20, [0.5] * 40, np.repeat(np.arange(20), 2))
    share, effective = share_with_design_effect(sample, sample.target, np.ones(40, dtype=bool))
    assert (share, effective) == (0.5, 20)


def test_nobody_has_no_share() -> None:
    sample = make_sample([1, 0], [0.9, 0.1])
    nobody = np.zeros(2, dtype=bool)
    made = share_estimate(
        sample, sample.target, nobody, confidence_level=0.95, unit="x", undefined_because="none"
    )
    assert math.isnan(made.estimate)
    assert made.reason == "none"


@pytest.mark.slow
def test_the_interval_of_clustered_shares_covers(rng: np.random.Generator) -> None:
    # 60 patients of 5 images, whose own rates are Beta(6, 2): the mean rate is 0.75.
    patient = np.repeat(np.arange(60), 5)
    everyone = np.ones(300, dtype=bool)
    n_covered = {True: 0, False: 0}
    for _ in range(1000):
        target = rng.random(300) < rng.beta(6, 2, 60)[patient]
        for clustered in n_covered:
            sample = make_sample(target, np.full(300, 0.5), patient if clustered else None)
            lower, upper = wilson_limits(*share_with_design_effect(sample, sample.target, everyone))
            n_covered[clustered] += lower <= 0.75 <= upper
    assert 0.93 <= n_covered[True] / 1000 <= 0.97
    assert n_covered[False] < n_covered[True]


@given(st.integers(0, 2**32 - 1))
def test_weights_equal_repetition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    target, patient = rng.random(300) < 0.3, rng.integers(0, 40, 300)
    weights = rng.integers(1, 4, 300)
    weighted = make_sample(target, target / 2, patient, weights)
    copies = [np.repeat(array, weights) for array in (target, target / 2, patient)]
    repeated = make_sample(copies[0], copies[1], copies[2])
    one, other = (
        share_with_design_effect(sample, sample.target, np.ones(sample.n_images, dtype=bool))
        for sample in (weighted, repeated)
    )
    assert one == pytest.approx(other, rel=1e-9)
    tenfold = make_sample(target, target / 2, patient, weights * 10)
    assert one == pytest.approx(
        share_with_design_effect(tenfold, tenfold.target, np.ones(300, dtype=bool)), rel=1e-9
    )
