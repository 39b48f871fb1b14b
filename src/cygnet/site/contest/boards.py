"""What does the board show? Before the close what was released, afterwards the frozen board.

The page's table is made once a version and kept; a submission makes a new version at once.
"""

import gzip
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from cygnet.challenge.board import OpenEntry, open_board
from cygnet.challenge.feedback import LadderState
from cygnet.challenge.phases import closed_at
from cygnet.challenge.settings import ContestSettings
from cygnet.site.contest.board_table import board_table
from cygnet.site.contest.models import Contest, Submission, Team
from cygnet.site.contest.state import contest_settings

# A flood of submissions makes a board twice a second, not at every one of them.
STALE_S = 0.5


@dataclass(frozen=True, slots=True)
class Board:
    """One version of the board: its document, and the table of the page."""

    etag: str
    document: dict[str, Any]
    table: str
    json: bytes


_lock = threading.Lock()
_pages: dict[str, tuple[bytes, bytes]] = {}
_kept: dict[tuple[int, bool], tuple[float, Board]] = {}


def board(row: Contest, now: datetime) -> Board:
    """Give the board as it stands at ``now``, at most ``STALE_S`` late under many submissions."""
    settings = contest_settings(row)
    key = (row.version, closed_at(settings, now))
    with _lock:
        for kept, (made_at, made) in _kept.items():
            young = time.monotonic() - made_at < STALE_S and kept[1:] == key[1:]
            if kept == key or young:
                return made
        made = _made(row, settings, key)
        _kept.clear()
        _kept[key] = (time.monotonic(), made)
        return made


def forget() -> None:
    """Make the next board anew."""
    with _lock:
        _kept.clear()
        _pages.clear()


def _made(row: Contest, settings: ContestSettings, key: tuple[int, bool]) -> Board:
    document = board_document(row, closed=key[1])
    version, closed = key
    return Board(
        etag=f"{version}-{int(closed)}",
        document=document,
        table=board_table(document, blind=settings.blind),
        json=json.dumps(document).encode(),
    )


def n_late_waiting() -> int:
    """Count the teams whose newest late submission has no private score yet."""
    newest = Submission.objects.filter(team=OuterRef("team"), phase="late").order_by("-number")
    waiting = Submission.objects.filter(
        phase="late",
        private_score=None,
        team__banned=False,
        number=Subquery(newest.values("number")[:1]),
    )
    return int(waiting.count())


def board_document(row: Contest, *, closed: bool) -> dict[str, Any]:
    """Give the board as the API answers it."""
    if row.closed_board is not None:
        return {
            "closed": True,
            **row.closed_board,
            "late": row.late_board or [],
            "late_waiting": n_late_waiting(),
        }
    settings = contest_settings(row)
    rows = [one.as_json() for one in open_board(_entries(), blind=settings.blind)]
    return {"closed": False, "scoring": closed, "rows": rows}


def _entries() -> Sequence[OpenEntry]:
    told = Team.objects.exclude(released=None).values_list("name", "verified", "banned", "released")
    return [
        OpenEntry(team=name, state=LadderState(released=released), verified=verified, banned=banned)
        for name, verified, banned, released in told
    ]


def page(made: Board, write: Callable[[], str]) -> tuple[bytes, bytes]:
    """Give the whole page of a board, plain and compressed, written once a version."""
    with _lock:
        kept = _pages.get(made.etag)
    if kept is None:
        text = write().encode()
        # It is the same for everybody and holds no secret: compression tells nothing.
        kept = (text, gzip.compress(text, 5, mtime=0))
        with _lock:
            _pages.clear()
            _pages[made.etag] = kept
    return kept
