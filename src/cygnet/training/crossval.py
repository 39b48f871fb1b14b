"""Which model scores which image? One network a fold, each scoring only patients it never saw.

Extra images are learnt from once, before the folds, and never scored.
"""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from cygnet.durable import write_whole
from cygnet.errors import InputError, RecipeError
from cygnet.training.judging import logits_and_embeddings
from cygnet.training.loader import PackedImages, Samples, joined_samples
from cygnet.training.loop import Stage
from cygnet.training.machine import Machine
from cygnet.training.network import DIAGNOSIS_CLASSES, LesionNetwork, start_weights
from cygnet.training.processes import Processes, statistics_notice
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
        inside = self.samples.rows(np.flatnonzero(self.folds != fold))
        if self.extra is None or not self.recipe.finetune.with_extra:
            return inside
        return joined_samples(inside, self.extra)

    def held_out_of(self, fold: int) -> Samples:
        """Give the images that the fold's model scores."""
        return self.samples.rows(np.flatnonzero(self.folds == fold))

    def n_image_passes(self) -> int:
        """Give how many images pass through training and scoring, for a progress bar."""
        n_folds = len(self.fold_numbers())
        learnt = (n_folds - 1) * len(self.samples)
        if self.extra is not None and self.recipe.finetune.with_extra:
            learnt += n_folds * len(self.extra)
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

    Every process of torchrun's calls it; only the first writes. Raises :class:`InputError` when a
    fold leaves only one class to learn from, or holds no melanoma to score.
    """
    check_folds(plan)
    start = _pretrained(plan, out, advance)
    return [_train_fold(plan, fold, start, out, advance) for fold in plan.fold_numbers()]


def check_folds(plan: TrainingPlan) -> None:
    """Raise :class:`InputError` where a fold cannot be scored, or not be learnt."""
    for fold in plan.fold_numbers():
        held_out = plan.held_out_of(fold)
        if not (held_out.targets > 0.5).any():
            raise InputError.of(
                f"Fold {fold} holds no melanoma among its {len(held_out)} images; what its model "
                "says cannot be scored.",
                "Use fewer folds, or other --folds, so that each holds a melanoma.",
            )
    for fold in plan.fold_numbers():
        _check_learning(plan, fold)


def _check_learning(plan: TrainingPlan, fold: int) -> None:
    learning = plan.learning_of(fold)
    targets = learning.targets
    if len(targets) == 0 or targets.min() == targets.max():
        raise InputError.of(
            f"Outside fold {fold} there are not both melanomas and benign images to learn from.",
            "Use fewer folds, or add patients.",
        )


def check_start(recipe: Recipe, weights: Path | None) -> None:
    """Build the network once, before anything long: is there such a backbone, GPU and file?

    Raises :class:`RecipeError`. What would be fetched is not.
    """
    Machine.at_hand(recipe.machine, Processes.at_hand())
    fetched = recipe.start == "timm" and weights is None
    backbone, size_px = recipe.network.backbone, recipe.network.size_px
    local = recipe.model_copy(update={"start": "random"}) if fetched else recipe
    try:
        network = new_network(local, weights)
        for stage in recipe.stages():
            size_px = stage.size_px or recipe.network.size_px
            network.probe(size_px)
    except (AssertionError, RuntimeError, ValueError) as error:
        # Backbones refuse a size each in its own way, most by a failed assertion.
        raise RecipeError.of(
            f"{backbone} does not work at {size_px} px: {error}.",
            "Choose another size_px; a transformer takes one by options = { img_size = "
            f"{size_px} }} in [network].",
        ) from error


def statistics_sentence(plan: TrainingPlan) -> str | None:
    """Say where several processes do not equal one, else give None."""
    processes = Processes.at_hand()
    if processes.count == 1:
        return None
    device = Machine.at_hand(plan.recipe.machine, processes).device
    return statistics_notice(LesionNetwork(plan.recipe.network), processes, device)


def new_network(recipe: Recipe, weights: Path | None) -> LesionNetwork:
    """Build the recipe's network with the weights that it starts from.

    With diagnoses as targets no class has been seen yet but those of a whole network's file. Raises
    :class:`RecipeError` where there is no such backbone, or weights do not fit or cannot be had.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        fetch = weights is None and recipe.start == "timm"
        network = LesionNetwork(recipe.network, pretrained=fetch)
    if recipe.network.targets == "diagnosis":
        network.classes_seen.fill_(value=False)
    if weights is not None:
        start_weights(network, weights)
    elif recipe.start == "shipped":
        start_weights(network, shipped_weights(recipe.network.backbone))
    return network


def _pretrained(
    plan: TrainingPlan, out: Path, advance: Callable[[int], None]
) -> dict[str, torch.Tensor]:
    network = new_network(plan.recipe, plan.weights)
    if plan.extra is not None and plan.recipe.pretrain is not None:
        _note_classes(network, plan.extra)
        stage = _stage(plan, network, plan.recipe.pretrain, out / "pretrain", "pretrain")
        network = stage.run(plan.extra, plan.images, advance)
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def _note_classes(network: LesionNetwork, samples: Samples) -> None:
    """Let the diagnoses that stand in the samples take part, beside those seen before."""
    if network.recipe.targets == "diagnosis":
        network.classes_seen |= samples.classes_seen(len(DIAGNOSIS_CLASSES))


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
    with torch.random.fork_rng(devices=[]):
        network = LesionNetwork(plan.recipe.network)
    network.load_state_dict(start)
    folder = out / f"fold-{fold}"
    learning = plan.learning_of(fold)
    _note_classes(network, learning)
    stage = _stage(plan, network, plan.recipe.finetune, folder, f"fold-{fold}")
    network = stage.run(learning, plan.images, advance)
    samples = plan.held_out_of(fold)
    names = list(samples.image_names)
    processes = stage.processes
    found = processes.shared(read_held_out(folder / HELD_OUT, fold) if processes.writes else None)
    if found is not None and found.image_names == names:
        advance(len(names))
        return found
    held_out = _judged(plan, network, fold, samples, advance)
    if processes.writes:
        write_held_out(folder / HELD_OUT, [held_out])
    return held_out


def _judged(
    plan: TrainingPlan,
    network: LesionNetwork,
    fold: int,
    samples: Samples,
    advance: Callable[[int], None],
) -> HeldOut:
    """Score a fold's held-out images, each process its share of them."""
    processes = Processes.at_hand()
    rows = np.array(processes.own(range(len(samples))), dtype=np.intp)
    own = samples.rows(rows)
    logit = np.full(len(samples), np.nan)
    embedding = np.zeros((len(samples), 0), np.float32)
    parts = []
    if len(own):
        found = logits_and_embeddings(
            network, list(own.image_names), plan.images, plan.recipe, advance, metadata=own.metadata
        )
        parts = [(rows, found[0].double().numpy(), found[1].numpy())]
    for placed, logits, embeddings in itertools.chain(*processes.gathered(parts)):
        if embedding.shape[1] == 0:
            embedding = np.zeros((len(samples), embeddings.shape[1]), np.float32)
        logit[placed], embedding[placed] = logits, embeddings
    return HeldOut(fold, list(samples.image_names), logit, embedding)


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
