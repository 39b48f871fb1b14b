"""What does the board show? Before the close what was released, afterwards the frozen board.

The page's table is made once a version and kept; a submission makes a new version at once.
"""

import gzip
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string

from cygnet.challenge.board import OpenEntry, open_board
from cygnet.challenge.feedback import LadderState
from cygnet.challenge.phases import closed_at
from cygnet.site.contest.models import Contest, Team
from cygnet.site.contest.state import contest_settings


@dataclass(frozen=True, slots=True)
class Board:
    """One version of the board: its document, and the table of the page."""

    etag: str
    document: dict[str, Any]
    table: str


_lock = threading.Lock()


def board(row: Contest, now: datetime) -> Board:
    """Give the board as it stands at ``now``."""
    settings = contest_settings(row)
    closed = closed_at(settings, now)
    with _lock:
        return _made(row.version, closed, row.closed_board is not None, row.pk)


@lru_cache(maxsize=4)
def _made(version: int, closed: bool, frozen: bool, pk: int) -> Board:
    row = Contest.objects.get(pk=pk)
    document = board_document(row, closed=closed)
    context = {"board": document, "blind": contest_settings(row).blind}
    return Board(
        etag=f"{version}-{int(closed)}{int(frozen)}",
        document=document,
        table=render_to_string("contest/board_table.html", context),
    )


def board_document(row: Contest, *, closed: bool) -> dict[str, Any]:
    """Give the board as the API answers it."""
    if row.closed_board is not None:
        found: dict[str, Any] = {"closed": True, **row.closed_board, "late": row.late_board or []}
        return found
    settings = contest_settings(row)
    rows = [one.as_json() for one in open_board(_entries(), blind=settings.blind)]
    return {"closed": False, "scoring": closed, "rows": rows}


def _entries() -> Sequence[OpenEntry]:
    # Of a ladder the board needs the number; the scores that stand beside it stay in the database.
    told = Team.objects.exclude(ladder=None).values_list(
        "name", "verified", "banned", "ladder__released"
    )
    return [
        OpenEntry(
            team=name,
            state=LadderState(released=released),
            verified=verified,
            banned=banned,
        )
        for name, verified, banned, released in told
    ]


@lru_cache(maxsize=4)
def packed(text: bytes) -> bytes:
    """Compress a page that is the same for everybody."""
    return gzip.compress(text, 6, mtime=0)
