"""How is a submission taken? Parsed and scored first, then recorded whole, then answered.

A process that is killed leaves no submission or a whole one: the row, the ladders, the journal's
act and the idempotency key are one transaction. The file is stored before it; one that was stored
for nothing is removed by :func:`sweep` when a server starts.
"""

import hmac
import os
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings as site_settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from cygnet.challenge import admission as rules
from cygnet.challenge.feedback import Said, public_answer, told
from cygnet.challenge.journal import Act
from cygnet.challenge.likeness import sketch
from cygnet.challenge.phases import Phase
from cygnet.challenge.scoring import PartScore, part_score
from cygnet.challenge.settings import ContestSettings, Track
from cygnet.challenge.submission import (
    Submission as Table,
)
from cygnet.challenge.submission import (
    SubmissionError,
    check_submission,
    probability_bytes,
)
from cygnet.challenge.truth import Part
from cygnet.site.accounts.models import User
from cygnet.site.contest import clock, journal, webhooks
from cygnet.site.contest.acts import ladder_of
from cygnet.site.contest.models import Contest, IdempotencyKey, Submission, Team
from cygnet.site.contest.standing import Person, person
from cygnet.site.contest.state import contest, contest_settings, open_truth, touch, writing
from cygnet.site.faults import NotNowError

FOLDER = "submissions"

# Scoring is arithmetic: more at a time than there are processors only makes all of them later.
_scoring = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


@dataclass(frozen=True, slots=True)
class Taken:
    """It is recorded, now or under the same key before."""

    submission: Submission
    replayed: bool


@dataclass(frozen=True, slots=True)
class Faulty:
    """The file breaks rules of the format; all of them are named."""

    errors: tuple[SubmissionError, ...]


@dataclass(frozen=True, slots=True)
class _Scored:
    table: Table
    score: PartScore
    sketch: bytes
    file: str


def submit(
    user: User, data: bytes, *, received: datetime, track: Track | None, key: str, note: str = ""
) -> Taken | Faulty | rules.Refusal:
    """Take one file of ``user`` that arrived at ``received``."""
    row = contest()
    settings = contest_settings(row)
    digest = rules.body_digest(data)
    received = journal.check_clock(received)
    decided = _admission(settings, person(user), received, digest, key)
    if isinstance(decided, rules.Refusal):
        return decided
    if isinstance(decided, rules.Replayed):
        return Taken(Submission.objects.get(pk=decided.submission_id), replayed=True)
    image_names, part = open_truth(row)
    with _scoring:
        checked = check_submission(data, image_names)
        if checked.submission is None:
            return Faulty(checked.errors)
        score = part_score(part, checked.submission.probability)
        drawn = sketch(checked.submission.probability, seed=_sketch_seed()).to_bytes()
    scored = _Scored(checked.submission, score, drawn, _store(data))
    chosen = track or settings.tracks[0]
    made = _record(user, scored, part, received=received, digest=digest, key=key, track=chosen,
                   note=note)  # fmt: skip
    if not isinstance(made, Taken) or made.replayed:
        default_storage.delete(scored.file)
    return made


def _admission(
    settings: ContestSettings, who: Person, received: datetime, digest: str, key: str
) -> rules.Admitted | rules.Replayed | rules.Refusal:
    known = IdempotencyKey.objects.filter(user=who.user, key=key).first() if key else None
    return rules.admission(
        settings,
        who.standing(),
        now=received,
        body_digest=digest,
        known=known and rules.KnownKey(known.body_digest, str(known.submission_id)),
    )


def _sketch_seed() -> bytes:
    """Give which images a sketch looks at; secret, so that nobody writes around them."""
    return hmac.digest(site_settings.SECRET_KEY.encode(), b"sketch", "sha256")


def _store(data: bytes) -> str:
    name = f"{FOLDER}/{uuid.uuid4().hex}.csv"
    try:
        return str(default_storage.save(name, ContentFile(data)))
    # Every store has errors of its own, and each means the same here.
    except Exception as error:
        raise NotNowError(
            "Files cannot be stored at the moment. Nothing was recorded and nothing was counted;"
            " please send it again in a minute.",
            retry_after_s=60,
        ) from error


def sweep() -> int:
    """Remove files of submissions that were never recorded; give how many.

    A file that is younger than an hour may belong to a submission that is being recorded now.
    """
    try:
        names = default_storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return 0
    known = set(Submission.objects.values_list("file", flat=True))
    oldest = clock.now() - timedelta(hours=1)
    orphans = [
        path
        for path in (f"{FOLDER}/{name}" for name in names)
        if path not in known and default_storage.get_modified_time(path) < oldest
    ]
    for path in orphans:
        default_storage.delete(path)
    return len(orphans)


def _record(
    user: User,
    scored: _Scored,
    part: Part,
    *,
    received: datetime,
    digest: str,
    key: str,
    track: Track,
    note: str,
) -> Taken | rules.Refusal:
    with writing() as row:
        settings = contest_settings(row)
        who = person(user)
        decided = _admission(settings, who, received, digest, key)
        if isinstance(decided, rules.Refusal):
            return decided
        if isinstance(decided, rules.Replayed):
            return Taken(Submission.objects.get(pk=decided.submission_id), replayed=True)
        if decided.phase is Phase.OPEN and _is_frozen(row):
            raise NotNowError(
                "The final board stands already, so the clock of this server was wrong; the"
                " organisers have to set it right. Nothing was recorded.",
                retry_after_s=300,
            )
        assert who.team is not None  # noqa: S101 - admission admits nobody without a team
        made = Submission(
            team=who.team,
            user=user,
            received=received,
            phase=decided.phase.value,
            track=track.value,
            note=note,
            file_digest=scored.table.file_digest,
            content_digest=scored.table.content_digest,
            file=scored.file,
            probability=probability_bytes(scored.table),
            score=scored.score.to_bytes(),
            sketch=scored.sketch,
        )
        if decided.phase is Phase.OPEN:
            _tell(row, settings, who.team, made, part, scored.score)
        else:
            made.public = {"auroc": None, "n_images": part.n_images, "n_patients": part.n_patients,
                           "reason": "Late submissions get an interval on the late board, no"
                           " number."}  # fmt: skip
        last = journal.last_act()
        made.number = _next_number(last)
        made.receipt = journal.record("submission", _details(made), moment=received)
        made.save(force_insert=True)
        if key:
            IdempotencyKey.objects.create(user=user, key=key, body_digest=digest, submission=made)
        webhooks.announce("submission", {"id": str(made.pk), "receipt": made.receipt}, received)
        touch(row)
    return Taken(made, replayed=False)


def _is_frozen(row: Contest) -> bool:
    frozen: bool = Contest.objects.filter(pk=row.pk, closed_board__isnull=False).exists()
    return frozen


def _next_number(last: Act | None) -> int:
    return 1 if last is None else last.number + 1


def _tell(
    row: Contest,
    settings: ContestSettings,
    team: Team,
    made: Submission,
    part: Part,
    score: PartScore,
) -> None:
    """Decide what the team is told, and keep both ladders."""
    said = told(
        part,
        score,
        submission_id=str(made.pk),
        team=ladder_of(team.ladder),
        contest=ladder_of(row.ladder),
        rules=settings.rules,
    )
    made.public = public_answer(
        part, said.feedback, verified=team.verified, blind=settings.blind
    ).as_json()
    made.feedback = {
        "auroc": said.feedback.auroc,
        "said": said.feedback.said.value,
        "beats_contest": said.feedback.beats_contest,
    }
    made.moved = said.feedback.said is Said.NEW_BEST
    team.ladder, team.released = said.team.as_json(), said.team.released
    team.save(update_fields=["ladder", "released"])
    row.ladder = said.contest.as_json()
    row.save(update_fields=["ladder"])


def _details(made: Submission) -> dict[str, object]:
    return {
        "submission": str(made.pk),
        "team": str(made.team_id),
        "file": made.file_digest,
        "content": made.content_digest,
        "track": made.track,
        "phase": made.phase,
        "public": made.public,
    }
