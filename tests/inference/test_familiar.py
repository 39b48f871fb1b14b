"""What is unlike the training images lies far out; what is like them does not."""

import json
from pathlib import Path

import numpy as np
import pytest

from cygnet.errors import ModelError
from cygnet.evaluation import auroc
from cygnet.inference.familiar import Familiar, Gaussian, familiar_json, read_familiar

WIDTH = 48


def drawn(rng: np.random.Generator, n: int, shift: float = 0.0) -> np.ndarray:
    mixing = np.random.default_rng(1).normal(size=(6, WIDTH))
    inside = rng.normal(size=(n, 6)) @ mixing + 0.2 * rng.normal(size=(n, WIDTH))
    return np.asarray(inside + shift * np.sign(mixing[0]), np.float32)


def test_held_out_lesions_lie_around_zero_with_deviation_one(rng: np.random.Generator) -> None:
    found = Gaussian.of(drawn(rng, 600)).unlikeness(drawn(rng, 600))
    # The fit on all lesions is closer than those on halves that measured what is usual.
    assert -0.6 < np.median(found) < 0.2
    assert 0.7 < 1.4826 * np.median(np.abs(found - np.median(found))) < 1.4


def test_a_direction_that_was_never_met_lies_far_out(rng: np.random.Generator) -> None:
    gaussian = Gaussian.of(drawn(rng, 300))
    usual, strange = drawn(rng, 100), drawn(rng, 100)
    strange += 1.5 * rng.normal(size=WIDTH).astype(np.float32)
    scores = np.concatenate([gaussian.unlikeness(usual), gaussian.unlikeness(strange)])
    assert auroc(np.repeat([0, 1], 100), scores) > 0.99


def test_the_summary_is_read_back(rng: np.random.Generator) -> None:
    text = familiar_json([drawn(rng, 80), drawn(rng, 90)])
    assert text is not None
    found = read_familiar(text, 2, Path("model.onnx"))
    assert isinstance(found, Familiar)
    embedding = np.stack([drawn(rng, 5), drawn(rng, 5)], axis=1)
    expected = np.mean([g.unlikeness(embedding[:, k]) for k, g in enumerate(found.folds)], axis=0)
    assert np.allclose(found.unlikeness(embedding), expected)


def test_few_images_tell_nothing_of_what_is_usual(rng: np.random.Generator) -> None:
    assert familiar_json([drawn(rng, 39), drawn(rng, 300)]) is None


@pytest.mark.parametrize("text", ["{", "[]", "[{}, {}]", '[{"mean": "?"}, 3]', "null"])
def test_a_damaged_summary_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match=r"cygnet\.familiar"):
        read_familiar(text, 2, Path("model.onnx"))


def test_the_summary_is_json_of_numbers_and_base64(rng: np.random.Generator) -> None:
    text = familiar_json([drawn(rng, 80)])
    assert text is not None
    (one,) = json.loads(text)
    assert set(one) == {"mean", "axes", "variance", "rest", "location", "scale"}
