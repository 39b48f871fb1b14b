"""Does verify find what is missing, changed and extra, and believe no list that leads out?"""

import shutil
import tempfile
import zipfile
from hashlib import md5, sha1, sha256, sha512
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cygnet.curation.release.checksum_list import is_inside, read_checksum_list
from cygnet.curation.release.verify import Altered, verify
from cygnet.errors import InputError
from small_release import Released


@pytest.fixture
def copy(released: Released, tmp_path: Path) -> Path:
    shutil.copytree(released.out, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_whole_release_is_whole_for_cygnet_and_for_bagit(copy: Path) -> None:
    found = verify(copy)
    assert found.ok
    assert found.kind == "release"
    assert found.n_listed == sum(path.is_file() for path in copy.rglob("*")) - 1
    assert bagit.Bag(str(copy)).validate()


def test_what_is_missing_changed_and_extra_is_named(copy: Path) -> None:
    (copy / "data" / "ISIC_2020_Test_JPEG.zip").unlink()
    with (copy / "data" / "ISIC_2020_Training_GroundTruth.csv").open("ab") as stream:
        stream.write(b"\n")
    (copy / "data" / "more.jpg").write_bytes(b"more")
    (copy / "DATASHEET.md").write_text("other", encoding="utf-8")
    (copy / "note.txt").write_text("extra", encoding="utf-8")
    found = verify(copy)
    assert found.missing == ("data/ISIC_2020_Test_JPEG.zip",)
    names = [one.path for one in found.changed]
    assert names == ["DATASHEET.md", "data/ISIC_2020_Training_GroundTruth.csv"]
    assert found.extra == ("data/more.jpg", "note.txt")
    assert not found.ok


def test_unpacked_images_are_checked_and_are_not_extra(copy: Path) -> None:
    with zipfile.ZipFile(copy / "data" / "ISIC_2020_Test_JPEG.zip") as archive:
        archive.extractall(copy / "data")
        name = archive.namelist()[0]
    before = verify(copy).n_listed
    assert verify(copy).ok
    assert before > len(list((copy / "data").rglob("*.jpg"))) > 0
    (copy / "data" / name).write_bytes(b"other")
    assert [one.path for one in verify(copy).changed] == [f"data/{name}"]


def test_one_flipped_bit_is_found(copy: Path) -> None:
    file = copy / "data" / "ISIC_2020_Training_JPEG.zip"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    (one,) = verify(copy).changed
    assert one.path == "data/ISIC_2020_Training_JPEG.zip"
    assert "sha256 is" in one.how


def test_a_manifest_that_was_changed_with_its_file_is_found(copy: Path) -> None:
    table = copy / "data" / "ISIC_2020_Test_Metadata.csv"
    old = sha256(table.read_bytes()).hexdigest()
    table.write_bytes(table.read_bytes() + b"\n")
    manifest = copy / "manifest-sha256.txt"
    new = sha256(table.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text().replace(old, new))
    assert "manifest-sha256.txt" in [one.path for one in verify(copy).changed]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_bags_of_others_are_read(tmp_path: Path, algorithm: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "50% of\nit.txt").write_text("one")
    (tmp_path / "b.txt").write_text("two")
    bagit.make_bag(str(tmp_path), checksums=[algorithm])
    found = verify(tmp_path)
    assert found.ok, found
    assert found.kind == "bag"
    (tmp_path / "data" / "b.txt").write_text("too")
    assert [one.path for one in verify(tmp_path).changed] == ["data/b.txt"]


def test_several_manifests_must_all_hold(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    bagit.make_bag(str(tmp_path), checksums=["md5", "sha512"])
    manifest = tmp_path / "manifest-sha512.txt"
    manifest.write_text("0" * 128 + "  data/a.txt\n")
    assert {one.path for one in verify(tmp_path).changed} == {"data/a.txt", "manifest-sha512.txt"}


def test_without_a_tag_manifest_only_the_payload_must_be_listed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    bagit.make_bag(str(tmp_path), checksums=["sha256"])
    (tmp_path / "tagmanifest-sha256.txt").unlink()
    (tmp_path / "note.txt").write_text("allowed")
    assert verify(tmp_path).ok
    info = tmp_path / "bag-info.txt"
    info.write_text(info.read_text().replace("Payload-Oxum: 3.1", "Payload-Oxum: 9.2"))
    how = "Payload-Oxum says 9.2, the payload has 3.1"
    assert verify(tmp_path).changed == (Altered("bag-info.txt", how),)


BSD = {32: "MD5", 40: "SHA1", 64: "SHA256", 128: "SHA512"}
FORMS = {
    "gnu": lambda d, n: f"{d}  {n}\n",
    "binary": lambda d, n: f"{d} *./{n}\r\n",
    "bsd": lambda d, n: f"{BSD[len(d)]} ({n}) = {d}\n",
    "upper": lambda d, n: f"{d.upper()}  {n}\n",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", [md5, sha1, sha256, sha512])
def test_a_download_is_held_against_a_list(tmp_path: Path, form: str, make: object) -> None:
    names = ["a b.zip", "sub/c.csv"]
    (tmp_path / "sub").mkdir()
    text = "# from the publisher\n"
    for name in names:
        (tmp_path / name).write_text(name)
        text += FORMS[form](make(name.encode()).hexdigest(), name)  # type: ignore[operator]
    (tmp_path / "checksums.txt").write_bytes(text.encode())
    found = verify(tmp_path)
    assert found.ok, found
    assert found.kind == "download"
    assert found.n_listed == 2
    (tmp_path / names[0]).unlink()
    assert verify(tmp_path).missing == ("a b.zip",)


def test_lists_that_cannot_be_believed_are_refused(tmp_path: Path) -> None:
    good = sha256(b"").hexdigest()
    file = tmp_path / "SHA256SUMS"
    for text, said in (
        (f"{good}  ../a\n", "leads out"),
        (f"{good}  /etc/passwd\n", "leads out"),
        (f"{good}  C:\\a\n", "leads out"),
        (f"{good}  a\n{'0' * 64}  a\n", "listed twice"),
        ("hello\n", "no checksum"),
        (f"{good[:-1]}  a\n", "no checksum"),
        ("\n# nothing\n", "names no file"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=said):
            verify(tmp_path)


def test_a_folder_without_a_list_or_with_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No list"):
        verify(tmp_path)
    for name in ("SHA256SUMS", "MD5SUMS"):
        (tmp_path / name).write_text("x")
    with pytest.raises(InputError, match="Several lists"):
        verify(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        verify(tmp_path / "none")
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    with pytest.raises(InputError, match="no manifest"):
        verify(tmp_path)


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside.txt").write_text("same")
    (folder / "a.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "up").symlink_to(tmp_path)
    digest = sha256(b"same").hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  a.txt\n{digest}  up/outside.txt\n")
    found = verify(folder)
    assert {one.how for one in found.changed} == {"a link that leads out of the folder"}
    assert len(found.changed) == 2
    assert found.extra == ("up",)


@given(st.text(max_size=40))
def test_a_name_that_is_inside_stays_inside(name: str) -> None:
    if is_inside(name):
        joined = (Path("/folder") / name).as_posix().split("/")
        assert joined[:2] == ["", "folder"]
        assert ".." not in joined


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1)))
def test_any_text_that_is_no_list_is_refused(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "list"
        file.write_text("\n".join(lines), encoding="utf-8")
        with pytest.raises(InputError):
            read_checksum_list(file)
