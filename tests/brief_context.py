"""Context judged in seconds: few patients are enough, few splits are tried."""

from typing import Any

import pytest

from cygnet.context import contributions, nested, trials
from cygnet.pipeline import context_job, page


def judge_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run judge context on the patients of a small cohort, with few splits."""

    def few(lesions: Any, target: Any, **options: Any) -> list[trials.Task]:
        return trials.tasks_of(lesions, target, n_splits=1, n_placebos=2, n_draws=1, **options)

    monkeypatch.setattr(page, "_MANY_WITH_BOTH", 1)
    monkeypatch.setattr(nested, "N_OUTER", 3)
    monkeypatch.setattr(contributions, "N_OUTER", 3)
    monkeypatch.setattr(nested, "N_INNER", 2)
    monkeypatch.setattr(context_job, "tasks_of", few)
