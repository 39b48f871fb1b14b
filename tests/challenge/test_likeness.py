import time

import numpy as np
import pytest

from cygnet.challenge.likeness import Sketch, is_near_constant, near_duplicates, sketch
from cygnet.errors import InputError


def test_a_file_that_says_nothing_is_flagged(rng: np.random.Generator) -> None:
    assert is_near_constant(np.full(1000, 0.2))
    assert is_near_constant(0.2 + 1e-8 * rng.random(1000))
    assert is_near_constant(np.where(np.arange(1000) < 30, 0.9, 0.1))
    assert not is_near_constant(rng.random(1000))
    assert is_near_constant(np.array([]))


def test_copies_are_found_and_other_models_are_not(rng: np.random.Generator) -> None:
    base = rng.random(5000)
    others = {
        "monotone": base**3,
        "jittered": np.clip(base + 1e-4 * rng.normal(size=5000), 0, 1),
        "another": 0.7 * base + 0.3 * rng.random(5000),
        "random": rng.random(5000),
    }
    found = near_duplicates(sketch(base), {name: sketch(one) for name, one in others.items()})
    assert {one.other for one in found} == {"monotone", "jittered"}
    assert found[0].other == "monotone"
    assert found[0].spearman == pytest.approx(1.0, abs=1e-6)


def test_constants_are_alike_by_value_alone() -> None:
    one = sketch(np.full(100, 0.5))
    others = {"same": sketch(np.full(100, 0.5)), "other": sketch(np.full(100, 0.7))}
    assert [like.other for like in near_duplicates(one, others)] == ["same"]
    assert near_duplicates(one, {}) == ()


def test_a_secret_seed_samples_other_images(rng: np.random.Generator) -> None:
    base = rng.random(5000)
    assert not np.array_equal(sketch(base).values, sketch(base, seed=b"secret").values)


def test_a_sketch_survives_its_bytes(rng: np.random.Generator) -> None:
    one = sketch(rng.random(5000))
    again = Sketch.from_bytes(one.to_bytes())
    assert np.array_equal(again.ranks, one.ranks)
    assert np.array_equal(again.values, one.values)
    with pytest.raises(InputError):
        Sketch.from_bytes(b"12345")


def test_one_is_held_against_thirty_thousand_in_a_moment(rng: np.random.Generator) -> None:
    few = [sketch(rng.random(600)) for _ in range(30)]
    others = {f"{n}": few[n % 30] for n in range(30_000)}
    start = time.perf_counter()
    assert len(near_duplicates(few[3], others)) == 1000
    assert time.perf_counter() - start < 5.0
