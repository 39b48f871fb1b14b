"""What is kept of a contest for archives? A BagIt bag and RO-Crate, people under pseudonyms.

Before the close nothing is exported: exact scores would be oracles. Names of people and addresses
never are; a person is a number that is drawn for this export alone.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings as site_settings

from cygnet import __version__
from cygnet.challenge.bias_checklist import bias_items, bias_markdown
from cygnet.challenge.bias_facts import ContestFacts, PartFacts
from cygnet.challenge.crate import METADATA, CrateExport, CrateFile, crate_document
from cygnet.challenge.scoring import PartScore
from cygnet.challenge.sealing import read_secrets
from cygnet.challenge.settings import ContestSettings
from cygnet.curation.release.bag import PAYLOAD, file_digest, write_bag_files
from cygnet.durable import folder_whole, write_text_whole, write_whole
from cygnet.errors import InputError
from cygnet.site.contest import clock, journal
from cygnet.site.contest.models import Contest, Membership, Submission, Team
from cygnet.site.contest.state import SEED, contest_settings, needed_contest, open_truth
from cygnet.site.contest.stored import stored_bytes

_WHAT = {
    "settings.json": "Settings of the challenge.",
    "board.json": "The frozen board, prizes and the late board.",
    "versions.json": "Versions of the software.",
    "seal.json": "Commitment, seed and salt of the split.",
    "journal.jsonl": "The hash-chained journal, one act a line.",
    "members.csv": "Who was in which team, under pseudonyms.",
    "teams.csv": "Teams and what they say of their methods.",
    "submissions.csv": "All submissions with their scores.",
    "bias.md": "The BIAS checklist, drafted.",
}
_MEDIA = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".csv": "text/csv",
    ".md": "text/markdown",
}

# A cell that begins with one of these, in any width, is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212")


def safe_cell(value: object) -> str:
    """Write a cell so that a spreadsheet shows it and does not run it."""
    text = "" if value is None else str(value)
    # Some programs pass over blanks and breaks before they look.
    begins = text.lstrip().startswith(_FORMULA) or text[:1] in {"\t", "\r", "\n"}
    if isinstance(value, str) and begins:
        return "'" + text
    return text


def export(out: Path) -> dict[str, object]:
    """Write the closed contest to ``out``; raises :class:`InputError` before the close."""
    row = needed_contest()
    if row.closed_board is None:
        raise InputError.of(
            "The contest is not closed: exact scores would tell labels.",
            "Run cygnet challenge close first.",
        )
    settings = contest_settings(row)
    with folder_whole(out) as made:
        payload = made / PAYLOAD
        counts = _write_tables(payload)
        _write_json(payload / "settings.json", settings.as_json())
        board = {"closed": True, **row.closed_board, "late": row.late_board or []}
        _write_json(payload / "board.json", board)
        _write_json(payload / "versions.json", {"cygnet": __version__})
        secrets = read_secrets(site_settings.CONTEST.path / SEED)
        _write_json(
            payload / "seal.json",
            {
                "commitment": row.commitment,
                "seed": secrets.seed.hex(),
                "salt": secrets.salt.hex(),
                "truth_digest": row.truth_digest,
            },
        )
        counts["n_acts"] = _write_journal(payload / "journal.jsonl")
        _copy_submissions(payload / "submissions")
        _write_bias(payload / "bias.md", row, settings, counts)
        _write_crate(payload, settings)
        write_bag_files(
            made,
            title=settings.title,
            identifier=f"challenge-{settings.name}",
            published=clock.now().date(),
        )
    return {"out": str(out), "head": journal.head(), **counts}


def _write_json(path: Path, document: object) -> None:
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text_whole(path, text + "\n")


def _write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    n_rows = 0
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        n_rows += 1
    write_text_whole(path, stream.getvalue())
    return n_rows


def _write_tables(payload: Path) -> dict[str, object]:
    people = Membership.objects.order_by("?").values_list("user_id", flat=True)
    number = {user: f"P{index:05d}" for index, user in enumerate(people, start=1)}
    members = Membership.objects.order_by("team__founded_at", "joined_at")
    _write_table(
        payload / "members.csv",
        ("team_id", "person", "leads"),
        ((one.team_id, number[one.user_id], one.leads) for one in members),
    )
    n_teams = _write_table(
        payload / "teams.csv",
        ("team_id", "name", "verified", "banned", "method", "external_data"),
        (
            (one.pk, one.name, one.verified, one.banned, one.method, one.external_data)
            for one in Team.objects.order_by("founded_at")
        ),
    )
    n_submissions = _write_table(
        payload / "submissions.csv",
        (
            "submission_id",
            "team_id",
            "received",
            "phase",
            "track",
            "selected",
            "file_sha256",
            "content_sha256",
            "released",
            "said",
            "public_auroc",
            "private_auroc",
            "receipt",
            "flags",
        ),
        map(_submission_row, Submission.objects.order_by("number").iterator(50)),
    )
    return {"n_teams": n_teams, "n_submissions": n_submissions}


def _submission_row(one: Submission) -> tuple[object, ...]:
    feedback: dict[str, Any] = one.feedback or {}
    private = one.private_score
    late = one.phase != "open"
    return (
        one.pk,
        one.team_id,
        one.received.isoformat(),
        one.phase,
        one.track,
        one.selected,
        one.file_digest,
        one.content_digest,
        feedback.get("auroc"),
        feedback.get("said"),
        _auroc(one.score),
        # A late score is told as an interval only.
        None if private is None or late else _auroc(private),
        one.receipt,
        " ".join(sorted({flag["kind"] for flag in one.flags})),
    )


def _auroc(kept: bytes) -> str:
    return repr(PartScore.from_bytes(bytes(kept)).auroc)


def _write_bias(
    path: Path, row: Contest, settings: ContestSettings, counts: dict[str, Any]
) -> None:
    """Draft the BIAS checklist of what is known; the rest is left visibly open."""
    public = open_truth(row)[1]
    board = row.closed_board or {}
    facts = ContestFacts(
        public=PartFacts(n_images=public.n_images, n_patients=public.n_patients),
        private=PartFacts(n_images=board["n_images"], n_patients=board["n_patients"]),
        n_teams=Submission.objects.values("team").distinct().count(),
        n_submissions=counts["n_submissions"],
        url=site_settings.PUBLIC_URL,
        commitment=row.commitment,
        version=__version__,
    )
    text = bias_markdown(bias_items(settings, facts), title=settings.title)
    write_text_whole(path, text)


def _write_crate(payload: Path, settings: ContestSettings) -> None:
    """Describe every file of the payload as RO-Crate does."""
    files = [
        CrateFile(
            path=path.relative_to(payload).as_posix(),
            description=_WHAT.get(path.name, "A submission as it was sent."),
            media_type=_MEDIA[path.suffix],
            n_bytes=path.stat().st_size,
            sha256=file_digest(path),
        )
        for path in sorted(payload.rglob("*"))
        if path.is_file()
    ]
    crate = CrateExport(
        settings=settings,
        description=f"Submissions, scores and journal of the challenge {settings.title}.",
        published=clock.now().date(),
        licence=site_settings.CONTEST.contest.licence,
        version=__version__,
        files=files,
        url=site_settings.PUBLIC_URL,
    )
    _write_json(payload / METADATA, crate_document(crate))


def _write_journal(path: Path) -> int:
    n_acts = 0
    with write_whole(path) as stream:
        for act in journal.acts():
            stream.write(json.dumps(act.as_json(), sort_keys=True).encode() + b"\n")
            n_acts += 1
    return n_acts


def _copy_submissions(folder: Path) -> None:
    for one in Submission.objects.order_by("number").only("file").iterator():
        with write_whole(folder / f"{one.pk}.csv") as stream:
            stream.write(stored_bytes(one.file))
