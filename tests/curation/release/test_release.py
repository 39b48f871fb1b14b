"""Does a release say the same as its cohort, under other names, and nothing else?"""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydicom import dcmread

from cygnet.cohort.layout import locate_images
from cygnet.cohort.table import Cohort, Dataset, read_dataset
from cygnet.curation.release import parts, release
from cygnet.curation.release.config import ReleaseConfig, read_release_config
from cygnet.curation.release.release import write_release
from cygnet.curation.release.verify import verify
from cygnet.curation.synth import write_twin
from cygnet.durable import held_alone
from cygnet.errors import InputError, StorageError
from cygnet.images.decode import decode_to_size
from cygnet.images.headers import read_header
from small_cohort import write_small_cohort
from small_release import SECTIONS, Released, config, telling, write_config, write_source

SAID = ("sex", "age_approx", "anatom_site_general_challenge", "width_px", "height_px")
LABELS = ("diagnosis", "benign_malignant", "target")


def unpacked(out: Path, to: Path) -> Path:
    shutil.copytree(out / "data", to)
    archives = sorted(to.glob("*.zip"))
    assert archives
    for archive in archives:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(to)
    return to


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in files}


def ledger(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    (file,) = folder.glob("private/release.key.ledger-*.json")
    document: dict[str, dict[str, dict[str, str]]] = json.loads(file.read_text(encoding="utf-8"))
    return document


def rows(cohort: Cohort | None) -> pl.DataFrame:
    assert cohort is not None
    return cohort.table


def as_source(dataset: Dataset, given: dict[str, dict[str, str]]) -> pl.DataFrame:
    """Give all rows of a release under source identifiers."""
    back = {kind: {new: old for old, new in names.items()} for kind, names in given.items()}
    table = pl.concat([cohort.table.select(*SAID, *LABELS, *back) for cohort in dataset.parts])
    return table.with_columns(pl.col(kind).replace(names) for kind, names in back.items()).sort(
        "image_name"
    )


def test_a_release_read_back_is_the_cohort_under_other_names(
    released: Released, tmp_path: Path
) -> None:
    source = rows(read_dataset(released.data).train).sort("image_name")
    data = unpacked(released.out, tmp_path / "data")
    dataset = read_dataset(data)
    back = as_source(dataset, ledger(released.folder)["given"])
    assert back.select("image_name", "patient_id", *SAID).equals(
        source.select("image_name", "patient_id", *SAID)
    )
    train = back.filter(pl.col("target").is_not_null())
    kept = source.filter(pl.col("image_name").is_in(train["image_name"].implode()))
    assert train.select(*LABELS, "lesion_id").equals(kept.select(*LABELS, "lesion_id"))
    names = ledger(released.folder)["given"]["image_name"]
    old = locate_images(read_dataset(released.data).layout, "train")
    new = locate_images(dataset.layout, "train") | locate_images(dataset.layout, "test")
    assert len(new) == len(old) == source.height
    for name, path in old.items():
        before, after = (decode_to_size(p.read_bytes(), 24) for p in (path, new[names[name]]))
        assert np.array_equal(before, after)


def test_the_dicom_files_hold_the_very_jpeg_files(released: Released, tmp_path: Path) -> None:
    data = unpacked(released.out, tmp_path / "data")
    dicom = sorted((data / "ISIC_2020_Test_Dicom" / "test").glob("*.dcm"))
    assert dicom
    for file in dicom:
        jpeg = data / "ISIC_2020_Test_JPEG" / "ISIC_2020_Test_Input" / f"{file.stem}.jpg"
        assert jpeg.read_bytes() in file.read_bytes()
        assert read_header(file).format == "dicom"


def test_a_dicom_file_says_its_lesion_and_side_but_no_lesion_of_the_test_set(
    tmp_path: Path,
) -> None:
    data = write_source(tmp_path)
    table = pl.read_csv(data / "train.csv")
    sides = ["left", "R", None, "unknown"]
    told = table.with_columns(laterality=pl.Series([sides[i % 4] for i in range(table.height)]))
    told.write_csv(data / "train.csv")
    summary = write_release(data, tmp_path / "out", config(tmp_path, SECTIONS))
    out = unpacked(summary.out, tmp_path / "unpacked")
    given = ledger(tmp_path)["given"]
    read = rows(read_dataset(data).train)
    source = {given["image_name"][row["image_name"]]: row for row in read.to_dicts()}
    for folder in ("ISIC_2020_Training_Dicom/train", "ISIC_2020_Test_Dicom/test"):
        files = sorted((out / folder).glob("*.dcm"))
        assert files
        for file in files:
            dataset, row = dcmread(file), source[file.stem]
            known = {"left": "L", "right": "R"}.get(row["laterality"], "")
            assert dataset.get("Laterality", known) == known
            region = dataset.AnatomicRegionSequence[0]
            assert ("AnatomicRegionModifierSequence" in region) == bool(known)
            is_test = "Test" in folder
            lesion = None if is_test else given["lesion_id"][row["lesion_id"]]
            assert dataset.get("TrackingID") == lesion
    assert "laterality" not in (out / "ISIC_2020_Training_GroundTruth.csv").read_text()


def test_two_releases_with_one_key_are_not_made_at_once(tmp_path: Path) -> None:
    data = write_source(tmp_path)
    settings = config(tmp_path, SECTIONS)
    settings.private.key_file.parent.mkdir()
    with held_alone(settings.private.key_file.parent), pytest.raises(StorageError, match="Another"):
        write_release(data, tmp_path / "out", settings)
    assert not (tmp_path / "out").exists()
    assert write_release(data, tmp_path / "out", settings).out.is_dir()


def test_no_secret_and_no_source_identifier_is_anywhere_in_it(released: Released) -> None:
    key = (released.folder / "private" / "release.key").read_bytes().strip()
    table = rows(read_dataset(released.data).train)
    hidden = [key, bytes.fromhex(key.decode()), b"Erika", b"1970-01-01", b"2019-04-01"]
    for column in ("image_name", "patient_id", "lesion_id"):
        hidden += [name.encode() for name in table[column].unique()]
    assert len(hidden) > 100
    pattern = re.compile(b"|".join(re.escape(word) for word in hidden))
    files = [path for path in released.out.rglob("*") if path.is_file()]
    assert any(path.suffix == ".zip" for path in files)
    for path in files:
        found = pattern.search(path.read_bytes())
        assert found is None, (path, found)
        assert pattern.search(str(path.relative_to(released.out)).encode()) is None


def test_patients_are_split_and_melanoma_bearing_ones_are_on_both_sides(
    released: Released,
) -> None:
    assert released.summary.truth is not None
    truth = pl.read_csv(released.summary.truth)
    dataset = read_dataset(released.out / "data")
    assert not set(dataset.train.table["patient_id"]) & set(truth["patient_id"])
    assert set(rows(dataset.test)["image_name"]) == set(truth["image_name"])
    assert truth["target"].sum() > 0
    assert dataset.train.table["target"].sum() > 0
    assert truth.group_by("patient_id").agg(pl.col("Usage").n_unique())["Usage"].max() == 1
    assert set(truth["Usage"]) == {"Public", "Private"}
    assert stat.S_IMODE(released.summary.truth.stat().st_mode) == 0o600
    for file in (released.folder / "private").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_test_labels_are_in_no_public_file(released: Released) -> None:
    header = (released.out / "data" / "ISIC_2020_Test_Metadata.csv").read_text().split("\n")[0]
    assert header == "image_name,patient_id,sex,age_approx,anatom_site_general_challenge"
    assert "target" not in json.dumps(
        json.loads((released.out / "release.json").read_text())["facts"]["parts"]["test"]
    )


def test_the_same_inputs_and_key_give_the_same_bytes(released: Released, tmp_path: Path) -> None:
    again = write_release(released.data, tmp_path / "again", released.config, workers=1)
    assert hashes(again.out) == hashes(released.out)


def test_another_key_gives_other_identifiers(released: Released, tmp_path: Path) -> None:
    other = write_release(
        released.data, tmp_path / "out", config(tmp_path, "[split]\ntest_share = 0.25\n")
    )
    mine = rows(read_dataset(released.out / "data").train)["image_name"]
    theirs = rows(read_dataset(other.out / "data").train)["image_name"]
    assert not set(mine) & set(theirs)


def test_one_image_a_lesion_and_enough_lesions_a_patient(source: Path, tmp_path: Path) -> None:
    sections = (
        "[selection]\none_image_a_lesion = true\nmin_lesions_a_patient = 10\n"
        '[images]\npackage = "folder"\n'
    )
    write_release(source, tmp_path / "out", config(tmp_path, sections), workers=1)
    table = rows(read_dataset(tmp_path / "out" / "data").train)
    counts = table.group_by("patient_id").agg(pl.len(), pl.col("lesion_id").n_unique())
    assert counts["len"].equals(counts["lesion_id"])
    assert counts["lesion_id"].min() >= 10  # type: ignore[operator]
    whole = rows(read_dataset(source).train)
    assert 0 < table.height < whole.height
    facts = json.loads((tmp_path / "out" / "release.json").read_text())["facts"]
    left = facts["n_left_out_one_image_a_lesion"] + facts["n_left_out_few_lesions"]
    assert left == whole.height - table.height
    assert facts["n_left_out_one_image_a_lesion"] > 0


def test_parts_are_of_limited_size_and_numbered(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_MOST_IMAGES", 40)
    write_release(source, tmp_path / "out", config(tmp_path), workers=1)
    names = sorted(path.name for path in (tmp_path / "out" / "data").glob("*.zip"))
    assert names[0] == "ISIC_2020_Training_JPEG_part001.zip"
    assert len(names) == -(-rows(read_dataset(source).train).height // 40)
    assert verify(tmp_path / "out").ok
    data = unpacked(tmp_path / "out", tmp_path / "data")
    listed = tmp_path / "out" / "images-sha256.txt"
    for archive in data.glob("*.zip"):
        archive.unlink()
    for table in data.glob("*.csv"):
        table.unlink()
    found = verify(data, checksums=listed)
    assert found.ok
    assert found.n_listed == rows(read_dataset(source).train).height


def test_a_cohort_with_audit_errors_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    write_small_cohort(tmp_path / "data", lacking=["ISIC_0003001"])
    with pytest.raises(InputError, match="missing-images"):
        write_release(tmp_path / "data", tmp_path / "out", config(tmp_path))
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "private").exists()


def change(data: Path, **columns: pl.Expr) -> None:
    table = pl.read_csv(data / "train.csv")
    table.with_columns(**columns).write_csv(data / "train.csv")


def test_free_text_in_a_known_column_is_refused_unless_it_is_named(tmp_path: Path) -> None:
    write_small_cohort(tmp_path / "data")
    change(tmp_path / "data", diagnosis=pl.col("diagnosis") + ", as Dr Roe said")
    change(tmp_path / "data", benign_malignant=pl.lit(None, dtype=pl.String))
    folder = tmp_path / "data"
    with pytest.raises(InputError, match="free text is not published"):
        write_release(folder, tmp_path / "out", config(tmp_path))


def test_a_row_without_a_patient_is_refused(tmp_path: Path) -> None:
    write_small_cohort(tmp_path / "data")
    change(
        tmp_path / "data",
        patient_id=pl.when(pl.col("image_name") == "ISIC_0003001").then(None).otherwise(
            pl.col("patient_id")
        ),
    )  # fmt: skip
    with pytest.raises(InputError, match="no patient_id"):
        write_release(tmp_path / "data", tmp_path / "out", config(tmp_path))


def test_an_image_that_asks_to_be_turned_is_refused_or_stated(tmp_path: Path) -> None:
    write_small_cohort(tmp_path / "data")
    file = tmp_path / "data" / "jpeg" / "train" / "ISIC_0003001.jpg"
    file.write_bytes(telling(file.read_bytes(), "x", orientation=6))
    with pytest.raises(InputError, match=r"EXIF asks.*ISIC_0003001"):
        write_release(tmp_path / "data", tmp_path / "out", config(tmp_path), workers=1)
    assert not (tmp_path / "out" / "bagit.txt").exists()
    stored = config(tmp_path, '[images]\norientation = "stored"\n')
    write_release(tmp_path / "data", tmp_path / "out", stored, workers=1)
    sheet = (tmp_path / "out" / "DATASHEET.md").read_text(encoding="utf-8")
    assert "1 image carried an EXIF orientation" in sheet


@pytest.mark.parametrize("harm", ["damaged", "png", "cut"])
def test_an_image_that_cannot_be_released_is_named(tmp_path: Path, harm: str) -> None:
    write_small_cohort(tmp_path / "data")
    file = tmp_path / "data" / "jpeg" / "train" / "ISIC_0003001.jpg"
    whole = file.read_bytes()
    at = whole.index(b"\xff\xda") + 40
    file.write_bytes(
        {
            "damaged": whole[:at] + b"\xff\x00" * 40 + whole[at + 80 :],
            "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x30\0\0\0\x30\x08\x02\0\0\0\0\0\0\0",
            "cut": whole[: len(whole) // 2],
        }[harm]
    )
    with pytest.raises(InputError, match="ISIC_0003001"):
        write_release(tmp_path / "data", tmp_path / "out", config(tmp_path), workers=1)
    assert not any(path.suffix == ".zip" for path in (tmp_path / "out").rglob("*"))


def test_sources_are_thanked_image_by_image(tmp_path: Path) -> None:
    write_small_cohort(tmp_path / "data")
    first = pl.col("patient_id") < "IP_0000006"
    change(tmp_path / "data", origin=pl.when(first).then(pl.lit("V")).otherwise(pl.lit("B")))
    file = write_config(
        tmp_path,
        '[tables]\nsource_column = "origin"\n[[source]]\nname = "Vienna"\nvalue = "V"\n'
        'attribution = "Medical University of Vienna"\nlicence = "CC-BY-4.0"\n',
        replace={'name = "Example Clinic"\nattribution': 'name = "EC"\nvalue="B"\nattribution'},
    )
    write_release(tmp_path / "data", tmp_path / "out", release_config(file), workers=1)
    text = (tmp_path / "out" / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "Medical University of Vienna" in text
    assert text.count("Images: 24") == 2
    table = pl.read_csv(tmp_path / "out" / "data" / "ISIC_2020_Attribution.csv")
    assert table["source"].value_counts().height == 2
    change(tmp_path / "data", origin=pl.lit("Z"))
    with pytest.raises(InputError, match="source"):
        write_release(tmp_path / "data", tmp_path / "b", release_config(file), workers=1)


def release_config(file: Path) -> ReleaseConfig:
    return read_release_config(file)


def test_a_split_that_the_data_have_is_kept_and_its_truth_withheld(tmp_path: Path) -> None:
    write_twin(tmp_path / "twin", n_patients=5, n_test_patients=4, seed=2, size_px=32,
               melanoma_prevalence=0.1)  # fmt: skip
    truth = tmp_path / "twin" / "private" / "test_truth.csv"
    sections = f'[split]\ntest_truth = "{truth}"\n[images]\npackage = "folder"\n'
    summary = write_release(tmp_path / "twin", tmp_path / "out", config(tmp_path, sections))
    dataset = read_dataset(tmp_path / "out" / "data")
    given = ledger(tmp_path)["given"]["image_name"]
    source = read_dataset(tmp_path / "twin")
    assert {given[name] for name in rows(source.test)["image_name"]} == set(
        rows(dataset.test)["image_name"]
    )
    assert summary.truth is not None
    withheld = pl.read_csv(summary.truth)
    assert withheld["target"].sum() == pl.read_csv(truth)["target"].sum()
    with pytest.raises(InputError, match="asks for another split"):
        both = config(tmp_path, "[split]\ntest_share = 0.2\n")
        write_release(tmp_path / "twin", tmp_path / "b", both)


def test_places_that_would_leak_or_overwrite_are_refused(source: Path, tmp_path: Path) -> None:
    settings = config(tmp_path)
    with pytest.raises(InputError, match="inside the release"):
        write_release(source, tmp_path, settings)
    with pytest.raises(InputError, match="inside each other"):
        write_release(source, source / "out", settings)
    with pytest.raises(InputError, match="text of the licence"):
        licence = '[licence]\ntext_file = "none.txt"\n'
        file = write_config(tmp_path, replace={"[licence]\n": licence})
        write_release(source, tmp_path / "out", read_release_config(file))
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match="not an empty folder"):
        write_release(source, tmp_path / "taken", settings)
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["mine.txt"]
    with pytest.raises(StorageError, match=r"this path is a file|another kind"):
        write_release(source, tmp_path / "taken" / "mine.txt" / "release", settings)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="link"):
        write_release(source, tmp_path / "link", settings)


def test_a_hidden_work_folder_that_is_a_link_is_not_followed(source: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".cygnet-release").symlink_to(elsewhere)
    with pytest.raises(StorageError, match="link"):
        write_release(source, tmp_path / "out", config(tmp_path))
    assert not any(elsewhere.iterdir())


def begin(data: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start a release that is slow at every image, in parts of twenty."""
    program = (
        "import time, sys; from pathlib import Path\n"
        "from cygnet.curation.release import parts\n"
        "from cygnet.curation.release.config import read_release_config\n"
        "from cygnet.curation.release.release import write_release\n"
        "parts._MOST_IMAGES = 20; whole = parts.original_jpeg\n"
        "def slow(*a, **k):\n    time.sleep(0.01); return whole(*a, **k)\n"
        "parts.original_jpeg = slow\n"
        "write_release(Path(sys.argv[1]), Path(sys.argv[2]),"
        " read_release_config(Path(sys.argv[3])), workers=1)\n"
    )
    write_config(folder, "[split]\ntest_share = 0.25\n")
    arguments = [str(data), str(folder / "out"), str(folder / "release.toml")]
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_release_leaves_whole_parts_and_goes_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blow: signal.Signals
) -> None:
    running = begin(source, tmp_path)
    work = tmp_path / "out" / ".cygnet-release"
    deadline = time.monotonic() + 60
    while len(list(work.glob("parts/*.json"))) < 2:
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    running.send_signal(blow)
    running.wait()
    assert running.returncode != 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".cygnet-release"]
    done = {path.name: path.stat().st_mtime_ns for path in work.glob("tree/data/*.zip")}
    assert len(done) >= 2
    for name in done:
        with zipfile.ZipFile(work / "tree" / "data" / name) as archive:
            assert archive.testzip() is None
    if blow == signal.SIGINT:
        assert not list(tmp_path.rglob("*.partial"))
    monkeypatch.setattr(parts, "_MOST_IMAGES", 20)
    settings = release_config(tmp_path / "release.toml")
    summary = write_release(source, tmp_path / "out", settings, workers=1)
    assert summary.went_on
    assert verify(tmp_path / "out").ok
    now = {name: (tmp_path / "out" / "data" / name).stat().st_mtime_ns for name in done}
    assert now == done
    fresh = write_release(source, tmp_path / "fresh", settings, workers=1)
    assert hashes(fresh.out) == hashes(tmp_path / "out")


def test_a_release_stopped_between_its_renames_goes_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(tmp_path)
    rename, left = Path.rename, [4]

    def failing(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", failing)
        with pytest.raises(KeyboardInterrupt):
            write_release(source, tmp_path / "out", settings, workers=1)
    assert not (tmp_path / "out" / "bagit.txt").exists()
    assert len(list((tmp_path / "out").iterdir())) == 5
    write_release(source, tmp_path / "out", settings, workers=1)
    assert verify(tmp_path / "out").ok


def test_other_inputs_begin_anew(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(release, "_write_tables_and_texts", stopped)
        with pytest.raises(KeyboardInterrupt):
            write_release(source, tmp_path / "out", config(tmp_path), workers=1)
    changed = config(tmp_path, "[split]\ntest_share = 0.25\n")
    summary = write_release(source, tmp_path / "out", changed, workers=1)
    assert not summary.went_on
    assert verify(tmp_path / "out").ok
