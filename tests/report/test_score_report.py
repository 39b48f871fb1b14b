"""The page of predictions: every model beside the others, on the same images."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cygnet.report.score_report import ScoreReport, write_score_report

Page = Any
ReadPage = Callable[[Path], Page]


def values_of(element: Page) -> list[float]:
    return [float(one.attributes["value"]) for one in element.inside("data")]


def blurred(oof: pl.DataFrame, amount: float, rng: np.random.Generator) -> pl.DataFrame:
    probability = oof["probability"].to_numpy()
    noisy = np.log(probability / (1 - probability)) + amount * rng.normal(size=oof.height)
    return oof.with_columns(probability=pl.Series(1 / (1 + np.exp(-noisy))))


@pytest.fixture
def report_of(
    oof: pl.DataFrame, rng: np.random.Generator, scored: Callable[..., Any]
) -> Callable[..., ScoreReport]:
    def made(*names: str, **changes: Any) -> ScoreReport:
        joined = {name: blurred(oof, number, rng) for number, name in enumerate(names)}
        by = {"sex": oof["sex"].to_numpy()}
        cards = {name: scored(table, **by) for name, table in joined.items()}
        fields: dict[str, Any] = {
            "title": "Models",
            "created": datetime(2020, 11, 23, tzinfo=UTC),
            "joined": joined,
            "cards": cards,
            "replicates": 60,
        }
        return ScoreReport(**(fields | changes))

    return made


def test_one_model_has_a_headline(
    report_of: Callable[..., ScoreReport], read_page: ReadPage, tmp_path: Path
) -> None:
    report = report_of("best")
    write_score_report(report, tmp_path / "r.html")
    page = read_page(tmp_path / "r.html")
    (line,) = page.by_class("headline")
    assert values_of(line) == [report.cards["best"].metrics["auroc"].estimate]
    assert "images of 60 patients" in line.text
    assert not page.all("img")
    assert [e.attributes["id"] for e in page.all("figure")] == [
        "figure-roc",
        "figure-precision-recall",
        "figure-found-within",
        "figure-within-numbers",
        "figure-histogram",
        "figure-calibration",
        "figure-decision-curve",
        "figure-subgroups-0",
    ]


def test_several_models_stand_beside_each_other_in_every_table(
    report_of: Callable[..., ScoreReport], read_page: ReadPage, tmp_path: Path
) -> None:
    names = ("best", "middling", "<i>worst</i>")
    report = report_of(*names)
    write_score_report(report, tmp_path / "r.html")
    page = read_page(tmp_path / "r.html")
    assert not page.by_class("headline")
    assert not page.all("i")
    figures = {e.attributes["id"]: e for e in page.all("figure")}
    assert len(figures) == len(page.all("figure")) == 1 + 2 + 2 + 2 * 3 + 1 + 3
    expected = [report.cards[name].metrics["auroc"].estimate for name in names]
    assert [value for value in values_of(figures["figure-models"]) if value in expected] == expected
    rows = [e for e in page.all("tr") if e.attributes.get("data-metric") == "brier_score"]
    assert [row.inside("th")[0].text for row in rows] == list(names)
    (group,) = [e for e in page.by_class("group") if "Mean squared distance" in e.text]
    assert "depends on prevalence" in group.inside("th")[0].text
    assert [values_of(row)[0] for row in rows] == [
        report.cards[name].metrics["brier_score"].estimate for name in names
    ]
    assert set(names) <= {
        cell.text for cell in figures["figure-roc"].inside("th") if cell.text in names
    }


def test_beyond_eight_models_the_page_says_which_are_drawn(
    report_of: Callable[..., ScoreReport], read_page: ReadPage, tmp_path: Path
) -> None:
    names = [f"model {number}" for number in range(10)]
    write_score_report(report_of(*names), tmp_path / "r.html")
    page = read_page(tmp_path / "r.html")
    assert "The first 8 of 10 models are drawn; the tables hold all of them." in page.text
    rows = [e for e in page.all("tr") if e.attributes.get("data-metric") == "auroc"]
    assert len(rows) == 10
    models = next(e for e in page.all("figure") if e.attributes["id"] == "figure-models")
    assert len(models.inside("tbody")[0].inside("tr")) == 10


def test_notices_facts_notes_and_the_command_are_told(
    report_of: Callable[..., ScoreReport], read_page: ReadPage, tmp_path: Path
) -> None:
    report = report_of(
        "best",
        notices=["Scored are the 3 images that all files hold."],
        facts=[("Truth", "train.csv")],
        command="cygnet report train.csv best.csv",
        versions={"cygnet": "0.1.0"},
    )
    write_score_report(report, tmp_path / "r.html")
    text = read_page(tmp_path / "r.html").text
    for said in ("Scored are the 3 images", "train.csv", "cygnet report train.csv", "0.1.0"):
        assert said in text
    assert "move with it" in text


def test_a_report_without_models_or_with_cards_of_others_is_refused(
    report_of: Callable[..., ScoreReport], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="at least one model"):
        write_score_report(report_of("best", joined={}, cards={}), tmp_path / "r.html")
    with pytest.raises(ValueError, match="a table and a card of each"):
        write_score_report(report_of("best", cards={}), tmp_path / "r.html")
    assert not list(tmp_path.iterdir())
