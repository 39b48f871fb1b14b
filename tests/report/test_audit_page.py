"""The page of an audit shows what was found, with pictures, and nobody's name."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from cygnet.cohort.table import read_dataset
from cygnet.curation.audit import Audit, audit
from cygnet.curation.baseline import read_baseline, with_baseline, write_baseline
from cygnet.curation.looking import look_at_files
from cygnet.curation.present import named_images, present_images
from cygnet.report.audit_page import write_audit_page
from small_cohort import jpeg, write_small_cohort

MakePage = Callable[..., tuple[str, Audit]]
SOURCE = re.compile(r'src="data:image/jpeg;base64,([^"]+)"')


@pytest.fixture
def make_page(tmp_path: Path) -> MakePage:
    """Give a function that writes the page of a folder, its audit changed by ``by``."""

    def make(folder: Path, by: Callable[[Audit], Audit] = lambda one: one) -> tuple[str, Audit]:
        dataset = read_dataset(folder, for_audit=True)
        images = present_images(dataset)
        assert images is not None
        found = by(audit(dataset, images, files=look_at_files(named_images(dataset, images))))
        page = tmp_path / "page.html"
        created = datetime(2020, 11, 3, tzinfo=UTC)
        write_audit_page(
            page, found, name=folder.name, created=created, dataset=dataset, images=images
        )
        return page.read_text(encoding="utf-8"), found

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a small cohort in which two patients share a picture."""
    folder = tmp_path / "clinic"
    write_small_cohort(folder, n_patients=24)
    train = folder / "jpeg/train"
    (train / "ISIC_0000000.jpg").write_bytes((train / "ISIC_0001001.jpg").read_bytes())
    return folder


def test_every_finding_is_on_the_page_with_its_remedy(folder: Path, make_page: MakePage) -> None:
    page, found = make_page(folder)
    assert len(found.findings) > 3
    for finding in found.findings:
        assert finding.code in page
        assert finding.remedy.split("'")[0] in page
    assert "Audit of clinic" in page
    assert "Size of the original image" in page
    assert "Research use only" in page
    assert str(folder) not in page
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)


def test_pictures_of_what_was_found_are_inside(folder: Path, make_page: MakePage) -> None:
    page, _ = make_page(folder)
    section = page.split('id="same-bytes-across-patients"')[1].split("</section>")[0]
    pictures = SOURCE.findall(section)
    assert len(pictures) == 2
    assert pictures[0] == pictures[1]
    data = np.frombuffer(base64.b64decode(pictures[0]), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None
    # The table says that the original was 6000 x 4000.
    assert picture.shape[1] / picture.shape[0] == pytest.approx(1.5, abs=0.02)


def test_writing_in_a_picture_is_blotted_out(folder: Path, make_page: MakePage) -> None:
    pixels = np.full((512, 512, 3), (205, 165, 150), np.uint8)
    cv2.putText(pixels, "DOE JANE 1980", (60, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2)
    (folder / "jpeg/train/ISIC_0002001.jpg").write_bytes(jpeg(pixels))
    page, found = make_page(folder)
    assert "burned-in-text" in {one.code for one in found.findings}
    section = page.split('id="burned-in-text-train-pixels"')[1].split("</section>")[0]
    (encoded,) = SOURCE.findall(section)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.min() > 90


def test_no_name_of_a_person_is_on_the_page(folder: Path, make_page: MakePage) -> None:
    table = (folder / "train.csv").read_text()
    assert "IP_0000000" in table
    named = table.replace("IP_0000000", "Doe_Jane").replace("ISIC_0000000", "Doe_Jane_1980-05-17")
    (folder / "train.csv").write_text(named)
    image = folder / "jpeg/train/ISIC_0000000.jpg"
    image.rename(image.with_name("Doe_Jane_1980-05-17.jpg"))
    page, found = make_page(folder)
    assert {"identifier-names", "file-name-persons"} <= {one.code for one in found.findings}
    for private in ("Jane", "Doe", "1980"):
        assert private not in page
    assert "not shown: it may name a person" in page


def test_accepted_findings_are_marked(folder: Path, make_page: MakePage, tmp_path: Path) -> None:
    known = tmp_path / "known.json"

    def accept(found: Audit) -> Audit:
        write_baseline(known, found)
        return with_baseline(found, read_baseline(known))

    page, found = make_page(folder, accept)
    assert found.n_accepted == len(found.findings)
    assert page.count('<span class="mark-word">accepted</span>') == found.n_accepted
    assert "Nothing was found;" in page


def test_a_table_without_images_has_a_page_without_pictures(folder: Path, tmp_path: Path) -> None:
    dataset = read_dataset(folder / "train.csv")
    page = tmp_path / "page.html"
    created = datetime(2020, 11, 3, tzinfo=UTC)
    write_audit_page(page, audit(dataset), name="train.csv", created=created, dataset=dataset)
    text = page.read_text(encoding="utf-8")
    assert not SOURCE.findall(text)
    assert "not looked for" in text
