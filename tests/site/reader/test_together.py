"""One patient's lesions in order, alone and beside each other."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from context_cohort import draw_cohort, lesions_of
from cygnet.context.lesions import Scale
from cygnet.context.stage import fit_stage
from cygnet.site.reader.asking import About
from cygnet.site.reader.findings import findings_of, table_of
from cygnet.site.reader.judging import Patient, Reader, Step
from cygnet.site.reader.moves_words import why_moved
from cygnet.site.reader.together import read_together
from cygnet.site.reader.uploads import MOST_IMAGES, Upload
from reader_world import drawn_pixels, jpeg_of, lesion_jpeg, write_reader_model


def _uploads(n: int) -> list[Upload]:
    return [Upload(f"picture-{at}.jpg", lesion_jpeg(at)) for at in range(n)]


@pytest.fixture(scope="module")
def patient(reader: Reader) -> Patient:
    green = np.zeros((160, 160, 3), np.uint8)
    green[:, :, 1] = np.random.default_rng(0).integers(120, 220, (160, 160))
    given = [*_uploads(9), Upload("lawn.jpg", jpeg_of(green)), Upload("notes.txt", b"words")]
    return reader.read(given, About(50, "female"))


def test_those_with_evidence_come_by_falling_probability(patient: Patient, reader: Reader) -> None:
    reading = read_together(patient, reader)
    probabilities = [one.probability for one in reading.ranked]
    assert len(probabilities) == 9
    assert probabilities == sorted(probabilities, reverse=True)
    assert [one.place for one in reading.ranked] == list(range(1, 10))


def test_one_without_evidence_has_no_place_but_is_shown(patient: Patient, reader: Reader) -> None:
    reading = read_together(patient, reader)
    assert [one.lesion.picture.name for one in reading.unranked] == ["lawn.jpg"]
    assert reading.unranked[0].number == 10


def test_a_file_that_cannot_be_read_is_told_and_the_rest_go_on(patient: Patient) -> None:
    assert [one.name for one in patient.faults] == ["notes.txt"]
    assert len(patient.lesions) == 10


def test_the_folds_lie_around_the_probability(patient: Patient, reader: Reader) -> None:
    for one in read_together(patient, reader).lesions:
        assert one.lower <= one.probability <= one.upper
        assert one.probability == pytest.approx(one.lesion.by_fold.mean())


def test_every_step_is_told_in_order(reader: Reader) -> None:
    steps: list[Step] = []
    reader.read([*_uploads(10), Upload("x", b"")], About(), steps.append)
    assert [step.done for step in steps] == list(range(1, 12))
    assert steps[-1].fault is not None
    assert all(step.lesion is not None for step in steps[:-1])


def test_beyond_the_most_pictures_each_file_is_told(reader: Reader) -> None:
    given = [Upload(f"{at}", b"") for at in range(500)]
    found = reader.read(given, About())
    assert not found.lesions
    told = [one for one in found.faults if one.code == "reader-too-many"]
    assert len(told) == 500 - MOST_IMAGES
    assert len(found.faults) == 500


def test_a_model_that_knows_no_usual_picture_says_so(patient: Patient, reader: Reader) -> None:
    assert "told by its colours alone" in read_together(patient, reader).unchecked


def test_one_lesion_has_no_map_and_says_so(reader: Reader) -> None:
    reading = read_together(reader.read(_uploads(1), About()), reader)
    assert reading.around is None
    assert reading.moves is None


def test_the_map_keeps_the_distances_of_two_folds(patient: Patient, reader: Reader) -> None:
    around = read_together(patient, reader).around
    assert around is not None
    assert around.position.shape == (10, 2)
    assert around.duckling is not None
    assert 0 < around.share <= 1


@pytest.fixture(scope="module", params=[True, False])
def with_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    cohort = draw_cohort(3, n_patients=120)
    cohort = cohort.with_columns(fold=cohort["fold"] % 2)
    lesions, target = lesions_of(cohort)
    scale = Scale.of(lesions.logit, lesions.fold)
    stage = fit_stage(lesions, target, scale, supported=request.param)
    document = json.dumps(stage.as_json())
    folder = tmp_path_factory.mktemp("stage")
    opened = Reader.open(write_reader_model(folder / "model.onnx", context=document), threads=1)
    yield opened
    opened.close()


def test_context_orders_only_where_it_was_found_to_help(with_stage: Reader) -> None:
    reading = read_together(with_stage.read(_uploads(8), About(60, "male")), with_stage)
    assert with_stage.stage is not None
    assert reading.uses_context == with_stage.stage.supported
    for one in reading.lesions:
        assert one.beside is not None
        spoken = one.beside if reading.uses_context else one.alone
        assert one.probability == pytest.approx(spoken)
    assert [one.alone for one in reading.lesions] != [one.beside for one in reading.lesions]


def test_the_table_tells_of_context_where_there_is_a_stage(
    with_stage: Reader, reader: Reader
) -> None:
    for opened, told in ((with_stage, True), (reader, False)):
        patient = opened.read(_uploads(3), About())
        header, rows = table_of(findings_of(patient, read_together(patient, opened), opened))
        assert ("With context" in header) == told
        assert {len(row) for row in rows} == {len(header)}


def test_why_context_moved_a_lesion_is_told(with_stage: Reader) -> None:
    reading = read_together(with_stage.read(_uploads(8), About()), with_stage)
    assert reading.moves is not None
    told = [why_moved(reading.moves, at) for at in range(8)]
    assert all("Context" in one for one in told)
    for at, said in enumerate(told):
        assert (
            ("raises" in said)
            or ("lowers" in said)
            or reading.moves.before[at] == (reading.moves.after[at])
        )


def test_the_parts_add_up_to_what_context_changed(with_stage: Reader) -> None:
    reading = read_together(with_stage.read(_uploads(8), About()), with_stage)
    assert reading.moves is not None
    parts = reading.moves.parts
    np.testing.assert_allclose(parts.parts.sum(axis=1), parts.after - parts.before, atol=1e-9)


def test_a_file_of_the_same_name_as_one_trained_on_is_told(reader: Reader) -> None:
    found = reader.read([Upload("ISIC_0000000.jpg", jpeg_of(drawn_pixels(1)))], About())
    assert "trained-on" in [one.code for one in found.lesions[0].cautions]


def test_a_model_of_another_decoding_is_refused(tmp_path: Path) -> None:
    import onnx
    from onnx import helper

    from cygnet.errors import ModelError

    file = write_reader_model(tmp_path / "model.onnx")
    model = onnx.load(file)
    kept = {one.key: one.value for one in model.metadata_props}
    description = json.loads(kept["cygnet"]) | {"decoding": "squash-cubic-stored-99"}
    del model.metadata_props[:]
    helper.set_model_props(model, kept | {"cygnet": json.dumps(description)})
    onnx.save(model, file)
    with pytest.raises(ModelError, match="decode"):
        Reader.open(file)


def test_the_page_shows_what_context_moved(with_stage: Reader) -> None:
    from cygnet.site.reader import views_of_patient

    class Held:
        reader = with_stage

    state: Any = Held()
    page = views_of_patient._page(state, with_stage.read(_uploads(8), About()), "k")
    assert "Without and with patient context" in page
    assert 'class="drawing slope"' in page
    assert "beside the others" in page
    assert with_stage.stage is not None
    assert ("did not help" in page) != with_stage.stage.supported


def test_a_page_of_one_lesion_has_neither_map_nor_moves(with_stage: Reader) -> None:
    from cygnet.site.reader import views_of_patient

    class Held:
        reader = with_stage

    state: Any = Held()
    page = views_of_patient._page(state, with_stage.read(_uploads(1), About()), "k")
    assert "There is one lesion" in page
    assert "drawing slope" not in page
