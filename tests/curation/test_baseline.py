"""What a baseline accepts is shown and does not fail; what has grown or is new does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cygnet.cohort.table import read_dataset
from cygnet.curation.audit import Audit, audit
from cygnet.curation.baseline import read_baseline, with_baseline, write_baseline
from cygnet.errors import InputError


def audited(folder: Path, *contradicting: int, n_rows: int = 12) -> Audit:
    """Audit a table whose rows ``contradicting`` say nevus and target 1."""
    rows = [
        f"ISIC_{n:07d},IP_{n:07d},{'nevus' if n in contradicting or n else 'melanoma'},"
        f"{int(n in contradicting or n == 0)}"
        for n in range(n_rows)
    ]
    path = folder / "table.csv"
    path.write_text("image_name,patient_id,diagnosis,target\n" + "\n".join(rows) + "\n")
    return audit(read_dataset(path, for_audit=True))


def test_accepted_findings_are_shown_and_do_not_fail(tmp_path: Path) -> None:
    found = audited(tmp_path, 3)
    assert not found.ok
    file = tmp_path / "baseline.json"
    write_baseline(file, found)
    accepted = with_baseline(audited(tmp_path, 3), read_baseline(file))
    assert accepted.ok
    assert accepted.n_accepted == len(accepted.findings) == len(found.findings)
    assert accepted.n_by_level["error"] == 0
    assert accepted.as_json()["findings"][0]["accepted"] is True


@pytest.mark.parametrize(
    ("then", "now", "ok"),
    [
        ((3,), (3, 4), False),
        ((3, 4), (3,), True),
        ((3,), (4,), False),
        ((1, 2, 3, 4, 5, 6), (2, 3, 4, 5, 6, 7), True),
        ((1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5, 6, 7), False),
    ],
)
def test_what_has_grown_or_moved_is_new(
    tmp_path: Path, then: tuple[int, ...], now: tuple[int, ...], ok: bool
) -> None:
    file = tmp_path / "baseline.json"
    write_baseline(file, audited(tmp_path, *then))
    assert with_baseline(audited(tmp_path, *now), read_baseline(file)).ok is ok


def test_a_finding_is_known_by_its_key_and_by_no_sentence(tmp_path: Path) -> None:
    found = audited(tmp_path, 3)
    file = tmp_path / "baseline.json"
    write_baseline(file, found)
    reworded = tuple(replace(one, message="said otherwise") for one in found.findings)
    assert with_baseline(replace(found, findings=reworded), read_baseline(file)).ok


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cygnet_audit_baseline": 2, "accepted": []}', "null", "\x00"]
)
def test_something_else_is_no_baseline(tmp_path: Path, text: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(InputError, match="not a baseline"):
        read_baseline(file)


def test_a_baseline_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_baseline(tmp_path / "none.json")


def test_a_person_may_write_one(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    entry = {"key": "diagnosis-contradicts-target:train", "count": 9}
    file.write_text(json.dumps({"cygnet_audit_baseline": 1, "accepted": [entry]}))
    assert with_baseline(audited(tmp_path, 1, 2, 3, 4, 5, 6), read_baseline(file)).ok
