"""How is the contest closed? Private scores one by one, each kept at once, then the board, frozen.

Killed anywhere, the same call goes on: a private score is a function of the submission and the
sealed truth. The running site never opens the sealed part; whoever closes does.
"""

from collections.abc import Callable
from datetime import datetime

from cygnet.challenge.board import FinalEntry, closed_board, late_row, prizes
from cygnet.challenge.phases import SETTLES, closed_at, may_be_scored_at
from cygnet.challenge.scoring import PartScore, part_score
from cygnet.challenge.sealing import load_sealed
from cygnet.challenge.selection import final_selections
from cygnet.challenge.settings import ContestSettings, FeedbackRules, Track
from cygnet.challenge.submission import probability_from
from cygnet.challenge.truth import Part, Usage, part_of
from cygnet.errors import InputError
from cygnet.site.contest import clock, journal, webhooks
from cygnet.site.contest.acts import candidates
from cygnet.site.contest.models import Contest, Submission, Team
from cygnet.site.contest.state import (
    SEALED,
    contest,
    contest_settings,
    open_folder,
    touch,
    writing,
)

Advance = Callable[[int], None]


def private_part() -> Part:
    """Read the sealed part of the truth."""
    sealed = open_folder().parent / SEALED
    return part_of(load_sealed(open_folder(), sealed), Usage.PRIVATE)


def finals(settings: ContestSettings) -> dict[str, Team]:
    """Give the submissions that count, with their teams; banned ones stand on no board."""
    return {
        submission: team
        for team in Team.objects.filter(banned=False).order_by("founded_at")
        for submission in final_selections(settings, candidates(team))
    }


def close(advance: Advance = lambda _: None) -> dict[str, object]:
    """Score what counts on the private part and freeze the board; later calls bring late rows.

    Raises :class:`InputError` before the close.
    """
    row = contest()
    settings = contest_settings(row)
    now = clock.now()
    if not closed_at(settings, now):
        raise InputError.of(
            f"The contest is open until {settings.closes.isoformat()}.",
            "Close it afterwards; what was sent until then counts.",
        )
    if not may_be_scored_at(settings, now):
        raise InputError.of(
            "What arrived in the last second may still be being written.",
            f"Close it from {(settings.closes + SETTLES).isoformat()} on.",
        )
    part = private_part()
    if row.closed_board is None:
        _freeze(settings, part, now, advance)
    _late(settings.rules, part, advance)
    row = contest()
    assert row.closed_board is not None  # noqa: S101 - frozen above
    return {"closed": True, **row.closed_board, "late": row.late_board or []}


def private_score(part: Part, submission: Submission) -> PartScore:
    """Give a submission's private score, kept from before or computed and kept."""
    if submission.private_score is not None:
        return PartScore.from_bytes(bytes(submission.private_score))
    score = part_score(part, probability_from(bytes(submission.probability)))
    Submission.objects.filter(pk=submission.pk).update(private_score=score.to_bytes())
    return score


def entries(chosen: dict[str, Team], part: Part, advance: Advance) -> list[FinalEntry]:
    """Give the final submissions with their private scores."""
    made = []
    for key, team in chosen.items():
        one = Submission.objects.get(pk=key)
        made.append(
            FinalEntry(
                team=team.name,
                submission_id=key,
                score=private_score(part, one),
                received=one.received,
                track=Track(one.track),
                eligible=team.verified,
            )
        )
        advance(1)
    return made


def frozen(made: list[FinalEntry], part: Part) -> dict[str, object]:
    """Give the board and the prizes as they are kept."""
    return {
        "rows": [one.as_json() for one in closed_board(part, made)],
        "prizes": [one.as_json() for one in prizes(part, made)],
        "n_images": part.n_images,
        "n_patients": part.n_patients,
    }


def _freeze(settings: ContestSettings, part: Part, now: datetime, advance: Advance) -> None:
    document = frozen(entries(finals(settings), part, advance), part)
    with writing() as row:
        if row.closed_board is not None:
            return
        row.closed_board = document
        row.save(update_fields=["closed_board"])
        moment = journal.check_clock(now)
        head = journal.record("closed", {"board": document}, moment=moment)
        webhooks.announce("close", {"receipt": head}, moment)
        touch(row)


def _late(rules: FeedbackRules, part: Part, advance: Advance) -> None:
    """Bring the late board up to date: an interval for every verified team, no number."""
    rows = []
    n_new = 0
    for team in Team.objects.filter(banned=False).order_by("name"):
        late = Submission.objects.filter(team=team, phase="late").order_by("number").last()
        if late is None:
            continue
        n_new += late.private_score is None
        score = private_score(part, late)
        made = late_row(part, team.name, score, verified=team.verified, rules=rules)
        advance(1)
        if made is not None:
            rows.append(made.as_json())
    with writing() as row:
        if row.late_board != rows:
            journal.record("late-board", {"rows": rows}, moment=journal.check_clock(clock.now()))
        if n_new or row.late_board != rows:
            Contest.objects.filter(pk=row.pk).update(late_board=rows)
            touch(row)
