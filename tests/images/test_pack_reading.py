"""Reading a pack: by number or name, without copies, by others, and only when it is whole."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import simplejpeg

from cygnet.errors import InputError
from cygnet.images.pack import open_pack, write_pack

Items = list[tuple[str, Path]]

SIZE_PX = 24


def pack(items: Items, out: Path, **options: Any) -> Any:
    return write_pack(items, out, **({"size_px": SIZE_PX, "workers": 1} | options))


@pytest.mark.parametrize("storage", ["raw", "jpeg"])
@pytest.mark.parametrize("threads", [1, 3])
def test_images_come_in_the_order_asked_for(
    items: Items, tmp_path: Path, rng: np.random.Generator, storage: Any, threads: int
) -> None:
    pack(items, tmp_path / "pack", storage=storage)
    opened = open_pack(tmp_path / "pack")
    everything = opened.read(range(70))
    order = np.concatenate([rng.permutation(70), [3, 3, 69, 0]])
    assert (opened.read(order, threads=threads) == everything[order]).all()
    out = np.zeros((2, SIZE_PX, SIZE_PX, 3), np.uint8)
    assert opened.read([5, 64], out=out) is out
    assert (out == everything[[5, 64]]).all()
    assert opened.read([]).shape == (0, SIZE_PX, SIZE_PX, 3)
    assert opened.index_of("ISIC_0000064") == 64
    assert "ISIC_0000064" in opened
    assert "ISIC_9999999" not in opened


def test_a_number_or_name_that_is_not_in_the_pack_is_an_error(items: Items, tmp_path: Path) -> None:
    pack(items, tmp_path / "pack")
    opened = open_pack(tmp_path / "pack")
    for indices in ([70], [-1]):
        with pytest.raises(IndexError, match="0 to 69"):
            opened.read(indices)
        with pytest.raises(IndexError):
            opened.stored(indices[0])
    with pytest.raises(KeyError):
        opened.index_of("ISIC_9999999")
    with pytest.raises(ValueError, match="out is uint8"):
        opened.read([1, 2], out=np.zeros((1, SIZE_PX, SIZE_PX, 3), np.uint8))


def test_stored_bytes_are_given_without_a_copy(items: Items, tmp_path: Path) -> None:
    pack(items, tmp_path / "raw")
    pack(items, tmp_path / "jpeg", storage="jpeg")
    raw, jpeg = open_pack(tmp_path / "raw"), open_pack(tmp_path / "jpeg")
    for opened in (raw, jpeg):
        first, again = (np.frombuffer(opened.stored(40), np.uint8) for _ in range(2))
        assert np.shares_memory(first, again)
        assert not first.flags.writeable
    assert raw.stored(40).nbytes == SIZE_PX * SIZE_PX * 3
    decoded = simplejpeg.decode_jpeg(jpeg.jpeg(40))
    assert (decoded == jpeg.read([40])[0]).all()
    assert (simplejpeg.decode_jpeg(raw.jpeg(40)) == decoded).all()


def test_plain_pyarrow_reads_it_as_the_reference_says(
    items: Items, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(items, tmp_path / "pack")
    monkeypatch.chdir(tmp_path)
    reference = Path(__file__).resolve().parents[2] / "docs" / "reference" / "pack.md"
    example = reference.read_text("utf-8").split("```python\n")[1].split("```")[0]
    assert "cygnet" not in example
    found: dict[str, Any] = {}
    exec(example, found)  # noqa: S102 - the example is ours, and is what is tested
    assert found["names"] == [name for name, _ in items]
    assert (np.stack(found["images"]) == open_pack(tmp_path / "pack").read(range(70))).all()


def test_a_jpeg_of_a_jpeg_pack_is_read_as_the_reference_says(items: Items, tmp_path: Path) -> None:
    pack(items, tmp_path / "pack", storage="jpeg")
    source = pa.memory_map(str(tmp_path / "pack" / "shard-00001.arrow"))
    column = pa.ipc.open_file(source).get_batch(0).column("image")
    stored = open_pack(tmp_path / "pack").stored(32 + 5)
    assert column[5].as_buffer().to_pybytes() == bytes(stored)


def test_a_pack_can_be_sent_to_another_process(items: Items, tmp_path: Path) -> None:
    pack(items, tmp_path / "pack")
    opened = open_pack(tmp_path / "pack")
    copy = pickle.loads(pickle.dumps(opened))  # noqa: S301
    assert (copy.read([7]) == opened.read([7])).all()


def test_a_folder_that_is_no_whole_pack_is_refused(items: Items, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a whole pack"):
        open_pack(tmp_path)
    pack(items, tmp_path / "pack")
    index = tmp_path / "pack" / "index.json"
    whole = index.read_text()
    for broken in ("", "[]", "{}", '{"size_px": 24, "geometry": "up", "storage": "raw"}'):
        index.write_text(broken)
        with pytest.raises(InputError, match="not the index of a pack"):
            open_pack(tmp_path / "pack")
    index.write_text(whole.replace('"version": 1', '"version": 99'))
    with pytest.raises(InputError, match="version is 99"):
        open_pack(tmp_path / "pack")
    index.write_text(whole)
    shard = tmp_path / "pack" / "shard-00001.arrow"
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(InputError, match="shard-00001"):
        open_pack(tmp_path / "pack")
    shard.unlink()
    with pytest.raises(InputError, match="shard-00001"):
        open_pack(tmp_path / "pack")


@pytest.mark.parametrize("storage", ["raw", "jpeg"])
def test_a_shard_that_was_changed_is_refused_however_it_was(
    items: Items, tmp_path: Path, storage: Any
) -> None:
    # Found by fuzzing: names that are no text, columns that are not there, pixels beyond the end.
    pack(items, tmp_path / "pack", storage=storage)
    shard = tmp_path / "pack" / "shard-00000.arrow"
    whole = shard.read_bytes()
    changes = {
        "another column": whole.replace(b"image_name", b"image_nama"),
        "no text": whole.replace(b"ISIC_0000003", b"ISIC_\xff\xff00003"),
        "nothing": bytes(len(whole)),
    }
    for what, changed in changes.items():
        assert changed != whole, what
        shard.write_bytes(changed)
        with pytest.raises(InputError, match="missing or was changed"):
            open_pack(tmp_path / "pack")


def test_a_jpeg_of_a_pack_that_was_changed_is_refused_when_it_is_read(
    items: Items, tmp_path: Path
) -> None:
    pack(items, tmp_path / "pack", storage="jpeg")
    shard = tmp_path / "pack" / "shard-00000.arrow"
    shard.write_bytes(shard.read_bytes().replace(b"\xff\xd8\xff\xe0", b"\xff\xd9\xff\xe0"))
    with pytest.raises(InputError, match=r"shard-00000.*was changed.*ISIC_0000000"):
        open_pack(tmp_path / "pack").read([0])


@pytest.mark.parametrize(
    "changes",
    [
        {"shards": None},
        {"shards": [{"file": "../../etc/passwd", "n_images": 1, "bytes": 1}]},
        {"shards": [{"file": "shard-00000.arrow", "n_images": "1", "bytes": 1}]},
        {"shards": [5]},
        {"size_px": float("inf")},
        {"size_px": 2**40},
    ],
)
def test_an_index_that_was_changed_is_refused(
    items: Items, tmp_path: Path, changes: dict[str, Any]
) -> None:
    pack(items, tmp_path / "pack")
    index = tmp_path / "pack" / "index.json"
    index.write_text(json.dumps(json.loads(index.read_text("utf-8")) | changes), "utf-8")
    with pytest.raises(InputError, match="not the index of a pack"):
        open_pack(tmp_path / "pack")
