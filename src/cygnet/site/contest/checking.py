"""Was anything changed? The journal's chain, and every row that the journal tells of."""

from typing import Any

from cygnet.challenge.admission import body_digest
from cygnet.challenge.journal import verify
from cygnet.site.contest import journal
from cygnet.site.contest.models import JournalAct, Submission
from cygnet.site.contest.state import contest
from cygnet.site.contest.stored import stored_bytes


def check(head: str | None) -> dict[str, Any]:
    """Check the chain against ``head``, and submissions and board against the chain."""
    verdict = verify(journal.acts(), head=head)
    problems = [] if verdict.problem is None else [_placed(verdict.problem, verdict.at)]
    problems += _submissions()
    problems += _board()
    return {
        "ok": not problems,
        "n_acts": verdict.n_acts,
        "head": verdict.head,
        "problems": problems,
    }


def _placed(problem: str, at: int | None) -> str:
    return problem if at is None else f"Act {at}: {problem}"


def _submissions() -> list[str]:
    told = {
        act.details["submission"]: act
        for act in JournalAct.objects.filter(kind="submission").iterator()
    }
    problems = []
    rows = Submission.objects.defer("probability", "score", "sketch", "private_score")
    for one in rows.iterator():
        act = told.pop(str(one.pk), None)
        if act is None:
            problems.append(f"Submission {one.pk} is in no act of the journal.")
            continue
        kept = (act.details["file"], act.details["content"], act.details["public"], act.head)
        if kept != (one.file_digest, one.content_digest, one.public, one.receipt):
            problems.append(f"Submission {one.pk} is not what act {act.number} says.")
        problems += _file(one)
    problems += [f"Submission {key} of act {act.number} is gone." for key, act in told.items()]
    return problems


def _file(one: Submission) -> list[str]:
    try:
        same = body_digest(stored_bytes(one.file)) == one.file_digest
    except FileNotFoundError:
        return [f"The file of submission {one.pk} is gone."]
    return [] if same else [f"The file of submission {one.pk} was changed."]


def _board() -> list[str]:
    board = contest().closed_board
    if board is None:
        return []
    act = JournalAct.objects.filter(kind="closed").first()
    if act is None or act.details["board"] != board:
        return ["The frozen board is not the one of the journal."]
    return []
