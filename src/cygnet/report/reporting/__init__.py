"""What must a paper report, and how much of it is known here? Drafted, and left visibly open."""

from cygnet.report.reporting.drafting import (
    CHECKLISTS,
    DraftedList,
    counted_words,
    drafted,
    drafted_lists,
)
from cygnet.report.reporting.facts import Facts, RunFacts, RunSource, run_facts, score_facts
from cygnet.report.reporting.items import ReportingItem

__all__ = [
    "CHECKLISTS",
    "DraftedList",
    "Facts",
    "ReportingItem",
    "RunFacts",
    "RunSource",
    "counted_words",
    "drafted",
    "drafted_lists",
    "run_facts",
    "score_facts",
]
