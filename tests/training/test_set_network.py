"""The set network's fit in torch, and the graph that is written from it."""

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch")

import torch

from cygnet.context.set_network import Sets
from cygnet.training.set_network import (
    SetModule,
    moved_by_torch,
    set_network_onnx,
    train_set_network,
)


def drawn_module(seed: int) -> SetModule:
    module = SetModule()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module


@pytest.mark.parametrize("n", [2, 7, 60])
def test_the_graph_gives_what_torch_gives(n: int) -> None:
    rng = np.random.default_rng(n)
    score, near = rng.normal(size=n), rng.normal(size=(n, n))
    other = (rng.random((n, n)) < 0.8) & ~np.eye(n, dtype=bool)
    other[:, 0] |= np.arange(n) > 0
    other[0, 1] = True
    module = drawn_module(n)
    session = onnxruntime.InferenceSession(set_network_onnx(module))
    arrays = {"score": score, "near": near, "other": other}
    feed = {name: np.asarray(of, dtype=np.float32) for name, of in arrays.items()}
    (found,) = session.run(["moved"], feed)
    expected = moved_by_torch(module, score, near, other.astype(np.float64))
    assert np.ptp(expected) > 0.01
    assert found == pytest.approx(expected, abs=1e-4)


def drawn_sets(rng: np.random.Generator) -> tuple[Sets, np.ndarray, np.ndarray]:
    patient = np.repeat(np.arange(60), 5)
    target = (rng.random(300) < 0.2).astype(np.float64)
    place = rng.normal(size=(300, 4)) + 3 * target[:, None]
    sets = Sets(
        patient,
        np.arange(300),
        rng.normal(size=300),
        place,
        np.ones(300),
        rng.normal(size=300),
        patient % 4 == 0,
    )
    return sets, target, np.ones(300)


def test_the_same_seed_gives_the_same_file_and_leaves_torch_as_it_was() -> None:
    drawn = drawn_sets(np.random.default_rng(0))
    torch.manual_seed(5)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    first, second = (train_set_network(*drawn) for _ in range(2))
    assert first == second
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_where_the_held_patients_gain_nothing_it_moves_nothing() -> None:
    rng = np.random.default_rng(1)
    sets, target, weight = drawn_sets(rng)
    # Targets of those fitted on follow their looks; of those held they are the other way round.
    turned = np.where(sets.held, 1 - target, target)
    session = onnxruntime.InferenceSession(train_set_network(sets, turned, weight))
    feed = {
        "score": np.zeros(3, np.float32),
        "near": np.ones((3, 3), np.float32),
        "other": 1 - np.eye(3, dtype=np.float32),
    }
    (found,) = session.run(["moved"], feed)
    assert (found == 0).all()
