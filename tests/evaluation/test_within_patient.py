from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cygnet.evaluation import (
    auroc,
    within_patient_auroc,
    within_patient_auroc_pair_weighted,
)
from cygnet.evaluation.placement import patient_placements
from cygnet.evaluation.sample import make_sample
from cygnet.evaluation.within_patient import WithinPatients

# a: 1 of 1 pairs. b: 1.5 of 2 pairs. c has no melanoma, d no benign image.
TARGET = [1, 0, 1, 0, 0, 0, 1]
SCORE = [0.2, 0.1, 0.9, 0.9, 0.1, 0.99, 0.01]
PATIENT = list("aabbbcd")


def test_a_patient_counts_once_in_the_mean_and_by_pairs_in_the_other() -> None:
    assert within_patient_auroc(TARGET, SCORE, PATIENT) == (1 / 1 + 1.5 / 2) / 2
    assert within_patient_auroc_pair_weighted(TARGET, SCORE, PATIENT) == 2.5 / 3


def test_differences_between_patients_do_not_help(draw_images: Callable[..., Any]) -> None:
    images = draw_images(400, 40)
    shift = np.arange(40)[images.patient] / 40
    shifted = images.probability / 50 + shift
    value = within_patient_auroc(images.target, shifted, images.patient)
    assert value == within_patient_auroc(images.target, images.probability, images.patient)
    assert auroc(images.target, shifted) != auroc(images.target, images.probability)


def test_it_is_undefined_where_no_patient_has_both_classes() -> None:
    for metric in (within_patient_auroc, within_patient_auroc_pair_weighted):
        assert np.isnan(metric([1, 0], [0.9, 0.1], ["a", "b"]))
        unknown = np.array([None, None], dtype=object)
        assert np.isnan(metric([1, 0], [0.9, 0.1], unknown))


def test_it_is_the_auroc_of_each_patient(draw_images: Callable[..., Any]) -> None:
    images = draw_images(500, 50, decimals=1)
    for weights in (np.ones(500), images.weights):
        each = np.array(
            [
                auroc(images.target[inside], images.probability[inside], weights[inside])
                for inside in (images.patient == p for p in range(50))
            ]
        )
        value = within_patient_auroc(images.target, images.probability, images.patient, weights)
        assert value == pytest.approx(np.nanmean(each), abs=1e-12)


def test_a_patient_drawn_twice_counts_twice_and_never_four_times() -> None:
    within = WithinPatients(patient_placements(make_sample(TARGET, SCORE, PATIENT)))
    drawn = np.array([[2.0, 1.0, 0.0, 1.0], [0.0, 3.0, 1.0, 0.0], [0.0, 0.0, 2.0, 2.0]])
    expected = [(2 * 1 + 0.75) / 3, 0.75, np.nan]
    assert_allclose(within.mean_over_patients(drawn), expected)
    assert_allclose(within.over_pairs(drawn), [(2 * 1 + 1.5) / 4, 4.5 / 6, np.nan])
    assert within.n_patients == 2
