"""Going on after a kill: whole shards are kept when they are just what is asked for."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cygnet.errors import ImageError, StorageError
from cygnet.images.pack import write_pack

Items = list[tuple[str, Path]]

SIZE_PX = 24


def pack(items: Items, out: Path, **options: Any) -> Any:
    return write_pack(items, out, **({"size_px": SIZE_PX, "workers": 1} | options))


def left_beside(out: Path) -> list[str]:
    return sorted(p.name for p in out.parent.iterdir() if p.name not in {out.name, "originals"})


KILLED = """
import sys, time
from pathlib import Path
from cygnet.images import pack_shard
from cygnet.images.pack import write_pack

real = pack_shard._record_batch
def slow(parameters, contents):
    if (folder / "shard-00000.arrow").exists():
        print("one shard is there", flush=True)
        time.sleep(60)
    return real(parameters, contents)

out = Path(sys.argv[1])
folder = out.with_name(f".{out.name}.packing")
pack_shard._record_batch = slow
items = [(path.stem, path) for path in sorted(Path(sys.argv[2]).iterdir())]
write_pack(items, out, size_px=24, workers=1)
"""


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_run_killed_at_work_goes_on_from_its_whole_shards(
    items: Items, tmp_path: Path, stop: signal.Signals
) -> None:
    out = tmp_path / "pack"
    command = [sys.executable, "-c", KILLED, str(out), str(tmp_path / "originals")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"one shard")
        process.send_signal(stop)
        process.wait(10)
    assert not out.exists()
    # An interrupt is met with order; a kill leaves hidden work that is kept or thrown away whole.
    assert left_beside(out) == ([".pack.packing"] if stop == signal.SIGKILL else [])
    summary = pack(items, out, resume=True)
    assert summary.n_kept == (32 if stop == signal.SIGKILL else 0)
    assert summary.n_images == 70
    assert left_beside(out) == []
    pack(items, tmp_path / "fresh")
    for path in (tmp_path / "fresh").iterdir():
        assert path.read_bytes() == (out / path.name).read_bytes()


def test_what_a_killed_run_left_is_thrown_away_without_resume(items: Items, tmp_path: Path) -> None:
    left = tmp_path / ".pack.packing"
    left.mkdir()
    (left / "shard-00000.arrow").write_bytes(b"half")
    summary = pack(items, tmp_path / "pack")
    assert summary.n_kept == 0
    assert left_beside(tmp_path / "pack") == []


def test_a_shard_is_kept_only_if_it_is_just_what_is_asked_for(items: Items, tmp_path: Path) -> None:
    def after(change: Callable[[], None], **options: Any) -> int:
        name = f"pack-{time.monotonic_ns()}"
        pack(items[:32], tmp_path / name, size_px=16)
        work = tmp_path / f".{name}.packing"
        (tmp_path / name).rename(work)
        change()
        kept: int = pack(
            items[:32], tmp_path / name, **({"size_px": 16, "resume": True} | options)
        ).n_kept
        return kept

    def nothing() -> None:
        pass

    assert after(nothing) == 32
    assert after(nothing, size_px=17) == 0
    assert after(nothing, geometry="crop") == 0
    assert after(nothing, storage="jpeg") == 0

    def touched() -> None:
        with items[4][1].open("ab") as stream:
            stream.write(b" ")

    def reordered() -> None:
        items.insert(0, items.pop(7))

    assert after(touched) == 0
    assert after(reordered) == 0
    assert left_beside(tmp_path / "pack")[0].startswith("pack-")


def test_bad_images_of_a_kept_shard_are_still_told(items: Items, tmp_path: Path) -> None:
    items[2][1].write_bytes(b"")
    items[3][1].unlink()
    first = pack(items, tmp_path / "pack", skip_bad=True)
    (tmp_path / "pack").rename(tmp_path / ".pack.packing")
    again = pack(items, tmp_path / "pack", skip_bad=True, resume=True)
    assert again.n_kept == 68
    assert again.bad == first.bad
    (tmp_path / "pack").rename(tmp_path / ".pack.packing")
    with pytest.raises(ImageError, match="2 of 70"):
        pack(items, tmp_path / "pack", resume=True)


def test_a_whole_pack_of_the_same_images_is_taken_and_of_others_refused(
    items: Items, tmp_path: Path
) -> None:
    pack(items, tmp_path / "pack")
    before = (tmp_path / "pack" / "shard-00001.arrow").stat().st_mtime_ns
    assert pack(items, tmp_path / "pack", resume=True).n_kept == 70
    assert (tmp_path / "pack" / "shard-00001.arrow").stat().st_mtime_ns == before
    items[40][1].write_bytes(items[0][1].read_bytes())
    for others, options in ((items, {}), (items[:60], {}), (items, {"size_px": 25})):
        with pytest.raises(StorageError, match="other images, or of other settings"):
            pack(others, tmp_path / "pack", resume=True, **options)
