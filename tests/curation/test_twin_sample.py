"""The drawn patient that shows the reader."""

from cygnet.curation.twin_sample import draw_sample_patient
from cygnet.images.decode import decode_to_size


def test_the_same_seed_draws_the_same_bytes() -> None:
    one = draw_sample_patient(6, size_px=96, seed=3)
    assert one == draw_sample_patient(6, size_px=96, seed=3)


def test_about_as_many_lesions_are_drawn_as_were_asked_for() -> None:
    patient = draw_sample_patient(8, size_px=96)
    assert 5 <= len(patient.pictures) <= 11
    names = {one.image_name for one in patient.pictures}
    assert len(names) == len(patient.pictures)
    for one in patient.pictures:
        assert decode_to_size(one.jpeg, 32).shape == (32, 32, 3)
