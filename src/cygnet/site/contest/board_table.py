"""How is the board's table written? By hand, as thousands of rows pass no template quickly."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_EMPTY = "\N{EN DASH}"


def board_table(document: Mapping[str, Any], *, blind: bool) -> SafeString:
    """Write the table of a board; every name is escaped."""
    rows = document["rows"]
    if not rows:
        return _words(_nothing(document, blind=blind))
    final = document["closed"]
    head = _FINAL_HEAD if final else _OPEN_HEAD
    write = _final_row if final else _open_row
    body = "".join(write(row) for row in rows)
    text = (
        f'<div class="table-box"><table class="numbers cards board"><thead>{head}</thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    # Every text in it went through escape.
    return mark_safe(text)  # noqa: S308


_OPEN_HEAD = (
    '<tr><th scope="col" class="number">Rank</th><th scope="col">Team</th>'
    '<th scope="col" class="number">AUROC released</th></tr>'
)
_FINAL_HEAD = (
    '<tr><th scope="col" class="number">Rank</th><th scope="col">Team</th>'
    '<th scope="col" class="number">AUROC (95 % interval)</th>'
    '<th scope="col" class="number">Ranks it may hold</th>'
    '<th scope="col">Told from the first</th><th scope="col">Track</th></tr>'
)


def _nothing(document: Mapping[str, Any], *, blind: bool) -> str:
    if document["closed"]:
        return "No submission counted at the close."
    if blind:
        return "Numbers are hidden until the close; the board appears then."
    return "No verified team has a scored submission yet. The first to send a file stands here."


def _words(text: str) -> SafeString:
    # A text of this file.
    return mark_safe(f'<p class="empty">{escape(text)}</p>')  # noqa: S308


def _open_row(row: Mapping[str, Any]) -> str:
    return (
        f'<tr><td class="number" data-label="Rank">{row["rank"]:d}</td>'
        f'<th scope="row">{escape(row["team"])}</th>'
        f'<td class="number" data-label="AUROC">{row["auroc"]:.2f}</td></tr>'
    )


def _final_row(row: Mapping[str, Any]) -> str:
    limits = _EMPTY
    places = _EMPTY
    if row["lower"] is not None and row["upper"] is not None:
        limits = f"{row['lower']:.3f} to {row['upper']:.3f}"
    if row["rank_lower"] is not None:
        places = f"{row['rank_lower']:d} to {row['rank_upper']:d}"
    tied = {True: "no", False: "yes", None: _EMPTY}[row["tied_with_first"]]
    track = escape(str(row["track"]).replace("-", " "))
    return (
        f'<tr><td class="number" data-label="Rank">{row["rank"]:d}</td>'
        f'<th scope="row">{escape(row["team"])}</th>'
        f'<td class="number" data-label="AUROC">{row["auroc"]:.3f} ({limits})</td>'
        f'<td class="number" data-label="Ranks">{places}</td>'
        f'<td data-label="Told apart">{tied}</td><td data-label="Track">{track}</td></tr>'
    )
