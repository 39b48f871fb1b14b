"""What changes when everything is scored anew? A diff first; it is kept only where that is asked.

Needed when the truth was corrected (``--truth``), or to see that nothing changes: scores are
functions of the files and the truth, so a re-scoring of an untouched contest has an empty diff.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings as site_settings

from cygnet.challenge.feedback import LadderState, Said, merged_ladder, told
from cygnet.challenge.scoring import PartScore, part_score
from cygnet.challenge.sealing import load_sealed, read_secrets, store_truth
from cygnet.challenge.settings import ContestSettings
from cygnet.challenge.submission import probability_from
from cygnet.challenge.truth import (
    ContestTruth,
    Part,
    Usage,
    part_of,
    read_contest_truth,
    split_truth,
)
from cygnet.errors import InputError
from cygnet.site.contest import clock, closing, journal
from cygnet.site.contest.models import Contest, JournalAct, Submission, Team
from cygnet.site.contest.state import (
    OPEN,
    SEALED,
    SEED,
    contest,
    contest_settings,
    open_folder,
    open_truth,
    touch,
    writing,
)

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Again:
    """A submission as it scores now."""

    pk: Any
    team: Any
    score: PartScore
    feedback: dict[str, object] | None
    before: dict[str, object] | None
    moved: bool


class _Ladders:
    """The ladders as they grew: by the teams of then, merged when the journal says so."""

    def __init__(self) -> None:
        acts = JournalAct.objects.filter(kind__in=("submission", "teams-merged"))
        self._team_then: dict[str, str] = {}
        self._merges: list[tuple[int, str, str]] = []
        for act in acts.order_by("number").iterator():
            if act.kind == "submission":
                self._team_then[act.details["submission"]] = act.details["team"]
            else:
                self._merges.append((act.number, act.details["stays"], act.details["goes"]))
        self.contest = LadderState()
        self.teams: dict[str, LadderState] = {}

    def team_of(self, one: Submission) -> str:
        """Give whose submission it was when it came, after the merges before it."""
        self.merge(before=one.number)
        return self._team_then[str(one.pk)]

    def merge(self, before: float = math.inf) -> None:
        """Merge as the journal tells, up to an act."""
        while self._merges and self._merges[0][0] < before:
            _, stays, goes = self._merges.pop(0)
            one, other = self.teams.get(stays), self.teams.pop(goes, None)
            if other is not None:
                self.teams[stays] = merged_ladder(one or LadderState(), other)


def rescore(
    *, truth_file: Path | None = None, apply: bool = False, advance: Advance = lambda _: None
) -> dict[str, Any]:
    """Score every submission anew, in the order of arrival; give what differs, keep it if asked.

    Raises :class:`InputError` for a truth of other images.
    """
    row = contest()
    settings = contest_settings(row)
    truth = _truth(settings, truth_file)
    again, ladders = scored_again(part_of(truth, Usage.PUBLIC), settings, advance)
    changes = [_change(one) for one in again if one.feedback != one.before]
    if apply:
        _keep(truth, again, ladders, changes)
    return _document(again, changes, truth_changed=truth.digest != row.truth_digest, applied=apply)


def rescore_open(*, apply: bool = False, advance: Advance = lambda _: None) -> dict[str, Any]:
    """Do the same without the sealed part, as the running site may: the labels as they are.

    Raises :class:`InputError` where new scores are to be kept beside a frozen board.
    """
    row = contest()
    if apply and row.closed_board is not None:
        raise InputError.of(
            "The board is frozen; private scores would have to be made anew as well.",
            "Run: cygnet challenge rescore DIR --apply",
        )
    again, ladders = scored_again(open_truth(row)[1], contest_settings(row), advance)
    changes = [_change(one) for one in again if one.feedback != one.before]
    if apply:
        _keep(None, again, ladders, changes)
    return _document(again, changes, truth_changed=False, applied=apply)


def _document(
    again: list[_Again], changes: list[dict[str, Any]], *, truth_changed: bool, applied: bool
) -> dict[str, Any]:
    return {
        "n_submissions": len(again),
        "changed": changes,
        "truth_changed": truth_changed,
        "applied": applied,
    }


def _truth(settings: ContestSettings, truth_file: Path | None) -> ContestTruth:
    folder = site_settings.CONTEST.path
    old = load_sealed(folder / OPEN, folder / SEALED)
    if truth_file is None:
        return old
    new = read_contest_truth(truth_file)
    if new.image_names != old.image_names:
        raise InputError.of(
            "This truth is of other images than the contest's.",
            "Correct labels only; a contest of other images is another contest.",
            file=truth_file,
        )
    # Who is public was promised at the opening: corrected labels do not deal the patients anew.
    if new.table["usage"].null_count():
        kept = old.table.select("image_name", "usage")
        table = new.table.drop("usage").join(kept, on="image_name", maintain_order="left")
        return ContestTruth(table.select(old.table.columns))
    return split_truth(new, read_secrets(folder / SEED).seed, public_share=settings.public_share)


def scored_again(
    part: Part, settings: ContestSettings, advance: Advance
) -> tuple[list[_Again], _Ladders]:
    """Score and tell every submission again, in the order of arrival."""
    ladders = _Ladders()
    again = []
    rows = Submission.objects.order_by("number").defer("score", "sketch", "private_score")
    for one in rows.iterator(50):
        score = part_score(part, probability_from(bytes(one.probability)))
        feedback: dict[str, object] | None = None
        moved = False
        if one.phase == "open":
            team = ladders.team_of(one)
            said = told(
                part,
                score,
                submission_id=str(one.pk),
                team=ladders.teams.get(team, LadderState()),
                contest=ladders.contest,
                rules=settings.rules,
            )
            ladders.teams[team], ladders.contest = said.team, said.contest
            moved = said.feedback.said is Said.NEW_BEST
            feedback = {
                "auroc": said.feedback.auroc,
                "said": said.feedback.said.value,
                "beats_contest": said.feedback.beats_contest,
            }
        again.append(_Again(one.pk, one.team_id, score, feedback, one.feedback, moved))
        advance(1)
    ladders.merge()
    return again, ladders


def _change(one: _Again) -> dict[str, Any]:
    return {
        "submission": str(one.pk),
        "team": str(one.team),
        "before": one.before,
        "after": one.feedback,
    }


def _keep(
    truth: ContestTruth | None,
    again: list[_Again],
    ladders: _Ladders,
    changes: list[dict[str, Any]],
) -> None:
    """Keep new scores; ``truth`` is ``None`` where the labels are the ones of before."""
    folder = site_settings.CONTEST.path
    with writing() as row:
        closed = row.closed_board is not None
        digest = row.truth_digest if truth is None else truth.digest
        if Submission.objects.count() != len(again):
            raise InputError.of(
                "A submission arrived meanwhile; nothing was changed.", "Run it again."
            )
        for one in again:
            Submission.objects.filter(pk=one.pk).update(
                score=one.score.to_bytes(),
                feedback=one.feedback,
                moved=one.moved,
                private_score=None,
            )
        for team in Team.objects.all():
            state = ladders.teams.get(str(team.pk))
            team.ladder = None if state is None else state.as_json()
            team.released = None if state is None else state.released
            team.save(update_fields=["ladder", "released"])
        Contest.objects.filter(pk=row.pk).update(
            ladder=ladders.contest.as_json(),
            truth_digest=digest,
            closed_board=None,
            late_board=None,
        )
        journal.record(
            "rescored",
            {"n_submissions": len(again), "changed": changes, "truth": digest},
            moment=clock.now(),
        )
        touch(row)
        # Last, inside the transaction: if the files cannot be written, nothing was changed.
        if truth is not None and digest != row.truth_digest:
            store_truth(truth, open_folder=open_folder(), sealed_folder=folder / SEALED)
    if closed:
        closing.close()
