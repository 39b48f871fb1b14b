"""How is an act written down? As the next of the chain, in the transaction of what it tells of."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from cygnet.challenge.journal import GENESIS, Act, next_act
from cygnet.site.contest.models import JournalAct
from cygnet.site.faults import NotNowError

CLOCK_SLACK_S = 60


def as_act(row: JournalAct) -> Act:
    """Give a row as the rules know it."""
    return Act.from_json(
        {
            "number": row.number,
            "moment": row.moment,
            "kind": row.kind,
            "details": row.details,
            "previous": row.previous,
            "head": row.head,
        }
    )


def last_act() -> Act | None:
    """Give the newest act."""
    row = JournalAct.objects.first()
    return None if row is None else as_act(row)


def head() -> str:
    """Give the head of the chain."""
    row = JournalAct.objects.only("head").first()
    return GENESIS if row is None else str(row.head)


def acts() -> Iterator[Act]:
    """Give all acts, the first first."""
    for row in JournalAct.objects.order_by("number").iterator():
        yield as_act(row)


def check_clock(now: datetime) -> datetime:
    """Give ``now`` back; refuse a clock that stands far behind the journal.

    Days and deadlines would be wrong by it. A minute is forgiven: clocks are set a little.
    """
    previous = last_act()
    last = now if previous is None else datetime.fromisoformat(previous.moment)
    if (last - now).total_seconds() > CLOCK_SLACK_S:
        raise NotNowError(
            "The clock of this server stands before its own last record; the organisers have to"
            " set it right. Nothing was recorded.",
            retry_after_s=300,
        )
    return now


def record(kind: str, details: Mapping[str, object], *, moment: datetime) -> str:
    """Append an act and give the new head; call it in the transaction of what it tells of."""
    act = next_act(last_act(), moment=moment, kind=kind, details=details)
    JournalAct.objects.create(**act.as_json())
    return act.head
