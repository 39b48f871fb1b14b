"""What is a team told of a submission before the close? A gate, then its Ladder, coarsely.

Whoever learns exact public scores of enough files can build the labels from them. So a file is told
0.5 until it stands far above chance, and from there a number that moves only by steps larger than
its error. ``docs/results/feedback.md`` measures what is left. Nothing else of a score is public
before the close.
"""

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import numpy as np

from cygnet.challenge.scoring import PartScore, difference_error
from cygnet.challenge.settings import FeedbackRules
from cygnet.challenge.truth import Part
from cygnet.errors import InputError

CHANCE: Final = 0.5
_ROUNDING: Final = 1e-9


class Said(StrEnum):
    """What a submission's feedback is."""

    NOT_ABOVE_CHANCE = "not-above-chance"
    NEW_BEST = "new-best"
    NO_STEP = "no-step"


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderState:
    """A Ladder: what was released, and the submission that it was released for.

    ``released`` is public; ``best`` is not. One is kept for each team, one for the contest.
    """

    released: float = CHANCE
    best_submission: str | None = None
    best: PartScore | None = None

    def as_json(self) -> dict[str, object]:
        """Give the state as the server keeps it; it holds the exact score and is not public."""
        best = None if self.best is None else base64.b64encode(self.best.to_bytes()).decode()
        return {"released": self.released, "best_submission": self.best_submission, "best": best}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Self:
        """Read back what :meth:`as_json` gave; raises :class:`InputError` for anything else."""
        try:
            kept = document["best"]
            best = None if kept is None else PartScore.from_bytes(base64.b64decode(str(kept)))
            name = document["best_submission"]
            released = float(str(document["released"]))
        except (KeyError, ValueError) as error:
            raise InputError.of(
                f"This is no state of a Ladder ({error}).", "Re-score the contest."
            ) from error
        return cls(
            released=released, best_submission=None if name is None else str(name), best=best
        )


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a submission brought: the team's released number after it, and whether it moved.

    ``beats_contest``: it beat the best of the whole contest by a step.
    """

    auroc: float
    said: Said
    beats_contest: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The feedback, and the two states after it, to be stored with the submission."""

    feedback: Feedback
    team: LadderState
    contest: LadderState


@dataclass(frozen=True, slots=True)
class Public:
    """What may be said: ``auroc`` to verified teams, ``beats_contest`` to others, else a reason."""

    auroc: float | None
    n_images: int
    n_patients: int
    reason: str
    beats_contest: bool | None

    def as_json(self) -> dict[str, object]:
        """Give the answer as the API writes it under ``public``."""
        return {
            "auroc": self.auroc,
            "n_images": self.n_images,
            "n_patients": self.n_patients,
            "reason": self.reason,
            "beats_contest": self.beats_contest,
        }


def floored(auroc: float, grid: float) -> float:
    """Round down to a multiple of ``grid``, forgiving the last digits of a float.

    >>> floored(0.8799, 0.02), floored(0.88, 0.02)
    (0.86, 0.88)
    """
    return round(math.floor(auroc / grid + _ROUNDING) * grid, 10)


def above_chance(score: PartScore, rules: FeedbackRules) -> bool:
    """Say whether a score passes the gate.

    It lies more than ``gate_errors`` standard errors above 0.5, of cluster DeLong's and of chance's
    whichever is larger; an undefined error passes nothing.
    """
    error = max(score.standard_error, score.chance_error)
    return bool(score.auroc > CHANCE + rules.gate_errors * error) and math.isfinite(error)


def step(part: Part, score: PartScore, best: PartScore) -> float:
    """Give by how much ``score`` must exceed ``best`` to move a Ladder.

    The largest of the cluster standard error of the difference, that of the best, and what one
    image can do to an AUROC: so that one changed row never moves it.
    """
    n_positive = part.sample.n_positive
    one_image = 1 / min(n_positive, part.n_images - n_positive)
    return max(difference_error(part, score, best), best.standard_error, one_image)


def told(
    part: Part,
    score: PartScore,
    *,
    submission_id: str,
    team: LadderState,
    contest: LadderState,
    rules: FeedbackRules,
) -> Told:
    """Give the feedback on a submission, and the states of its team and of the contest after it.

    ``score`` is on the public ``part``. The Ladder of Blum and Hardt (2015),
    https://proceedings.mlr.press/v37/blum15.html, with a gate before its first rung.
    """
    passes = above_chance(score, rules)
    own = _climbed(part, score, submission_id, team, rules) if passes else None
    whole = _climbed(part, score, submission_id, contest, rules) if passes else None
    after = own or team
    if own is not None:
        said = Said.NEW_BEST
    else:
        said = Said.NOT_ABOVE_CHANCE if team.best is None else Said.NO_STEP
    return Told(Feedback(after.released, said, whole is not None), after, whole or contest)


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A submission as it was recorded: whose Ladder it belongs to, and its public score now."""

    submission_id: str
    team_id: str
    score: PartScore


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What the feedback on a whole contest is: by submission, by team, and the contest's Ladder."""

    feedback: Mapping[str, Feedback]
    teams: Mapping[str, LadderState]
    contest: LadderState


def replayed(part: Part, recorded: Iterable[Recorded], rules: FeedbackRules) -> Replay:
    """Tell every submission again, in the order in which they were recorded.

    For a re-scoring: what differs from what is stored is its diff. The same as :func:`told` gave
    where neither files, truth nor rules have changed.
    """
    feedback: dict[str, Feedback] = {}
    teams: dict[str, LadderState] = {}
    contest = LadderState()
    for one in recorded:
        made = told(
            part,
            one.score,
            submission_id=one.submission_id,
            team=teams.get(one.team_id, LadderState()),
            contest=contest,
            rules=rules,
        )
        feedback[one.submission_id] = made.feedback
        teams[one.team_id], contest = made.team, made.contest
    return Replay(feedback, teams, contest)


def merged_ladder(one: LadderState, other: LadderState) -> LadderState:
    """Give the Ladder of a merged team: that with the higher released number, of equals ``one``."""
    return other if other.released > one.released else one


def public_answer(part: Part, feedback: Feedback, *, verified: bool, blind: bool) -> Public:
    """Give what of the feedback is said to its team."""
    counts = (part.n_images, part.n_patients)
    if blind:
        return Public(None, *counts, "Numbers are hidden until the close.", None)
    if not verified:
        beats = "" if feedback.beats_contest else "not "
        reason = f"It does {beats}beat the best of the contest by a step."
        return Public(
            None, *counts, f"{reason} Numbers go to verified teams.", feedback.beats_contest
        )
    reasons = {
        Said.NOT_ABOVE_CHANCE: "It is not above chance by four standard errors.",
        Said.NEW_BEST: "It is the team's new best.",
        Said.NO_STEP: "It does not beat the team's best by a step; this is still the best.",
    }
    return Public(feedback.auroc, *counts, reasons[feedback.said], None)


def _climbed(
    part: Part, score: PartScore, submission_id: str, state: LadderState, rules: FeedbackRules
) -> LadderState | None:
    """Give the state one rung higher, or ``None`` where ``score`` does not reach it."""
    released = floored(score.auroc, rules.grid)
    if not released > state.released:
        return None
    if state.best is not None:
        if not np.isfinite(state.best.auroc):
            return None
        if not score.auroc > state.best.auroc + step(part, score, state.best):
            return None
    return LadderState(released=released, best_submission=submission_id, best=score)
