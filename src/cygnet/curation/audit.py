"""What must be known of a dataset before anything is fitted on it? Facts and findings.

Counts it, compares it with what was published where it is ISIC 2020, names what is missing,
contradictory, told twice or told too much, and says how far one gets without looking at a lesion.
Changes nothing. What cannot be read at all is refused earlier, when the tables are read.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cygnet.cohort.layout import LayoutName
from cygnet.cohort.published import published_rows
from cygnet.cohort.table import Dataset
from cygnet.curation.audit_facts import (
    duplicate_facts,
    evidence_facts,
    file_facts,
    image_facts,
    image_level_split_facts,
    part_facts,
)
from cygnet.curation.checks import CHECKS, Seen
from cygnet.curation.duplicate_pairs import Pair, listed_pairs, same_bytes_pairs
from cygnet.curation.findings import LEVELS, Finding, Level
from cygnet.curation.giveaways import Giveaway, giveaways
from cygnet.curation.present import Images, named_images
from cygnet.curation.same_pixels import equal_in_pixels


@dataclass(frozen=True)
class Audit:
    """What an audit found: errors first, each kind of finding with count, examples and remedy."""

    layout: LayoutName
    sentence: str
    facts: dict[str, Any]
    findings: tuple[Finding, ...]
    giveaways: tuple[Giveaway, ...] = ()

    @property
    def n_by_level(self) -> dict[Level, int]:
        """How many findings there are of each level, accepted ones left out."""
        levels = Counter(finding.level for finding in self.findings if not finding.accepted)
        return {level: levels[level] for level in LEVELS}

    @property
    def n_accepted(self) -> int:
        """How many findings a baseline accepts."""
        return sum(finding.accepted for finding in self.findings)

    @property
    def ok(self) -> bool:
        """Whether no finding that is not accepted makes a result wrong."""
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
    *,
    files: pl.DataFrame | None = None,
) -> Audit:
    """Audit ``dataset``, and the files of its ``images`` where they are given.

    ``images`` is what :func:`present_images` gives: for each part the file of each image by its
    image_name. ``files`` is what :func:`~cygnet.curation.looking.look_at_files` gave of those that
    a row names; without it no picture is opened, and files of equal length are compared byte for
    byte only. ``same_pictures`` are pairs that were found by pixels before, by
    :func:`~cygnet.curation.duplicates.find_duplicates`.
    """
    facts: dict[str, Any] = {cohort.part: part_facts(cohort) for cohort in dataset.parts}
    published = {cohort.part: published_rows(cohort.table, cohort.part) for cohort in dataset.parts}
    facts["is_isic_2020"] = {part: rows.is_recognised for part, rows in published.items()}
    facts["published_share"] = {
        part: rows.share_here for part, rows in published.items() if rows.is_recognised
    }
    facts["duplicates"] = duplicate_facts(dataset)
    if dataset.train.has_patients:
        facts["image_level_split"] = image_level_split_facts(dataset)
    if images is not None:
        facts["images"] = image_facts(dataset, images)
    if files is not None:
        facts["files"] = file_facts(files)
    named = {} if images is None else named_images(dataset, images)
    # Where there are no files nothing was looked for, and nothing found is no comfort.
    same_bytes = same_bytes_pairs(named) if any(named.values()) else None
    if files is not None and not files.height:
        files = None
    linked = listed_pairs(dataset) | (same_bytes or set())
    pixels = None if files is None else equal_in_pixels(files)
    facts["duplicate_evidence"] = evidence_facts(dataset, same_bytes, pixels, same_pictures)
    told = giveaways(dataset.train.table, files, sorted(linked | (pixels or set())))
    facts["shortcuts"] = [one.as_json() for one in told]
    if pixels is not None:
        same_pictures = sorted({*(pixels - (same_bytes or set())), *(same_pictures or ())})
    seen = Seen(dataset, images, facts, published, same_bytes, same_pictures, files, told)
    findings = [finding for check in CHECKS for finding in check(seen)]
    findings.sort(key=lambda finding: LEVELS.index(finding.level))
    layout = dataset.layout
    return Audit(layout.name, layout.sentence(), facts, tuple(findings), tuple(told))
