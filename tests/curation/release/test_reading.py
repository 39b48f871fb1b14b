"""Does a release read back as what was published, and is anything else refused?"""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from cygnet.curation.release.citation import bibtex
from cygnet.curation.release.reading import MANIFEST, read_release
from cygnet.errors import InputError
from small_release import Released


def test_a_release_reads_back_with_its_files_and_their_checksums(released: Released) -> None:
    found = read_release(released.out)
    assert found.description.title == "A small dataset"
    assert found.description.licence.spdx == "CC-BY-NC-4.0"
    assert found.formats == ("jpeg", "dicom")
    assert (
        found.facts["n_images"]
        == found.facts["parts"]["train"]["n_images"] + (found.facts["parts"]["test"]["n_images"])
    )
    assert found.versions == ("1.0.0",)
    assert found.citation.startswith("Doe, Jane; Example Clinic (2026).")
    on_disk = {path.name for path in (released.out / "data").iterdir()}
    assert {file.path for file in found.files} == on_disk
    for file in found.files:
        data = (released.out / "data" / file.path).read_bytes()
        assert (len(data), sha256(data).hexdigest()) == (file.n_bytes, file.sha256)


def test_documents_are_the_files_themselves_and_nothing_else_is_given(released: Released) -> None:
    found = read_release(released.out)
    assert found.document("croissant.json") == (released.out / "croissant.json").read_bytes()
    with pytest.raises(KeyError):
        found.document("../private/release.key")
    with pytest.raises(KeyError):
        found.document("release.json")


def test_bibtex_of_a_person_and_an_organisation(released: Released) -> None:
    text = bibtex(read_release(released.out).description)
    assert "author = {Doe, Jane and {Example Clinic}}" in text
    assert text.startswith("@misc{small-1.0.0,\n")
    assert "doi = {10.1234/small}" in text


@pytest.fixture
def copy(released: Released, tmp_path: Path) -> Path:
    return shutil.copytree(released.out, tmp_path / "copy")


def test_a_release_that_lacks_a_file_is_refused_by_name(copy: Path) -> None:
    (copy / "data" / "ISIC_2020_Training_JPEG.zip").unlink()
    with pytest.raises(InputError, match=r"ISIC_2020_Training_JPEG\.zip"):
        read_release(copy)


def test_a_file_that_is_a_link_out_of_the_release_is_refused(copy: Path, tmp_path: Path) -> None:
    file = copy / "data" / "ISIC_2020_Training_JPEG.zip"
    file.unlink()
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    file.symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="not there"):
        read_release(copy)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("release.json", "{"),
        ("release.json", "[]"),
        ("release.json", json.dumps({"config": {"name": "a"}, "facts": {}})),
        ("errata.csv", "version,image_name\n1,2\n"),
        (MANIFEST, ""),
    ],
)
def test_what_is_no_release_is_refused_with_its_file(copy: Path, name: str, text: str) -> None:
    (copy / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_release(copy)
    assert name in str(caught.value)


def test_a_folder_without_a_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"release\.json"):
        read_release(tmp_path)
