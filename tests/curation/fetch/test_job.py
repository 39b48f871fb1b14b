"""The whole job: what is here already, what fails, what the disk holds, what is noted."""

import json
import shutil
import zipfile
from collections import namedtuple
from hashlib import sha256
from io import BytesIO

import pytest

from cygnet.curation.fetch.record import read_manifest
from cygnet.errors import FetchError, StorageError
from fetch_bench import Bench, content
from hostile_server import Answer, HostedFile

DATA = content(50_000)
Usage = namedtuple("Usage", ["total", "used", "free"])  # noqa: PYI024  # as shutil's own


def archive(**files: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


def test_one_file_that_fails_keeps_no_other_from_coming(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(DATA))
    bench.host("b.csv", HostedFile(DATA, first=[Answer(404)] * 9))
    bench.host("c.csv", HostedFile(DATA, drops=-1))
    bench.host("d.csv", HostedFile(DATA))
    files = [bench.file(f"{name}.csv") for name in "abcd"]
    with pytest.raises(FetchError) as caught:
        bench.fetch(*files)
    assert len(caught.value.faults) == 2
    assert "b.csv: the server answered 404" in str(caught.value)
    assert "c.csv" in str(caught.value)
    assert bench.here("a.csv") == bench.here("d.csv") == DATA
    assert set(read_manifest(bench.out)) == {"a.csv", "d.csv"}


def test_a_second_run_asks_for_nothing(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(DATA))
    bench.fetch(bench.file("a.csv"))
    bench.server.asked.clear()
    summary = bench.fetch(bench.file("a.csv"))
    assert bench.server.asked == []
    assert summary.kept == ("a.csv",)
    assert summary.files[0].hash_basis == "first download"


def test_a_file_that_was_damaged_since_is_an_error(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(DATA))
    bench.fetch(bench.file("a.csv"))
    (bench.out / "a.csv").write_bytes(DATA[:-1] + b"?")
    with pytest.raises(FetchError, match=r"does not have the SHA-256 recorded.*Remove it"):
        bench.fetch(bench.file("a.csv"))
    (bench.out / "a.csv").unlink()
    summary = bench.fetch(bench.file("a.csv"))
    assert bench.here("a.csv") == DATA
    assert summary.files[0].hash_basis == "recorded"


def test_a_file_that_is_another_one_than_at_the_first_download_is_an_error(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(DATA))
    bench.fetch(bench.file("a.csv"))
    (bench.out / "a.csv").unlink()
    bench.host("a.csv", HostedFile(content(50_000, seed=1), etag='"two"'))
    with pytest.raises(FetchError, match="was recorded when it was first downloaded"):
        bench.fetch(bench.file("a.csv"))
    with pytest.raises(FetchError, match="does not have the SHA-256 recorded"):
        bench.fetch(bench.file("a.csv"))
    (bench.out / "manifest-sha256.txt").write_text("")
    bench.fetch(bench.file("a.csv"))


def test_a_file_that_came_another_way_is_taken_where_its_size_is_offered(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(DATA))
    bench.out.mkdir()
    (bench.out / "a.csv").write_bytes(DATA[:-5])
    with pytest.raises(FetchError, match="50,000 bytes that the server offers"):
        bench.fetch(bench.file("a.csv"))
    (bench.out / "a.csv").write_bytes(DATA)
    summary = bench.fetch(bench.file("a.csv"))
    assert summary.kept == ("a.csv",)
    assert read_manifest(bench.out) == {"a.csv": sha256(DATA).hexdigest()}


def test_the_disk_is_looked_at_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.host("a.zip", HostedFile(DATA))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1_000))
    with pytest.raises(StorageError, match=r"GB more are needed, and 0\.0 GB are free.*--part"):
        bench.fetch(bench.file("a.zip"))
    # The first byte was asked for, to know the size; nothing else.
    assert [asked for _, asked in bench.server.asked] == ["bytes=0-0"]
    assert bench.names() == set()


def test_unpacking_is_part_of_the_room_that_is_needed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.host("a.zip", HostedFile(DATA))
    free = 64 * 1024**2 + len(DATA) + 10
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, free))
    with pytest.raises(StorageError, match="with the unpacked files"):
        bench.fetch(bench.file("a.zip"), unpack=True)
    bench.fetch(bench.file("a.zip"))


def test_a_disk_that_fills_on_the_way_keeps_what_came(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    bench.host("a.zip", HostedFile(DATA))
    real, count = os.pwrite, iter(range(100))

    def full(descriptor: int, data: bytes, place: int) -> int:
        if next(count) > 1:
            raise OSError(errno.ENOSPC, "full")
        return real(descriptor, data, place)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StorageError, match="The disk is full"):
        bench.fetch(bench.file("a.zip"), connections=1)
    kept = sum(json.loads((bench.out / "a.zip.part.json").read_text())["done"])
    assert kept > 0
    monkeypatch.setattr(os, "pwrite", real)
    before = bench.server.n_sent
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == DATA
    assert bench.server.n_sent - before == len(DATA) - kept + 1


def test_archives_are_unpacked_and_their_files_noted(bench: Bench) -> None:
    made = archive(**{"train/ISIC_0000001.jpg": b"one", "train/ISIC_0000002.jpg": b"two"})
    bench.host("Training.zip", HostedFile(made))
    file = bench.file("Training.zip")
    summary = bench.fetch(file, unpack=True)
    assert summary.unpacked == {"Training.zip": 2}
    assert (bench.out / "Training/train/ISIC_0000002.jpg").read_bytes() == b"two"
    assert read_manifest(bench.out) == {
        "Training.zip": sha256(made).hexdigest(),
        "Training/train/ISIC_0000001.jpg": sha256(b"one").hexdigest(),
        "Training/train/ISIC_0000002.jpg": sha256(b"two").hexdigest(),
    }
    (bench.out / "Training/train/ISIC_0000002.jpg").write_bytes(b"tw0")
    bench.fetch(file, unpack=True)
    assert (bench.out / "Training/train/ISIC_0000002.jpg").read_bytes() == b"two"


def test_an_archive_that_must_not_be_unpacked_is_an_error_that_keeps_the_others(
    bench: Bench,
) -> None:
    bench.host("bad.zip", HostedFile(archive(**{"../../x.jpg": b"x"})))
    bench.host("good.zip", HostedFile(archive(**{"y.jpg": b"y"})))
    with pytest.raises(FetchError, match="cannot be taken as it is"):
        bench.fetch(bench.file("bad.zip"), bench.file("good.zip"), unpack=True)
    assert (bench.out / "good/y.jpg").read_bytes() == b"y"
    assert not (bench.out.parent / "x.jpg").exists()


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "fetched.json"])
@pytest.mark.parametrize(
    "text", ["[", "[]", '{"format": 2}', "{}", "nonsense", "\0", '{"files": [{}]}']
)
def test_damaged_notes_are_named(bench: Bench, name: str, text: str) -> None:
    bench.host("a.csv", HostedFile(DATA))
    bench.out.mkdir()
    (bench.out / name).write_text(text)
    with pytest.raises(FetchError, match=name):
        bench.fetch(bench.file("a.csv"))


def test_a_folder_in_the_place_of_a_file(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(DATA))
    (bench.out / "a.csv").mkdir(parents=True)
    with pytest.raises(StorageError, match="Move it away"):
        bench.fetch(bench.file("a.csv"))
