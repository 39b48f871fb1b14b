"""Writing a pack: whole or not there, exact, and with every bad image told."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cygnet.errors import ImageError, InputError, StorageError
from cygnet.images.decode import decode_to_size, decoding_name
from cygnet.images.pack import open_pack, write_pack
from cygnet.images.pack_format import PackParameters

Draw = Callable[[int, int], Any]
Encode = Callable[..., bytes]
Items = list[tuple[str, Path]]

SIZE_PX = 24


def pack(items: Items, out: Path, **options: Any) -> Any:
    return write_pack(items, out, **({"size_px": SIZE_PX, "workers": 1} | options))


def left_beside(out: Path) -> list[str]:
    return sorted(p.name for p in out.parent.iterdir() if p.name not in {out.name, "originals"})


@pytest.mark.parametrize("geometry", ["squash", "crop", "pad"])
def test_every_image_is_the_decoding_of_its_original(
    items: Items, tmp_path: Path, geometry: Any
) -> None:
    summary = pack(items, tmp_path / "pack", geometry=geometry)
    opened = open_pack(tmp_path / "pack")
    assert (summary.n_images, len(opened), summary.bad, summary.notes) == (70, 70, [], [])
    assert opened.image_names == [name for name, _ in items]
    assert (opened.size_px, opened.geometry, opened.storage) == (SIZE_PX, geometry, "raw")
    assert opened.decoding == decoding_name(geometry)
    images = opened.read(range(70))
    assert images.shape == (70, SIZE_PX, SIZE_PX, 3)
    for image, (_, path) in zip(images, items, strict=True):
        assert (image == decode_to_size(path.read_bytes(), SIZE_PX, geometry)).all()


def test_a_jpeg_pack_is_smaller_and_close(items: Items, tmp_path: Path) -> None:
    raw, jpeg = (
        pack(items, tmp_path / storage, size_px=64, storage=storage) for storage in ("raw", "jpeg")
    )
    assert jpeg.n_bytes < raw.n_bytes / 2
    exact, close = (open_pack(summary.folder).read(range(70)) for summary in (raw, jpeg))
    assert np.abs(exact.astype(int) - close).mean() < 3


def test_the_index_records_how_the_pack_was_made_and_of_what(items: Items, tmp_path: Path) -> None:
    pack(items, tmp_path / "a")
    index = json.loads((tmp_path / "a" / "index.json").read_text())
    assert (index["size_px"], index["geometry"], index["storage"]) == (SIZE_PX, "squash", "raw")
    assert index["decoding"] == decoding_name("squash")
    assert [entry["n_images"] for entry in index["shards"]] == [32, 32, 6]
    before = [entry["sources_sha256"] for entry in index["shards"]]
    items[69][1].write_bytes(items[0][1].read_bytes())
    pack(items, tmp_path / "b")
    after = [
        entry["sources_sha256"]
        for entry in json.loads((tmp_path / "b" / "index.json").read_text())["shards"]
    ]
    assert before[:2] == after[:2]
    assert before[2] != after[2]


def test_a_pack_does_not_depend_on_the_number_of_workers(items: Items, tmp_path: Path) -> None:
    done: list[int] = []
    for workers in (1, 2):
        pack(items, tmp_path / str(workers), workers=workers, progress=done.append)
    assert sum(done) == 140
    one, two = (sorted((tmp_path / str(n)).iterdir()) for n in (1, 2))
    assert [path.name for path in one] == [path.name for path in two]
    assert len(one) == 4
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_shards_keep_to_a_size_that_a_worker_can_hold() -> None:
    for size_px in (32, 192, 512, 1024, 4096):
        parameters = PackParameters(size_px)
        for n_images in (1, 876, 33_126):
            count = parameters.images_a_shard(n_images)
            assert 1 <= count <= 256
            assert count * parameters.image_bytes <= 2**28
    assert PackParameters(512).images_a_shard(33_126) == 256


def damage(items: Items, encode: Encode, picture: Draw, png_bomb: bytes) -> dict[str, str]:
    """Make eight of the originals bad; give the code that each must get."""
    image = Image.fromarray(picture(64, 64))
    whole = items[1][1].read_bytes()
    contents = {
        1: (whole[: len(whole) // 2], "image-truncated"),
        2: (b"", "image-empty"),
        3: (encode(image.convert("CMYK"), "JPEG"), "image-cmyk"),
        4: (encode(Image.fromarray(np.zeros((64, 64), np.uint16)), "PNG"), "image-white-level"),
        5: (encode(image.resize((1, 1)), "JPEG"), "image-tiny"),
        6: (png_bomb, "image-too-large"),
        7: (b"<html>not found</html>", "image-unreadable"),
        40: (b"", "image-empty"),
    }
    for number, (content, _) in contents.items():
        items[number][1].write_bytes(content)
    items[50][1].unlink()
    codes = {items[number][0]: code for number, (_, code) in contents.items()}
    return codes | {items[50][0]: "image-missing"}


def test_all_bad_images_are_told_at_once_and_nothing_is_left(
    items: Items, tmp_path: Path, encode: Encode, picture: Draw, png_bomb: bytes
) -> None:
    codes = damage(items, encode, picture, png_bomb)
    with pytest.raises(ImageError) as caught:
        pack(items, tmp_path / "pack")
    message = str(caught.value)
    assert message.startswith("9 of 70 images cannot be used. ")
    assert "--skip-bad-images" in message
    for name, code in codes.items():
        assert name in message
        assert f"({code})" in message
    assert left_beside(tmp_path / "pack") == []
    assert not (tmp_path / "pack").exists()


def test_only_the_first_five_of_a_kind_are_named(items: Items, tmp_path: Path) -> None:
    for _, path in items[:12]:
        path.write_bytes(b"")
    with pytest.raises(ImageError, match=r"Found 12: .*ISIC_0000004.*, \.\.\.\.") as caught:
        pack(items, tmp_path / "pack")
    assert "ISIC_0000005" not in str(caught.value)
    assert [fault.count for fault in caught.value.faults] == [None, 12]
    assert len(caught.value.faults[1].offenders) == 12


def test_bad_images_can_be_left_out_and_are_listed(
    items: Items, tmp_path: Path, encode: Encode, picture: Draw, png_bomb: bytes
) -> None:
    codes = damage(items, encode, picture, png_bomb)
    summary = pack(items, tmp_path / "pack", skip_bad=True)
    assert summary.n_images == 61
    assert {note.image_name: note.code for note in summary.bad} == codes
    paths = dict(items)
    assert all(str(paths[note.image_name]) in note.message for note in summary.bad)
    opened = open_pack(tmp_path / "pack")
    assert opened.image_names == [name for name, _ in items if name not in codes]
    last = decode_to_size(items[-1][1].read_bytes(), SIZE_PX)
    assert (opened.read([opened.index_of(items[-1][0])])[0] == last).all()


def test_a_pack_of_bad_images_only_is_refused(items: Items, tmp_path: Path) -> None:
    for _, path in items:
        path.write_bytes(b"")
    with pytest.raises(ImageError, match="None is left to pack"):
        pack(items, tmp_path / "pack", skip_bad=True)
    assert left_beside(tmp_path / "pack") == []


def test_a_png_named_jpg_is_packed_and_told(
    items: Items, tmp_path: Path, encode: Encode, picture: Draw
) -> None:
    items[9][1].write_bytes(encode(picture(64, 64), "PNG"))
    summary = pack(items, tmp_path / "pack")
    assert summary.n_images == 70
    assert [(note.image_name, note.code) for note in summary.notes] == [
        ("ISIC_0000009", "image-wrong-format")
    ]


def test_no_images_and_repeated_names_are_refused(items: Items, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no images"):
        pack([], tmp_path / "pack")
    with pytest.raises(InputError, match="Found 1: 'ISIC_0000003'"):
        pack([*items, items[3]], tmp_path / "pack")
    assert left_beside(tmp_path / "pack") == []


def test_a_name_that_is_taken_is_refused_and_kept(items: Items, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "thesis.txt").write_text("mine")
    for resume in (False, True):
        with pytest.raises(StorageError, match="not an empty folder"):
            pack(items, tmp_path / "pack", resume=resume)
    assert (tmp_path / "pack" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("resume", [False, True])
def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    items: Items, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resume: bool
) -> None:
    real, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        pack(items, tmp_path / "pack", resume=resume)
    monkeypatch.undo()
    assert not (tmp_path / "pack").exists()
    if not resume:
        assert left_beside(tmp_path / "pack") == []
        return
    # What was asked to be kept is whole shards and nothing else.
    kept = [path.name for path in (tmp_path / ".pack.packing").iterdir()]
    assert kept == ["shard-00000.arrow"]
    assert pack(items, tmp_path / "pack", resume=True).n_kept == 32
    assert left_beside(tmp_path / "pack") == []


def test_parameters_that_no_pack_has_are_the_callers_mistake() -> None:
    wrongs: list[Any] = [(0, "squash", "raw"), (8, "stretch", "raw"), (8, "squash", "png")]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="no parameters"):
            PackParameters(*wrong)


@pytest.mark.real
def test_real_originals_in_a_pack_differ_from_pillow_by_less_than_half_a_grey_level(
    real_data: Path, tmp_path: Path
) -> None:
    files = sorted((real_data / "isic2020" / "jpeg" / "original").glob("*.jpg"))
    assert len(files) == 4
    pack([(path.stem, path) for path in files], tmp_path / "pack", size_px=512)
    errors = []
    for image, path in zip(open_pack(tmp_path / "pack").read(range(4)), files, strict=True):
        with Image.open(path) as original:
            reference = np.asarray(original.convert("RGB").resize((512, 512)), int)
        errors.append(np.abs(image - reference).mean())
    assert np.mean(errors) <= 0.5
