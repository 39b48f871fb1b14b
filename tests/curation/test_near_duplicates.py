"""Changed copies are found among pictures that look alike, and those are not taken for copies."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg

from cygnet.curation.near_duplicates import find_near_duplicates
from cygnet.curation.pictures import Pictures, pictures_in_files, pictures_in_pack
from cygnet.curation.synth import write_twin
from cygnet.images.decode import read_to_size
from cygnet.images.pack import write_pack

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from planted_copies import CHANGES, planted  # the study's own copies

OBLONG = "free rotation of a 3:2 original"


def in_files(items: list[tuple[str, Path]]) -> Pictures:
    return Pictures(tuple(name for name, _ in items), tuple(path for _, path in items))


def pairs(pictures: Pictures, workers: int = 1) -> dict[tuple[str, str], dict[str, object]]:
    found = find_near_duplicates(pictures, workers=workers)
    return {(one.image_name_1, one.image_name_2): one.as_json() for one in found.pairs}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """Draw the lesions of four synthetic patients, at 256 px."""
    folder = tmp_path_factory.mktemp("near") / "twin"
    write_twin(folder, n_patients=4, n_test_patients=0, seed=3, size_px=256, workers=1)
    files = sorted((folder / "jpeg/train").glob("*.jpg"))
    assert len(files) >= 30
    for file in files[:30]:
        # As the real copies beside the project are: squashed, whatever shape they had.
        squashed = read_to_size(file, 256)
        file.write_bytes(simplejpeg.encode_jpeg(squashed, quality=95))
    return [(file.stem, file) for file in files[:30]]


def test_every_kind_of_changed_copy_is_found_and_nothing_else(
    twin: list[tuple[str, Path]], tmp_path: Path
) -> None:
    kinds = [kind for kind in CHANGES if kind not in (OBLONG, "all at once")]
    items, wanted = list(twin), {}
    for seed, (name, file) in enumerate(twin[: 3 * len(kinds)]):
        kind = kinds[seed % len(kinds)]
        copy = tmp_path / f"{name}~.jpg"
        copy.write_bytes(planted(simplejpeg.decode_jpeg(file.read_bytes(), "RGB"), kind, seed))
        items.append((copy.stem, copy))
        wanted[name, copy.stem] = kind
    found = set(pairs(in_files(items)))
    assert len(wanted) == 27
    assert [kind for pair, kind in wanted.items() if pair not in found] == []
    # Two drawn pictures of one lesion are not one picture.
    assert found == set(wanted)


def test_an_oblong_picture_is_known_again_when_it_is_turned(
    twin: list[tuple[str, Path]], tmp_path: Path
) -> None:
    copies = []
    for seed, (name, file) in enumerate(twin[:8]):
        copy = tmp_path / f"{name}~.jpg"
        copy.write_bytes(planted(simplejpeg.decode_jpeg(file.read_bytes(), "RGB"), OBLONG, seed))
        copies.append((copy.stem, copy))
    # The tables say that the square files were 3 by 2 once.
    known = dict.fromkeys([name for name, _ in twin], 1.5)
    pictures = pictures_in_files({"train": dict([*twin[:8], *copies])}, known)
    assert pictures.aspects == (*(1.5,) * 8, *(None,) * 8)
    assert len(pairs(pictures)) >= 7


def test_what_was_done_to_a_copy_is_told(twin: list[tuple[str, Path]], tmp_path: Path) -> None:
    name, file = twin[0]
    pixels = cv2.imread(str(file))
    assert pixels is not None
    changed = {
        "mirrored": np.ascontiguousarray(pixels[:, ::-1]),
        "quarter": np.asarray(cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)),
        "part": np.ascontiguousarray(pixels[40:240, 20:220]),
    }
    items = [(name, file)]
    for kind, picture in changed.items():
        path = tmp_path / f"{name}~{kind}.png"
        cv2.imwrite(str(path), picture)
        items.append((path.stem, path))
    found = pairs(in_files(items))
    mirrored = found[name, f"{name}~mirrored"]
    assert mirrored["mirrored"] is True
    # A mirror left to right is one top to bottom and half a turn.
    assert abs(abs(float(str(mirrored["turned_degrees"]))) - 180) < 1
    quarter = found[name, f"{name}~quarter"]
    assert quarter["mirrored"] is False
    assert float(str(quarter["turned_degrees"])) == pytest.approx(90, abs=1)
    assert float(str(found[name, f"{name}~part"]["scale"])) == pytest.approx(1.28, abs=0.02)


def test_a_pack_gives_what_the_files_give(twin: list[tuple[str, Path]], tmp_path: Path) -> None:
    items = [*twin[:12], ("a copy", twin[3][1])]
    write_pack(items, tmp_path / "pack", size_px=256, workers=1)
    packed = pictures_in_pack(tmp_path / "pack", [name for name, _ in items])
    assert pairs(packed) == pairs(in_files(items))
    assert packed.aspects == (None,) * 13
    assert (twin[3][0], "a copy") in pairs(packed)


def test_two_workers_find_what_one_finds(twin: list[tuple[str, Path]]) -> None:
    items = [*twin[:12], ("a copy", twin[3][1])]
    assert pairs(in_files(items), workers=2) == pairs(in_files(items), workers=1)


def test_pictures_without_structure_and_without_pictures_are_no_pairs(tmp_path: Path) -> None:
    items = []
    for name in "ab":
        path = tmp_path / f"{name}.png"
        cv2.imwrite(str(path), np.full((64, 64, 3), 127, np.uint8))
        items.append((name, path))
    (tmp_path / "c.jpg").write_bytes(b"no picture")
    items.append(("c", tmp_path / "c.jpg"))
    found = find_near_duplicates(in_files(items), workers=1)
    assert found.pairs == ()
    assert found.unreadable == ("c",)
    assert found.pixel_digests["a"] == found.pixel_digests["b"]
    assert find_near_duplicates(Pictures(()), workers=1).pairs == ()


@pytest.mark.real
def test_the_real_duplicates_are_found_and_no_others(real_data: Path) -> None:
    folder = real_data / "isic2020/jpeg/train"
    named = ["ISIC_2607827", "ISIC_6352565", "ISIC_6584579", "ISIC_9967383"]
    beside = [file.stem for file in sorted(folder.glob("*.jpg"))[::6]]
    names = sorted({*named, *beside})
    found = pairs(in_files([(name, folder / f"{name}.jpg") for name in names]), workers=2)
    assert set(found) == {("ISIC_2607827", "ISIC_9967383"), ("ISIC_6352565", "ISIC_6584579")}
