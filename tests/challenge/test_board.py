import time
from datetime import timedelta

import numpy as np
import pytest

from challenge_cohort import OPENS, model, public_of, small_truth, targets_of
from cygnet.challenge.board import (
    FinalEntry,
    OpenEntry,
    OpenRow,
    closed_board,
    late_row,
    open_board,
    prizes,
)
from cygnet.challenge.feedback import LadderState
from cygnet.challenge.scoring import PartScore, part_score
from cygnet.challenge.settings import Track
from cygnet.challenge.truth import ContestTruth, Part, Usage, part_of
from cygnet.evaluation import auroc_estimate, compare
from cygnet.evaluation.sample import Floats


def entry(
    team: str, released: float | None, *, verified: bool = True, banned: bool = False
) -> OpenEntry:
    state = None if released is None else LadderState(released=released)
    return OpenEntry(team=team, state=state, verified=verified, banned=banned)


def test_the_open_board_ranks_by_what_was_released_and_ties_share_a_rank() -> None:
    rows = open_board(
        [entry("c", 0.86), entry("a", 0.5), entry("b", 0.86), entry("d", 0.9)], blind=False
    )
    assert rows == (
        OpenRow(1, "d", 0.9),
        OpenRow(2, "b", 0.86),
        OpenRow(2, "c", 0.86),
        OpenRow(4, "a", 0.5),
    )
    assert rows[0].as_json() == {"rank": 1, "team": "d", "auroc": 0.9}


def test_teams_without_a_number_are_not_ranked() -> None:
    entries = [
        entry("none", None),
        entry("nan", float("nan")),
        entry("banned", 0.9, banned=True),
        entry("unverified", 0.9, verified=False),
        entry("one", 0.6),
    ]
    assert [row.team for row in open_board(entries, blind=False)] == ["one"]
    assert open_board(entries, blind=True) == ()


@pytest.fixture
def truth(rng: np.random.Generator) -> ContestTruth:
    return small_truth(rng)


@pytest.fixture
def private(truth: ContestTruth) -> Part:
    return part_of(truth, Usage.PRIVATE)


def final(
    team: str, score: PartScore, hours: int = 0, track: Track = Track.WITHOUT_CONTEXT
) -> FinalEntry:
    return FinalEntry(
        team=team,
        submission_id=f"{team}-{hours}",
        score=score,
        received=OPENS + timedelta(hours=hours),
        track=track,
    )


def several(truth: ContestTruth, rng: np.random.Generator) -> dict[str, Floats]:
    return {name: model(truth, rng, 0.8 + 0.3 * i) for i, name in enumerate("abcde")}


def test_the_closed_board_is_what_compare_gives(
    truth: ContestTruth, private: Part, rng: np.random.Generator
) -> None:
    models = several(truth, rng)
    rows = closed_board(private, [final(n, part_score(private, p)) for n, p in models.items()])
    target = targets_of(truth)[private.positions]
    patient = truth.table["patient_id"].to_numpy()[private.positions]
    scores = {name: one[private.positions] for name, one in models.items()}
    ranks = {one.model: one for one in compare(target, scores, patient, replicates=0).ranks}
    assert [row.team for row in rows] == list(ranks)
    for row in rows:
        rank, alone = (
            ranks[row.team],
            auroc_estimate(target, scores[row.team], patient, replicates=0),
        )
        assert (row.rank, row.rank_lower, row.rank_upper) == (rank.rank, rank.lower, rank.upper)
        assert row.tied_with_first == rank.tied_with_first
        assert (row.auroc, row.lower, row.upper) == pytest.approx(
            (alone.estimate, alone.lower, alone.upper)
        )


def test_a_team_stands_with_its_best_final_and_of_equals_with_the_earlier(
    truth: ContestTruth, private: Part, rng: np.random.Generator
) -> None:
    strong, weak = (part_score(private, model(truth, rng, s)) for s in (2.5, 0.8))
    rows = closed_board(
        private,
        [final("a", weak, 1), final("a", strong, 9), final("a", strong, 5), final("b", strong, 2)],
    )
    assert [(row.rank, row.submission_id) for row in rows] == [(1, "b-2"), (1, "a-5")]


def test_an_undefined_score_is_never_ranked(
    truth: ContestTruth, private: Part, rng: np.random.Generator
) -> None:
    score = part_score(private, model(truth, rng))
    nothing = PartScore(float("nan"), 0.0, 0.0, score.won_by, score.won_over, score.within)
    assert [
        row.team for row in closed_board(private, [final("x", nothing), final("a", score)])
    ] == ["a"]
    assert closed_board(private, []) == ()


def test_private_scores_can_be_computed_in_any_order_and_again(
    truth: ContestTruth, private: Part, rng: np.random.Generator
) -> None:
    models = several(truth, rng)
    kept = {name: part_score(private, one).to_bytes() for name, one in models.items()}
    again = {name: part_score(private, models[name]).to_bytes() for name in reversed(models)}
    assert kept == again
    boards = [
        closed_board(private, [final(n, PartScore.from_bytes(one)) for n, one in given.items()])
        for given in (kept, again)
    ]
    assert boards[0] == boards[1]


def test_prizes_go_by_track_and_name_who_cannot_be_told_from_the_first(
    truth: ContestTruth, private: Part, rng: np.random.Generator
) -> None:
    best, near, far = (model(truth, rng, s) for s in (2.2, 2.1, 0.5))
    finals = [
        final("with", part_score(private, best), track=Track.WITH_CONTEXT),
        final("without", part_score(private, near)),
        final("weak", part_score(private, far)),
    ]
    made = {prize.name: prize for prize in prizes(private, finals)}
    assert made["overall"].winner == "with"
    assert made["overall"].co_winners == ("without",)
    assert made["with-context"].winner == "with"
    assert (made["without-context"].winner, made["without-context"].co_winners) == ("without", ())


def test_who_is_not_eligible_wins_nothing(
    truth: ContestTruth, private: Part, rng: np.random.Generator
) -> None:
    score = part_score(private, model(truth, rng))
    one = FinalEntry(
        team="a",
        submission_id="a",
        score=score,
        received=OPENS,
        track=Track.WITH_CONTEXT,
        eligible=False,
    )
    assert prizes(private, [one]) == ()


def test_a_late_submission_learns_an_interval_alone(
    truth: ContestTruth, private: Part, rng: np.random.Generator
) -> None:
    score = part_score(private, model(truth, rng))
    row = late_row(private, "a", score, verified=True)
    assert row is not None
    assert row.lower is not None
    assert row.upper is not None
    assert row.lower < score.auroc < row.upper
    for limit in (row.lower, row.upper):
        assert limit / 0.02 == pytest.approx(round(limit / 0.02))
    assert set(row.as_json()) == {"team", "lower", "upper", "reason"}
    assert late_row(private, "a", score, verified=False) is None


def test_a_late_file_without_knowledge_learns_nothing(
    truth: ContestTruth, private: Part, rng: np.random.Generator
) -> None:
    files = [rng.random(len(truth.image_names)) for _ in range(20)]
    rows = [late_row(private, "a", part_score(private, one), verified=True) for one in files]
    told = {(row.lower, row.upper, row.reason) for row in rows if row is not None}
    assert told == {(None, None, "not above chance by 4 standard errors")}


def test_a_field_as_large_as_isic_2020s_is_ranked_in_seconds(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    part = public_of(truth)
    score = part_score(part, model(truth, rng))
    noise = 1 + 0.02 * rng.normal(size=(3314, score.won_by.size))
    finals = [
        final(
            f"team {n}",
            PartScore(
                float((score.won_by * one).sum() / score.won_by.sum() * score.auroc),
                score.standard_error,
                score.chance_error,
                score.won_by * one,
                score.won_over,
                score.within,
            ),
        )
        for n, one in enumerate(noise)
    ]
    start = time.perf_counter()
    rows = closed_board(part, finals)
    assert len(rows) == 3314
    assert time.perf_counter() - start < 20
    assert [row.rank for row in rows] == sorted(row.rank for row in rows)
