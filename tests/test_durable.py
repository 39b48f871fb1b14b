"""Nobody ever sees half a file, and a failed write leaves nothing behind."""

import errno
import os
from pathlib import Path

import pytest

from cygnet.durable import folder_whole, remove_partials, write_text_whole, write_whole
from cygnet.errors import StorageError


def test_a_file_is_there_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    with write_whole(path) as stream:
        stream.write(b"half")
        assert not path.exists()
    assert path.read_bytes() == b"half"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text_whole(path, "old")
    with pytest.raises(KeyboardInterrupt), write_whole(path) as stream:
        stream.write(b"new")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # /dev/full answers every write as a full disk does.
    monkeypatch.setattr("cygnet.durable._partial_name", lambda _: Path("/dev/full"))
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(StorageError, match="The disk is full"):
        write_text_whole(tmp_path / "file.txt", "x" * 100_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_one_message(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="not permitted"):
        write_text_whole(tmp_path / "file.txt", "x")


def test_a_path_through_a_file_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        write_text_whole(tmp_path / "file" / "below.txt", "x")


def test_other_errors_of_the_system_are_not_dressed_up(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="odd"), write_whole(tmp_path / "file") as stream:
        stream.write(b"x")
        raise OSError(errno.EIO, "odd")


def test_a_folder_is_there_only_when_it_is_whole(tmp_path: Path) -> None:
    with folder_whole(tmp_path / "pack") as folder:
        (folder / "a").write_text("a")
        assert not (tmp_path / "pack").exists()
    assert (tmp_path / "pack" / "a").read_text() == "a"


def test_a_folder_that_failed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="odd"), folder_whole(tmp_path / "pack") as folder:
        (folder / "a").write_text("a")
        raise ValueError("odd")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mine").write_text("keep")
    with pytest.raises(StorageError, match="not an empty folder"), folder_whole(tmp_path / "pack"):
        pass
    assert (tmp_path / "pack" / "mine").read_text() == "keep"


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".a.123.partial").write_text("x")
    (tmp_path / ".pack.9.partial").mkdir()
    (tmp_path / "kept.partial").write_text("x")
    (tmp_path / "fold-0").mkdir()
    (tmp_path / "fold-0" / ".log.csv.7.partial").write_text("x")
    remove_partials(tmp_path)
    left = sorted(str(entry.relative_to(tmp_path)) for entry in tmp_path.rglob("*"))
    assert left == ["fold-0", "kept.partial"]
