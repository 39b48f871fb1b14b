"""Who stands where? Before the close by released feedback alone, after it by the private part.

After the close each place carries what is known of it: the interval of the score, the places the
team may hold, and whether it can be told from the first, as ``cygnet compare`` gives them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cygnet.challenge.feedback import LadderState, above_chance, floored
from cygnet.challenge.scoring import PartScore, field_of_scores
from cygnet.challenge.settings import FeedbackRules, Track, utc
from cygnet.challenge.truth import Part
from cygnet.evaluation.auroc_interval import jackknife_limits
from cygnet.evaluation.estimate import finite_or_none, too_few
from cygnet.evaluation.field import Field
from cygnet.evaluation.jackknife import decisive_patients
from cygnet.evaluation.ranks import rank_intervals
from cygnet.evaluation.several_models import Models


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEntry:
    """A team on the open board; ``state`` is ``None`` where it has no scored submission."""

    team: str
    state: LadderState | None
    verified: bool
    banned: bool = False
    track: Track | None = None


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A place before the close; equals share it."""

    rank: int
    team: str
    auroc: float

    def as_json(self) -> dict[str, object]:
        """Give the row as ``GET /api/v1/board`` answers it."""
        return {"rank": self.rank, "team": self.team, "auroc": self.auroc}


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalEntry:
    """A submission that counts at the close, with its score on the private part.

    ``eligible``: for prizes, once its declared track and its code were checked.
    """

    team: str
    submission_id: str
    score: PartScore
    received: datetime
    track: Track
    eligible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedRow:
    """A place after the close; limits and ties are ``None`` with a ``reason``."""

    rank: int
    team: str
    auroc: float
    lower: float | None
    upper: float | None
    rank_lower: int | None
    rank_upper: int | None
    tied_with_first: bool | None
    submission_id: str
    track: Track
    reason: str | None = None

    def as_json(self) -> dict[str, object]:
        """Give the row as ``GET /api/v1/board`` answers it."""
        document: dict[str, object] = {
            "rank": self.rank,
            "team": self.team,
            "auroc": self.auroc,
            "lower": self.lower,
            "upper": self.upper,
            "rank_lower": self.rank_lower,
            "rank_upper": self.rank_upper,
            "tied_with_first": self.tied_with_first,
            "track": self.track.value,
        }
        if self.reason is not None:
            document["reason"] = self.reason
        return document


@dataclass(frozen=True, slots=True)
class Prize:
    """A prize by rule: who stands first, and who cannot be told from the first."""

    name: str
    winner: str
    co_winners: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Give the prize as the export writes it."""
        return {"name": self.name, "winner": self.winner, "co_winners": list(self.co_winners)}


@dataclass(frozen=True, slots=True)
class LateRow:
    """A submission after the close: its private score as an interval, and nothing else of it."""

    team: str
    lower: float | None
    upper: float | None
    reason: str | None = None

    def as_json(self) -> dict[str, object]:
        """Give the row as the late board shows it."""
        return {
            "team": self.team,
            "lower": self.lower,
            "upper": self.upper,
            "reason": self.reason,
        }


def open_board(entries: Iterable[OpenEntry], *, blind: bool) -> tuple[OpenRow, ...]:
    """Rank verified teams by what was released to them, equals by name under one rank.

    A team without a scored submission has no row, nor has a banned or unverified one; ``blind``
    hides all. Nothing but ``released`` is looked at.
    """
    if blind:
        return ()
    shown = [
        (one.state.released, one.team)
        for one in entries
        if one.verified
        and not one.banned
        and one.state is not None
        and math.isfinite(one.state.released)
    ]
    shown.sort(key=lambda one: (-one[0], one[1]))
    rows: list[OpenRow] = []
    for place, (released, team) in enumerate(shown, start=1):
        tied = rows[-1].rank if rows and rows[-1].auroc == released else place
        rows.append(OpenRow(tied, team, released))
    return tuple(rows)


def closed_board(part: Part, finals: Iterable[FinalEntry]) -> tuple[ClosedRow, ...]:
    """Rank the teams by the best of their finals on the private ``part``.

    Intervals of the score by the jackknife over patients, of the rank as :func:`rank_intervals`
    gives them. Of equal finals of a team the earlier counts; equals of two teams share a rank and
    stand by arrival. An undefined score has no row. Some thousands of teams take seconds.
    """
    best = _best_of_each(finals)
    if not best:
        return ()
    field = field_of_scores(part, tuple(one.score for one in best))
    compared = Models(part.sample, {}, field).compared_by("auroc")
    freedom = max(compared.degrees_of_freedom, 1)
    places = rank_intervals(compared.estimates, compared.deviations, freedom)
    left_out, auroc = field.leave_one_out(), field.auroc
    known = compared.reason is None
    rows = []
    for i, one in enumerate(best):
        lower, upper, reason = math.nan, math.nan, compared.reason
        if known:
            lower, upper, reason = jackknife_limits(one.score.auroc, left_out[i], freedom, 0.95)
        rows.append(
            ClosedRow(
                rank=int(places.rank[i]),
                team=one.team,
                auroc=float(auroc[i]),
                lower=finite_or_none(lower),
                upper=finite_or_none(upper),
                rank_lower=int(places.lower[i]) if known else None,
                rank_upper=int(places.upper[i]) if known else None,
                tied_with_first=bool(places.lower[i] == 1) if known else None,
                submission_id=one.submission_id,
                track=one.track,
                reason=reason,
            )
        )
    return tuple(rows)


def prizes(part: Part, finals: Sequence[FinalEntry]) -> tuple[Prize, ...]:
    """Give the prize over all and one a track, among eligible finals.

    The winner is the first by private AUROC, of equals the earlier. Co-winners are the teams that
    are tied with the first: which rank interval holds rank 1. A track without finals has no prize.
    """
    eligible = [one for one in finals if one.eligible]
    groups = {"overall": eligible}
    for track in Track:
        groups[track.value] = [one for one in eligible if one.track is track]
    made = []
    for name, group in groups.items():
        rows = closed_board(part, group)
        if rows:
            others = tuple(row.team for row in rows[1:] if row.tied_with_first or row.rank == 1)
            made.append(Prize(name, rows[0].team, others))
    return tuple(made)


def late_row(
    part: Part,
    team: str,
    score: PartScore,
    *,
    verified: bool,
    rules: FeedbackRules | None = None,
) -> LateRow | None:
    """Give what a late submission learns of the private ``part``; ``None`` for unverified teams.

    The gate of the feedback holds here too, and the limits are widened to its grid: an interval
    told of any file would give the private labels away as the public ones.
    """
    if not verified or not math.isfinite(score.auroc):
        return None
    rules = rules or FeedbackRules()
    reason = too_few(*part.sample.scarcer_patients)
    if reason is None and not above_chance(score, rules):
        reason = f"not above chance by {rules.gate_errors:g} standard errors"
    if reason is not None:
        return LateRow(team, None, None, reason)
    left_out = Field.leave_one_out(field_of_scores(part, (score,)))[0]
    freedom = decisive_patients(part.sample) - 1
    lower, upper, reason = jackknife_limits(score.auroc, left_out, freedom, 0.95)
    if reason is not None:
        return LateRow(team, None, None, reason)
    return LateRow(team, floored(lower, rules.grid), min(-floored(-upper, rules.grid), 1.0))


def _best_of_each(finals: Iterable[FinalEntry]) -> list[FinalEntry]:
    """Give each team's best final, best first, of equals the earlier."""
    defined = [one for one in finals if math.isfinite(one.score.auroc)]
    defined.sort(key=lambda one: (-one.score.auroc, utc(one.received), one.submission_id))
    best: dict[str, FinalEntry] = {}
    for one in defined:
        best.setdefault(one.team, one)
    return list(best.values())
