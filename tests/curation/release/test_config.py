"""Is release.toml strict: unknown keys, contradictions, and what must not be published?"""

import json
from pathlib import Path

import pytest

from cygnet.curation.release.config import read_release_config
from cygnet.errors import InputError
from small_release import config, write_config


def test_relative_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    made = config(tmp_path / "sub", '[previous]\nfolder = "../v1"\n')
    assert made.private.key_file == (tmp_path / "sub" / "private" / "release.key").resolve()
    assert made.previous is not None
    assert made.previous.folder.resolve() == (tmp_path / "v1").resolve()


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ("[images]\nquality = 90\n", "images.quality"),
        ("[split]\ntest_share = 1.5\n", "split.test_share"),
        ("[selection]\nmin_lesions_a_patient = 0\n", "selection.min_lesions_a_patient"),
        ('[images]\nformats = ["jpeg", "jpeg"]\n', "name each format once"),
        ('[[erratum]]\nreason = "because"\n', "say for which"),
        ('[[source]]\nname = "B"\nattribution = "B"\n', "source_column"),
        ("surplus = 1\n", "private.surplus"),
    ],
)
def test_what_is_not_known_or_out_of_range_is_named(
    tmp_path: Path, sections: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        config(tmp_path, sections)


def test_every_faulty_key_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        config(tmp_path, "[split]\nshare = 1\n[images]\nquality = 90\n", version="one")
    assert len(caught.value.faults) == 3


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_release_config(tmp_path / "release.toml")
    file = write_config(tmp_path, "[split\n")
    with pytest.raises(InputError, match="not TOML"):
        read_release_config(file)
    file.write_bytes(b"name = '\xff'")
    with pytest.raises(InputError, match="UTF-8"):
        read_release_config(file)


def test_what_is_published_of_it_names_no_place_and_no_image(tmp_path: Path) -> None:
    sections = (
        '[split]\ntest_truth = "secret/truth.csv"\n[previous]\nfolder = "secret/v1"\n'
        '[[erratum]]\nreason = "why"\nimages = ["ISIC_0000001"]\n'
    )
    text = json.dumps(config(tmp_path, sections).public())
    for word in ("secret", "ISIC_0000001", "release.key", str(tmp_path)):
        assert word not in text
