"""Does the audit of dependencies fail on findings, and never call nothing audited a success?"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parent.parent / ".ci" / "audit.py"
VULNERABLE = {
    "name": "django", "version": "5.2.0",
    "vulns": [{"id": "PYSEC-2025-1", "fix_versions": ["5.2.1"], "aliases": []}],
}  # fmt: skip
SOUND = {"name": "numpy", "version": "2.3.0", "vulns": []}
UNKNOWN = {"name": "numpy", "skip_reason": "Dependency not found on PyPI"}


def audit(folder: Path, said: str, **more: str) -> Any:
    """Run the audit before a ``pip-audit`` that says ``said``."""
    stand_in = folder / "pip-audit"
    stand_in.write_text(f"#!{sys.executable}\nprint({said!r})\n")
    stand_in.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **more}
    return subprocess.run(
        [sys.executable, AUDIT], capture_output=True, text=True, check=False, env=environment
    )


def test_a_vulnerability_fails_and_is_named(tmp_path: Path) -> None:
    done = audit(tmp_path, json.dumps({"dependencies": [SOUND, VULNERABLE]}))
    assert done.returncode == 1
    assert "django 5.2.0: PYSEC-2025-1, mended by 5.2.1" in done.stdout


def test_none_is_a_success_that_says_how_many_were_asked_for(tmp_path: Path) -> None:
    done = audit(tmp_path, json.dumps({"dependencies": [SOUND, UNKNOWN]}))
    assert done.returncode == 0
    assert "1 dependencies, 0 vulnerabilities" in done.stdout


@pytest.mark.parametrize("said", ["", "no JSON", json.dumps({"dependencies": [UNKNOWN]})])
def test_nothing_audited_is_said_and_fails_where_it_is_required(tmp_path: Path, said: str) -> None:
    done = audit(tmp_path, said)
    assert done.returncode == 0
    assert "SKIPPED" in done.stderr
    assert audit(tmp_path, said, AUDIT_REQUIRED="1").returncode == 1
