# ruff: noqa: INP001 - a script, no package
"""Is a pinned dependency known to be vulnerable? Ends with 1 where one is, and names it.

Asks PyPI, then OSV. Where neither can be reached it says that nothing was audited and ends with 0,
so that a machine without a network can run the rest; with AUDIT_REQUIRED=1 that is a failure too.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).parent.parent / "requirements" / "dev.txt"
SERVICES = ("pypi", "osv")


def audited(service: str) -> list[dict[str, Any]]:
    """Give the dependencies that ``service`` knows, with their vulnerabilities; none: no answer."""
    command = ["pip-audit", "--requirement", str(REQUIREMENTS), "--disable-pip", "--require-hashes"]
    more = ["--format", "json", "--progress-spinner", "off", "--vulnerability-service", service]
    done = subprocess.run(  # noqa: S603 - no word of it is from outside
        [*command, *more], capture_output=True, text=True, check=False
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = done.stderr.strip().splitlines() or ["no answer"]
        sys.stderr.write(f"audit: {service}: {said[-1][:200]}\n")
        return []
    # A registry that does not know a package answers nothing about it: that is no clean bill.
    return [one for one in found if "skip_reason" not in one]


def findings(known: list[dict[str, Any]]) -> Iterator[str]:
    """Name every vulnerability, with the versions that mend it."""
    for one in known:
        for what in one["vulns"]:
            mended = ", ".join(what["fix_versions"]) or "no version"
            yield f"{one['name']} {one['version']}: {what['id']}, mended by {mended}"


def main() -> int:
    """Audit, print, and give the exit status."""
    for service in SERVICES:
        known = audited(service)
        if known:
            found = list(findings(known))
            sys.stdout.writelines(f"{line}\n" for line in found)
            counts = f"{len(known)} dependencies, {len(found)} vulnerabilities"
            sys.stdout.write(f"audit: {counts} ({service}).\n")
            return int(bool(found))
    sys.stderr.write("audit: SKIPPED, no vulnerability service can be reached.\n")
    return int(os.environ.get("AUDIT_REQUIRED") == "1")


if __name__ == "__main__":
    sys.exit(main())
