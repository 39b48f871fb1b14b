import numpy as np
from numpy.testing import assert_array_equal

from cygnet.evaluation.resampling import multiplicity_blocks


def test_every_replicate_draws_as_many_patients_as_there_are() -> None:
    drawn = np.concatenate(list(multiplicity_blocks(37, 500, seed=1)))
    assert drawn.shape == (500, 37)
    assert_array_equal(drawn.sum(axis=1), 37)


def test_the_length_of_blocks_does_not_change_what_is_drawn() -> None:
    whole = np.concatenate(list(multiplicity_blocks(37, 100, seed=1)))
    pieces = list(multiplicity_blocks(37, 100, seed=1, block=7))
    assert [len(piece) for piece in pieces] == [7] * 14 + [2]
    assert_array_equal(np.concatenate(pieces), whole)


def test_another_seed_draws_other_patients() -> None:
    one, other = (next(multiplicity_blocks(37, 10, seed=seed)) for seed in (1, 2))
    assert (one != other).any()


def test_each_patient_is_drawn_once_on_average() -> None:
    drawn = np.concatenate(list(multiplicity_blocks(20, 20_000, seed=3)))
    assert np.abs(drawn.mean(axis=0) - 1).max() < 0.04
    # Binomial(20, 1/20) has the variance 0.95.
    assert np.abs(drawn.var(axis=0) - 0.95).max() < 0.06
