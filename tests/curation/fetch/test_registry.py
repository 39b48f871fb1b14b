"""The registry: what ships, and what a registry of one's own may not say."""

import tomllib
from pathlib import Path

import pytest

from cygnet.curation.fetch.addresses import proxy_of, url_fault
from cygnet.curation.fetch.answers import content_range
from cygnet.curation.fetch.registry import known_dataset, read_registry
from cygnet.errors import FetchError

OWN = """
[drawn]
title = "Drawn"
licence = "CC0-1.0"
licence_url = "https://creativecommons.org/publicdomain/zero/1.0/"
attribution = "Nobody"
default_parts = ["tables"]

[[drawn.files]]
name = "train.csv"
part = "tables"
url = "https://example.org/train.csv"
bytes = 100
"""


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "datasets.toml"
    file.write_text(text)
    return file


def test_isic_2020_has_every_official_file() -> None:
    dataset = known_dataset("isic2020")
    assert {file.name for file in dataset.files} == {
        "ISIC_2020_Training_GroundTruth.csv",
        "ISIC_2020_Training_GroundTruth_v2.csv",
        "ISIC_2020_Training_Duplicates.csv",
        "ISIC_2020_Test_Metadata.csv",
        "ISIC_2020_Training_JPEG.zip",
        "ISIC_2020_Test_JPEG.zip",
        "ISIC_2020_Training_Dicom.zip",
        "ISIC_2020_Test_Dicom.zip",
        "ISIC_2020_Train_DICOM_corrected.zip",
        "ISIC_2020_Test_DICOM_corrected.zip",
    }
    assert dataset.licence == "CC-BY-NC-4.0"
    assert dataset.doi == "10.34970/2020-ds01"
    for file in dataset.files:
        assert file.url == f"https://isic-challenge-data.s3.amazonaws.com/2020/{file.name}"


def test_no_hash_and_no_exact_size_is_invented() -> None:
    files = [file for dataset in read_registry().values() for file in dataset.files]
    assert len(files) == 13
    assert not any(file.has_hash or file.is_exact for file in files)


def test_parts_are_chosen_and_unknown_ones_named() -> None:
    dataset = known_dataset("isic2020")
    assert [file.part for file in dataset.select([])] == ["tables"] * 4 + ["jpeg", "jpeg-test"]
    assert [file.name for file in dataset.select(["jpeg-test"])] == ["ISIC_2020_Test_JPEG.zip"]
    with pytest.raises(FetchError, match=r"no part 'images'.*tables, jpeg, jpeg-test, dicom"):
        dataset.select(["images"])


def test_a_registry_of_ones_own(tmp_path: Path) -> None:
    dataset = known_dataset("drawn", own(tmp_path, OWN))
    assert dataset.files[0].is_exact
    with pytest.raises(FetchError, match="The datasets are: drawn"):
        known_dataset("isic2020", own(tmp_path, OWN))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bytes = 100", "", "exact"),
        ("bytes = 100", "bytes = 1\nabout_bytes = 1", "exact"),
        ("bytes = 100", "bytes = -1", "greater than or equal to 0"),
        ("bytes = 100", "bytes = '100'", "valid integer"),
        ("bytes = 100", 'bytes = 1\nsha256 = "abc"', "pattern"),
        ("bytes = 100", 'bytes = 1\ncolour = "red"', "drawn.files.0.colour"),
        ('"train.csv"', '"../train.csv"', "empty, . or .."),
        ('"train.csv"', '"/etc/passwd"', "empty, . or .."),
        ('"train.csv"', '"a/train.csv"', "it is a path"),
        ('"train.csv"', '".profile"', "begins with a dot"),
        ('"train.csv"', '"FETCHED.json"', "own notes"),
        ('"train.csv"', '"a.csv.part"', "own notes"),
        ('"train.csv"', '"CON.csv"', "device"),
        ('"train.csv"', '"a\\\\b.csv"', "has the character"),
        ("https://example.org/train.csv", "http://example.org/train.csv", "on this machine alone"),
        ("https://example.org/train.csv", "file:///etc/passwd", "names no server"),
        ("https://example.org/train.csv", "https://me:secret@example.org/", "a password"),
        ("https://example.org/train.csv", "https://example.org/a b", "percent-encoded"),
        ("https://example.org/train.csv", "https://exa\\nmple.org/a", "percent-encoded"),
        ('["tables"]', '["pictures"]', "names no part"),
        ('["tables"]', "[]", "names no part"),
        ("[drawn]", "[Drawn Set]", "not TOML"),
        ('title = "Drawn"', "", "drawn.title"),
    ],
)
def test_a_registry_that_breaks_a_rule_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in OWN
    with pytest.raises(FetchError) as caught:
        read_registry(own(tmp_path, OWN.replace(old, new, 1)))
    assert said in str(caught.value)
    assert "datasets.toml" in str(caught.value)


def test_names_that_some_file_systems_take_for_one_are_refused(tmp_path: Path) -> None:
    second = OWN[OWN.index("[[drawn.files]]") :].replace("train.csv", "TRAIN.csv")
    with pytest.raises(FetchError, match="one name where case is ignored"):
        read_registry(own(tmp_path, OWN + second))


def test_a_registry_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="No such file"):
        read_registry(tmp_path / "none.toml")
    for text in ("a = " + "9" * 5000, "a = " + "[" * 5000):
        with pytest.raises(FetchError, match="not TOML"):
            read_registry(own(tmp_path, text))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(FetchError, match="not UTF-8"):
        read_registry(tmp_path / "bytes.toml")


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "[::1]:8000"])
def test_http_is_taken_on_this_machine(host: str) -> None:
    assert url_fault(f"http://{host}/a.zip") is None


def test_a_proxy_is_taken_from_the_environment_but_not_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example.org:3128")
    monkeypatch.setenv("no_proxy", "inside.example.org")
    assert proxy_of("https://example.org/a") == "http://proxy.example.org:3128"
    assert proxy_of("https://inside.example.org/a") is None
    assert proxy_of("https://127.0.0.1/a") is None


@pytest.mark.parametrize(
    "text", [None, "", "bytes", "bytes 5-4/10", "bytes 0-9/5", "bytes 0-/5", "octets 0-1/2"]
)
def test_a_range_that_makes_no_sense_is_none(text: str | None) -> None:
    assert content_range(text) is None


def test_the_shipped_registry_is_plain_toml() -> None:
    import cygnet.curation.fetch.registry as module

    text = (Path(module.__file__).parent / "datasets.toml").read_text("utf-8")
    assert set(tomllib.loads(text)) == {"isic2020", "ham10000"}
