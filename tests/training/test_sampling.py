"""An epoch's order is balanced as asked, and a batch is cut without loss."""

import numpy as np

from cygnet.training.sampling import balanced_order, parts


def test_every_group_comes_equally_often(rng: np.random.Generator) -> None:
    groups = np.array([7] * 12 + [3] * 5 + [9])
    order = balanced_order(groups, rng)
    assert len(order) == 18
    assert [int((groups[order] == code).sum()) for code in (3, 7, 9)] == [6, 6, 6]


def test_a_groups_images_come_in_whole_rounds(rng: np.random.Generator) -> None:
    groups = np.repeat([0, 1], [10, 4])
    order = balanced_order(groups, rng)
    small = order[groups[order] == 1]
    assert sorted(np.bincount(small, minlength=14)[10:].tolist()) == [1, 2, 2, 2]
    assert len(set(order[groups[order] == 0].tolist())) == 7


def test_the_groups_that_come_once_more_are_drawn() -> None:
    groups = np.array([0, 0, 1, 1, 2])
    first = {
        tuple(np.bincount(groups[balanced_order(groups, np.random.default_rng(seed))]).tolist())
        for seed in range(30)
    }
    assert first == {(2, 2, 1), (2, 1, 2), (1, 2, 2)}


def test_parts_cover_a_batch_in_order() -> None:
    assert parts(8, 4) == [(0, 2), (2, 4), (4, 6), (6, 8)]
    assert parts(5, 2) == [(0, 3), (3, 5)]
