from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import roc_curve

from cygnet.evaluation import (
    auroc,
    calibration_bins,
    precision_recall_band,
    roc_curve_band,
    score_histogram,
)
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import make_sample


def test_the_curve_is_scikit_learn_s_and_holds_the_auroc(draw_images: Callable[..., Any]) -> None:
    images = draw_images(decimals=1)
    band = roc_curve_band(*images[:3], replicates=50)
    fpr, tpr, _ = roc_curve(images.target, images.probability, drop_intermediate=False)
    ours = np.unique(np.column_stack([band.exact_x, band.exact_y]).round(12), axis=0)
    theirs = np.column_stack([fpr, tpr]).round(12)
    assert ours.shape[0] > 5
    # Thresholds at benign images alone lie on our straight lines.
    assert_allclose(np.interp(fpr[1:], band.exact_x, band.exact_y), tpr[1:], atol=1e-12)
    assert {tuple(point) for point in ours} <= {tuple(point) for point in theirs} | {(0.0, 0.0)}
    widths, heights = np.diff(band.exact_x), band.exact_y[1:] + band.exact_y[:-1]
    area = float(np.sum(widths * heights / 2))
    assert area == pytest.approx(auroc(images.target, images.probability), abs=1e-12)


def test_bands_enclose_the_curve_and_rise(draw_images: Callable[..., Any]) -> None:
    images = draw_images(800, 200)
    band = roc_curve_band(*images[:3], replicates=300)
    assert band.reason is None
    assert (band.lower <= band.y + 1e-12).all()
    assert (band.y <= band.upper + 1e-12).all()
    assert (np.diff(band.lower) >= -1e-12).all()
    assert band.x[0] == 0
    assert band.y[-1] == 1


def test_no_band_is_certain_where_every_replicate_finds_all(rng: np.random.Generator) -> None:
    target = np.arange(400) < 60
    probability = np.where(target, 0.8, 0.2) + rng.normal(0, 0.01, 400)
    roc = roc_curve_band(target, probability, replicates=50)
    pr = precision_recall_band(target, probability, replicates=50)
    assert (roc.y == 1).all()
    assert roc.lower[-1] == 1
    # Wilson's lower limit of 60 of 60 is 60 / (60 + 1.96^2); of 30 of 30 at a recall of one half.
    assert_allclose(roc.lower[:-1], 60 / (60 + 1.959964**2), atol=1e-6)
    assert_allclose(pr.lower[49], 30 / (30 + 1.959964**2), atol=1e-6)
    assert (pr.upper == 1).all()


def test_a_replicate_s_curve_is_that_of_the_drawn_images(draw_images: Callable[..., Any]) -> None:
    images = draw_images(300, 60, decimals=1)
    band = roc_curve_band(*images[:3], weights=images.weights, replicates=1, seed=9)
    sample = make_sample(*images)
    ((row,),) = (block for block in multiplicity_blocks(sample.n_patients, 1, seed=9))
    inside = row[sample.patient] > 0
    weights = (row[sample.patient] * sample.weights)[inside]
    drawn = sample.target[inside], sample.probability[inside]
    fpr, tpr, _ = roc_curve(*drawn, sample_weight=weights, drop_intermediate=False)
    expected = [tpr[fpr <= 0].max() if x == 0 else np.interp(x, fpr, tpr) for x in band.x]
    # One replicate says nothing of its own spread: at the ends Wilson's limits hold the band.
    inside = np.asarray(expected) < band.lower[:-1].max()
    assert inside.sum() > 20
    assert_allclose(band.lower[inside], np.asarray(expected)[inside], atol=1e-12)
    assert_allclose(band.upper[~inside], np.asarray(expected)[~inside], atol=1e-12)


def test_precision_is_that_of_the_first_threshold_to_reach_a_recall() -> None:
    band = precision_recall_band([1, 0, 1, 0, 0], [0.9, 0.8, 0.7, 0.2, 0.1], replicates=10)
    assert band.y[band.x <= 0.5].tolist() == [1.0] * 50
    assert_allclose(band.y[band.x > 0.5], 2 / 3)
    assert band.reason is not None


def test_one_class_has_no_curve() -> None:
    for curve in (roc_curve_band, precision_recall_band):
        band = curve([1, 1], [0.9, 0.1], replicates=10)
        assert np.isnan(band.y).all()
        assert band.reason == "only one class is present"


def test_few_patients_have_a_curve_without_a_band() -> None:
    band = roc_curve_band([1, 0, 1, 0], [0.9, 0.1, 0.4, 0.5], replicates=10)
    assert np.isfinite(band.y).all()
    assert np.isnan(band.lower).all()
    assert band.reason is not None
    assert "2 patients with melanoma" in band.reason


def test_calibration_bins_carry_wilson_s_interval(draw_images: Callable[..., Any]) -> None:
    images = draw_images(1000, 100)
    bins = calibration_bins(*images[:3], bins=5)
    assert bins.n.tolist() == [200] * 5
    assert bins.n_positive.sum() == images.target.sum()
    assert_allclose(bins.y, bins.n_positive / bins.n)
    assert (np.diff(bins.x) > 0).all()
    assert (bins.lower < bins.y).all()
    assert (bins.y < bins.upper).all()
    alone = calibration_bins(*images[:2], bins=5)
    assert_allclose(alone.n_effective, 200)


def test_constant_probabilities_make_one_bin() -> None:
    bins = calibration_bins([1, 0, 0, 0], [0.3] * 4)
    assert (bins.x.tolist(), bins.y.tolist(), bins.n.tolist()) == ([0.3], [0.25], [4])
    assert calibration_bins([], []).x.size == 0


def test_a_histogram_counts_every_image(draw_images: Callable[..., Any]) -> None:
    images = draw_images()
    made = score_histogram(images.target, images.probability, bins=20)
    assert made.edges.size == 21
    assert made.malignant.sum() == images.target.sum()
    assert made.benign.sum() + made.malignant.sum() == 400
    ends = score_histogram([1, 0], [1.0, 0.0], bins=4)
    assert (ends.malignant.tolist(), ends.benign.tolist()) == ([0, 0, 0, 1], [1, 0, 0, 0])
