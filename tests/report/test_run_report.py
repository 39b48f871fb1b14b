"""The page of a run: whole, self-contained, safe, and true to the score it was written from."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import polars as pl

from cygnet.evaluation import Estimate
from cygnet.report.baselines import Baseline
from cygnet.report.run_report import RunReport

Page = Any
About = Callable[..., RunReport]
PageOf = Callable[[RunReport], Page]

SIZE = Baseline("Original image size only", "sees width and height", Estimate(0.6, 0.55, 0.65))


def values_of(element: Page) -> list[float]:
    return [float(one.attributes["value"]) for one in element.inside("data")]


def test_the_page_is_well_formed_and_its_anchors_lead_somewhere(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    page = page_of(about(oof, baselines=[SIZE], thumbnails=lambda _: None))
    identifiers = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(identifiers) == len(set(identifiers))
    links = [e.attributes["href"] for e in page.all("a")]
    assert len(links) == 15
    assert {link[1:] for link in links} <= set(identifiers)
    labels = [
        e.attributes["aria-labelledby"] for e in page.elements if "aria-labelledby" in e.attributes
    ]
    assert labels
    assert set(labels) <= set(identifiers)


def test_the_page_asks_for_nothing_from_outside(
    oof: pl.DataFrame, about: About, page_of: PageOf, noise_jpeg: bytes
) -> None:
    page = page_of(about(oof, thumbnails=lambda _: noise_jpeg))
    loads = [
        value
        for element in page.elements
        for name, value in element.attributes.items()
        if name in {"src", "href", "srcset", "data", "action", "xlink:href"}
    ]
    assert loads
    assert all(value.startswith(("data:", "#")) for value in loads)
    assert not page.all("script")
    assert "://" not in page.source
    policy = next(e for e in page.all("meta") if "http-equiv" in e.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_landmarks_headings_and_the_research_note_are_there(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    page = page_of(about(oof))
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.by_class("skip")[0].attributes["href"] == "#content"
    for place in ("header", "footer"):
        assert "Research use only; not a medical device" in page.all(place)[0].text
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch("h[1-6]", e.tag)]
    outline = levels[levels.index(1) :]
    assert all(after - before <= 1 for before, after in pairwise(outline))


def test_every_figure_has_a_name_a_caption_and_a_table(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    page = page_of(about(oof, baselines=[SIZE]))
    figures = page.all("figure")
    of_patients = [one for one in figures if "patient-map" in one.attributes["id"]]
    assert len(of_patients) == 3
    assert len(figures) == 9 + len(of_patients)
    for figure in figures:
        assert figure.inside("figcaption")[0].text.strip()
        assert (figure.inside("h3") + figure.inside("h4"))[0].text.strip()
        for drawing in figure.inside("svg"):
            assert drawing.attributes["role"] == "img"
            assert drawing.attributes["aria-label"]
        rows = figure.inside("details")[0].inside("tbody")[0].inside("tr")
        assert rows
    for table in page.all("table"):
        assert table.inside("caption")[0].text.strip()
        assert table.inside("th")
        assert all("scope" in cell.attributes for cell in table.inside("th"))


def test_the_headline_tells_number_interval_and_n_in_one_breath(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    report = about(oof)
    page = page_of(report)
    result = report.score.metrics["auroc"]
    (line,) = page.by_class("headline")
    assert values_of(line) == [result.estimate]
    said = " ".join(line.text.split())
    assert re.fullmatch(
        r"AUROC, out of fold 0\.\d{3} \(0\.\d{3} to 0\.\d{3}\), \d+ images of 60 patients", said
    )
    assert f"{result.lower:.3f} to {result.upper:.3f}" in said


def test_the_table_of_numbers_holds_every_metric_exactly(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    report = about(oof)
    page = page_of(report)
    rows = {e.attributes["data-metric"]: e for e in page.all("tr") if "data-metric" in e.attributes}
    assert len(report.score.metrics) > 10
    for key, estimate in report.score.metrics.items():
        assert values_of(rows[key]) == (
            [estimate.estimate] if math.isfinite(estimate.estimate) else []
        )
        for name, other in estimate.alternatives.items():
            assert values_of(rows[f"{key}.{name}"]) == [other.estimate]
    written = rows["auroc"].inside("td")[1].text
    auroc = report.score.metrics["auroc"]
    assert written.startswith(f"{auroc.lower:.3f} to {auroc.upper:.3f}")


def test_figures_tell_the_numbers_of_the_score(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    report = about(oof, baselines=[SIZE])
    page = page_of(report)
    figures = {e.attributes["id"]: e for e in page.all("figure")}
    result = report.score.metrics["auroc"]
    assert result.estimate in values_of(figures["figure-beside"])
    assert SIZE.auroc.estimate in values_of(figures["figure-beside"])
    told = values_of(figures["figure-subgroups"])
    groups = [group for levels in report.score.by.values() for group in levels.values()]
    assert len(groups) == 4
    for group in groups:
        assert {group["auroc"].estimate, group["n_images"], group["n_positive"]} <= set(told)
    assert f"AUROC {result.estimate:.3f}" in figures["figure-roc"].text


def test_what_stands_in_the_data_cannot_become_markup(
    oof: pl.DataFrame, about: About, page_of: PageOf, noise_jpeg: bytes
) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    hurt = oof.with_columns(
        image_name=pl.lit(evil) + pl.col("image_name"),
        patient_id=pl.lit(evil) + pl.col("patient_id"),
        diagnosis=pl.lit(evil),
        sex=pl.lit(evil),
    )
    page = page_of(
        about(
            hurt,
            title=evil,
            subtitle=evil,
            facts=[(evil, evil)],
            missing=[(evil, evil)],
            notices=[evil],
            baselines=[replace(SIZE, label=evil, sees=evil)],
            command=evil,
            recipe={evil: evil},
            versions={evil: evil},
            hashes={evil: evil},
            files=[(evil, evil)],
            machine=evil,
            prevalence_note=evil,
            thumbnails=lambda _: noise_jpeg,
        )
    )
    assert not page.all("script")
    assert "<script" not in page.source
    assert not [e for e in page.elements if any(name.startswith("on") for name in e.attributes)]
    assert all(e.attributes["src"].startswith("data:image/jpeg") for e in page.all("img"))
    assert page.all("h1")[0].text == evil


def test_lesions_are_shown_with_probability_truth_and_id(
    oof: pl.DataFrame, about: About, page_of: PageOf, noise_jpeg: bytes
) -> None:
    page = page_of(about(oof, thumbnails=lambda _: noise_jpeg))
    wrong = next(e for e in page.all("section") if e.attributes.get("id") == "wrong")
    benign, melanomas = (group.inside("li") for group in wrong.inside("ul"))
    expected = oof.filter(pl.col("target") == 0).sort("probability", descending=True)
    assert [values_of(card)[0] for card in benign] == expected["probability"].to_list()[:12]
    expected = oof.filter(pl.col("target") == 1).sort("probability")
    assert [values_of(card)[0] for card in melanomas] == expected["probability"].to_list()[:12]
    for card, row in zip(melanomas, expected.iter_rows(named=True), strict=False):
        assert row["image_name"] in card.text
        assert "melanoma" in card.text
        assert row["image_name"] in card.inside("img")[0].attributes["alt"]


def test_a_patients_lesions_stand_in_order_of_probability(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    page = page_of(about(oof))
    patients = page.by_class("patient")
    assert len(patients) == 6
    for patient in patients:
        shown = [values_of(card)[0] for card in patient.inside("ol")[0].inside("li")]
        name = patient.inside("h3")[0].text
        mine = oof.filter(pl.col("patient_id") == name)["probability"]
        assert shown == mine.sort(descending=True).to_list()


def test_numbers_that_do_not_transfer_are_marked_where_they_are_said(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    note = "A benign image stands for 77 of the full set."
    page = page_of(about(oof, prevalence_note=note))
    rows = {e.attributes["data-metric"]: e for e in page.all("tr") if "data-metric" in e.attributes}
    assert "not transferable" in rows["average_precision"].text
    assert "not transferable" in rows["brier_score"].text
    assert "transferable" not in rows["auroc"].text
    assert "transferable" not in rows["sensitivity"].text
    figures = {e.attributes["id"]: e.text for e in page.all("figure")}
    assert note in figures["figure-precision-recall"]
    assert note in figures["figure-calibration"]
    assert note in figures["figure-decision-curve"]
    assert note not in figures["figure-roc"]
    plain = page_of(about(oof))
    assert "not transferable" not in plain.text
    assert "depends on prevalence" in plain.text


def test_how_it_was_made_is_told(oof: pl.DataFrame, about: About, page_of: PageOf) -> None:
    page = page_of(
        about(
            oof,
            command="cygnet run DATA --out RUN",
            recipe={"network": {"size_px": 192, "frozen": False}},
            versions={"cygnet": "0.1.0"},
            seeds={"folds": 7},
            hashes={"train.csv": "3f" * 32},
            seconds={"training": 2403.0},
            machine="2 processors",
            files=[("oof.csv", "out-of-fold probabilities")],
        )
    )
    text = next(e for e in page.all("section") if e.attributes.get("id") == "making").text
    for said in (
        "cygnet run DATA --out RUN",
        "network.size_px",
        "192",
        "0.1.0",
        "3f" * 32,
        "40\u202fmin 3\u202fs",
        "2 processors",
        "oof.csv",
    ):
        assert said in text
