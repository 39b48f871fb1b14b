"""Does a second version say what changed and why, and keep every identifier?"""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cygnet.cohort.table import read_dataset
from cygnet.curation.release.release import write_release
from cygnet.curation.release.verify import verify
from cygnet.errors import InputError
from small_cohort import jpeg, write_small_cohort
from small_release import config

SPLIT = '[split]\ntest_share = 0.3\n[images]\npackage = "folder"\n'
REASONS = """
[[erratum]]
change = "label-changed"
reason = "The slide was read again."

[[erratum]]
images = ["{image}"]
reason = "A finger was in the picture."

[[erratum]]
change = "row-changed"
reason = "The site was corrected."

[[erratum]]
change = "image-removed"
reason = "Consent was withdrawn."

[[erratum]]
change = "image-added"
reason = "New patients."
"""


def second(folder: Path, reasons: str) -> str:
    return f'{SPLIT}[previous]\nfolder = "{folder / "v1"}"\n{reasons}'


def names(folder: Path) -> dict[str, str]:
    (file,) = folder.glob("private/*ledger*.json")
    given: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["given"]["image_name"]
    return given


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A cohort in ``data`` and its first version in ``v1``."""
    write_small_cohort(tmp_path / "data", n_patients=14)
    write_release(tmp_path / "data", tmp_path / "v1", config(tmp_path, SPLIT), workers=1)
    return tmp_path


def released_train(out: Path) -> pl.DataFrame:
    return read_dataset(out / "data").train.table


def amended(first: Path) -> tuple[str, str, str, str]:
    """Change one label, one image, one site and take one image out, all of training; add some."""
    data = first / "data"
    train = set(released_train(first / "v1")["image_name"])
    mine = [old for old, new in names(first).items() if new in train]
    benign = [name for name in mine if not name.endswith("000")][:4]
    label, image, site, gone = benign
    picture = data / "jpeg" / "train"
    (picture / f"{image}.jpg").write_bytes(jpeg(np.full((48, 48, 3), 99, np.uint8)))
    table = pl.read_csv(data / "train.csv")
    is_label, is_site = pl.col("image_name") == label, pl.col("image_name") == site
    table = table.filter(pl.col("image_name") != gone).with_columns(
        diagnosis=pl.when(is_label).then(pl.lit("melanoma")).otherwise("diagnosis"),
        benign_malignant=pl.when(is_label).then(pl.lit("malignant")).otherwise("benign_malignant"),
        target=pl.when(is_label).then(1).otherwise("target"),
        anatom_site_general_challenge=pl.when(is_site)
        .then(pl.lit("head/neck"))
        .otherwise("anatom_site_general_challenge"),
    )
    write_small_cohort(first / "more", n_patients=3, seed=5)
    more = pl.read_csv(first / "more" / "train.csv").with_columns(
        image_name="N" + pl.col("image_name"), patient_id="N" + pl.col("patient_id")
    )
    for file in (first / "more" / "jpeg" / "train").iterdir():
        shutil.copy(file, picture / f"N{file.name}")
    pl.concat([table, more]).write_csv(data / "train.csv")
    (data / "train_original_size.csv").unlink()
    return label, image, site, gone


def test_what_changed_is_said_with_its_reason(first: Path) -> None:
    label, image, site, gone = amended(first)
    before = names(first)
    settings = config(first, second(first, REASONS.format(image=image)), version="1.1.0")
    write_release(first / "data", first / "v2", settings, workers=1)
    assert {old: names(first)[old] for old in before} == before
    table = pl.read_csv(first / "v2" / "errata.csv", infer_schema=False)
    assert set(table["version"]) == {"1.1.0"}
    found = {row[1:4]: row[4:] for row in table.iter_rows()}
    reason = "The slide was read again."
    assert found[before[label], "label-changed", "target"] == ("0", "1", reason)
    assert found[before[label], "label-changed", "diagnosis"][:2] == ("nevus", "melanoma")
    assert found[before[image], "image-changed", None][2] == "A finger was in the picture."
    assert found[before[site], "row-changed", "anatom_site_general_challenge"] == (
        "torso", "head/neck", "The site was corrected.",
    )  # fmt: skip
    assert found[before[gone], "image-removed", None][2] == "Consent was withdrawn."
    added = [name for name, change, _ in found if change == "image-added"]
    assert len(added) == 12
    # The original sizes went, and they are no column of the published table.
    assert len(found) == 3 + 1 + 1 + 1 + 12
    assert verify(first / "v2").ok


def test_a_change_without_a_reason_is_refused_and_named(first: Path) -> None:
    label, image, _, _ = amended(first)
    reasons = REASONS.format(image=image).replace('"label-changed"', '"image-changed"')
    settings = config(first, second(first, reasons), version="1.1.0")
    with pytest.raises(InputError, match=rf"label-changed.*{names(first)[label]} .*'0' to '1'"):
        write_release(first / "data", first / "v2", settings, workers=1)
    assert not (first / "v2" / "bagit.txt").exists()


def test_errata_of_all_versions_are_kept(first: Path) -> None:
    _, image, _, _ = amended(first)
    sections = second(first, REASONS.format(image=image))
    write_release(first / "data", first / "v2", config(first, sections, version="1.1.0"), workers=1)
    third = sections.replace(str(first / "v1"), str(first / "v2"))
    write_release(first / "data", first / "v3", config(first, third, version="2"), workers=1)
    assert (first / "v3" / "errata.csv").read_bytes() == (first / "v2" / "errata.csv").read_bytes()
    sheet = (first / "v3" / "DATASHEET.md").read_text(encoding="utf-8")
    assert "Nothing changed since the version before." in sheet


def test_nobody_changes_sides_and_changed_test_labels_are_told_to_the_publisher_alone(
    first: Path,
) -> None:
    before = json.loads(next(first.glob("private/*ledger*")).read_text(encoding="utf-8"))["sides"]
    truth = pl.read_csv(first / "private" / "small-1.0.0-test-truth.csv")
    tested = truth.filter(pl.col("target") == 0)["image_name"][0]
    source = next(old for old, new in names(first).items() if new == tested)
    table = pl.read_csv(first / "data" / "train.csv")
    here = pl.col("image_name") == source
    table.with_columns(
        diagnosis=pl.when(here).then(pl.lit("melanoma")).otherwise("diagnosis"),
        benign_malignant=pl.when(here).then(pl.lit("malignant")).otherwise("benign_malignant"),
        target=pl.when(here).then(1).otherwise("target"),
    ).write_csv(first / "data" / "train.csv")
    settings = config(first, second(first, ""), version="1.0.1")
    write_release(first / "data", first / "v2", settings, workers=1)
    after = json.loads(next(first.glob("private/*ledger*")).read_text(encoding="utf-8"))["sides"]
    assert after == before
    public = (first / "v2" / "errata.csv").read_text(encoding="utf-8")
    assert public.count("\n") == 1
    told = pl.read_csv(first / "private" / "small-1.0.1-test-errata.csv", infer_schema=False)
    assert set(told["image_name"]) == {tested}
    assert told.filter(pl.col("column") == "target")["after"].to_list() == ["1"]


@pytest.mark.parametrize("version", ["1.0.0", "0.9"])
def test_a_version_that_is_not_later_is_refused(first: Path, version: str) -> None:
    settings = config(first, second(first, ""), version=version)
    with pytest.raises(InputError, match="higher version"):
        write_release(first / "data", first / "v2", settings)


def test_another_key_or_a_folder_that_is_no_release_is_refused(first: Path) -> None:
    sections = second(first, REASONS.format(image="none"))
    (first / "private" / "release.key").write_text("another key of some length\n")
    with pytest.raises(InputError, match="the key is another"):
        write_release(first / "data", first / "v2", config(first, sections, version="2"), workers=1)
    (first / "private" / "release.key").unlink()
    with pytest.raises(InputError, match="secret key is not there"):
        write_release(first / "data", first / "v3", config(first, sections, version="2"))
    with pytest.raises(InputError, match="previous release cannot be read"):
        other = sections.replace(str(first / "v1"), str(first / "data"))
        write_release(first / "data", first / "v3", config(first, other, version="2"))
