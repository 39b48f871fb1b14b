"""What are organisers told of submissions? Which are nearly constant, which nearly another's.

A thread looks at each submission after it was answered; nobody waits for it.
"""

import threading
from typing import TYPE_CHECKING

from cygnet.site.contest.models import Submission

if TYPE_CHECKING:
    from cygnet.challenge.likeness import Sketch

LOOK_EVERY_S = 3.0
AT_A_TIME = 50
# Nearly the same is looked for among so many of the newest; the same, among all.
AMONG = 4000
MOST_FLAGS = 5


def look(stop: threading.Event) -> None:
    """Look at new submissions until ``stop`` is set."""
    while not stop.wait(LOOK_EVERY_S):
        look_once()


def look_once() -> int:
    """Look at those not looked at; give how many."""
    # Commands that look at nothing start faster without it.
    from cygnet.challenge.likeness import Sketch

    new = list(
        Submission.objects.filter(looked_at=False)
        .order_by("number")
        .only("sketch", "probability", "team_id", "number", "content_digest")[:AT_A_TIME]
    )
    if not new:
        return 0
    others = {
        str(pk): (str(team), Sketch.from_bytes(bytes(kept)))
        for pk, team, kept in Submission.objects.values_list("pk", "team_id", "sketch")[:AMONG]
    }
    for one in new:
        Submission.objects.filter(pk=one.pk).update(flags=_flags(one, others), looked_at=True)
    return len(new)


def _flags(one: Submission, others: "dict[str, tuple[str, Sketch]]") -> list[dict[str, object]]:
    from cygnet.challenge.likeness import Sketch, is_near_constant, near_duplicates
    from cygnet.challenge.submission import probability_from

    flags: list[dict[str, object]] = []
    if is_near_constant(probability_from(bytes(one.probability))):
        flags.append({"kind": "near-constant"})
    # A team's own are alike by nature.
    same = Submission.objects.filter(content_digest=one.content_digest).exclude(team=one.team_id)
    # The very same numbers are found however long ago they came; their index is asked.
    flags += [
        {"kind": "near-duplicate", "other": str(pk), "spearman": 1.0, "max_difference": 0.0}
        for pk in same.order_by("number").values_list("pk", flat=True)[:MOST_FLAGS]
    ]
    known = {flag["other"] for flag in flags if "other" in flag}
    foreign = {
        key: kept
        for key, (team, kept) in others.items()
        if team != str(one.team_id) and key not in known
    }
    alike = near_duplicates(Sketch.from_bytes(bytes(one.sketch)), foreign)
    flags += [
        {
            "kind": "near-duplicate",
            "other": found.other,
            "spearman": round(found.spearman, 6),
            "max_difference": round(found.max_difference, 6),
        }
        for found in alike[: MOST_FLAGS - len(known)]
    ]
    return flags
