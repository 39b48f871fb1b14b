"""A patient on the page: map, duckling, places and sentences tell the numbers of the arrays."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
import pytest

from cygnet.context.contributions import Contributions, held_out_contributions
from cygnet.context.lesions import Scale, make_lesions
from cygnet.context.neighbourhood import neighbourhood
from cygnet.context.resemblance import Space
from cygnet.context.stage import fit_stage
from cygnet.report.patient_evidence import PatientEvidence
from cygnet.report.patient_map import MOST_ON_A_PHONE
from cygnet.report.run_report import RunReport

Page = Any
About = Callable[..., RunReport]
PageOf = Callable[[RunReport], Page]


def evidence(
    oof: pl.DataFrame, *, context: bool = True, supported: bool = False
) -> PatientEvidence:
    rng = np.random.default_rng(8)
    points = rng.normal(size=(oof.height, 5)).astype(np.float32)
    points[:, 0] += oof["target"].to_numpy() * 2
    table = oof.with_columns(lesion_id=pl.lit(None, pl.String))
    lesions = make_lesions(table, embedding=points)
    target = oof["target"].to_numpy().astype(np.int64)
    if not context:
        return PatientEvidence(lesions, Space.of(lesions), why_not="Too few patients.")
    scale = Scale.of(lesions.logit, lesions.fold)
    stage = fit_stage(lesions, target, scale, supported=supported)
    stage = replace(stage, chosen="linear")
    return PatientEvidence(
        lesions,
        stage.features.space,
        held_out_contributions(stage, lesions, target),
        supported=supported,
    )


@pytest.fixture(scope="module")
def cohort() -> pl.DataFrame:
    rng = np.random.default_rng(11)
    patient = np.repeat(np.arange(50), rng.integers(3, 25, 50))
    n = len(patient)
    target = (rng.random(n) < 0.12).astype(np.int8)
    logit = 1.2 * (2 * target - 1) + rng.normal(size=n) + rng.normal(0, 1.2, 50)[patient]
    return pl.DataFrame(
        {
            "image_name": [f"ISIC_{index:07d}" for index in range(n)],
            "patient_id": [f"IP_{one:07d}" for one in patient],
            "target": target,
            "probability": 1 / (1 + np.exp(-logit)),
            "fold": patient % 3,
            "sex": "female",
            "anatom_site_general_challenge": "torso",
        }
    )


@pytest.fixture(scope="module")
def known(cohort: pl.DataFrame) -> PatientEvidence:
    return evidence(cohort)


def sections(page: Page) -> list[Page]:
    return list(page.by_class("together"))


def rows_of(figure: Page) -> list[list[str]]:
    body = figure.inside("tbody")[0]
    return [
        [cell.text for cell in row.children if cell.tag in {"th", "td"}]
        for row in body.inside("tr")
    ]


def figure_of(section: Page, kind: str) -> Page:
    (found,) = [f for f in section.inside("figure") if kind in f.attributes["id"]]
    return found


def test_a_patients_map_and_places_tell_what_the_arrays_hold(
    cohort: pl.DataFrame, known: PatientEvidence, about: About, page_of: PageOf
) -> None:
    page = page_of(about(cohort, patients=known))
    found = sections(page)
    assert 4 <= len(found) <= 6
    moved = known.moved
    assert moved is not None
    for section in found:
        patient_id = section.inside("h3")[0].text
        rows = np.flatnonzero((cohort["patient_id"] == patient_id).to_numpy())
        ordered = rows[np.argsort(-moved.after[rows], kind="stable")]
        names = [cohort["image_name"][int(row)] for row in ordered]
        places = rows_of(figure_of(section, "patient-moves"))
        assert [row[1] for row in places] == names
        assert [row[5] for row in places] == [str(at + 1) for at in range(len(rows))]
        alone = np.argsort(np.argsort(-known.lesions.logit[ordered], kind="stable")) + 1
        assert [int(row[3]) for row in places] == alone.tolist()
        around = neighbourhood(known.lesions, ordered, known.space)
        mapped = rows_of(figure_of(section, "patient-map"))
        assert [row[1] for row in mapped] == names
        assert [at for at, row in enumerate(mapped) if row[7] == "duckling"] == [around.duckling]
        near = [", ".join(str(n + 1) for n in one) for one in around.nearest.tolist()]
        assert [row[6] for row in mapped] == near


def test_the_parts_in_the_table_add_up_to_the_change(
    cohort: pl.DataFrame, known: PatientEvidence, about: About, page_of: PageOf
) -> None:
    section = sections(page_of(about(cohort, patients=known)))[0]
    rows = figure_of(section, "patient-moves").inside("tbody")[0].inside("tr")
    assert rows
    for row in rows:
        exact = [float(one.attributes["value"]) for one in row.inside("data")]
        change, parts = exact[4], exact[5:]
        # The own score, five numbers of the others' scores, four of looks, and the site.
        assert len(parts) == 11
        assert sum(parts) == pytest.approx(change)


def test_every_lesion_is_drawn_once_a_drawing_and_each_picture_is_sent_once(
    cohort: pl.DataFrame,
    known: PatientEvidence,
    about: About,
    page_of: PageOf,
    noise_jpeg: bytes,
) -> None:
    page = page_of(about(cohort, patients=known, thumbnails=lambda _: noise_jpeg))
    for section in sections(page):
        pictures = [one.attributes["id"] for one in section.inside("image")]
        n = len(rows_of(figure_of(section, "patient-map")))
        assert len(pictures) == len(set(pictures)) == n
        drawings = figure_of(section, "patient-map").inside("svg")
        assert len(drawings) == (2 if n <= MOST_ON_A_PHONE else 1)
        for drawing in drawings:
            used = [one.attributes["href"] for one in drawing.inside("use")]
            assert sorted(used) == sorted(f"#{one}" for one in pictures)
            assert len([e for e in drawing.inside("path") if is_duckling(e)]) == 1
            # Three neighbours at most are joined to it.
            lines = [e for e in drawing.inside("line") if e.attributes["class"] == "neighbour"]
            assert 2 <= len(lines) <= 3


def is_duckling(element: Page) -> bool:
    return bool(element.attributes.get("class") == "duckling-mark")


def test_a_lesion_without_a_picture_keeps_its_place(
    cohort: pl.DataFrame, known: PatientEvidence, about: About, page_of: PageOf
) -> None:
    page = page_of(about(cohort, patients=known, thumbnails=lambda _: None))
    section = sections(page)[0]
    assert not section.inside("image")
    n = len(rows_of(figure_of(section, "patient-map")))
    grounds = [e for e in section.inside("rect") if e.attributes.get("class") == "tile-ground"]
    assert len(grounds) == n * len(figure_of(section, "patient-map").inside("svg"))


@pytest.mark.parametrize("supported", [True, False])
def test_a_claim_is_made_only_where_context_was_found_to_help(
    cohort: pl.DataFrame,
    known: PatientEvidence,
    about: About,
    page_of: PageOf,
    supported: bool,
) -> None:
    page = page_of(about(cohort, patients=replace(known, supported=supported)))
    chapter = next(e for e in page.all("section") if e.attributes.get("id") == "together")
    verdict = chapter.inside("p")[0].text
    assert ("helps here" in verdict and "no claim" not in verdict) == supported
    assert "learnt nothing from the patient shown" in verdict
    assert sections(page)[0].inside("ol")


def test_without_context_the_reason_is_said_and_no_places_are_drawn(
    cohort: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    page = page_of(about(cohort, patients=evidence(cohort, context=False)))
    chapter = next(e for e in page.all("section") if e.attributes.get("id") == "together")
    assert "Too few patients." in chapter.inside("p")[0].text
    assert not [f for f in chapter.inside("figure") if "moves" in f.attributes["id"]]
    assert "by the image model, 1 the most suspicious" in " ".join(chapter.text.split())


def test_without_embeddings_lesions_lie_by_score_and_it_is_said(
    cohort: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    page = page_of(about(cohort))
    chapter = next(e for e in page.all("section") if e.attributes.get("id") == "together")
    assert "nothing is said of how lesions look" in chapter.text
    for section in sections(page):
        mapped = rows_of(figure_of(section, "patient-map"))
        assert [at for at, row in enumerate(mapped) if row[7] == "duckling"] == [0]
        across = [float(row[3].replace("\u2212", "-")) for row in mapped]
        assert across == sorted(across, reverse=True)


def test_the_oddness_of_melanomas_comes_with_interval_and_chance(
    cohort: pl.DataFrame, known: PatientEvidence, about: About, page_of: PageOf
) -> None:
    page = page_of(about(cohort, patients=known))
    chapter = next(e for e in page.all("section") if e.attributes.get("id") == "together")
    said = " ".join(chapter.text.split())
    number = r"0\.\d+ \(0\.\d+ to 0\.\d+\)"
    assert re.search(rf"a share of {number} \(by chance 0\.\d+\)", said)
    assert re.search(rf"AUROC within patients is {number}, 0\.5 being chance", said)


def test_the_rule_and_the_size_are_told(
    cohort: pl.DataFrame, known: PatientEvidence, about: About, page_of: PageOf, noise_jpeg: bytes
) -> None:
    page = page_of(about(cohort, patients=known, thumbnails=lambda _: noise_jpeg))
    (rule,) = page.by_class("choice")
    assert "no patient twice" in rule.text
    for section in sections(page):
        reason = section.inside("p")[0].text
        assert reason.lower() in rule.text
    size = re.search(r"take ([\d.]+)\u202fMB", rule.text)
    assert size is not None
    held = sum(len(e.attributes["href"]) for e in page.all("image")) / 1e6
    assert float(size[1]) == pytest.approx(held, abs=0.15)


def test_a_patient_whose_images_lie_in_two_folds_is_left_out(
    cohort: pl.DataFrame, about: About, page_of: PageOf
) -> None:
    torn = cohort.with_columns(fold=pl.int_range(pl.len()) % 3)
    page = page_of(about(torn, patients=evidence(torn, context=False)))
    assert sections(page) == []


def test_lesions_that_do_not_fit_the_table_are_refused(
    cohort: pl.DataFrame, known: PatientEvidence, about: About, page_of: PageOf
) -> None:
    short = known.lesions.chosen(np.arange(10))
    with pytest.raises(ValueError, match="do not fit"):
        page_of(about(cohort, patients=replace(known, lesions=short)))


def test_context_that_moves_nothing_says_so(
    cohort: pl.DataFrame, known: PatientEvidence, about: About, page_of: PageOf
) -> None:
    moved = known.moved
    assert moved is not None
    logit = known.lesions.logit
    still = Contributions(
        moved.names, moved.values, np.zeros_like(moved.parts), logit, logit.copy()
    )
    page = page_of(about(cohort, patients=replace(known, moved=still)))
    assert "Context moves no lesion of this patient." in page.text
    reasons = [section.inside("p")[0].text for section in sections(page)]
    assert reasons
    assert not any(one.startswith("Context") for one in reasons)


@pytest.mark.real
def test_real_patients_are_drawn_whole_and_stay_small(
    real_data: Path, about: About, page_of: PageOf
) -> None:
    folder = real_data / "isic2020" / "jpeg" / "train"
    table = pl.read_csv(real_data / "isic2020" / "train.csv").filter(
        pl.col("image_name").is_in([one.stem for one in folder.glob("*.jpg")])
    )
    table = table.filter(pl.len().over("patient_id") >= 4)
    pictures = {n: (folder / f"{n}.jpg").read_bytes() for n in table["image_name"]}
    small = np.stack([tiny(one) for one in pictures.values()])
    # Darkness stands for a model: what is looked at here is the page.
    oof = table.select(
        "image_name", "patient_id", "sex", "anatom_site_general_challenge"
    ).with_columns(
        target=table["target"].cast(pl.Int8),
        probability=pl.Series(1 - small.mean(axis=1)),
        fold=pl.lit(0),
    )
    lesions = make_lesions(oof.with_columns(lesion_id=pl.lit(None, pl.String)), embedding=small)
    seen = PatientEvidence(lesions, Space.of(lesions), why_not="There is no model.")
    page = page_of(about(oof, patients=seen, thumbnails=pictures.get, replicates=60))
    found = sections(page)
    assert len(found) >= 3
    for section in found:
        patient_id = section.inside("h3")[0].text
        n = oof.filter(pl.col("patient_id") == patient_id).height
        assert len(section.inside("image")) == n
    sent = sum(len(e.attributes["href"]) for e in page.all("image"))
    assert 10_000 < sent < 400_000


def tiny(encoded: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return (cv2.resize(pixels, (8, 8), interpolation=cv2.INTER_AREA).ravel() / 255).astype(
        np.float32
    )
