"""A context stage changes predictions only where it was found to help, fold by fold."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from context_cohort import draw_cohort
from cygnet.context.lesions import Scale, make_lesions
from cygnet.context.stage import Stage, fit_stage
from cygnet.errors import ModelError
from cygnet.inference.model import open_model
from cygnet.inference.predict import PredictedImages
from cygnet.pipeline.context_apply import (
    read_stage,
    says_without_context,
    stage_of,
    with_context,
)


@pytest.fixture(scope="module")
def cohort() -> pl.DataFrame:
    return draw_cohort(5, n_patients=80, signature=2.0)


@pytest.fixture(scope="module")
def stage(cohort: pl.DataFrame) -> Stage:
    lesions = make_lesions(cohort)
    scale = Scale.of(lesions.logit, lesions.fold)
    return fit_stage(lesions, cohort["target"].to_numpy(), scale, supported=True)


def predicted_of(table: pl.DataFrame) -> PredictedImages:
    by_fold = np.stack([table["probability"].to_numpy(), table["probability"].to_numpy() ** 2], 1)
    return PredictedImages(table["image_name"].to_list(), [0, 3], by_fold, [], [])


def test_it_is_applied_to_each_fold_and_averaged_last(stage: Stage) -> None:
    new = draw_cohort(6, n_patients=10, signature=2.0)
    predicted = predicted_of(new)
    found = with_context(stage, predicted, new.reverse())
    each = [
        stage(
            make_lesions(
                new.with_columns(
                    probability=pl.Series(predicted.by_fold[:, at]), fold=pl.lit(fold)
                ),
                scale=stage.scale,
            )
        )
        for at, fold in ((0, 0), (1, 3))
    ]
    assert found == pytest.approx(np.mean(each, axis=0), abs=1e-12)
    assert not np.allclose(found, predicted.probability)


def test_a_fold_that_the_stage_does_not_know_is_refused(stage: Stage) -> None:
    new = draw_cohort(6, n_patients=10)
    with pytest.raises(Exception, match="knows no fold 9"):
        with_context(stage, replace(predicted_of(new), folds=[0, 9]), new)


def test_it_says_why_the_image_model_speaks_alone(stage: Stage, cohort: pl.DataFrame) -> None:
    known = cohort
    nobody = cohort.with_columns(patient_id=pl.lit(None, pl.String))
    assert says_without_context(stage, known) is None
    for one, table, said in (
        (None, known, "no context stage"),
        (replace(stage, supported=False), known, "did not help"),
        (stage, nobody, "No patients are known"),
        (stage, None, "No patients are known"),
    ):
        assert said in (says_without_context(one, table) or "")


def test_the_stage_is_read_back_from_the_model_and_a_broken_one_is_named(
    stage: Stage, cohort: pl.DataFrame
) -> None:
    file = Path("model.onnx")
    read = read_stage(json.dumps(stage.as_json()), file)
    lesions = make_lesions(cohort, scale=read.scale)
    assert read(lesions) == pytest.approx(stage(lesions), abs=1e-12)
    for text in ("{", "{}", '{"format": 1}'):
        with pytest.raises(ModelError):
            read_stage(text, file)


@pytest.mark.parametrize("text", ["null", "[]", '{"format": 2, "scale": []}', "[" * 100_000])
def test_a_document_of_another_shape_is_no_stage(text: str) -> None:
    # Found by fuzzing: each of these ended in a traceback.
    with pytest.raises(ModelError, match="no context stage"):
        read_stage(text, Path("model.onnx"))


def test_the_stage_travels_inside_the_model(
    stage: Stage, cohort: pl.DataFrame, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    from cygnet.training.export import add_context
    from exported import write_small_model

    model = tmp_path / "model.onnx"
    write_small_model(model)
    assert stage_of(open_model(model)) is None
    noise = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    before = open_model(model).predict(noise)
    for _ in range(2):  # A second run replaces the first one's.
        add_context(model, json.dumps(stage.as_json()))
    read = stage_of(open_model(model))
    assert read is not None
    lesions = make_lesions(cohort, scale=read.scale)
    assert read(lesions) == pytest.approx(stage(lesions), abs=1e-12)
    assert open_model(model).predict(noise).logit == pytest.approx(before.logit, abs=0)
