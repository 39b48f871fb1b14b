"""From anybody's out-of-fold scores and their table to a judged context stage, in one folder.

Refuses scores whose folds split a patient, ids that the table lacks, and embeddings that are
missing: each would make context look better than it is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from cygnet.breakdown import AGE_BAND, subgroup_columns
from cygnet.cohort.folds import component_codes, read_folds
from cygnet.cohort.table import Dataset, read_dataset
from cygnet.context.axes import Axes
from cygnet.context.circumstances import AGE, age_offset
from cygnet.context.judgement import Judgement, judge
from cygnet.context.lesions import Floats, Lesions, Scale, make_lesions
from cygnet.context.set_network import Trainer
from cygnet.context.stage import Stage, fit_stage
from cygnet.context.trials import artefact_tasks, run_tasks, tasks_of
from cygnet.durable import write_text_whole
from cygnet.errors import MAX_SHOWN, Fault, Offender, StorageError, TableError
from cygnet.pipeline.evidence import patients_of, score_document
from cygnet.pipeline.request import Progress
from cygnet.predictions import read_predictions, write_predictions

_BREAKDOWN = ("sex", AGE_BAND, "anatom_site_general_challenge")
_SOURCE = {AGE_BAND: "age_approx"}
_FEW, _MANY = 8, 30


@dataclass(frozen=True, slots=True, eq=False)
class ContextScores:
    """Out-of-fold scores beside their table: one row an image, in the order of the scores."""

    table: pl.DataFrame
    lesions: Lesions
    target: NDArray[np.int64]
    scale: Scale
    notices: tuple[str, ...]
    axes: Axes | None = None


@dataclass(frozen=True, slots=True)
class ContextResult:
    """What was judged and where it lies."""

    judgement: Judgement
    scores: ContextScores
    stage: Stage
    out: Path

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader must know of the scores."""
        return self.scores.notices

    def as_json(self) -> dict[str, object]:
        """Give the document of ``context --json``."""
        return {**self.judgement.as_json(), "stage": self.stage.chosen, "notes": list(self.notices)}


def judge_context(
    oof: Path,
    data: Path,
    out: Path,
    *,
    embeddings: Path | None = None,
    artefacts: bool = False,
    workers: int | None = None,
    progress: Progress,
) -> ContextResult:
    """Fit and judge the context stage on the scores ``oof``; write it into the folder ``out``.

    ``context.json`` is the stage, ``judgement.json`` the judgement, ``without.csv`` and
    ``with.csv`` the nested predictions of both arms, means over the splits. ``artefacts`` adds
    image size, row order and the count one at a time. Raises :class:`TableError` for scores that
    do not fit the table, and :class:`StorageError` where ``out`` is there and not empty.
    """
    if out.exists() and any(out.iterdir()):
        raise StorageError.of(f"{out} is not empty.", "Give a new folder.", file=out)
    scores = read_scores(oof, data, embeddings)
    for notice in scores.notices:
        progress.say(notice)
    return _judged(scores, out, artefacts=artefacts, workers=workers, progress=progress)


def judge_run(
    out: Path,
    table: pl.DataFrame,
    vectors: NDArray[np.float32],
    duplicates: pl.DataFrame,
    *,
    workers: int | None = None,
    progress: Progress,
) -> ContextResult:
    """Judge context on a run's own out-of-fold scores and write it beside them, into ``out``.

    ``table`` is the run's training table with ``probability`` and ``fold``, ``vectors``
    ``(n_images, n_dimensions)`` its embeddings in the same order.
    """
    return _judged(
        scores_of(table, duplicates, vectors),
        out,
        artefacts=False,
        workers=workers,
        progress=progress,
    )


def _judged(
    scores: ContextScores, out: Path, *, artefacts: bool, workers: int | None, progress: Progress
) -> ContextResult:
    trainer = set_network_trainer() if scores.axes is not None else None
    if scores.axes is not None and trainer is None:
        progress.say("torch is not installed: the set network is not among the learners.")
    tasks = tasks_of(scores.lesions, scores.target, trainer=trainer)
    if artefacts:
        tasks += artefact_tasks(scores.lesions, scores.target, _artefacts(scores))
    with progress.bar("Trying context", len(tasks)) as advance:
        trials = run_tasks(tasks, workers=workers, advance=advance)
    judgement = judge(scores.lesions, scores.target, trials, groups=_groups(scores))
    stage = fit_stage(
        scores.lesions,
        scores.target,
        scores.scale,
        supported=judgement.supported,
        axes=scores.axes,
        trainer=trainer,
    )
    result = ContextResult(judgement, scores, stage, out)
    out.mkdir(parents=True, exist_ok=True)
    document = json.dumps(result.as_json(), indent=2, allow_nan=False)
    write_text_whole(out / "judgement.json", document + "\n")
    names = scores.table["image_name"].to_list()
    for name, place in (("without", 0), ("with", 1)):
        splits = [one.predicted[place].probability for one in trials if one.kind == "split"]
        mean = np.clip(np.mean(splits, axis=0), 0, 1)
        write_predictions(out / f"{name}.csv", names, mean)
    # The last is that of the arm with context.
    counted = score_document(scores.target, mean, patients_of(scores.table))
    kept = {**stage.as_json(), "evidence": counted}
    write_text_whole(out / "context.json", json.dumps(kept, allow_nan=False) + "\n")
    return result


def set_network_trainer() -> Trainer | None:
    """Give what fits the set network, or ``None`` where torch is not installed."""
    if find_spec("torch") is None or find_spec("onnx") is None:
        return None
    from cygnet.training.set_network import train_set_network

    return train_set_network


def read_scores(oof: Path, data: Path, embeddings: Path | None = None) -> ContextScores:
    """Read scores and table, joined by id.

    Raises :class:`TableError` for what cannot be scored, ids that ``data`` lacks, images without a
    target or a fold, a patient whose images lie in several folds, and missing embeddings.
    """
    dataset = read_dataset(data)
    known = dataset.train.table
    scores = read_predictions(oof)
    surplus = scores.join(known, on="image_name", how="anti")
    if surplus.height:
        raise TableError.of(
            "Scores are of images that the table lacks.",
            "Give the table that the scores were made of.",
            file=oof,
            offenders=list(map(Offender, surplus["image_name"][:MAX_SHOWN], surplus["row"])),
            count=surplus.height,
        )
    folds = read_folds(oof, scores.select("image_name"))
    table = (
        scores.select("image_name", probability="target")
        .join(folds, on="image_name", how="left", maintain_order="left")
        .join(known, on="image_name", how="left", maintain_order="left")
    )
    _refuse(table, oof, dataset)
    vectors = None if embeddings is None else _read_embeddings(embeddings, table)
    return scores_of(table, dataset.duplicates, vectors, _notices(table, known))


def scores_of(
    table: pl.DataFrame,
    duplicates: pl.DataFrame,
    vectors: NDArray[np.float32] | None,
    notices: tuple[str, ...] = (),
) -> ContextScores:
    """Give the lesions of a checked table, of which listed ``duplicates`` are one each.

    ``table`` has ``image_name``, ``patient_id``, ``lesion_id``, ``target``, ``probability`` and
    ``fold``; ``vectors`` are its embeddings ``(n_images, n_dimensions)`` in the same order.
    """
    table = table.with_columns(lesion_id=_lesions_of(table, duplicates))
    axes = None
    if vectors is not None:
        fold = table["fold"].cast(pl.Int64).fill_null(-1).to_numpy()
        axes = Axes.of(vectors, fold)
        vectors = axes(vectors, fold)
    lesions = make_lesions(table, embedding=vectors)
    return ContextScores(
        table,
        lesions,
        table["target"].to_numpy().astype(np.int64),
        Scale.of(lesions.logit, lesions.fold),
        notices,
        axes,
    )


def _refuse(table: pl.DataFrame, oof: Path, dataset: Dataset) -> None:
    faults = []
    if table["target"].null_count():
        lacking = table.filter(pl.col("target").is_null())["image_name"]
        faults.append(
            Fault(
                "Images of the scores have no target.",
                "Leave them out.",
                dataset.train.file,
                tuple(map(Offender, lacking[:MAX_SHOWN])),
                lacking.len(),
            )
        )
    split = (
        table.filter(pl.col("patient_id").is_not_null())
        .group_by("patient_id")
        .agg(pl.col("fold").n_unique())
        .filter(pl.col("fold") > 1)
        .sort("patient_id")
    )
    if split.height:
        faults.append(
            Fault(
                "Images of one patient lie in several folds: the model that scored one saw others.",
                "Score again with folds that keep patients whole (cygnet cohort folds).",
                oof,
                tuple(map(Offender, split["patient_id"][:MAX_SHOWN])),
                split.height,
            )
        )
    if faults:
        raise TableError(*faults)


def _lesions_of(table: pl.DataFrame, duplicates: pl.DataFrame) -> pl.Series:
    """Give each image its lesion; listed duplicates are one, whatever their identifiers."""
    nobody = pl.lit(None, pl.String)
    alike = table.with_columns(patient_id=nobody)
    pairs = duplicates.select("image_name_1", "image_name_2").iter_rows()
    return pl.Series(component_codes(alike, list(pairs)))


def _read_embeddings(path: Path, table: pl.DataFrame) -> NDArray[np.float32]:
    try:
        with pa.memory_map(str(path)) as source:
            read = pa.ipc.open_file(source).read_all().combine_chunks()
        names, vectors = read["image_name"].to_pylist(), read["vector"].chunk(0)
        found = np.array(vectors.values, dtype=np.float32).reshape(len(names), -1)
    except (OSError, KeyError, pa.ArrowInvalid, AttributeError, ValueError) as error:
        raise TableError.of(
            f"These are no embeddings: {error}.",
            "Give embeddings.arrow of a RUN (image_name, fold, vector).",
            file=path,
        ) from error
    place = {name: row for row, name in enumerate(names)}
    lacking = [name for name in table["image_name"] if name not in place]
    if lacking:
        raise TableError.of(
            "Images of the scores have no embedding.",
            "Give the embeddings of the run that gave the scores, or leave them out.",
            file=path,
            offenders=[Offender(name) for name in lacking[:MAX_SHOWN]],
            count=len(lacking),
        )
    return found[[place[name] for name in table["image_name"]]]


def _notices(table: pl.DataFrame, known: pl.DataFrame) -> tuple[str, ...]:
    notices = []
    left_out = known.height - table.height
    if left_out:
        notices.append(
            f"{left_out:,} of the {known.height:,} images of the table have no score: a patient's "
            "lesions are those that have one."
        )
    nameless = table["patient_id"].null_count()
    if nameless:
        notices.append(f"{nameless:,} images have no patient: each is judged alone.")
    if table["probability"].n_unique() == 1:
        notices.append("All scores are equal: no lesion is unlike another.")
    return tuple(notices)


def _groups(scores: ContextScores) -> Mapping[str, Mapping[str, NDArray[np.bool_]]]:
    """Give the images of each subgroup in which the gain is shown."""
    n = scores.lesions.counts()[0]
    bearing = np.bincount(scores.lesions.patient, scores.target, scores.lesions.n_patients)
    melanomas = bearing[scores.lesions.patient]
    found: dict[str, dict[str, NDArray[np.bool_]]] = {
        "images of the patient": {
            f"fewer than {_FEW}": n < _FEW,
            f"{_FEW} to {_MANY - 1}": (n >= _FEW) & (n < _MANY),
            f"{_MANY} and more": n >= _MANY,
        },
        "melanomas of the patient": {
            "none or one": melanomas < 2,
            "none or several": melanomas != 1,
        },
    }
    if "diagnosis" in scores.table.columns:
        diagnosis = scores.table["diagnosis"].fill_null("").to_numpy()
        nevus = (diagnosis == "nevus") | (scores.target == 1)
        found["diagnosis"] = {"melanoma or nevus": nevus}
    present = [name for name in _BREAKDOWN if scores.table[_SOURCE.get(name, name)].count()]
    for column, values in subgroup_columns(scores.table, present).items():
        levels = sorted({str(value) for value in values if value is not None})
        found[column] = {level: values == level for level in levels}
    return found


def _artefacts(scores: ContextScores) -> dict[str, Floats]:
    """Give what must never enter, to be added one at a time and seen for what it is."""
    found = {"log_n_images": np.log(scores.lesions.counts()[0].astype(np.float64))}
    table = scores.table
    if table["width_px"].null_count() < table.height:
        pixels = (table["width_px"].cast(pl.Float64) * table["height_px"]).log()
        found["log_pixels"] = pixels.fill_null(pixels.median()).to_numpy().astype(np.float64)
    if (offset := age_offset(scores.lesions)) is not None:
        found[AGE] = offset
    found["row_order"] = np.arange(table.height, dtype=np.float64)
    return found
