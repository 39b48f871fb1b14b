"""What a paper must report is drafted from facts alone, and what no fact answers stays open."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cygnet.evaluation import Estimate, compare, score_card
from cygnet.report import numbers
from cygnet.report.baselines import Baseline
from cygnet.report.reporting import (
    CHECKLISTS,
    Facts,
    ReportingItem,
    RunSource,
    counted_words,
    drafted,
    drafted_lists,
    run_facts,
    score_facts,
)
from cygnet.report.run_report import RunReport
from cygnet.report.score_report import ScoreReport, write_score_report

About = Callable[..., RunReport]
RECIPE: dict[str, Any] = {
    "name": "tiny",
    "start": "shipped",
    "network": {"backbone": "a_small_net", "size_px": 128, "geometry": "squash"},
    "augment": {"dihedral": True, "zoom": 0.1},
    "finetune": {"epochs": 3, "batch_size": 32, "melanoma_fraction": 0.3},
    "test_time_views": 4,
}
SOURCE = RunSource(layout="Kaggle layout", tables=("train.csv",), n_listed=500)


def texts(items: list[ReportingItem], name: str = "TRIPOD+AI") -> dict[str, str | None]:
    return {item.number: item.text for item in items if item.list_name == name}


def known(text: str | None) -> str:
    assert text is not None
    return text


@pytest.fixture
def report_of(oof: pl.DataFrame, scored: Callable[..., Any]) -> Callable[..., ScoreReport]:
    def made(*names: str, **changes: Any) -> ScoreReport:
        card = scored(oof, sex=oof["sex"].to_numpy())
        files = ["Predictions"] if len(names) == 1 else names
        fields: dict[str, Any] = {
            "title": "Models",
            "created": datetime(2020, 11, 23, tzinfo=UTC),
            "joined": dict.fromkeys(names, oof),
            "cards": dict.fromkeys(names, card),
            "facts": [("Truth", "in/truth.csv"), *((one, f"in/{one}.csv") for one in files)],
            "replicates": 60,
        }
        return ScoreReport(**(fields | changes))

    return made


def test_each_list_has_its_items_once_and_in_order() -> None:
    numbered = {
        checklist.name: [item.number for _, items in checklist.groups for item in items]
        for checklist in CHECKLISTS
    }
    tripod = numbered["TRIPOD+AI"]
    assert len(tripod) == len(set(tripod)) == 52
    order = [(int(re.sub(r"\D", "", one)), one) for one in tripod]
    assert order == sorted(order)
    assert sorted({number for number, _ in order}) == list(range(1, 28))
    parts = {n: sum(number == n for number, _ in order) for n in (3, 12, 18, 20, 27)}
    assert parts == {3: 3, 12: 7, 18: 6, 20: 3, 27: 3}
    assert numbered["CLEAR Derm"] == [str(number) for number in range(1, 26)]
    assert [title for title, _ in CHECKLISTS[1].groups] == [
        "Data",
        "Technique",
        "Technical assessment",
        "Application",
    ]
    assert numbered["Model Card"] == [str(number) for number in range(1, 10)]


def test_every_item_asks_a_question_in_one_line_and_names_what_is_left_of_it() -> None:
    items = [item for checklist in CHECKLISTS for _, part in checklist.groups for item in part]
    assert len(items) == 52 + 25 + 9
    for item in items:
        assert item.asks.endswith("?")
        assert len(item.asks) < 100
        assert item.heading
        assert not item.left or (item.sentences and item.left.endswith("."))


def test_without_facts_only_the_software_speaks() -> None:
    written = [item for item in drafted(Facts()) if item.text is not None]
    assert [(item.list_name, item.number) for item in written] == [
        ("TRIPOD+AI", "18f"),
        ("CLEAR Derm", "19"),
    ]
    assert all(known(item.text).startswith("Numbers were computed by Cygnet") for item in written)


def test_what_no_computation_can_know_is_open_in_every_report(
    oof: pl.DataFrame, about: About, report_of: Callable[..., ScoreReport]
) -> None:
    run = about(oof, recipe=RECIPE, source=SOURCE)
    for facts in (score_facts(report_of("best")), run_facts(run)):
        items = drafted(facts)
        tripod = texts(items)
        open_ones = "1 3a 3b 3c 5b 6a 6b 6c 8b 8c 9c 17 18a 18b 18c 18d 19 25 27a 27b 27c"
        assert {number: tripod[number] for number in open_ones.split()} == dict.fromkeys(
            open_ones.split()
        )
        derm = texts(items, "CLEAR Derm")
        assert {derm[number] for number in ("1", "2", "8", "13", "18", "24", "25")} == {None}
        assert texts(items, "Model Card")["8"] is None


def test_the_sentences_of_a_score_hold_the_numbers_of_its_card(
    report_of: Callable[..., ScoreReport],
) -> None:
    report = report_of("best")
    card = report.cards["best"]
    tripod = texts(drafted(score_facts(report)))
    performance = known(tripod["23a"])
    for key in (
        "auroc",
        "sensitivity",
        "specificity",
        "ppv",
        "sensitivity_at_specificity_90",
        "calibration_slope",
        "calibration_intercept",
        "brier_score",
        "net_benefit",
    ):
        one = card.metrics[key]
        assert numbers.format_interval(one.estimate, one.lower, one.upper) in performance
    counts = known(tripod["20a"])
    assert f"{card.n_images} images of 60 patients: {card.n_positive} images of melanoma" in counts
    assert f"and {card.n_images - card.n_positive} benign" in counts
    carriers = card.metrics["auroc"].details["n_patients_positive"]
    assert f"rests on {carriers} patients with melanoma" in known(tripod["10"])
    (gap,) = card.gaps
    limits = gap.difference
    assert numbers.format_interval(limits.estimate, limits.lower, limits.upper) in known(
        tripod["23b"]
    )
    for level, group in card.by["sex"].items():
        one = group["auroc"]
        said = numbers.format_interval(one.estimate, one.lower, one.upper)
        assert f"{said} for {level}" in performance
    assert tripod["5a"] == "Labels were read from truth.csv, predictions from Predictions.csv."
    assert "At a threshold of 0.5, sensitivity was" in performance
    assert tripod["12c"] is None
    assert tripod["22"] is None


def test_without_subgroups_fairness_and_clusters_are_open(
    oof: pl.DataFrame, scored: Callable[..., Any], report_of: Callable[..., ScoreReport]
) -> None:
    tripod = texts(drafted(score_facts(report_of("best", cards={"best": scored(oof)}))))
    assert tripod["14"] is None
    assert tripod["23b"] is None


def test_patients_who_are_not_named_are_not_counted(
    oof: pl.DataFrame, report_of: Callable[..., ScoreReport]
) -> None:
    table = oof.with_columns(patient_id=pl.lit(None, dtype=pl.String))
    card = score_card(table["target"].to_numpy(), table["probability"].to_numpy(), replicates=100)
    report = report_of("best", joined={"best": table}, cards={"best": card})
    tripod = texts(drafted(score_facts(report)))
    assert "of patients who are not named" in known(tripod["20a"])
    assert tripod["12d"] is None
    assert "patients with melanoma" not in known(tripod["10"])


def test_few_patients_bring_their_caution_and_no_interval(
    draw: Callable[..., pl.DataFrame],
    rng: np.random.Generator,
    scored: Callable[..., Any],
    report_of: Callable[..., ScoreReport],
) -> None:
    few = draw(rng, 12, share=0.2)
    card = scored(few)
    reason = known(card.metrics["auroc"].reason)
    report = report_of("best", joined={"best": few}, cards={"best": card})
    tripod = texts(drafted(score_facts(report)))
    assert f"(no interval: {reason})" in known(tripod["23a"])
    assert reason in known(tripod["26"])


def test_several_models_are_named_beside_their_numbers_and_compared(
    oof: pl.DataFrame, rng: np.random.Generator, report_of: Callable[..., ScoreReport]
) -> None:
    probability = oof["probability"].to_numpy()
    scores = {"good": probability, "noise": rng.random(len(probability))}
    target, patient = oof["target"].to_numpy(), oof["patient_id"].to_list()
    cards = {name: score_card(target, one, patient, replicates=100) for name, one in scores.items()}
    comparison = compare(target, scores, patient, replicates=100)
    report = report_of("good", "noise", cards=cards, comparison=comparison)
    tripod = texts(drafted(score_facts(report)))
    performance = known(tripod["23a"])
    for name, card in cards.items():
        one = card.metrics["auroc"]
        said = numbers.format_interval(one.estimate, one.lower, one.upper)
        assert f"{said} for {name}" in performance
    (pair,) = comparison.pairs
    limits = pair.difference
    said = numbers.format_interval(limits.estimate, limits.lower, limits.upper)
    assert f"that of noise less good: {said}, p <0.001 by Holm" in performance
    assert "Not significantly below any other was good." in performance
    assert "All 2 models were evaluated on the same" in known(tripod["20a"])


def test_a_run_drafts_its_making_from_the_recipe_and_the_record(
    oof: pl.DataFrame, about: About
) -> None:
    size = Baseline("Original image size only", "width and height", Estimate(0.6, 0.55, 0.65))
    report = about(
        oof,
        recipe=RECIPE,
        source=SOURCE,
        baselines=[size],
        machine="Linux, 2 processors",
        seconds={"train": 120.0},
        hashes={"table train": "0123456789abcdef" * 4},
        files=[("model.onnx", "the model")],
    )
    items = drafted(run_facts(report))
    tripod = texts(items)
    making = known(tripod["12c"])
    for said in ("a_small_net", "3 epochs", "batches of 32", "recipe tiny", "Platt", "2 min 0 s"):
        assert said in making.replace(numbers.NARROW_SPACE, " ")
    assert "divided into 3 folds such that no patient" in known(tripod["12a"])
    assert "squashed to a square of 128 by 128 pixels" in known(tripod["7"])
    assert "30 % of an epoch" in known(tripod["13"]).replace(numbers.NARROW_SPACE, " ")
    assert "0.600 (0.550 to 0.650) from width and height" in known(tripod["26"])
    assert "table train 0123456789ab" in known(tripod["18e"])
    assert f"Of the 500 labelled images of the table {oof.height}" in known(tripod["20a"])
    assert "model.onnx" in known(tripod["22"])
    assert texts(items, "Model Card")["2"] is not None


def test_extra_images_are_told_only_where_the_recipe_learnt_from_them(
    oof: pl.DataFrame, about: About
) -> None:
    extra = replace(SOURCE, extra_tables=("more.csv",), n_extra=1200, n_test=40)
    pretrained = {**RECIPE, "pretrain": {"epochs": 2}}
    tripod = texts(drafted(run_facts(about(oof, recipe=pretrained, source=extra))))
    assert "learnt from 1200 images of other data" in known(tripod["21"])
    assert "on the other data, it was trained for 2 epochs" in known(tripod["12c"])
    assert "A further 40 test images without labels were not." in known(tripod["20a"])
    tripod = texts(drafted(run_facts(about(oof, recipe=RECIPE, source=extra))))
    assert "learnt from no other images" in known(tripod["21"])


def test_sampling_weights_and_what_they_make_of_the_prevalence_are_told(
    oof: pl.DataFrame, about: About
) -> None:
    weights = np.where(oof["target"].to_numpy() == 1, 1.0, 9.0)
    share = numbers.format_share(float(np.average(oof["target"].to_numpy(), weights=weights)))
    tripod = texts(drafted(run_facts(about(oof, weights=weights))))
    assert f"and {share} by the sampling weights" in known(tripod["13"])
    assert f"share of melanomas of {share}" in known(tripod["26"])


def test_of_many_models_the_five_best_are_named(
    oof: pl.DataFrame, report_of: Callable[..., ScoreReport], rng: np.random.Generator
) -> None:
    target, patient = oof["target"].to_numpy(), oof["patient_id"].to_list()
    cards = {
        f"m{n}": score_card(target, rng.random(len(target)), patient, replicates=20)
        for n in range(6)
    }
    worst = min(cards, key=lambda name: cards[name].metrics["auroc"].estimate)
    performance = known(texts(drafted(score_facts(report_of(*cards, cards=cards))))["23a"])
    assert "Of 6 models the 5 with the highest AUROC are named here." in performance
    assert {name for name in cards if f" for {name}" in performance} == cards.keys() - {worst}


def test_folds_that_nobody_checked_and_a_recipe_that_is_not_there_are_not_spoken_of(
    oof: pl.DataFrame, about: About
) -> None:
    tripod = texts(drafted(run_facts(about(oof))))
    for number in ("7", "9a", "12a", "12b", "12c", "16", "18e", "22"):
        assert tripod[number] is None


def test_numbers_that_do_not_transfer_say_so(oof: pl.DataFrame, about: About) -> None:
    note = "Only some of the images are here."
    tripod = texts(drafted(run_facts(about(oof, prevalence_note=note))))
    assert known(tripod["23a"]).count("not transferable") == 3
    assert note in known(tripod["26"])


def test_the_count_tells_drafted_in_part_and_open() -> None:
    items = drafted(Facts())
    assert counted_words(items, Facts()) == (
        "2 of 86 are drafted from the score in part, 84 are yours to write."
    )
    assert [one.count.split(",")[0] for one in drafted_lists(Facts())] == [
        "1 of 52 is drafted from the score in part",
        "1 of 25 is drafted from the score in part",
        "0 of 9 are drafted from the score",
    ]


def test_a_program_gets_null_where_an_item_is_open() -> None:
    first, *_ = drafted(Facts())
    assert first.as_json() == {
        "list": "TRIPOD+AI",
        "number": "1",
        "heading": "Title",
        "asks": first.asks,
        "text": None,
        "left": None,
    }


def test_the_page_shows_every_item_its_text_or_an_open_field_and_escapes_names(
    report_of: Callable[..., ScoreReport],
    read_page: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    report = report_of("<i>a</i>", "b", command="cygnet report <b>truth</b>.csv")
    write_score_report(report, tmp_path / "r.html")
    page = read_page(tmp_path / "r.html")
    assert not page.all("i")
    assert not page.all("b")
    items = drafted(score_facts(report))
    shown = page.by_class("report-item")
    assert len(shown) == len(items) == 86
    for element, item in zip(shown, items, strict=True):
        words = " ".join(element.text.split())
        assert words.startswith(f"{item.number} {item.heading}")
        assert ("open" in element.attributes["class"].split()) == (item.text is None)
        assert ("to be written" in words) == (item.text is None)
        assert " ".join((item.text or "").split()) in words
        assert not item.left or f"to be added {item.left}" in words
    assert "<i>a</i>" in page.text
    (chapter,) = [e for e in page.all("section") if e.attributes.get("id") == "reporting"]
    for said in ("10.1136/bmj-2023-078378", "10.1001/jamadermatol.2021.4915", "yours to write"):
        assert said in chapter.text
    assert "#reporting" in [e.attributes["href"] for e in page.all("a")]
    assert all("open" in e.attributes for e in chapter.inside("details"))
