"""Was anything changed? The journal's chain, every row that it tells of, and every score.

A row is held against the acts that made it, a score against the stored file's numbers and the
truth: whoever changes either has to change the journal, and its heads are with others.
"""

import math
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from django.conf import settings as site_settings

from cygnet.challenge.admission import body_digest
from cygnet.challenge.journal import verify
from cygnet.challenge.scoring import PartScore, part_score
from cygnet.challenge.sealing import commitment_holds, load_sealed, read_secrets
from cygnet.challenge.settings import utc
from cygnet.challenge.submission import content_digest, probability_from
from cygnet.challenge.truth import ContestTruth, Usage, part_of
from cygnet.site.contest import journal
from cygnet.site.contest.models import Contest, Entrant, Membership, Submission, Team
from cygnet.site.contest.rescoring import scored_again
from cygnet.site.contest.retelling import Told, ToldSubmission, retold
from cygnet.site.contest.state import OPEN, ROW, SEALED, SEED, contest_settings
from cygnet.site.contest.stored import stored_bytes

Advance = Callable[[int], None]


def check(head: str | None, advance: Advance = lambda _: None) -> dict[str, Any]:
    """Check the chain against ``head``, and everything else against the chain."""
    verdict = verify(journal.acts(), head=head)
    problems = [] if verdict.problem is None else [_placed(verdict.problem, verdict.at)]
    # Of a chain that is torn nothing follows.
    if verdict.at is None:
        told = retold(journal.acts())
        row = Contest.objects.get(pk=ROW)
        for found in (_contest(row, told), _people(told), _teams(told), _submissions(told)):
            problems += found
        problems += _scores(row, told, advance)
    return {
        "ok": not problems,
        "n_acts": verdict.n_acts,
        "head": verdict.head,
        "problems": problems,
    }


def _placed(problem: str, at: int | None) -> str:
    return problem if at is None else f"Act {at}: {problem}"


def _contest(row: Contest, told: Told) -> Iterator[str]:
    if row.settings != told.settings:
        yield "The settings are not those of the journal."
    if row.commitment != told.commitment:
        yield "The commitment is not the one of the journal."
    if row.closed_board != told.board:
        yield "The frozen board is not the one of the journal."
    if told.late is not None and row.late_board != told.late:
        yield "The late board is not the one of the journal."


def _people(told: Told) -> Iterator[str]:
    for one in Entrant.objects.iterator():
        person = str(one.user_id)
        if one.banned != told.banned.get(person, False):
            yield f"Whether person {person} is banned is not what the journal says."
        if (one.rules_accepted_at is not None) != (person in told.accepted):
            yield f"Whether person {person} accepted the rules is not what the journal says."
        if (one.identified_at is not None) != (person in told.identified):
            yield f"Whether person {person} is identified is not what the journal says."


def _teams(told: Told) -> Iterator[str]:
    members: dict[str, set[str]] = {}
    for team, person in Membership.objects.values_list("team_id", "user_id"):
        members.setdefault(str(team), set()).add(str(person))
    there = {str(one.pk): one for one in Team.objects.iterator()}
    for key in there.keys() ^ told.teams.keys():
        yield f"Team {key} is {'in no act' if key in there else 'gone'}."
    for key in there.keys() & told.teams.keys():
        one, said = there[key], told.teams[key]
        kept = sha256(f"{one.method}\0{one.external_data}".encode()).hexdigest()
        as_told = (
            one.name == said.name,
            one.banned == said.banned,
            said.verified in {None, one.verified},
            members.get(key, set()) == said.members,
            kept == said.statement or not (said.statement or one.method or one.external_data),
        )
        if not all(as_told):
            yield f"Team {key} is not what the journal says."


def _submissions(told: Told) -> Iterator[str]:
    left = dict(told.submissions)
    rows = Submission.objects.defer("score", "sketch", "private_score")
    for one in rows.iterator(50):
        said = left.pop(str(one.pk), None)
        if said is None:
            yield f"Submission {one.pk} is in no act of the journal."
            continue
        if not _is_as_told(one, said):
            yield f"Submission {one.pk} is not what act {said.number} says."
        yield from _file(one)
    for key, said in left.items():
        yield f"Submission {key} of act {said.number} is gone."


def _is_as_told(one: Submission, said: ToldSubmission) -> bool:
    details = said.details
    return (
        (one.file_digest, one.content_digest, one.public, one.receipt, one.number)
        == (details["file"], details["content"], details["public"], said.receipt, said.number)
        and (one.track, one.phase) == (details["track"], details["phase"])
        and (str(one.team_id), one.selected) == (said.team, said.selected)
        and utc(one.received) == utc(said.received)
    )


def _file(one: Submission) -> Iterator[str]:
    try:
        if body_digest(stored_bytes(one.file)) != one.file_digest:
            yield f"The file of submission {one.pk} was changed."
    except FileNotFoundError:
        yield f"The file of submission {one.pk} is gone."


def _scores(row: Contest, told: Told, advance: Advance) -> Iterator[str]:
    folder = site_settings.CONTEST.path
    truth = load_sealed(folder / OPEN, folder / SEALED)
    if truth.digest != row.truth_digest or told.truth not in {None, row.truth_digest}:
        yield "The truth is not the one that the scores were made of."
        return
    # A copy has no seed, and a truth that was corrected is not the one that was committed to.
    seed = folder / SEED
    if told.truth is None and seed.exists():
        secrets = read_secrets(seed)
        if not commitment_holds(row.commitment, secrets, truth.digest):
            yield "The seed or the truth is not what was committed to."
    yield from _each_score(truth, advance)
    # Rules of feedback that changed on the way tell other numbers: nothing follows then.
    if len(told.feedback_rules) == 1:
        yield from _feedback(row, truth)


def _each_score(truth: ContestTruth, advance: Advance) -> Iterator[str]:
    parts = {usage: part_of(truth, usage) for usage in Usage}
    for one in Submission.objects.defer("sketch").order_by("number").iterator(50):
        probability = probability_from(bytes(one.probability))
        if content_digest(truth.image_names, probability) != one.content_digest:
            yield f"The numbers of submission {one.pk} are not those of its file."
        for usage, kept in ((Usage.PUBLIC, one.score), (Usage.PRIVATE, one.private_score)):
            if kept is not None and not _is_same(
                PartScore.from_bytes(bytes(kept)), part_score(parts[usage], probability)
            ):
                yield f"The {usage.value.lower()} score of submission {one.pk} was changed."
        advance(1)


def _is_same(one: PartScore, other: PartScore) -> bool:
    # Another processor may add in another order.
    return math.isclose(one.auroc, other.auroc, abs_tol=1e-9) or (
        math.isnan(one.auroc) and math.isnan(other.auroc)
    )


def _feedback(row: Contest, truth: ContestTruth) -> Iterator[str]:
    again, ladders = scored_again(
        part_of(truth, Usage.PUBLIC), contest_settings(row), lambda _: None
    )
    for one in again:
        if one.feedback != one.before:
            yield f"The feedback on submission {one.pk} is not what its score gives."
    for team in Team.objects.iterator():
        state = ladders.teams.get(str(team.pk))
        if team.released != (None if state is None else state.released):
            yield f"The number released to team {team.pk} is not what its submissions give."
