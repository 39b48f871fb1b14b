"""A patient of a DATA on this machine."""

from pathlib import Path

import pytest

from cygnet.curation.synth import write_twin
from cygnet.site.reader.known_patients import KnownPatients


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "twin"
    write_twin(folder, n_patients=3, n_test_patients=0, seed=4, size_px=64, workers=1)
    return folder


def test_patients_are_listed_with_their_pictures_those_with_most_first(data: Path) -> None:
    counts = [n for _, n in KnownPatients.of(data).counts()]
    assert len(counts) == 3
    assert counts == sorted(counts, reverse=True)


def test_a_patients_pictures_come_with_what_the_table_tells(data: Path) -> None:
    known = KnownPatients.of(data)
    name, n = known.counts()[0]
    uploads, about = known.uploads(name)
    assert len(uploads) == min(n, 201)
    assert all(one.data.startswith(b"\xff\xd8") for one in uploads)
    assert any(one.site is not None for one in uploads)
    assert about.sex in {"female", "male", None}


def test_a_file_that_went_missing_is_an_empty_upload(data: Path) -> None:
    known = KnownPatients.of(data)
    name, _ = known.counts()[-1]
    uploads, _ = known.uploads(name)
    gone = next(path for path in known.files.values() if path.name == uploads[0].name)
    gone.unlink()
    assert known.uploads(name)[0][0].data == b""


def test_a_stranger_has_no_pictures(data: Path) -> None:
    assert KnownPatients.of(data).uploads("IP_0000000")[0] == []
