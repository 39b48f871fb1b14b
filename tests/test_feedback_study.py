"""What the committed study of the public board says, held against what was asked of it."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
CYGNET = ("Cygnet, verified teams", "Cygnet, unverified teams")


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        (ROOT / "docs" / "results" / "feedback.json").read_text(encoding="utf-8")
    )
    return document


def test_the_page_is_written_from_the_figures(
    study: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from feedback_tables import page

    text = (ROOT / "docs" / "results" / "feedback.md").read_text(encoding="utf-8")
    assert page(study) == text
    sys.modules.pop("feedback_tables")


def test_files_without_knowledge_reach_at_most_0_55(study: dict[str, Any]) -> None:
    assert set(study["random_files"]) == {"450 teams x 1", "150 teams x 3", "90 teams x 5"}
    for values in study["random_files"].values():
        reached = [max(one) for key, one in values.items() if key.split("|")[0] in CYGNET]
        assert len(reached) == 14
        assert max(reached) <= 0.55
    assert max(max(one) for one in study["climbing"].values()) <= 0.55


def test_boards_without_a_gate_give_the_labels_away(study: dict[str, Any]) -> None:
    for values in study["random_files"].values():
        assert np.mean(values["exact scores|each image"]) > 0.95
        assert np.mean(values["a plain Ladder a team|each image"]) > 0.85
        assert np.mean(values["a gate by cluster DeLong alone|60 images low"]) > 0.85


def test_a_first_number_lies_within_0_03_of_the_truth(study: dict[str, Any]) -> None:
    assert max(study["honest"]["largest_error_of_a_first_number"]) < 0.03
    assert min(study["honest"]["spearman_of_released_and_exact_best"]) > 0.95


def test_one_changed_row_moved_nothing(study: dict[str, Any]) -> None:
    assert sum(study["one_row"]["rows_changed"]) > 1000
    assert sum(study["one_row"]["moved_the_team"]) == 0
