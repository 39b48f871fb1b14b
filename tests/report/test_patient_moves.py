"""The sentence names the number that moved a lesion against the patient's others, and which way."""

import numpy as np
import pytest

from cygnet.context.circumstances import SITE
from cygnet.context.contributions import Contributions
from cygnet.context.features import ADDED_UP, LEVEL, OWN
from cygnet.context.resemblance import RESEMBLANCES
from cygnet.context.set_network import NAME
from cygnet.report.patient_moves import WORDS, Moves, words_of


def moves(
    before: list[int],
    after: list[int],
    parts: list[list[float]],
    values: list[list[float]] | None = None,
    names: tuple[str, ...] = (OWN, "strangeness", "others_mean"),
) -> Moves:
    taken = np.array(parts, dtype=np.float64)
    given = np.zeros_like(taken) if values is None else np.array(values, dtype=np.float64)
    logit = np.zeros(len(taken))
    found = Contributions(names, given, taken, logit, logit + taken.sum(axis=1))
    return Moves.of(np.array(before), np.array(after), found)


def test_every_number_of_the_stage_has_its_words() -> None:
    assert {OWN, LEVEL, *ADDED_UP, *RESEMBLANCES, SITE, NAME} == set(WORDS)
    assert words_of("log_pixels").high == "log pixels is high"


def test_the_number_that_raised_it_is_named_with_its_value_and_size() -> None:
    one = moves(
        [2, 1],
        [1, 2],
        [[0.0, 0.9, 0.5], [0.0, -0.1, 0.5]],
        [[0.0, 1.84, 0.2], [0.0, -0.9, 0.2]],
    )
    assert one.sentence(0, "Number 1") == (
        "Number 1 rises from place 2 to 1: it looks less like the patient's others than strangers' "
        "lesions do (strangeness 1.84; usual is 0), which raises it by 0.50 in log odds against "
        "the patient's mean."
    )
    assert one.reason(1).startswith("it looks much like the patient's others")
    assert one.reason(1).endswith("lowers it by 0.50 in log odds against the patient's mean")


def test_what_raises_all_alike_moved_none() -> None:
    one = moves([2, 1], [1, 2], [[0.0, 0.2, 3.0], [0.0, 0.0, 3.0]])
    assert one.decisive(0) == 1
    assert one.beyond[:, 2] == pytest.approx(0)


def test_beyond_the_mean_the_parts_still_add_up() -> None:
    parts = np.random.default_rng(0).normal(size=(6, 3))
    one = moves([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], parts.tolist())
    change = parts.sum(axis=1)
    assert one.beyond.sum(axis=1) == pytest.approx(change - change.mean())


def test_one_that_rose_only_as_others_fell_is_not_explained_by_its_numbers() -> None:
    one = moves([1, 2, 3], [3, 1, 2], [[-5.0, 0, 0], [1.0, 0, 0], [-2.5, 0, 0]])
    assert one.decisive(2) is None
    assert one.reason(2) == "others fell past it; its own numbers did not raise it"
    passed = moves([1, 2, 3], [2, 1, 3], [[1.0, 0, 0], [2.5, 0, 0], [-3, 0, 0]])
    assert passed.reason(0) == "others passed it; its own numbers did not lower it"


def test_its_own_score_counts_for_more_or_for_less() -> None:
    high_lowered = moves([1, 2], [2, 1], [[-1, 0, 0], [1, 0, 0]], [[2.0, 0, 0], [-2.0, 0, 0]])
    assert high_lowered.reason(0).startswith("its own score counts for less")
    assert high_lowered.reason(1).startswith("its own score counts for less")
    high_raised = moves([2, 1], [1, 2], [[1, 0, 0], [-1, 0, 0]], [[2.0, 0, 0], [-2.0, 0, 0]])
    assert high_raised.reason(0).startswith("its own score counts for more")


def test_one_that_stays_has_no_reason() -> None:
    one = moves([1, 2], [1, 2], [[1, 0, 0], [0, 0, 0]])
    assert one.reason(0) == ""
    assert one.decisive(0) is None


def test_told_are_those_that_must_and_then_the_most_moved_at_most_six() -> None:
    n = 12
    before = list(range(1, n + 1))
    one = moves(before, before[::-1], [[0.0] * 3] * n)
    told = one.telling([5, 5])
    assert len(told) == 6
    assert 5 in told
    assert {0, 11, 1, 10} <= set(told)
    assert [int(one.after[at]) for at in told] == sorted(int(one.after[at]) for at in told)
    still = moves(before, before, [[0.0] * 3] * n)
    assert still.telling([0]) == []
