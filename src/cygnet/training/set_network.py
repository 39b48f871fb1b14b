"""How is the set network of the context stage fitted? Torch over pairs of a patient's lesions.

Each lesion asks the patient's others: a value and an attention for each pair, their weighted mean,
and from it what the lesion's logit moves by. Written to ONNX as plain matrices; no exporter.
"""

from dataclasses import dataclass

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from cygnet.context.lesions import Codes, Floats
from cygnet.context.set_network import Sets, nearness

_HIDDEN, _VALUES = 16, 8
_OTHERS = 8
_BENIGN_A_STEP = 1_000
_STEPS, _EVERY = 60, 10
_RATE, _DECAY = 2e-2, 1e-2
_OPSET = 18


class SetModule(nn.Module):
    """Attention of each lesion over its patient's others; the last layer starts at nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = nn.Linear(3, _HIDDEN)
        self.asked = nn.Linear(_HIDDEN, _VALUES + 1)
        self.mixed = nn.Linear(_VALUES + 1, _HIDDEN)
        self.out = nn.Linear(_HIDDEN, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, score: Tensor, others: Tensor, near: Tensor, other: Tensor) -> Tensor:
        """Give what each logit moves by, ``(n,)``.

        ``score`` ``(n,)`` is the own score; ``others``, ``near`` and ``other`` (1 where there is a
        lesion) are ``(n, m)``.
        """
        own = score[:, None].expand_as(others)
        hidden = torch.tanh(self.pair(torch.stack([own, others, near], dim=2)))
        asked = self.asked(hidden)
        attention = torch.softmax(asked[..., 0] + (other - 1) * 1e4, dim=1)
        pooled = (attention[..., None] * asked[..., 1:]).sum(dim=1)
        mixed = torch.tanh(self.mixed(torch.cat([score[:, None], pooled], dim=1)))
        moved: Tensor = self.out(mixed)[:, 0]
        return moved


@dataclass(frozen=True, slots=True, eq=False)
class _Others:
    """The patient's other lesions of each row, end to end: ``start`` and ``n`` say where."""

    row: Codes
    start: Codes
    n: Codes


def train_set_network(sets: Sets, target: Floats, weight: Floats, *, seed: int = 0) -> bytes:
    """Fit the network on the patients that are not held; keep the step that they like best.

    ``target`` and ``weight`` are ``(n_images,)``. Every melanoma and a draw of benign lesions, each
    beside at most 8 drawn others, make a step. Returns the ONNX file of
    :class:`~cygnet.context.set_network.Trainer`. Deterministic for a ``seed``.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = SetModule()
        return set_network_onnx(_fitted(module, sets, target, weight, seed))
    finally:
        torch.set_num_threads(threads)


def _fitted(module: SetModule, sets: Sets, target: Floats, weight: Floats, seed: int) -> SetModule:
    generator = np.random.default_rng(seed)
    others = _others(sets)
    asking = others.n > 0
    fitting = np.flatnonzero(asking & ~sets.held)
    judging = np.flatnonzero(asking & sets.held)
    if not target[fitting].any() or target[fitting].all():
        return module
    line = torch.tensor([1.0, 0.0], requires_grad=True)
    groups = [
        {"params": list(module.parameters()), "weight_decay": _DECAY},
        {"params": [line], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=_RATE)
    best, kept = np.inf, {k: v.clone() for k, v in module.state_dict().items()}
    held = _batch(sets, target, weight, others, judging, generator)
    for step in range(_STEPS + 1):
        if step % _EVERY == 0 and judging.size:
            with torch.no_grad():
                loss = float(_loss(module, line, held))
            if loss < best:
                best, kept = loss, {k: v.clone() for k, v in module.state_dict().items()}
        rows, share = _drawn(target, fitting, generator)
        batch = _batch(sets, target, weight * share, others, rows, generator)
        optimiser.zero_grad()
        _loss(module, line, batch).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    if judging.size:
        module.load_state_dict(kept)
    return module


def _drawn(target: Floats, fitting: Codes, generator: np.random.Generator) -> tuple[Codes, Floats]:
    """Draw the rows of a step, and what each row of all stands for, ``(n_images,)``."""
    positive, benign = fitting[target[fitting] == 1], fitting[target[fitting] == 0]
    share = np.ones(target.size)
    if benign.size > _BENIGN_A_STEP:
        share[benign] = benign.size / _BENIGN_A_STEP
        benign = generator.choice(benign, _BENIGN_A_STEP, replace=False)
    return np.concatenate([positive, benign]), share


_Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


def _loss(module: SetModule, line: Tensor, batch: _Batch) -> Tensor:
    score, others, near, other, logit, target, weight = batch
    moved = line[0] * logit + line[1] + module(score, others, near, other)
    loss = binary_cross_entropy_with_logits(moved, target, weight, reduction="sum")
    return loss / weight.sum()


def _others(sets: Sets) -> _Others:
    """Find the patient's other lesions of each image, one image a lesion."""
    order = np.argsort(sets.patient, kind="stable")
    pieces: list[Codes] = [np.empty(0, dtype=np.int64)] * sets.patient.size
    ends = np.flatnonzero(np.diff(sets.patient[order])) + 1
    for rows in np.split(order, ends):
        lesion = sets.lesion[rows]
        _, first = np.unique(lesion, return_index=True)
        stand = rows[first]
        for row, own in zip(rows.tolist(), lesion, strict=True):
            pieces[row] = stand[sets.lesion[stand] != own]
    n = np.array([piece.size for piece in pieces], dtype=np.int64)
    row = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
    return _Others(row, np.cumsum(n) - n, n)


def _batch(
    sets: Sets,
    target: Floats,
    weight: Floats,
    others: _Others,
    rows: Codes,
    generator: np.random.Generator,
) -> _Batch:
    n = np.maximum(others.n[rows], 1)[:, None]
    place = np.broadcast_to(np.arange(_OTHERS), (rows.size, _OTHERS))
    drawn = np.floor(generator.random((rows.size, _OTHERS)) * n).astype(np.int64)
    # All of the others where they are few; drawn ones where they are many.
    at = np.where(n <= _OTHERS, np.minimum(place, n - 1), drawn)
    there = np.where(n <= _OTHERS, place < n, True)
    other = others.row[others.start[rows][:, None] + at]
    apart = np.sqrt(np.sum((sets.place[rows][:, None, :] - sets.place[other]) ** 2, axis=2))
    near = nearness(apart, sets.strange[rows][:, None], sets.strange[other])
    arrays = (
        sets.score[rows], sets.score[other], near, there.astype(np.float32),
        sets.logit[rows], target[rows], weight[rows],
    )  # fmt: skip
    score, score_of, close, mask, logit, truth, worth = (
        torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)) for array in arrays
    )
    return score, score_of, close, mask, logit, truth, worth


def set_network_onnx(module: SetModule) -> bytes:
    """Write the module as a graph: ``score (n,)``, ``near`` and ``other (n, n)`` to ``moved (n,)``.

    The same sums as :meth:`SetModule.forward` for all of a patient's lesions at once.
    """
    weights = {
        name: value.detach().numpy().astype(np.float32)
        for name, value in module.state_dict().items()
    }
    constants = {f"{name}.w": weights[f"{name}.weight"].T for name in ("asked", "mixed", "out")}
    constants |= {
        f"{name}.b": weights[f"{name}.bias"] for name in ("pair", "asked", "mixed", "out")
    }
    for place, name in enumerate(("own", "another", "near")):
        constants[f"pair.{name}"] = weights["pair.weight"][:, place]
    integers = {"one": [1], "zero": [0], "two": [2], "end": [_VALUES + 1]}
    nodes = [
        _node("Unsqueeze", "score", "one", to="column"),
        _node("Unsqueeze", "column", "two", to="own3"),
        _node("Unsqueeze", "score", "zero", to="row"),
        _node("Unsqueeze", "row", "two", to="another3"),
        _node("Unsqueeze", "near", "two", to="near3"),
        _node("Mul", "own3", "pair.own", to="from_own"),
        _node("Mul", "another3", "pair.another", to="from_another"),
        _node("Mul", "near3", "pair.near", to="from_near"),
        _node("Add", "from_own", "from_another", to="from_scores"),
        _node("Add", "from_scores", "from_near", to="from_all"),
        _node("Add", "from_all", "pair.b", to="pair_in"),
        _node("Tanh", "pair_in", to="hidden"),
        _node("MatMul", "hidden", "asked.w", to="asked_in"),
        _node("Add", "asked_in", "asked.b", to="asked_out"),
        _node("Slice", "asked_out", "zero", "one", "two", to="attending3"),
        _node("Squeeze", "attending3", "two", to="attending"),
        _node("Sub", "other", "unit", to="absent"),
        _node("Mul", "absent", "far", to="barred"),
        _node("Add", "attending", "barred", to="allowed"),
        helper.make_node("Softmax", ["allowed"], ["attention"], axis=1),
        _node("Unsqueeze", "attention", "two", to="attention3"),
        _node("Slice", "asked_out", "one", "end", "two", to="values"),
        _node("Mul", "attention3", "values", to="weighed"),
        helper.make_node("ReduceSum", ["weighed", "one"], ["pooled"], keepdims=0),
        helper.make_node("Concat", ["column", "pooled"], ["both"], axis=1),
        _node("MatMul", "both", "mixed.w", to="mixed_in"),
        _node("Add", "mixed_in", "mixed.b", to="mixed_out"),
        _node("Tanh", "mixed_out", to="mixture"),
        _node("MatMul", "mixture", "out.w", to="out_in"),
        _node("Add", "out_in", "out.b", to="out_column"),
        _node("Squeeze", "out_column", "one", to="moved"),
    ]
    scalars = {"unit": np.float32(1), "far": np.float32(1e4)}
    initializers = [
        numpy_helper.from_array(np.ascontiguousarray(value), name)
        for name, value in constants.items()
    ]
    initializers += [numpy_helper.from_array(np.asarray(v), name) for name, v in scalars.items()]
    initializers += [
        numpy_helper.from_array(np.array(value, np.int64), name) for name, value in integers.items()
    ]
    graph = helper.make_graph(
        nodes,
        "set_network",
        [_tensor("score", "n"), _tensor("near", "n", "n"), _tensor("other", "n", "n")],
        [_tensor("moved", "n")],
        initializers,
    )
    opset = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="cygnet")
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def _node(kind: str, *inputs: str, to: str) -> onnx.NodeProto:
    return helper.make_node(kind, list(inputs), [to])


def _tensor(name: str, *shape: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def moved_by_torch(module: SetModule, score: Floats, near: Floats, other: Floats) -> Floats:
    """Run the module as the graph does, on one patient's ``n`` lesions; for parity."""
    tensors = [torch.from_numpy(np.asarray(a, dtype=np.float32)) for a in (score, near, other)]
    own, close, mask = tensors
    with torch.no_grad():
        found: NDArray[np.float64] = module(
            own, own[None, :].expand(own.numel(), -1), close, mask
        ).numpy()
    return found
