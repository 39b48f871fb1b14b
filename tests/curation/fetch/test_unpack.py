"""Unpacking: nothing outside the folder, nothing twice, nothing endless, and on after a kill."""

import os
import shutil
import stat
import struct
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from cygnet.curation.fetch.unpack import unpack
from cygnet.errors import FetchError, StorageError

Usage = namedtuple("Usage", ["total", "used", "free"])  # noqa: PYI024  # as shutil's own


def made(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = name  # ZipInfo's own constructor would mend it
            info.external_attr = (stat.S_IFDIR if name.endswith("/") else stat.S_IFREG) << 16
            archive.writestr(info, data, method)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "room" / "out"
    folder.mkdir(parents=True)
    return folder


def unpacked(archive: Path, out: Path) -> dict[str, str]:
    return unpack(archive, out, advance=lambda _: None)


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_files_go_into_a_folder_of_the_archives_name(out: Path) -> None:
    archive = made(out / "Test.zip", {"a/b.jpg": b"b", "c.jpg": b""})
    assert set(unpacked(archive, out)) == {"Test/a/b.jpg", "Test/c.jpg"}
    assert everything(out) == {"Test.zip", "Test/a/b.jpg", "Test/c.jpg"}


def test_a_folder_of_the_archives_name_is_not_doubled(out: Path) -> None:
    archive = made(out / "Test.zip", {"Test/b.jpg": b"b", "Test/": b""})
    assert set(unpacked(archive, out)) == {"Test/b.jpg"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "a/../../../evil.jpg",
        "/tmp/evil.jpg",  # noqa: S108  # a name that must be refused
        "..\\evil.jpg",
        "C:\\evil.jpg",
        "C:evil.jpg",
        "\\\\host\\share\\evil.jpg",
        "a//b.jpg",
        "./a.jpg",
        "a/./b.jpg",
        "a\nb.jpg",
        "a\x1b[31m.jpg",
        "a\u202egpj.exe",
        "nul.jpg",
        "a/CON",
        "a.jpg.",
        "a /b.jpg",
        "x" * 256,
        "y/" * 600 + "z",
        "good.jpg\0../../evil.jpg",
        "",
        "\0",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_written(
    out: Path, name: str
) -> None:
    archive = made(out / "Test.zip", {"first.jpg": b"first", name: b"evil"})
    with pytest.raises(FetchError, match="cannot be taken as it is"):
        unpacked(archive, out)
    assert everything(out.parent.parent) == {"room/out/Test.zip"}


def test_links_and_devices_are_refused(out: Path) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK):
        with zipfile.ZipFile(out / "Test.zip", "w") as archive:
            info = zipfile.ZipInfo("link.jpg")
            info.create_system = 3
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        with pytest.raises(FetchError, match="a link or a device"):
            unpacked(out / "Test.zip", out)


@pytest.mark.parametrize(
    "names",
    [("a.jpg", "A.jpg"), ("a.jpg", "a.jpg"), ("a", "a/b.jpg"), ("é.jpg", "e\u0301.jpg"),
     ("a/b.jpg", "A/c.jpg"), ("straße.jpg", "STRASSE.jpg")],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_meet_are_refused(out: Path, names: tuple[str, str]) -> None:
    with zipfile.ZipFile(out / "Test.zip", "w") as archive:
        for name in names:
            archive.writestr(name, name)
    with pytest.raises(FetchError, match="are one where case is ignored"):
        unpacked(out / "Test.zip", out)


def test_a_bomb_is_refused(out: Path) -> None:
    archive = made(out / "Test.zip", {"zeros": bytes(64 * 2**20)}, zipfile.ZIP_DEFLATED)
    assert archive.stat().st_size < 100_000
    with pytest.raises(FetchError, match="as a zip bomb does"):
        unpacked(archive, out)


def test_entries_that_share_bytes_are_refused(out: Path) -> None:
    archive = made(out / "Test.zip", {"a.jpg": b"a" * 50, "b.jpg": b"b" * 50})
    data = bytearray(archive.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)  # where its bytes begin
    archive.write_bytes(data)
    with pytest.raises(FetchError, match="share bytes"):
        unpacked(archive, out)


def test_a_directory_that_is_too_large_is_not_read(out: Path) -> None:
    archive = made(out / "Test.zip", {"a.jpg": b"a"})
    data = bytearray(archive.read_bytes())
    data[-10:-6] = struct.pack("<I", 2**31)
    archive.write_bytes(data)
    with pytest.raises(FetchError, match="its directory announces"):
        unpacked(archive, out)


def test_encrypted_and_strange_methods_are_refused(out: Path) -> None:
    archive = made(out / "Test.zip", {"a.jpg": b"a"})
    plain = archive.read_bytes()
    place = plain.rindex(b"PK\x01\x02")
    for offset, value, said in ((8, 1, "encrypted"), (10, 97, "another method")):
        data = bytearray(plain)
        data[place + offset] = value
        archive.write_bytes(data)
        with pytest.raises(FetchError, match=said):
            unpacked(archive, out)


@pytest.mark.parametrize("n_bytes", [0, 10, 50])
def test_an_archive_that_was_cut_off(out: Path, n_bytes: int) -> None:
    archive = made(out / "Test.zip", {"a.jpg": b"a" * 100})
    archive.write_bytes(archive.read_bytes()[:n_bytes])
    with pytest.raises(FetchError, match="was it cut off"):
        unpacked(archive, out)


def test_a_file_whose_bytes_are_damaged_is_not_written(out: Path) -> None:
    archive = made(out / "Test.zip", {"a.jpg": b"a" * 100, "b.jpg": b"b" * 100})
    archive.write_bytes(archive.read_bytes().replace(b"b" * 100, b"b" * 99 + b"c"))
    with pytest.raises(FetchError, match="damaged"):
        unpacked(archive, out)
    assert everything(out) == {"Test.zip", "Test/a.jpg"}


def test_it_goes_on_after_a_kill_and_writes_only_what_lacks(out: Path) -> None:
    archive = made(out / "Test.zip", {"a.jpg": b"a" * 100, "b.jpg": b"b" * 100, "c.jpg": b"c"})
    whole = unpacked(archive, out)
    kept, wrong, gone = (out / "Test" / f"{name}.jpg" for name in "abc")
    os.utime(kept, (1, 1))
    wrong.write_bytes(b"b" * 99)
    gone.unlink()
    assert unpacked(archive, out) == whole
    assert kept.stat().st_mtime == 1
    assert wrong.read_bytes() == b"b" * 100
    assert gone.read_bytes() == b"c"


def test_a_link_that_stands_in_the_folder_is_not_followed_out_of_it(out: Path) -> None:
    archive = made(out / "Test.zip", {"a/b.jpg": b"b"})
    elsewhere = out.parent / "elsewhere"
    elsewhere.mkdir()
    (out / "Test").mkdir()
    (out / "Test" / "a").symlink_to(elsewhere)
    with pytest.raises(FetchError, match="A link in this folder leads out of it"):
        unpacked(archive, out)
    assert everything(elsewhere) == set()


def test_a_link_in_the_place_of_a_file_is_replaced_not_followed(out: Path) -> None:
    archive = made(out / "Test.zip", {"b.jpg": b"b"})
    precious = out.parent / "precious"
    precious.write_text("precious")
    (out / "Test").mkdir()
    (out / "Test" / "b.jpg").symlink_to(precious)
    unpacked(archive, out)
    assert precious.read_text() == "precious"
    assert (out / "Test" / "b.jpg").read_bytes() == b"b"


def test_something_of_another_kind_stands_in_the_way(out: Path) -> None:
    archive = made(out / "Test.zip", {"b.jpg": b"b"})
    (out / "Test").write_text("a file")
    with pytest.raises(StorageError, match="of another kind"):
        unpacked(archive, out)
    (out / "Test").unlink()
    (out / "Test" / "b.jpg").mkdir(parents=True)
    with pytest.raises(StorageError, match="of another kind"):
        unpacked(archive, out)


def test_the_disk_is_looked_at_first(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = made(out / "Test.zip", {"b.jpg": b"b"})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 0))
    with pytest.raises(StorageError, match=r"0\.0 GB are free"):
        unpacked(archive, out)
    assert everything(out) == {"Test.zip"}
