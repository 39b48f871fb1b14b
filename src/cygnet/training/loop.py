"""One readable loop: how do weights move from where they start to where they are scored?

The number of epochs is fixed by the recipe before anything is seen; the weights that are kept are
the running average at the end, never the best epoch of anything.
"""

import csv
import io
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cygnet.durable import write_text_whole
from cygnet.errors import InputError
from cygnet.training.augment import augmented, dihedral_view, normalised
from cygnet.training.checkpoint import (
    optimiser_tensors,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)
from cygnet.training.loader import PackedImages, Samples, batches, epoch_order, read_ahead
from cygnet.training.network import LesionNetwork
from cygnet.training.recipe import Recipe, StageRecipe

_AVERAGE, _WEIGHT, _OPTIMISER = "average:", "weight:", "optimiser:"
_LOG_COLUMNS = ("epoch", "step", "loss", "learning_rate", "images_per_s")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the arithmetic happens: the device, and whether to use bfloat16 there."""

    device: torch.device
    bfloat16: bool

    @classmethod
    def at_hand(cls) -> "Machine":
        """Take the first CUDA device, or the processor where there is none."""
        cuda = torch.cuda.is_available()
        return cls(torch.device("cuda" if cuda else "cpu"), bfloat16=cuda)

    def autocast(self) -> torch.autocast:
        """Give the context in which the network runs."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)


def arithmetic() -> dict[str, str | int]:
    """Give what a repetition must share to get the same bits: device, threads, number format."""
    machine = Machine.at_hand()
    numbers = "bfloat16" if machine.bfloat16 else "float32"
    return {
        "device": machine.device.type,
        "threads": torch.get_num_threads(),
        "numbers": numbers,
    }


class AveragedWeights:
    """An exponential running average of a network's state, with a ramp so that it starts young."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: t.detach().clone() for name, t in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the network after its step number ``step`` (from 1)."""
        decay = min(self.decay, step / (step + 10))
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                self.state[name].lerp_(tensor, 1 - decay)
            else:
                self.state[name].copy_(tensor)


def learning_rate_factor(step: int, n_steps: int, warmup_fraction: float) -> float:
    """Give the factor of step ``step`` (from 0): linear warm-up, then a cosine to zero."""
    n_warmup = max(1, round(n_steps * warmup_fraction))
    if step < n_warmup:
        return (step + 1) / n_warmup
    return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))


def _optimiser(network: nn.Module, stage: StageRecipe) -> torch.optim.AdamW:
    # Biases and normalisation scales are not decayed: pulling them to zero regularises nothing.
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": stage.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=stage.learning_rate, fused=True)


@dataclass(slots=True)
class _Progress:
    """What a stage has behind it: whole epochs, steps, and the log's rows."""

    epoch: int
    step: int
    log: list[list[float]]


class Stage:
    """One stage of training (the pretraining, or one fold), resumable at every epoch's end.

    ``folder`` receives ``last.*`` while it trains, ``log.csv``, and ``final.*`` when it is done.
    """

    def __init__(
        self, network: LesionNetwork, stage: StageRecipe, recipe: Recipe, folder: Path, *, seed: int
    ) -> None:
        self.machine = Machine.at_hand()
        self.network = network
        self.network.to(self.machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.stage, self.recipe, self.folder, self.seed = stage, recipe, folder, seed
        self.optimiser = _optimiser(self.network, stage)
        self.average = AveragedWeights(self.network, stage.average_decay)

    def run(
        self, samples: Samples, images: PackedImages, advance: Callable[[int], None]
    ) -> LesionNetwork:
        """Train, or go on where a killed run stopped; give the network with averaged weights.

        ``advance`` is told how many images were learnt from. Raises :class:`InputError` when the
        loss is no longer a number.
        """
        if not self._is_finished():
            done = self._resume()
            advance(done.epoch * len(samples))
            for epoch in range(done.epoch, self.stage.epochs):
                self._run_epoch(epoch, done, samples, images, advance)
                done.epoch = epoch + 1
                self._write("last", done)
                self._write_log(done)
            self._finish(done)
        else:
            advance(self.stage.epochs * len(samples))
        self.network.load_state_dict(self.average.state)
        self.network.eval()
        return self.network

    def _run_epoch(
        self,
        epoch: int,
        done: _Progress,
        samples: Samples,
        images: PackedImages,
        advance: Callable[[int], None],
    ) -> None:
        # Everything random in an epoch comes from these two numbers, so resuming repeats it.
        order_generator = np.random.default_rng([self.seed, epoch])
        generator = torch.Generator().manual_seed(int(order_generator.integers(2**62)))
        order = epoch_order(samples.targets, self.stage.melanoma_fraction, order_generator)
        chosen = batches(order, self.stage.batch_size)
        n_steps = len(chosen) * self.stage.epochs
        names = [[samples.image_names[i] for i in batch] for batch in chosen]
        self.network.train()
        total, started = 0.0, time.perf_counter()
        with torch.random.fork_rng():
            torch.manual_seed(int(order_generator.integers(2**62)))
            for batch, pixels in zip(chosen, read_ahead(images.read, names), strict=True):
                targets = torch.from_numpy(samples.targets[batch])
                factor = learning_rate_factor(done.step, n_steps, self.stage.warmup_fraction)
                loss = self._step(pixels, targets, factor, generator)
                done.step += 1
                self._check_loss(loss, epoch, done.step)
                self.average.update(self.network, done.step)
                total += loss * len(batch)
                advance(len(batch))
        rate = len(order) / (time.perf_counter() - started)
        done.log.append(
            [
                epoch + 1,
                done.step,
                round(total / len(order), 6),
                factor * self.stage.learning_rate,
                round(rate, 1),
            ]
        )

    def _step(
        self, pixels: Tensor, targets: Tensor, factor: float, generator: torch.Generator
    ) -> float:
        device = self.machine.device
        for group in self.optimiser.param_groups:
            group["lr"] = self.stage.learning_rate * factor
        batch = normalised(pixels.to(device), self.recipe.network)
        batch = augmented(batch, self.recipe.augment, generator)
        smoothed = targets * (1 - self.stage.label_smoothing) + self.stage.label_smoothing / 2
        with self.machine.autocast():
            logits, _ = self.network(batch.contiguous(memory_format=torch.channels_last))
            logit = self.network.melanoma_logit(logits)
        loss = functional.binary_cross_entropy_with_logits(logit.float(), smoothed.to(device))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.stage.gradient_clip_norm)
        self.optimiser.step()
        return float(loss.detach())

    def _check_loss(self, loss: float, epoch: int, step: int) -> None:
        if not math.isfinite(loss):
            raise InputError.of(
                f"The loss is {loss} at step {step} (epoch {epoch + 1}).",
                "Lower learning_rate or gradient_clip_norm in the recipe; the checkpoint of the "
                "last whole epoch is kept.",
                file=self.folder / "last.json",
            )

    def _is_finished(self) -> bool:
        found = read_checkpoint(self.folder / "final")
        if found is None:
            return False
        self.average.state = {name: t.to(self.machine.device) for name, t in found[0].items()}
        return True

    def _resume(self) -> _Progress:
        found = read_checkpoint(self.folder / "last")
        if found is None:
            return _Progress(0, 0, [])
        tensors, description = found

        def part(prefix: str) -> dict[str, Tensor]:
            return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}

        self.network.load_state_dict(part(_WEIGHT))
        self.average.state = {n: t.to(self.machine.device) for n, t in part(_AVERAGE).items()}
        restore_optimiser(self.optimiser, self.network, part(_OPTIMISER))
        return _Progress(description["epoch"], description["step"], description["log"])

    def _write(self, name: str, done: _Progress) -> None:
        tensors = {_WEIGHT + n: t for n, t in self.network.state_dict().items()}
        tensors |= {_AVERAGE + n: t for n, t in self.average.state.items()}
        flat = optimiser_tensors(self.optimiser, self.network)
        tensors |= {_OPTIMISER + n: t for n, t in flat.items()}
        description = {"epoch": done.epoch, "step": done.step, "log": done.log}
        write_checkpoint(self.folder / name, tensors, description)

    def _write_log(self, done: _Progress) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_LOG_COLUMNS, *done.log])
        write_text_whole(self.folder / "log.csv", text.getvalue())

    def _finish(self, done: _Progress) -> None:
        description = {"epoch": done.epoch, "step": done.step, "seed": self.seed}
        write_checkpoint(self.folder / "final", self.average.state, description)
        for suffix in (".json", ".safetensors"):
            (self.folder / "last").with_suffix(suffix).unlink(missing_ok=True)


@torch.inference_mode()
def logits_and_embeddings(
    network: LesionNetwork,
    image_names: list[str],
    images: PackedImages,
    recipe: Recipe,
    advance: Callable[[int], None],
    *,
    batch_size: int = 64,
) -> tuple[Tensor, Tensor]:
    """Give ``(logit (n,), embedding (n, width))``, each the mean over the recipe's views."""
    machine = Machine.at_hand()
    logits, embeddings = [], []
    names = [image_names[i : i + batch_size] for i in range(0, len(image_names), batch_size)]
    for pixels in read_ahead(images.read, names):
        batch = normalised(pixels.to(machine.device), recipe.network)
        outputs = []
        for view in range(recipe.test_time_views):
            turned = dihedral_view(batch, view).contiguous(memory_format=torch.channels_last)
            with machine.autocast():
                class_logits, embedding = network(turned)
                outputs.append((network.melanoma_logit(class_logits), embedding))
        logits.append(torch.stack([logit.float() for logit, _ in outputs]).mean(0).cpu())
        embeddings.append(torch.stack([e.float() for _, e in outputs]).mean(0).cpu())
        advance(len(pixels))
    return torch.cat(logits), torch.cat(embeddings)
