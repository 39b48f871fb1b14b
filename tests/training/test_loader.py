"""The order of an epoch, the cut into batches, and reading ahead."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cygnet.errors import ImageError, InputError
from cygnet.images.pack import open_pack, write_pack
from cygnet.training.loader import PackedImages, Samples, joined_samples, read_ahead
from cygnet.training.sampling import batches, epoch_order
from small_cohort import blob, jpeg


def targets(n_positive: int, n_negative: int) -> NDArray[np.float32]:
    return np.repeat(np.array([1, 0], np.float32), [n_positive, n_negative])


def test_without_a_fraction_every_image_comes_once(rng: np.random.Generator) -> None:
    order = epoch_order(targets(3, 17), None, rng)
    assert sorted(order.tolist()) == list(range(20))


def test_a_melanoma_fraction_is_met_and_draws_each_class_in_whole_rounds(
    rng: np.random.Generator,
) -> None:
    truth = targets(3, 17)
    order = epoch_order(truth, 0.3, rng)
    assert truth[order].sum() == 6
    positive = order[truth[order] > 0.5]
    assert np.bincount(positive).tolist() == [2, 2, 2]
    negative = order[truth[order] <= 0.5]
    assert len(set(negative.tolist())) == 14


def test_batches_are_nearly_equal_and_lose_nothing() -> None:
    cut = batches(np.arange(65), 32)
    assert [len(batch) for batch in cut] == [22, 22, 21]
    assert np.concatenate(cut).tolist() == list(range(65))


def test_reading_ahead_keeps_the_order() -> None:
    def read(names: Sequence[str]) -> NDArray[np.uint8]:
        return np.array([int(name) for name in names], np.uint8)

    names = [[str(3 * i + j) for j in range(3)] for i in range(10)]
    read_values = [tensor.tolist() for tensor in read_ahead(read, names)]
    assert read_values == [[3 * i, 3 * i + 1, 3 * i + 2] for i in range(10)]


def test_what_the_reading_thread_raises_is_raised_to_the_reader() -> None:
    def read(names: Sequence[str]) -> NDArray[np.uint8]:
        raise InputError.of(f"bad image {names[0]}", "Mend it.")

    with pytest.raises(InputError, match="bad image a"):
        list(read_ahead(read, [["a"], ["b"]]))


@pytest.fixture
def pack_folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    items = []
    for index in range(4):
        file = tmp_path / f"{index}.jpg"
        file.write_bytes(jpeg(blob(rng, dark=index == 0)))
        items.append((f"image-{index}", file))
    write_pack(items, tmp_path / "pack", size_px=40, workers=1)
    return tmp_path / "pack"


def test_images_come_in_the_order_asked_for(pack_folder: Path) -> None:
    pack = open_pack(pack_folder)
    images = PackedImages([pack], size_px=40, geometry="squash")
    read = images.read(["image-2", "image-0"])
    assert np.array_equal(read, pack.read([2, 0]))
    assert "image-3" in images
    assert "image-4" not in images


def test_a_larger_pack_is_reduced_to_the_networks_size(pack_folder: Path) -> None:
    images = PackedImages([open_pack(pack_folder)], size_px=32, geometry="squash")
    small = images.read(["image-1"])
    assert small.shape == (1, 32, 32, 3)
    whole = open_pack(pack_folder).read([1])
    assert abs(float(small.mean()) - float(whole.mean())) < 1.0


def test_a_stage_may_see_the_images_smaller(pack_folder: Path) -> None:
    images = PackedImages([open_pack(pack_folder)], size_px=40, geometry="squash")
    assert images.at_size(None) is images
    assert images.at_size(32).read(["image-1"]).shape == (1, 32, 32, 3)


def test_an_image_that_was_changed_is_named_with_its_shard(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    file = tmp_path / "0.jpg"
    file.write_bytes(jpeg(blob(rng, dark=True)))
    items = [(f"image-{index}", file) for index in range(2)]
    write_pack(items, tmp_path / "pack", size_px=40, workers=1, storage="jpeg")
    images = PackedImages([open_pack(tmp_path / "pack")], size_px=32, geometry="squash")
    shard = tmp_path / "pack" / "shard-00000.arrow"
    content = shard.read_bytes()
    start = content.rindex(b"\xff\xd8\xff\xe0")
    with shard.open("r+b") as stream:
        stream.seek(start)
        stream.write(b"\x00" * 300)
    with pytest.raises(ImageError, match=r"shard-00000.*image-1"):
        list(read_ahead(images.read, [["image-0"], ["image-1"]]))


def test_a_shard_that_was_cut_is_named_before_it_is_read(pack_folder: Path) -> None:
    images = PackedImages([open_pack(pack_folder)], size_px=40, geometry="squash")
    images.check_shards()
    shard = pack_folder / "shard-00000.arrow"
    shard.rename(shard.with_suffix(".away"))
    with pytest.raises(InputError, match="shard-00000"):
        images.check_shards()


def test_the_samples_of_two_datasets_are_other_patients() -> None:
    one = Samples(["a"], np.ones(1, np.float32), None, np.array([1]))
    two = Samples(["b"], np.zeros(1, np.float32), np.array([3]), np.array([1]))
    both = joined_samples(one, two)
    assert both.classes is not None
    assert both.classes.tolist() == [-1, 3]
    assert both.patients is not None
    assert len(set(both.patients.tolist())) == 2


def test_benign_images_without_a_diagnosis_are_of_the_class_unknown() -> None:
    target = np.array([1, 0, 0], np.float32)
    nothing = Samples(["a", "b", "c"], target, classes=np.full(3, -1))
    assert nothing.classes_seen(9).tolist() == [True, *[False] * 7, True]
    some = Samples(["a", "b", "c"], target, classes=np.array([-1, -1, 1]))
    assert some.classes_seen(9).tolist() == [True, True, *[False] * 7]
    assert not Samples(["a"], target[:1]).classes_seen(9)[1:].any()


def test_a_pack_that_is_too_small_is_refused(pack_folder: Path) -> None:
    with pytest.raises(InputError, match="40 px"):
        PackedImages([open_pack(pack_folder)], size_px=64, geometry="squash")
