"""What must be known of a dataset before anything is fitted on it? Facts and findings.

Counts it, compares it with what was published where it is ISIC 2020, and names what is missing,
contradictory or told twice. Changes nothing. What cannot be read at all is refused earlier, when
the tables are read.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cygnet.cohort.layout import LayoutName
from cygnet.cohort.published import is_isic_2020
from cygnet.cohort.table import Dataset
from cygnet.curation.audit_facts import (
    duplicate_facts,
    image_facts,
    image_level_split_facts,
    part_facts,
)
from cygnet.curation.checks import CHECKS, Seen
from cygnet.curation.duplicates import Pair
from cygnet.curation.findings import LEVELS, Finding, Level
from cygnet.curation.present import Images


@dataclass(frozen=True)
class Audit:
    """What an audit found: errors first, each kind of finding with count, examples and remedy."""

    layout: LayoutName
    sentence: str
    facts: dict[str, Any]
    findings: tuple[Finding, ...]

    @property
    def n_by_level(self) -> dict[Level, int]:
        """How many findings there are of each level."""
        levels = Counter(finding.level for finding in self.findings)
        return {level: levels[level] for level in LEVELS}

    @property
    def ok(self) -> bool:
        """Whether there is no finding that makes a result wrong."""
        return self.n_by_level["error"] == 0

    def as_json(self) -> dict[str, Any]:
        """Give the audit as the JSON of ``cygnet cohort audit``."""
        return {
            "layout": self.layout,
            "sentence": self.sentence,
            "facts": self.facts,
            "findings": [finding.as_json() for finding in self.findings],
        }


def audit(
    dataset: Dataset,
    images: Images | None = None,
    same_pictures: Sequence[Pair] | None = None,
) -> Audit:
    """Audit ``dataset``, and the files of its ``images`` where they are given.

    ``images`` is what :func:`present_images` gives: for each part the file of each image by its
    image_name. No picture is opened; files of equal length are compared byte for byte.
    ``same_pictures`` are pairs that were found by pixels before, by
    :func:`~cygnet.curation.duplicates.find_duplicates`.
    """
    facts: dict[str, Any] = {cohort.part: part_facts(cohort) for cohort in dataset.parts}
    facts["is_isic_2020"] = {
        cohort.part: is_isic_2020(cohort.table["image_name"], cohort.part)
        for cohort in dataset.parts
    }
    facts["duplicates"] = duplicate_facts(dataset)
    if dataset.train.has_patients:
        facts["image_level_split"] = image_level_split_facts(dataset)
    if images is not None:
        facts["images"] = image_facts(dataset, images)
    seen = Seen(dataset, images, facts, same_pictures)
    findings = [finding for check in CHECKS for finding in check(seen)]
    findings.sort(key=lambda finding: LEVELS.index(finding.level))
    return Audit(dataset.layout.name, dataset.layout.sentence(), facts, tuple(findings))
