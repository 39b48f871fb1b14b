"""A scored cohort to report on, a reader of pages, and pictures that are only noise."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from cygnet.evaluation import ScoreCard, score_card
from cygnet.report.run_report import RunReport, write_run_report

VOID = {"meta", "link", "img", "hr", "br", "input"}


@dataclass(repr=False)
class Element:
    tag: str
    attributes: dict[str, str | None]
    parents: tuple["Element", ...]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def inside(self, tag: str) -> list["Element"]:
        found = []
        for child in self.children:
            found += [child] if child.tag == tag else []
            found += child.inside(tag)
        return found


class Page(HTMLParser):
    """Every element of a page; a tag that is not closed where it should be fails the test."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(source)
        self.close()
        assert not self._open, f"never closed: {[one.tag for one in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._started(tag, attrs, leaf=tag in VOID)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._started(tag, attrs, leaf=True)

    def _started(self, tag: str, attrs: list[tuple[str, str | None]], *, leaf: bool) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> names an attribute twice"
        element = Element(tag, dict(attrs), tuple(self._open))
        if self._open:
            self._open[-1].children.append(element)
        self.elements.append(element)
        if not leaf:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        opened = self._open.pop()
        assert opened.tag == tag, f"</{tag}> closes <{opened.tag}>"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def by_class(self, name: str) -> list[Element]:
        return [e for e in self.elements if name in (e.attributes.get("class") or "").split()]

    @property
    def text(self) -> str:
        return self.all("body")[0].text


def draw_oof(
    rng: np.random.Generator, n_patients: int = 60, *, share: float = 0.4, most: int = 6
) -> pl.DataFrame:
    """Draw out-of-fold rows: a patient has 1 to ``most`` lesions, scores tell classes apart."""
    patient = np.repeat(np.arange(n_patients), rng.integers(1, most + 1, n_patients))
    n = len(patient)
    target = (rng.random(n) < share).astype(np.int8)
    logit = 1.4 * (2 * target - 1) + rng.normal(size=n)
    return pl.DataFrame(
        {
            "image_name": [f"ISIC_{index:07d}" for index in range(n)],
            "patient_id": [f"IP_{one:07d}" for one in patient],
            "target": target,
            "probability": 1 / (1 + np.exp(-logit)),
            "fold": patient % 3,
            "diagnosis": np.where(target == 1, "melanoma", "nevus"),
            "sex": np.where(patient % 2 == 0, "female", "male"),
            "age_approx": (40.0 + 5 * (patient % 8)).astype(float),
            "anatom_site_general_challenge": np.where(patient % 3 == 0, "torso", "head/neck"),
            "width_px": np.full(n, 6000),
            "height_px": np.full(n, 4000),
        }
    )


def score_of(oof: pl.DataFrame, **subgroups: NDArray[np.object_]) -> ScoreCard:
    return score_card(
        oof["target"].to_numpy(),
        oof["probability"].to_numpy(),
        oof["patient_id"].to_numpy(),
        subgroups=subgroups,
        replicates=100,
    )


def report_on(oof: pl.DataFrame, **changes: Any) -> RunReport:
    columns = {name: oof[name].to_numpy() for name in ("sex", "anatom_site_general_challenge")}
    report = RunReport(
        title="A run",
        subtitle="A network, three folds",
        created=datetime(2020, 11, 23, 9, 30, tzinfo=UTC),
        oof=oof,
        score=score_of(oof, **columns),
        facts=[("Layout", "Kaggle"), ("Images", "33 126")],
        missing=[("Age", "68")],
        replicates=60,
    )
    return replace(report, **changes)


@pytest.fixture
def draw() -> Callable[..., pl.DataFrame]:
    return draw_oof


@pytest.fixture
def scored() -> Callable[..., ScoreCard]:
    return score_of


@pytest.fixture
def about() -> Callable[..., RunReport]:
    return report_on


@pytest.fixture
def read_page() -> Callable[[Path], Page]:
    return lambda path: Page(path.read_text(encoding="utf-8"))


@pytest.fixture
def oof(rng: np.random.Generator) -> pl.DataFrame:
    return draw_oof(rng)


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[[RunReport], Page]:
    def written(report: RunReport) -> Page:
        path = tmp_path / "report.html"
        write_run_report(report, path)
        return Page(path.read_text(encoding="utf-8"))

    return written


@pytest.fixture(scope="session")
def noise_jpeg() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    done, stream = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return bytes(stream.tobytes())
