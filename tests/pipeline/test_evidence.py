"""What a model takes along of its own evaluation."""

import json
from pathlib import Path

import numpy as np
import polars as pl

from context_cohort import draw_cohort
from cygnet.pipeline.context_apply import read_stage
from cygnet.pipeline.evidence import (
    evenly_chosen,
    patients_of,
    score_document,
    skin_document,
)
from reader_world import drawn_pixels


def test_an_image_without_a_patient_is_one_of_its_own() -> None:
    table = pl.DataFrame({"patient_id": ["a", None, "a", None]})
    assert len(set(patients_of(table))) == 3


def test_scores_are_counted_as_json() -> None:
    cohort = draw_cohort(1)
    found = score_document(cohort["target"], cohort["probability"], patients_of(cohort))
    assert found is not None
    assert found["n_images"] == cohort.height
    assert len(json.dumps(found)) < 5000


def test_too_few_melanomas_are_no_evidence() -> None:
    assert score_document([1, 0], [0.9, 0.1], ["a", "b"]) is None


def test_skin_is_told_by_the_angles_between_which_nearly_all_lie() -> None:
    pictures = np.stack([drawn_pixels(seed, 64) for seed in range(12)])
    found = skin_document(pictures)
    assert found is not None
    low, high = found["ita_degrees"]
    assert low <= high
    assert found["n"] == 12


def test_pictures_without_skin_tell_no_tone() -> None:
    assert skin_document(np.tile(np.array([0, 120, 0], np.uint8), (3, 64, 64, 1))) is None


def test_names_are_chosen_evenly() -> None:
    names = [str(at) for at in range(1000)]
    chosen = evenly_chosen(names, 5)
    assert chosen == ["0", "250", "500", "749", "999"]


def test_a_stage_with_counts_beside_it_is_read_as_before(tmp_path: Path) -> None:
    from context_cohort import lesions_of
    from cygnet.context.lesions import Scale
    from cygnet.context.stage import fit_stage

    lesions, target = lesions_of(draw_cohort(2, n_patients=80))
    stage = fit_stage(lesions, target, Scale.of(lesions.logit, lesions.fold), supported=True)
    document = json.dumps({**stage.as_json(), "evidence": {"n": [1]}})
    assert read_stage(document, tmp_path / "context.json").supported
