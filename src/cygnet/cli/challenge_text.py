"""How are boards, diffs and verdicts of a contest written in a terminal?"""

from collections.abc import Mapping
from typing import Any

from cygnet.cli import console

_NONE = "-"


def print_board(document: Mapping[str, Any]) -> None:
    """Print a board, open or closed."""
    rows = document["rows"]
    if not rows:
        console.output().print("Nobody stands on the board yet.")
        return
    if not document["closed"]:
        console.print_table(
            ("rank", "team", "AUROC released"),
            [(str(row["rank"]), row["team"], f"{row['auroc']:.2f}") for row in rows],
            numeric=(0, 2),
        )
        return
    console.print_table(
        ("rank", "team", "AUROC", "95 % interval", "ranks", "track"),
        [_final(row) for row in rows],
        numeric=(0, 2, 3, 4),
    )
    for prize in document.get("prizes", ()):
        names = ", ".join(prize["co_winners"])
        others = f", not told apart: {names}" if names else ""
        console.output().print(f"{prize['name']}: {prize['winner']}{others}")


def _final(row: Mapping[str, Any]) -> tuple[str, ...]:
    known = row["lower"] is not None
    return (
        str(row["rank"]),
        row["team"],
        f"{row['auroc']:.3f}",
        f"{row['lower']:.3f} to {row['upper']:.3f}" if known else _NONE,
        f"{row['rank_lower']} to {row['rank_upper']}" if row["rank_lower"] else _NONE,
        row["track"],
    )


def print_diff(document: Mapping[str, Any]) -> None:
    """Print what a re-scoring changes."""
    changed = document["changed"]
    if changed:
        console.print_table(
            ("submission", "before", "after"),
            [(one["submission"], _told(one["before"]), _told(one["after"])) for one in changed],
        )
    kept = "kept" if document["applied"] else "not kept; --apply keeps them"
    ending = f"; the new scores are {kept}" if changed or document["truth_changed"] else ""
    console.output().print(
        f"{len(changed):,} of {document['n_submissions']:,} submissions are told something else"
        f"{ending}."
    )


def _told(feedback: Mapping[str, Any] | None) -> str:
    return _NONE if feedback is None else f"{feedback['auroc']:.2f} {feedback['said']}"


def print_verdict(document: Mapping[str, Any]) -> None:
    """Print whether the journal holds."""
    for problem in document["problems"]:
        console.output().print(problem)
    word = "holds" if document["ok"] else "does not hold"
    console.output().print(f"The journal of {document['n_acts']:,} acts {word}: {document['head']}")


def print_submission(document: Mapping[str, Any]) -> None:
    """Print what a submission was told."""
    public = document["public"]
    number = "no number" if public["auroc"] is None else f"{public['auroc']:.2f}"
    out = console.output()
    out.print(
        f"AUROC released {number}, {public['n_images']:,} images of"
        f" {public['n_patients']:,} patients. {public['reason']}"
    )
    out.print(f"submission {document['id']}")
    out.print(f"receipt    {document['receipt']}")
