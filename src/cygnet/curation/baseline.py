"""Which findings are known and accepted? A file that says so, kept beside the dataset.

An accepted finding is still shown, as accepted, and does not fail the audit. It is known by its
key, a code and a subject, and stays accepted only while it has not grown: a larger count, or one of
five places or fewer that the file does not name, is a new finding.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cygnet.curation.audit import Audit
from cygnet.curation.findings import Finding
from cygnet.durable import write_text_whole
from cygnet.errors import MAX_SHOWN, InputError

_VERSION: Final = 1
_NAME: Final = "cygnet_audit_baseline"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is accepted of one finding: at most ``count`` places, the first five by ``values``."""

    count: int
    values: tuple[str, ...]

    def covers(self, finding: Finding) -> bool:
        """Say whether ``finding`` is no more than this."""
        if finding.count > self.count:
            return False
        all_shown = max(finding.count, self.count) <= MAX_SHOWN
        return not all_shown or {example.value for example in finding.examples} <= {*self.values}


def with_baseline(audit: Audit, baseline: Mapping[str, Accepted]) -> Audit:
    """Mark the findings of ``audit`` that ``baseline`` accepts."""
    findings = tuple(
        replace(finding, accepted=True)
        if finding.key in baseline and baseline[finding.key].covers(finding)
        else finding
        for finding in audit.findings
    )
    return replace(audit, findings=findings)


def write_baseline(file: Path, audit: Audit) -> None:
    """Write every finding of ``audit`` to ``file`` as accepted, whole or not at all."""
    document = {
        _NAME: _VERSION,
        "accepted": [
            {
                "key": finding.key,
                "level": finding.level,
                "count": finding.count,
                "values": [example.value for example in finding.examples],
            }
            for finding in audit.findings
        ],
    }
    write_text_whole(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def read_baseline(file: Path) -> dict[str, Accepted]:
    """Read what :func:`write_baseline` wrote, or a person did in its form.

    Raises :class:`InputError` when ``file`` cannot be read or is something else.
    """
    try:
        return _accepted(json.loads(file.read_text("utf-8")))
    except OSError as error:
        raise InputError.of(
            f"This cannot be read ({error.strerror}).", "Check the path.", file=file
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError.of(
            "This is not a baseline of an audit.",
            "Make it with: cygnet cohort audit DATA --write-baseline FILE",
            file=file,
        ) from error


def _accepted(document: Any) -> dict[str, Accepted]:
    if document[_NAME] != _VERSION:
        raise ValueError(_NAME)
    return {
        str(one["key"]): Accepted(int(one["count"]), tuple(map(str, one.get("values", ()))))
        for one in document["accepted"]
    }
