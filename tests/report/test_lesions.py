"""Lesions are chosen by a rule that is told, and shown in their own proportions or not at all."""

import base64
from collections.abc import Callable

import cv2
import numpy as np
import polars as pl
import pytest

from cygnet.evaluation import auroc
from cygnet.report.lesions import (
    MOST_IN_A_ROW,
    Cards,
    choice_sentence,
    most_wrong,
    patient_row,
    patients_to_show,
)
from cygnet.report.thumbnails import SIDE_PX, data_uri


def pixels_of(uri: str) -> np.ndarray:
    kind, _, encoded = uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    data = np.frombuffer(base64.b64decode(encoded), dtype=np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels


def arrays(oof: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        oof["patient_id"].fill_null("").to_numpy().astype(np.str_),
        oof["target"].to_numpy().astype(np.int64),
        oof["probability"].to_numpy(),
    )


def test_the_most_wrong_are_the_highest_benign_and_the_lowest_melanomas() -> None:
    target = np.array([0, 1, 0, 1, 0])
    probability = np.array([0.2, 0.9, 0.8, 0.1, 0.5])
    assert most_wrong(target, probability, 2) == ([2, 4], [3, 1])


def test_without_melanomas_none_is_called_wrong() -> None:
    assert most_wrong(np.zeros(3, np.int64), np.array([0.1, 0.2, 0.3])) == ([2, 1, 0], [])


def test_patients_shown_have_both_classes_and_run_from_best_to_worst(oof: pl.DataFrame) -> None:
    patient, target, probability = arrays(oof)
    chosen, n_patients = patients_to_show(patient, target, probability)
    assert len(chosen) == 6 < n_patients
    within = [found for _, found in chosen]
    assert within == sorted(within, reverse=True)
    for rows, found in chosen:
        assert len(set(patient[rows])) == 1
        assert set(target[rows]) == {0, 1}
        assert (np.diff(probability[rows]) <= 0).all()
        assert found == auroc(target[rows], probability[rows])


def test_the_best_and_the_worst_ordered_patient_are_among_them(oof: pl.DataFrame) -> None:
    patient, target, probability = arrays(oof)
    every = [
        auroc(target[patient == one], probability[patient == one])
        for one in np.unique(patient)
        if set(target[patient == one]) == {0, 1} and (patient == one).sum() >= 4
    ]
    chosen, n_patients = patients_to_show(patient, target, probability)
    assert (chosen[0][1], chosen[-1][1], n_patients) == (max(every), min(every), len(every))


def test_images_without_a_patient_make_no_row(oof: pl.DataFrame) -> None:
    _, target, probability = arrays(oof)
    assert patients_to_show(np.full(len(target), ""), target, probability) == ([], 0)


def test_a_row_is_told_in_words_and_holds_at_most_sixteen_cards(
    draw: Callable[..., pl.DataFrame],
) -> None:
    oof = draw(np.random.default_rng(3), 1, most=1)
    oof = pl.concat([oof] * 40).with_columns(
        probability=pl.Series(np.linspace(0.9, 0.1, 40)),
        target=pl.Series([0, 1] + [0] * 38, dtype=pl.Int8),
    )
    patient, target, probability = arrays(oof)
    ((rows, within),), _ = patients_to_show(patient, target, probability)
    row = patient_row(Cards(oof, None, squashed=True), "IP_1", rows, within)
    assert row.sentence == (
        "40 lesions; in order, the melanoma is number 2. "
        "Of 39 pairs of a melanoma and a benign lesion, 38 in the right order."
    )
    assert len(row.lesions) == MOST_IN_A_ROW
    assert row.rest == "24 lesions with a lower probability not shown, no melanoma among them."
    assert str(row.strips[0]).count("benign-mark") == 39


def test_the_choice_is_said() -> None:
    assert choice_sentence(3, 3).startswith("Shown is every patient")
    assert "6 of the 60 patients" in choice_sentence(6, 60)


def test_a_squashed_picture_gets_its_proportions_back(oof: pl.DataFrame, noise_jpeg: bytes) -> None:
    shown = Cards(oof, lambda _: noise_jpeg, squashed=True).at(0).picture
    kept = Cards(oof, lambda _: noise_jpeg, squashed=False).at(0).picture
    assert shown is not None
    assert kept is not None
    assert pixels_of(shown).shape == (round(SIDE_PX * 4000 / 6000), SIDE_PX, 3)
    assert pixels_of(kept).shape == (SIDE_PX, SIDE_PX, 3)


def test_an_unknown_original_size_leaves_the_picture_as_it_is(
    oof: pl.DataFrame, noise_jpeg: bytes
) -> None:
    unknown = oof.with_columns(width_px=pl.lit(None, pl.Int32))
    shown = Cards(unknown, lambda _: noise_jpeg, squashed=True).at(0).picture
    assert shown is not None
    assert pixels_of(shown).shape == (SIDE_PX, SIDE_PX, 3)


def test_a_small_picture_is_not_blown_up() -> None:
    done, stream = cv2.imencode(".png", np.zeros((40, 80, 3), np.uint8))
    assert done
    shown = data_uri(stream.tobytes())
    assert shown is not None
    assert pixels_of(shown).shape == (40, 80, 3)


@pytest.mark.parametrize("broken", [b"", b"not a picture", b"\xff\xd8\xff\xe0 cut short"])
def test_a_broken_picture_becomes_no_picture(broken: bytes) -> None:
    assert data_uri(broken) is None


def test_an_image_is_asked_for_once_and_described_from_its_row(oof: pl.DataFrame) -> None:
    asked: list[str] = []

    def thumbnails(image_name: str) -> None:
        asked.append(image_name)

    cards = Cards(oof, thumbnails, squashed=True)
    index = int(np.flatnonzero(oof["target"].to_numpy() == 0)[0])
    card = cards.at(index)
    assert cards.at(index) is card
    assert asked == [oof["image_name"][index]]
    assert card.picture is None
    assert card.about.startswith("nevus, ")
    assert card.whose.endswith("\u00a0years")
    assert card.alternative.startswith(f"Lesion {oof['image_name'][index]}, benign, probability ")
