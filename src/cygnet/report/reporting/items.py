"""What is an item of a reporting checklist, and how is it filled? A question, and sentences."""

from collections.abc import Callable
from dataclasses import dataclass

from cygnet.report.reporting.facts import Facts
from cygnet.report.reporting.phrases import joined

Sentence = Callable[[Facts], str | None]


@dataclass(frozen=True, slots=True)
class Item:
    """An item in own words: what it ``asks``, and the sentences that may answer it.

    ``left`` says what remains to be written beside the sentences, empty where nothing does.
    """

    number: str
    heading: str
    asks: str
    sentences: tuple[Sentence, ...] = ()
    left: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list of items in its own groups, and the paper that it comes from."""

    name: str
    source: str
    groups: tuple[tuple[str, tuple[Item, ...]], ...]


@dataclass(frozen=True, slots=True)
class ReportingItem:
    """An item as it stands in a draft: ``text`` is ``None`` where a person must write.

    ``left`` is what a person must add to a text; empty where nothing is missing or all of it is.
    """

    list_name: str
    group: str
    number: str
    heading: str
    asks: str
    text: str | None
    left: str = ""

    def as_json(self) -> dict[str, str | None]:
        """Give the item as ``report --json`` writes it."""
        return {
            "list": self.list_name,
            "number": self.number,
            "heading": self.heading,
            "asks": self.asks,
            "text": self.text,
            "left": self.left or None,
        }


def filled(checklist: Checklist, facts: Facts) -> list[ReportingItem]:
    """Fill every item of ``checklist`` from ``facts``, in the list's order."""
    return [
        _filled(checklist.name, group, item, facts)
        for group, items in checklist.groups
        for item in items
    ]


def _filled(name: str, group: str, item: Item, facts: Facts) -> ReportingItem:
    text = joined(*(sentence(facts) for sentence in item.sentences))
    left = item.left if text is not None else ""
    return ReportingItem(name, group, item.number, item.heading, item.asks, text, left)
