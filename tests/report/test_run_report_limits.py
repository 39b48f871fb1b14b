"""The page of a run where data are few, odd, huge or absent, and where it cannot be written."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cygnet.errors import StorageError
from cygnet.evaluation import Estimate
from cygnet.report.baselines import Baseline
from cygnet.report.numbers import format_number
from cygnet.report.run_report import RunReport, write_run_report

Page = Any
About = Callable[..., RunReport]
PageOf = Callable[[RunReport], Page]

SIZE = Baseline("Original image size only", "sees width and height", Estimate(0.6, 0.55, 0.65))


def values_of(element: Page) -> list[float]:
    return [float(one.attributes["value"]) for one in element.inside("data")]


def test_few_patients_leave_reasons_where_intervals_would_be(
    rng: np.random.Generator, draw: Callable[..., pl.DataFrame], about: About, page_of: PageOf
) -> None:
    page = page_of(about(draw(rng, 8)))
    (line,) = page.by_class("headline")
    assert "(no interval)" in line.text
    assert "fewer than 10" in page.by_class("opening")[0].text
    assert "Where there is no band" in page.text
    assert not re.search(r"\bnan\b", page.text, re.IGNORECASE)


@pytest.mark.parametrize("target", [0, 1])
def test_one_class_gives_a_page_that_says_so(
    oof: pl.DataFrame, about: About, page_of: PageOf, target: int
) -> None:
    page = page_of(about(oof.with_columns(target=pl.lit(target, pl.Int8)), baselines=[SIZE]))
    (line,) = page.by_class("headline")
    assert "not defined" in line.text
    assert values_of(line) == []
    assert "only one class is present" in page.text
    assert "There is nothing to draw" in page.text
    assert [e.attributes["id"] for e in page.all("figure")] == [
        "figure-beside",
        "figure-histogram",
        "figure-subgroups",
        "figure-patient-map-1",
    ][: 4 if target == 0 else 3]


def test_a_subgroup_without_melanomas_keeps_its_row(
    oof: pl.DataFrame,
    scored: Callable[..., Any],
    about: About,
    page_of: PageOf,
) -> None:
    columns = np.where(oof["target"].to_numpy() == 1, "torso", "palms/soles").astype(object)
    columns[np.flatnonzero(oof["target"].to_numpy() == 0)[:30]] = "torso"
    page = page_of(about(oof, score=scored(oof, site=columns)))
    figure = next(e for e in page.all("figure") if e.attributes["id"] == "figure-subgroups")
    row = next(e for e in figure.inside("tr") if "palms/soles" in e.text)
    assert "not defined" in row.text
    assert "only one class is present" in row.text


def test_without_pictures_lesions_are_told_all_the_same(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    for thumbnails in (None, lambda _: None, lambda _: b"not a picture"):
        page = page_of(about(oof, thumbnails=thumbnails))
        assert not page.all("img")
        assert page.by_class("no-picture")
        assert oof.sort("probability").filter(pl.col("target") == 1)["image_name"][0] in page.text


def test_a_single_patient_is_enough_for_a_page(
    rng: np.random.Generator, draw: Callable[..., pl.DataFrame], about: About, page_of: PageOf
) -> None:
    oof = draw(rng, 1, most=1)
    oof = pl.concat([oof] * 5).with_columns(
        target=pl.Series([0, 1, 0, 0, 1], dtype=pl.Int8),
        probability=pl.Series([0.1, 0.9, 0.2, 0.6, 0.5]),
    )
    page = page_of(about(oof))
    assert "5 images of 1 patient" in page.by_class("headline")[0].text
    assert len(page.by_class("patient")) == 1
    assert "Shown is every patient" in page.text


def test_unknown_patients_are_said_to_be_unknown(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    nobody = oof.with_columns(patient_id=pl.lit(None, pl.String))
    page = page_of(about(nobody))
    assert "images of patients not named" in page.by_class("headline")[0].text
    assert not page.by_class("patient")
    assert 'href="#patients"' not in page.source
    assert "of 1 patient" not in page.text


def test_a_chapter_without_content_is_left_out_with_its_link(
    oof: pl.DataFrame, scored: Callable[..., Any], about: About, page_of: PageOf
) -> None:
    page = page_of(about(oof, score=scored(oof)))
    ids = {e.attributes.get("id") for e in page.all("section")}
    assert {"beside", "subgroups"} & ids == set()
    assert {"#beside", "#subgroups"} & {e.attributes["href"] for e in page.all("a")} == set()


def test_the_same_report_gives_the_same_bytes(
    oof: pl.DataFrame, about: About, tmp_path: Path
) -> None:
    report = about(oof)
    for name in ("one.html", "two.html"):
        write_run_report(report, tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_page_full_of_noise_stays_small_enough_to_mail(
    rng: np.random.Generator,
    draw: Callable[..., pl.DataFrame],
    about: About,
    tmp_path: Path,
    noise_jpeg: bytes,
) -> None:
    crowded = draw(rng, 40, most=30)
    report = about(crowded, thumbnails=lambda _: noise_jpeg)
    write_run_report(report, tmp_path / "report.html")
    # Noise is the worst that JPEG can meet: pictures of skin take about a quarter of it.
    assert (tmp_path / "report.html").stat().st_size < 6_000_000


def test_a_page_of_the_whole_dataset_takes_seconds(
    rng: np.random.Generator, draw: Callable[..., pl.DataFrame], about: About, tmp_path: Path
) -> None:
    whole = draw(rng, 2056, share=0.0176, most=31)
    assert whole.height > 30_000
    report = about(whole, replicates=1000)
    started = time.process_time()
    write_run_report(report, tmp_path / "report.html")
    assert time.process_time() - started < 10
    assert (tmp_path / "report.html").stat().st_size < 1_000_000


def test_a_table_that_lacks_a_column_and_weights_that_do_not_fit_are_refused(
    oof: pl.DataFrame, about: About, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    with pytest.raises(ValueError, match="lacks probability, fold"):
        write_run_report(replace(about(oof), oof=oof.drop("probability", "fold")), path)
    with pytest.raises(ValueError, match="3 weights do not fit"):
        write_run_report(about(oof, weights=np.ones(3)), path)
    assert not path.exists()


def test_weights_move_precision_and_not_the_number_of_images(
    oof: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    weights = np.where(oof["target"].to_numpy() == 1, 1.3, 77.0)
    page = page_of(about(oof, weights=weights))
    figure = next(e for e in page.all("figure") if e.attributes["id"] == "figure-precision-recall")
    share = np.average(oof["target"].to_numpy(), weights=weights)
    assert f"chance: prevalence {format_number(share)}" in figure.text
    assert f"{oof.height} images of 60 patients" in page.by_class("headline")[0].text


def test_a_place_that_cannot_be_written_leaves_nothing_behind(
    oof: pl.DataFrame, about: About, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("here first")
    with pytest.raises(StorageError):
        write_run_report(about(oof), tmp_path / "file" / "report.html")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
