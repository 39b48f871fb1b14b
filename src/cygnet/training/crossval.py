"""Which model scores which image? One network a fold, each scoring only patients it never saw.

Extra images are learnt from once, before the folds, and never scored.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from cygnet.durable import write_whole
from cygnet.errors import InputError
from cygnet.training.loader import PackedImages, Samples
from cygnet.training.loop import Stage, logits_and_embeddings
from cygnet.training.network import LesionNetwork, start_weights
from cygnet.training.recipe import Recipe, StageRecipe
from cygnet.training.weights import shipped_weights

HELD_OUT = "held-out.arrow"


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Everything that the folds are trained from.

    ``folds`` is ``(n_images,)``, the fold in which each of ``samples`` is scored; ``extra`` are
    images that are learnt from and never scored; ``weights`` is a safetensors file or None.
    """

    recipe: Recipe
    images: PackedImages
    samples: Samples
    folds: NDArray[np.int64]
    extra: Samples | None
    weights: Path | None

    def fold_numbers(self) -> list[int]:
        """Give the folds in ascending order."""
        return [int(fold) for fold in np.unique(self.folds)]

    def learning_of(self, fold: int) -> Samples:
        """Give the samples that the fold's model learns from: those it does not score."""
        inside = np.flatnonzero(self.folds != fold)
        names = [self.samples.image_names[int(i)] for i in inside]
        return Samples(names, self.samples.targets[inside])

    def held_out_of(self, fold: int) -> list[str]:
        """Give the names of the images that the fold's model scores."""
        return [self.samples.image_names[int(i)] for i in np.flatnonzero(self.folds == fold)]

    def n_image_passes(self) -> int:
        """Give how many images pass through training and scoring, for a progress bar."""
        learnt = sum(len(self.learning_of(fold)) for fold in self.fold_numbers())
        total = learnt * self.recipe.finetune.epochs + len(self.samples)
        if self.extra is not None and self.recipe.pretrain is not None:
            total += len(self.extra) * self.recipe.pretrain.epochs
        return total


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What a fold's model says of the images it never saw.

    ``logit`` is ``(n,)``, ``embedding`` ``(n, width)``; each fold's embeddings are their own space.
    """

    fold: int
    image_names: list[str]
    logit: NDArray[np.float64]
    embedding: NDArray[np.float32]


def train_folds(plan: TrainingPlan, out: Path, advance: Callable[[int], None]) -> list[HeldOut]:
    """Train every fold under ``out`` and score its held-out images; finished folds are read back.

    Raises :class:`InputError` when a fold leaves only one class to learn from.
    """
    for fold in plan.fold_numbers():
        _check_classes(plan, fold)
    start = _pretrained(plan, out, advance)
    return [_train_fold(plan, fold, start, out, advance) for fold in plan.fold_numbers()]


def _check_classes(plan: TrainingPlan, fold: int) -> None:
    targets = plan.learning_of(fold).targets
    if len(targets) == 0 or targets.min() == targets.max():
        raise InputError.of(
            f"Outside fold {fold} there are not both melanomas and benign images to learn from.",
            "Use fewer folds, or add patients.",
        )


def _new_network(plan: TrainingPlan) -> LesionNetwork:
    recipe = plan.recipe
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        fetch = plan.weights is None and recipe.start == "timm"
        network = LesionNetwork(recipe.network, pretrained=fetch)
    if plan.weights is not None:
        start_weights(network, plan.weights)
    elif recipe.start == "shipped":
        start_weights(network, shipped_weights(recipe.network.backbone))
    return network


def _pretrained(
    plan: TrainingPlan, out: Path, advance: Callable[[int], None]
) -> dict[str, torch.Tensor]:
    network = _new_network(plan)
    if plan.extra is not None and plan.recipe.pretrain is not None:
        stage = _stage(plan, network, plan.recipe.pretrain, out / "pretrain", "pretrain")
        network = stage.run(plan.extra, plan.images, advance)
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def _stage(
    plan: TrainingPlan, network: LesionNetwork, stage: StageRecipe, folder: Path, name: str
) -> Stage:
    digest = hashlib.blake2b(f"{plan.recipe.seed}/{name}".encode(), digest_size=4).digest()
    return Stage(network, stage, plan.recipe, folder, seed=int.from_bytes(digest, "big"))


def _train_fold(
    plan: TrainingPlan,
    fold: int,
    start: dict[str, torch.Tensor],
    out: Path,
    advance: Callable[[int], None],
) -> HeldOut:
    network = LesionNetwork(plan.recipe.network)
    network.load_state_dict(start)
    folder = out / f"fold-{fold}"
    stage = _stage(plan, network, plan.recipe.finetune, folder, f"fold-{fold}")
    network = stage.run(plan.learning_of(fold), plan.images, advance)
    names = plan.held_out_of(fold)
    found = read_held_out(folder / HELD_OUT, fold)
    if found is not None and found.image_names == names:
        advance(len(names))
        return found
    logit, embedding = logits_and_embeddings(network, names, plan.images, plan.recipe, advance)
    held_out = HeldOut(fold, names, logit.double().numpy(), embedding.numpy())
    write_held_out(folder / HELD_OUT, [held_out])
    return held_out


def write_held_out(path: Path, folds: Sequence[HeldOut]) -> None:
    """Write ``image_name, fold, logit, vector`` as one Arrow IPC file."""
    width = folds[0].embedding.shape[1]
    batches = [
        pa.record_batch(
            {
                "image_name": pa.array(held_out.image_names, pa.string()),
                "fold": pa.array([held_out.fold] * len(held_out.image_names), pa.int64()),
                "logit": pa.array(held_out.logit, pa.float64()),
                "vector": pa.FixedSizeListArray.from_arrays(held_out.embedding.ravel(), width),
            }
        )
        for held_out in folds
    ]
    with write_whole(path) as stream, pa.ipc.new_file(stream, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def read_held_out(path: Path, fold: int) -> HeldOut | None:
    """Read what :func:`write_held_out` wrote of one fold; None where there is no such file."""
    if not path.is_file():
        return None
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all().combine_chunks()
    vectors = table["vector"].chunk(0)
    embedding = np.array(vectors.values).reshape(len(table), -1)
    return HeldOut(fold, table["image_name"].to_pylist(), np.array(table["logit"]), embedding)
