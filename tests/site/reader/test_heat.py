"""What the heat map shows, and when it is silent."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cygnet.site.reader import views_of_lesion
from cygnet.site.reader.asking import About
from cygnet.site.reader.judging import Patient, Reader
from cygnet.site.reader.pictures import heat_png
from cygnet.site.reader.uploads import Picture, Upload
from reader_world import jpeg_of, lesion_jpeg

PICTURE = Picture("one.jpg", b"", b"", 100, 100)


def _opacity(heat: np.ndarray) -> np.ndarray:
    drawn = np.asarray(Image.open(io.BytesIO(heat_png(heat.astype(np.float32), PICTURE))))
    return np.asarray(drawn[:, :, 3]) / 255


def _grid(most: float) -> np.ndarray:
    heat = np.full((4, 4), -0.2)
    heat[1, 1] = most
    return heat


def test_what_hardly_raised_the_probability_is_drawn_faintly() -> None:
    assert _opacity(_grid(0.02)).max() < 0.2
    assert _opacity(_grid(0.8)).max() > 0.95


def test_what_lowered_it_is_left_clear() -> None:
    assert _opacity(_grid(-0.1)).max() == 0


def test_a_finer_grid_of_the_same_evidence_is_drawn_the_same() -> None:
    coarse = np.full((4, 4), 0.1)
    fine = np.kron(coarse, np.ones((2, 2))) / 4
    assert 0.4 < _opacity(coarse).max() < 0.6
    assert _opacity(fine).max() == pytest.approx(_opacity(coarse).max(), abs=0.01)


def _page(reader: Reader, patient: Patient, at: int) -> str:
    class Held:
        pass

    state: Any = Held()
    state.reader = reader
    return views_of_lesion._page(state, patient, "k", at)


@pytest.fixture
def patient(reader: Reader) -> Patient:
    grass = np.zeros((160, 160, 3), np.uint8)
    grass[:] = (40, 160, 40)
    uploads = [Upload("lesion.jpg", lesion_jpeg(1)), Upload("grass.jpg", jpeg_of(grass))]
    return reader.read(uploads, About())


def test_a_picture_without_evidence_has_no_map(reader: Reader, patient: Patient) -> None:
    assert reader.heat(patient, patient.lesions[1]) is None
    page = _page(reader, patient, 1)
    assert "heat.png" not in page
    assert "no evidence for a picture like this, so where it looks says nothing" in page


def test_where_nothing_raised_the_probability_the_page_says_so(
    reader: Reader, patient: Patient
) -> None:
    patient.lesions[0].heat = np.full((4, 4), -0.1, np.float32)
    page = _page(reader, patient, 0)
    assert "No part of this picture raised the probability" in page
    assert 'type="range"' not in page
    patient.lesions[0].heat = np.full((4, 4), 0.1, np.float32)
    assert 'type="range"' in _page(reader, patient, 0)


def test_what_is_told_anew_is_looked_at_anew(reader: Reader, patient: Patient) -> None:
    first = reader.heat(patient, patient.lesions[0])
    assert first is not None
    assert reader.heat(patient, patient.lesions[0]) is first
    reader.told_anew(patient, About(50))
    if reader.model.takes_patient:
        assert patient.lesions[0].heat is None
