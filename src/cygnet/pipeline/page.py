"""The page of a run: what its report says of the data, and in which words.

Sentences about what a result can and cannot mean are written here, once, from the data.
"""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cygnet.context.contributions import held_out_contributions
from cygnet.context.resemblance import Space
from cygnet.pipeline.context_job import ContextResult, scores_of, set_network_trainer
from cygnet.pipeline.inputs import Prepared, Tables
from cygnet.pipeline.request import RunRecord, RunRequest
from cygnet.pipeline.results import OutOfFold, Scored
from cygnet.report.baselines import Baseline
from cygnet.report.patient_evidence import PatientEvidence
from cygnet.report.reporting import RunSource
from cygnet.report.run_report import RunReport, write_run_report

_MANY_WITH_BOTH = 100
_SHA256_DIGITS = 64
_COLUMNS = (
    "image_name",
    "patient_id",
    "target",
    "diagnosis",
    "sex",
    "age_approx",
    "anatom_site_general_challenge",
    "width_px",
    "height_px",
)
_FILES = (
    ("oof.csv", "the out-of-fold probability of every image, with its fold"),
    ("metrics.json", "every number of this page"),
    ("model.onnx", "all folds in one file, for cygnet predict"),
    ("embeddings.arrow", "what each fold's network sees in the images it did not learn from"),
    ("folds.csv", "which fold scores which image"),
    ("run.json", "versions, seeds, hashes and times"),
)

_CONTEXT_FILES = (
    ("context.json", "the stage that sees a patient's lesions together"),
    ("judgement.json", "what that stage adds, and whether it may be claimed"),
    ("without.csv, with.csv", "out-of-fold probabilities of both sides, means over the splits"),
)


def write_report(
    path: Path,
    request: RunRequest,
    record: RunRecord,
    tables: Tables,
    prepared: Prepared,
    result: OutOfFold,
    scored: Scored,
    notices: list[str],
    context: ContextResult | None = None,
) -> None:
    """Write ``report.html``."""
    oof = prepared.train.select(_COLUMNS).with_columns(
        probability=pl.Series(result.probability), fold=pl.Series(prepared.folds)
    )
    document = record.document
    report = RunReport(
        title=request.title,
        subtitle=tables.dataset.layout.sentence(),
        created=datetime.now(UTC),
        oof=oof,
        score=scored.card,
        baselines=[Baseline(one.label, one.sees, one.auroc) for one in scored.shortcuts.values()],
        facts=facts(prepared),
        missing=_missing_values(prepared.train),
        notices=notices,
        thumbnails=prepared.picture,
        squashed=request.recipe.network.geometry == "squash",
        command=document["command"],
        recipe=request.recipe.model_dump(exclude_none=True),
        versions=document["versions"],
        seeds=document["seeds"],
        hashes={k: v for k, v in document["fingerprint"].items() if len(v) == _SHA256_DIGITS},
        seconds=document.get("seconds", {}),
        machine=_machine_sentence(document["machine"]),
        files=_FILES if context is None else (*_FILES, *_CONTEXT_FILES),
        context=None if context is None else context.judgement,
        prevalence_note=prevalence_note(tables, prepared),
        seed=request.recipe.seed,
        source=_source(tables, prepared, document.get("arithmetic", {})),
        patients=_patients(tables, prepared, result, context),
    )
    write_run_report(report, path)


def _patients(
    tables: Tables, prepared: Prepared, result: OutOfFold, context: ContextResult | None
) -> PatientEvidence:
    """Give what the page may say of a patient's lesions, with context where it was judged."""
    if context is not None:
        lesions, stage = context.scores.lesions, context.stage
        return PatientEvidence(
            lesions,
            stage.features.space,
            held_out_contributions(
                stage, lesions, context.scores.target, trainer=set_network_trainer()
            ),
            supported=stage.supported,
        )
    scored = prepared.train.with_columns(
        probability=pl.Series(result.probability), fold=pl.Series(prepared.folds)
    )
    lesions = scores_of(scored, tables.dataset.duplicates, result.embedding).lesions
    return PatientEvidence(
        lesions, Space.of(lesions), why_not=context_sentence(prepared.train) or ""
    )


def _source(tables: Tables, prepared: Prepared, arithmetic: dict[str, object]) -> RunSource:
    dataset = tables.dataset
    found = (dataset.train, dataset.test)
    return RunSource(
        layout=dataset.layout.title,
        tables=tuple(cohort.file.name for cohort in found if cohort is not None),
        n_listed=dataset.train.table.height,
        n_test=None if dataset.test is None else dataset.test.table.height,
        extra_tables=tuple(other.train.file.name for other in tables.extra),
        n_extra=0 if prepared.extra is None else len(prepared.extra),
        arithmetic=arithmetic,
    )


def prevalence_note(tables: Tables, prepared: Prepared) -> str | None:
    """Say why prevalence-dependent numbers do not transfer, where a part of the table is absent."""
    whole = tables.dataset.train.table
    if prepared.train.height == whole.height:
        return None
    per_class = {}
    for target in (0, 1):
        present = int((prepared.train["target"] == target).sum())
        per_class[target] = int((whole["target"] == target).sum()) / max(present, 1)
    return (
        f"Only {prepared.train.height:,} of {whole.height:,} images are here. A benign image "
        f"stands for {per_class[0]:.3g} of the table's, a malignant one for {per_class[1]:.3g}, so "
        "numbers that depend on the prevalence of melanoma (precision, calibration, net benefit) "
        "do not transfer to the whole table."
    )


def context_sentence(train: pl.DataFrame) -> str | None:
    """Say that patient context cannot be judged, where too few patients allow a comparison."""
    if train["patient_id"].null_count() == train.height:
        return "The table names no patients: every image is taken for a patient of its own."
    patient = train.group_by("patient_id").agg(n=pl.len(), n_targets=pl.col("target").n_unique())
    n_both = int((patient["n_targets"] == 2).sum())
    n_single = int((patient["n"] == 1).sum())
    if n_both >= _MANY_WITH_BOTH:
        return None
    return (
        f"Of the {patient.height:,} patients {n_single:,} have one image here and {n_both:,} have "
        "both a melanoma and a benign lesion: patient context cannot be judged on these images."
    )


def facts(prepared: Prepared) -> list[tuple[str, str]]:
    """Give what the data are, as label and value."""
    train = prepared.train
    n_malignant = int(train["target"].sum())
    n_patients = train["patient_id"].drop_nulls().n_unique()
    found = [
        ("Images scored", f"{train.height:,}"),
        ("Patients", f"{n_patients:,}" if n_patients else "not named"),
        ("Melanomas", f"{n_malignant:,} ({n_malignant / train.height:.1%} of the images)"),
    ]
    if prepared.extra is not None:
        found.append(("Extra images learnt from", f"{len(prepared.extra):,}"))
    if prepared.test is not None:
        found.append(("Test images, no labels", f"{prepared.test.height:,}"))
    return found


def _missing_values(train: pl.DataFrame) -> list[tuple[str, str]]:
    labels = {
        "sex": "Sex",
        "age_approx": "Age",
        "anatom_site_general_challenge": "Site",
        "width_px": "Original size",
    }
    return [(label, f"{train[column].null_count():,} images") for column, label in labels.items()]


def _machine_sentence(machine: dict[str, object]) -> str:
    return f"{machine['system']}, {machine['architecture']}, {machine['threads']} processors"
