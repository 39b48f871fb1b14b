"""How far is a paper drafted by what is known? Three lists filled, and what is left counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from cygnet.report.reporting.clear_derm import CLEAR_DERM
from cygnet.report.reporting.facts import Facts
from cygnet.report.reporting.items import Checklist, ReportingItem, filled
from cygnet.report.reporting.model_card import MODEL_CARD
from cygnet.report.reporting.tripod_ai import TRIPOD_AI

CHECKLISTS: tuple[Checklist, ...] = (TRIPOD_AI, CLEAR_DERM, MODEL_CARD)


@dataclass(frozen=True, slots=True)
class DraftedGroup:
    """The items of one group of a list; ``title`` is empty where the list has no groups."""

    title: str
    items: tuple[ReportingItem, ...]


@dataclass(frozen=True, slots=True)
class DraftedList:
    """One list as the page shows it: its anchor, its source, its count and its groups."""

    key: str
    name: str
    source: str
    count: str
    groups: tuple[DraftedGroup, ...]


def drafted(facts: Facts) -> list[ReportingItem]:
    """Fill every item of TRIPOD+AI, CLEAR Derm and the Model Card, in this order."""
    return [item for checklist in CHECKLISTS for item in filled(checklist, facts)]


def drafted_lists(facts: Facts) -> list[DraftedList]:
    """Give the drafted items by list and group, as the page shows them."""
    return [_drafted_list(checklist, facts) for checklist in CHECKLISTS]


def counted_words(items: Sequence[ReportingItem], facts: Facts) -> str:
    """Say how many items are drafted, of these how many in part, and how many are open."""
    written = [item for item in items if item.text is not None]
    in_part = sum(bool(item.left) for item in written)
    whence = "the run" if facts.run is not None else "the score"
    verb = "is" if len(written) == 1 else "are"
    partly = f" ({in_part} of these in part)" if in_part else ""
    if written and in_part == len(written):
        partly = " in part"
    n_open = len(items) - len(written)
    return (
        f"{len(written)} of {len(items)} {verb} drafted from {whence}{partly}, {n_open} "
        f"{'is' if n_open == 1 else 'are'} yours to write."
    )


def _drafted_list(checklist: Checklist, facts: Facts) -> DraftedList:
    items = filled(checklist, facts)
    groups = [
        DraftedGroup(title, tuple(item for item in items if item.group == title))
        for title, _ in checklist.groups
    ]
    key = checklist.name.lower().replace(" ", "-").replace("+", "-")
    count = counted_words(items, facts)
    return DraftedList(key, checklist.name, checklist.source, count, tuple(groups))
