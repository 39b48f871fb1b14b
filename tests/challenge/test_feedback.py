import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge_cohort import model, public_of, scored, small_truth, targets_of
from cygnet.challenge.feedback import (
    Feedback,
    LadderState,
    Recorded,
    Said,
    Told,
    above_chance,
    floored,
    merged_ladder,
    public_answer,
    replayed,
    step,
    told,
)
from cygnet.challenge.scoring import PartScore, difference_error, part_score
from cygnet.challenge.settings import FeedbackRules
from cygnet.challenge.truth import ContestTruth, Part
from cygnet.errors import InputError
from cygnet.evaluation import auroc, compare
from cygnet.evaluation.sample import Floats

RULES = FeedbackRules()


@pytest.fixture
def truth(rng: np.random.Generator) -> ContestTruth:
    return small_truth(rng)


def tell(part: Part, score: PartScore, team: LadderState, contest: LadderState) -> Told:
    return told(part, score, submission_id="s", team=team, contest=contest, rules=RULES)


def first(part: Part, score: PartScore) -> Told:
    return tell(part, score, LadderState(), LadderState())


def test_the_score_is_what_compare_gives(truth: ContestTruth, rng: np.random.Generator) -> None:
    one, other = model(truth, rng), model(truth, rng, 1.0)
    part, first_score = scored(truth, one)
    second_score = part_score(part, other)
    rows = part.positions
    made = compare(
        targets_of(truth)[rows],
        {"a": one[rows], "b": other[rows]},
        truth.table["patient_id"].to_numpy()[rows],
        replicates=0,
    ).pairs[0]
    delong = made.difference.alternatives["cluster_delong"]
    assert first_score.auroc == auroc(targets_of(truth)[rows], one[rows])
    assert difference_error(part, first_score, second_score) == pytest.approx(
        delong.details["standard_error"]
    )


def test_a_score_survives_its_bytes(truth: ContestTruth, rng: np.random.Generator) -> None:
    part, score = scored(truth, model(truth, rng))
    again = PartScore.from_bytes(score.to_bytes())
    assert again.to_bytes() == score.to_bytes()
    assert difference_error(part, score, again) == pytest.approx(0.0, abs=1e-9)
    for torn in (b"", score.to_bytes()[:-1], b"XXXX" + score.to_bytes()[4:]):
        with pytest.raises(InputError, match="no stored score"):
            PartScore.from_bytes(torn)


def test_a_file_without_knowledge_is_told_one_half(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    part = public_of(truth)
    files = [rng.random(len(truth.image_names)) for _ in range(60)]
    made = [first(part, part_score(part, one)) for one in files]
    assert {one.feedback.auroc for one in made} == {0.5}
    assert {one.feedback.said for one in made} == {Said.NOT_ABOVE_CHANCE}
    assert {one.team for one in made} == {LadderState()}


def test_a_constant_file_is_told_one_half(truth: ContestTruth) -> None:
    part, score = scored(truth, np.full(len(truth.image_names), 0.3))
    assert score.auroc == 0.5
    assert first(part, score).feedback == Feedback(0.5, Said.NOT_ABOVE_CHANCE, False)


def test_a_few_benign_images_set_low_do_not_pass_the_gate(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    """Cluster DeLong's own error of such a file is next to nothing: it is right by luck."""
    part = public_of(truth)
    benign = part.positions[~part.sample.target]
    _, one_each = np.unique(part.sample.patient[~part.sample.target], return_index=True)
    file = np.full(len(truth.image_names), 0.5)
    file[benign[rng.choice(one_each, 25, replace=False)]] = 0.0
    score = part_score(part, file)
    assert score.auroc > 0.5 + 4 * score.standard_error
    assert not above_chance(score, RULES)


def test_the_error_of_chance_holds_for_files_of_chance(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    part, n = public_of(truth), len(truth.image_names)
    patients = np.unique(truth.table["patient_id"].to_numpy(), return_inverse=True)[1]
    for alike in (False, True):
        drawn = [
            rng.random(n) if not alike else rng.random(patients.max() + 1)[patients]
            for _ in range(300)
        ]
        scores = [part_score(part, one) for one in drawn]
        spread = np.std([one.auroc for one in scores])
        claimed = np.mean([one.chance_error for one in scores])
        assert spread < 1.1 * claimed
        assert spread > 0.75 * claimed


def test_a_real_model_is_told_its_score_within_three_hundredths(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    part, score = scored(truth, model(truth, rng))
    made = first(part, score)
    assert made.feedback.said is Said.NEW_BEST
    assert made.feedback.beats_contest
    assert 0 <= score.auroc - made.feedback.auroc < 0.02
    assert made.team.best_submission == "s"


def test_the_ladder_moves_by_a_step_and_never_down(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    target, noise = targets_of(truth), rng.normal(size=len(truth.image_names))
    part = public_of(truth)
    state = contest = LadderState()
    told_before = 0.5
    moves = 0
    for separation in np.arange(1.0, 3.0, 0.1):
        score = part_score(part, separation * target + noise)
        made = tell(part, score, state, contest)
        if state.best is not None and made.feedback.said is Said.NEW_BEST:
            assert score.auroc > state.best.auroc + step(part, score, state.best)
            moves += 1
        assert made.feedback.auroc >= told_before
        told_before, state, contest = made.feedback.auroc, made.team, made.contest
    assert moves >= 2
    assert tell(part, part_score(part, noise), state, contest).feedback.auroc == told_before


def test_one_changed_row_never_moves_a_number(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    base = model(truth, rng)
    part, score = scored(truth, base)
    made = first(part, score)
    changed = 0
    for row in [*part.positions[part.sample.target], *part.positions[:40]]:
        for value in (0.0, 1.0):
            file = base.copy()
            file[row] = value
            again = tell(part, part_score(part, file), made.team, made.contest)
            assert again.team is made.team
            assert again.feedback == Feedback(made.feedback.auroc, Said.NO_STEP, False)
            changed += 1
    assert changed > 100


def test_images_of_the_private_part_change_nothing(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    base = model(truth, rng)
    part, score = scored(truth, base)
    other = rng.random(base.size)
    other[part.positions] = base[part.positions]
    assert part_score(part, other).to_bytes() == score.to_bytes()


def perfect(truth: ContestTruth, rng: np.random.Generator) -> Floats:
    return model(truth, rng, 9.0)


def test_the_contest_keeps_a_ladder_of_its_own(
    truth: ContestTruth, rng: np.random.Generator
) -> None:
    part, strong = scored(truth, perfect(truth, rng))
    weak = part_score(part, model(truth, rng))
    before = first(part, strong)
    other_team = tell(part, weak, LadderState(), before.contest)
    assert other_team.feedback.said is Said.NEW_BEST
    assert not other_team.feedback.beats_contest
    assert other_team.contest is before.contest


def test_who_is_told_what(truth: ContestTruth) -> None:
    part = public_of(truth)
    feedback = Feedback(0.86, Said.NEW_BEST, True)
    verified = public_answer(part, feedback, verified=True, blind=False)
    assert (verified.auroc, verified.beats_contest) == (0.86, None)
    unverified = public_answer(part, feedback, verified=False, blind=False)
    assert (unverified.auroc, unverified.beats_contest) == (None, True)
    assert "0.86" not in unverified.reason
    for one in (True, False):
        blind = public_answer(part, feedback, verified=one, blind=True)
        assert (blind.auroc, blind.beats_contest) == (None, None)
    assert set(verified.as_json()) == {
        "auroc",
        "n_images",
        "n_patients",
        "reason",
        "beats_contest",
    }


def test_a_state_survives_its_document(truth: ContestTruth, rng: np.random.Generator) -> None:
    part, score = scored(truth, model(truth, rng))
    state = first(part, score).team
    again = LadderState.from_json(state.as_json())
    assert again.as_json() == state.as_json()
    assert LadderState.from_json(LadderState().as_json()) == LadderState()
    weaker = part_score(part, model(truth, rng, 0.9))
    assert tell(part, weaker, again, again).feedback == tell(part, weaker, state, state).feedback
    with pytest.raises(InputError):
        LadderState.from_json({"released": 0.5})


def test_a_replay_tells_what_was_told(truth: ContestTruth, rng: np.random.Generator) -> None:
    part = public_of(truth)
    teams: dict[str, LadderState] = {}
    contest, said, recorded = LadderState(), {}, []
    for number in range(12):
        team = "ab"[number % 2]
        score = part_score(part, model(truth, rng, 0.3 + 0.25 * number))
        made = told(
            part,
            score,
            submission_id=f"s{number}",
            team=teams.get(team, LadderState()),
            contest=contest,
            rules=RULES,
        )
        teams[team], contest, said[f"s{number}"] = made.team, made.contest, made.feedback
        recorded.append(Recorded(f"s{number}", team, score))
    again = replayed(part, recorded, RULES)
    assert again.feedback == said
    assert again.teams == teams
    assert again.contest == contest
    assert {one.said for one in said.values()} == set(Said)


def test_a_merged_team_keeps_the_higher_number() -> None:
    low, high = LadderState(released=0.6), LadderState(released=0.8)
    assert merged_ladder(low, high) is high
    assert merged_ladder(high, low) is high
    assert merged_ladder(high, LadderState(released=0.8)) is high


@given(st.floats(0.5, 1.0), st.sampled_from([0.01, 0.02, 0.05]))
def test_a_number_is_floored_to_the_grid(auroc: float, grid: float) -> None:
    made = floored(auroc, grid)
    assert auroc - grid - 1e-9 < made <= auroc + 1e-9
    assert abs(made / grid - round(made / grid)) < 1e-6
