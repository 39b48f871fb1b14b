"""From DATA to a RUN: audit, pack, folds, train, context, score, predict, report.

Every part writes whole files and reads them back when the run is resumed, so a run that was killed
anywhere goes on where it was. Nothing here computes; each part is a room's.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from cygnet.durable import write_text_whole
from cygnet.errors import MissingExtraError
from cygnet.evaluation import Estimate, ScoreCard
from cygnet.pipeline.following import handed_over
from cygnet.pipeline.request import (
    Progress,
    RunRecord,
    RunRequest,
    note_circumstances,
    open_run,
)

if TYPE_CHECKING:
    from cygnet.curation.findings import Level
    from cygnet.pipeline.context_job import ContextResult
    from cygnet.pipeline.inputs import Prepared, Tables
    from cygnet.pipeline.results import OutOfFold, Scored
    from cygnet.training.crossval import TrainingPlan

_NEEDED = ("torch", "torchvision", "timm", "safetensors", "onnx", "onnxscript", "tensorboardX")


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to: its numbers, what they stand beside, and what a reader must know."""

    out: Path
    card: ScoreCard
    shortcuts: dict[str, tuple[str, Estimate]]
    notices: list[str]
    report: Path | None


def require_train_extra() -> None:
    """Raise :class:`MissingExtraError` unless what training needs is installed."""
    lacking = [name for name in _NEEDED if find_spec(name) is None]
    if lacking:
        raise MissingExtraError.of(
            f"Training needs packages that are not installed: {', '.join(lacking)}.",
            "Install them with: pip install 'cygnet[train]'",
        )


def _counted_levels(n_by_level: Mapping["Level", int]) -> str:
    return ", ".join(
        f"{count} {level}{'' if count == 1 else 's'}" for level, count in n_by_level.items()
    )


def run(request: RunRequest, progress: Progress) -> RunResult:
    """Do the whole job; raise :class:`cygnet.errors.InputError` for what the user can mend."""
    require_train_extra()
    return _Run(request, progress).to_report()


def train(request: RunRequest, progress: Progress) -> RunResult:
    """Do the job up to the scored, exported model; leave out submission and report."""
    require_train_extra()
    return _Run(request, progress).to_model()


class _Run:
    """One run: the parts in order, what each hands to the next, and the clock."""

    def __init__(self, request: RunRequest, progress: Progress) -> None:
        self.request, self.progress, self.out = request, progress, request.out
        self.notices: list[str] = list(request.remarks)

    def to_model(self) -> RunResult:
        """Run to ``model.onnx`` and ``metrics.json``."""
        tables, record, prepared, result = self._trained()
        scored = self._scored(tables, record, prepared, result)
        record.note(status="trained", notices=self.notices)
        return self._result(scored, self.notices, None)

    def to_report(self) -> RunResult:
        """Run to ``report.html``."""
        tables, record, prepared, result = self._trained()
        judged = self._context(tables, record, prepared, result)
        with self._timed(record, "predict test set"):
            sentence = self._submission(tables, prepared)
        if sentence is not None:
            self.notices.append(sentence)
        scored = self._scored(tables, record, prepared, result)
        from cygnet.pipeline.page import context_sentence, write_report

        self._say("writing the report")
        context = context_sentence(prepared.train)
        notices = [*self.notices, *([context] if context else [])]
        page = self.out / "report.html"
        write_report(page, self.request, record, tables, prepared, result, scored, notices, judged)
        record.note(status="done", notices=notices)
        return self._result(scored, notices, page)

    def _trained(self) -> "tuple[Tables, RunRecord, Prepared, OutOfFold]":
        from cygnet.pipeline import results
        from cygnet.training.crossval import train_folds
        from cygnet.training.processes import leave

        with handed_over() as hand_over:
            tables, record, prepared, plan = self._prepared()
            hand_over(plan)
        with (
            self._timed(record, "train"),
            self.progress.bar("training", plan.n_image_passes()) as advance,
        ):
            held_out = train_folds(plan, self.out, advance)
        leave()
        result = results.calibrated(prepared, held_out)
        results.write_out_of_fold(self.out, prepared, held_out, result)
        if not (self.out / "model.onnx").is_file():
            with self._timed(record, "export"):
                self._say("exporting model.onnx")
                results.export_model(self.request, prepared, result)
        return tables, record, prepared, result

    def _prepared(self) -> "tuple[Tables, RunRecord, Prepared, TrainingPlan]":
        from cygnet.pipeline import inputs
        from cygnet.training.crossval import check_start, statistics_sentence
        from cygnet.training.machine import arithmetic

        request = self.request
        tables = inputs.read_tables(request.data, request.extra)
        self._say(tables.dataset.layout.sentence())
        audit = inputs.audited(tables)
        self._say(f"the audit found {_counted_levels(audit.n_by_level)}")
        inputs.check_missing(request, tables)
        check_start(request.recipe, request.weights)
        record = open_run(request, tables.paths())
        document = json.dumps(audit.as_json(), indent=2, allow_nan=False) + "\n"
        write_text_whole(self.out / "audit.json", document)
        with self._timed(record, "pack"):
            prepared = inputs.prepare(request, tables, self.progress)
        self.notices += prepared.notices
        plan = inputs.training_plan(request, prepared)
        self._say(f"training {request.recipe.sentence()}")
        differing = note_circumstances(record, arithmetic(request.recipe.machine))
        for sentence in (differing, statistics_sentence(plan)):
            if sentence is not None:
                self._say(sentence)
                self.notices.append(sentence)
        return tables, record, prepared, plan

    def _context(
        self, tables: "Tables", record: RunRecord, prepared: "Prepared", result: "OutOfFold"
    ) -> "ContextResult | None":
        """Judge patient context where there are patients enough; the scores stay as they are."""
        from cygnet.pipeline.page import context_sentence

        if context_sentence(prepared.train) is not None:
            return None
        from cygnet.pipeline.context_job import judge_run
        from cygnet.training.export import add_context

        with self._timed(record, "judge context"):
            judged = judge_run(
                self.out,
                prepared.train.with_columns(
                    probability=pl.Series(result.probability), fold=pl.Series(prepared.folds)
                ),
                result.embedding,
                tables.dataset.duplicates,
                workers=self.request.workers,
                progress=self.progress,
            )
            document = (self.out / "context.json").read_text(encoding="utf-8")
            add_context(self.out / "model.onnx", document)
            return judged

    def _submission(self, tables: "Tables", prepared: "Prepared") -> str | None:
        from cygnet.pipeline import results

        if prepared.test is None or prepared.test.height == 0:
            return None
        with self.progress.bar("predicting the test set", prepared.test.height) as advance:
            return results.write_submission(self.out, tables, prepared, advance)

    def _scored(
        self, tables: "Tables", record: RunRecord, prepared: "Prepared", result: "OutOfFold"
    ) -> "Scored":
        from cygnet.pipeline import results
        from cygnet.pipeline.page import prevalence_note

        self._say("scoring")
        note = prevalence_note(tables, prepared)
        with self._timed(record, "score"):
            card = results.score(prepared, result, seed=self.request.recipe.seed, note=note)
            scored = results.Scored(card, results.shortcuts(tables, prepared))
        results.write_metrics(self.out, scored)
        return scored

    def _result(self, scored: "Scored", notices: list[str], page: Path | None) -> RunResult:
        shortcuts = {name: (one.label, one.auroc) for name, one in scored.shortcuts.items()}
        return RunResult(self.out, scored.card, shortcuts, notices, page)

    def _say(self, text: str) -> None:
        self.progress.say(text)

    @contextmanager
    def _timed(self, record: RunRecord, part: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            record.add_seconds(part, time.perf_counter() - started)
