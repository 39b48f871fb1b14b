"""One readable loop: how do weights move from where they start to where they are scored?

The number of epochs is fixed by the recipe before anything is seen; the weights that are kept are
the running average at the end, never the best epoch of anything.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cygnet.errors import InputError, Offender
from cygnet.training.checkpoint import remove_checkpoint, write_checkpoint
from cygnet.training.judging import logits_and_embeddings
from cygnet.training.loader import PackedImages, Samples, read_ahead
from cygnet.training.machine import Machine, arithmetic
from cygnet.training.network import LesionNetwork
from cygnet.training.optimiser import learning_rate_factor
from cygnet.training.recipe import Recipe, StageRecipe
from cygnet.training.sampling import balanced_order, batches, epoch_order
from cygnet.training.stage_checkpoint import (
    Progress,
    random_state,
    read_final,
    read_progress,
    restore_random,
    write_progress,
)
from cygnet.training.step import Batch, Step
from cygnet.training.training_log import EventLog, write_log

__all__ = ["Machine", "Stage", "arithmetic", "logits_and_embeddings"]

# A GPU works on while the processor does not ask for its numbers.
_STEPS_A_LOOK_ON_CUDA = 20

Rows = NDArray[np.intp]


class Stage:
    """One stage of training (the pretraining, or one fold), resumable wherever it is killed.

    ``folder`` receives ``last.*`` while it trains, ``log.csv``, ``tensorboard/``, and ``final.*``
    when it is done.
    """

    def __init__(
        self, network: LesionNetwork, stage: StageRecipe, recipe: Recipe, folder: Path, *, seed: int
    ) -> None:
        self.step = Step(network, stage, recipe)
        self.network, self.processes = network, self.step.processes
        self.stage, self.recipe, self.folder, self.seed = stage, recipe, folder, seed
        self._pending: list[tuple[int, Rows, Tensor]] = []
        self._kept_at = time.monotonic()

    def run(
        self, samples: Samples, images: PackedImages, advance: Callable[[int], None]
    ) -> LesionNetwork:
        """Train, or go on where a killed run stopped; give the network with averaged weights.

        ``advance`` is told how many images were learnt from. Raises :class:`InputError` when the
        loss is no longer a number, :class:`RecipeError` when memory is full, and
        :class:`ModelError` when the checkpoint in ``folder`` is of another network.
        """
        if read_final(self.folder / "final", self.step):
            advance(self.stage.epochs * len(samples))
        else:
            images = images.at_size(self.stage.size_px)
            done, state = read_progress(self.folder / "last", self.step)
            advance(done.epoch * len(samples))
            log = EventLog(self.folder, step=done.step, writes=self.processes.writes)
            with closing(log):
                for epoch in range(done.epoch, self.stage.epochs):
                    self._run_epoch(epoch, done, state, samples, images, advance, log)
                    state = {}
            self._finish(done)
        self.network.load_state_dict(self.step.average.state)
        self.network.eval()
        return self.network

    def order(self, samples: Samples, epoch_generator: np.random.Generator) -> Rows:
        """Give the order in which an epoch shows the samples."""
        groups = {
            "none": None,
            "class": _class_codes(samples),
            "patient": samples.patients,
        }[self.stage.balance]
        if groups is None:
            return epoch_order(samples.targets, self.stage.melanoma_fraction, epoch_generator)
        return balanced_order(groups, epoch_generator)

    def _run_epoch(
        self,
        epoch: int,
        done: Progress,
        state: dict[str, Tensor],
        samples: Samples,
        images: PackedImages,
        advance: Callable[[int], None],
        log: EventLog,
    ) -> None:
        images.check_shards()
        # Everything random in an epoch comes from these two numbers, so resuming repeats it.
        order_generator = np.random.default_rng([self.seed, epoch])
        generator = torch.Generator().manual_seed(int(order_generator.integers(2**62)))
        chosen = batches(self.order(samples, order_generator), self.stage.batch_size)
        left = chosen[done.batch :]
        advance(sum(len(batch) for batch in chosen[: done.batch]))
        self.network.train()
        names = [
            [samples.image_names[i] for i in rows]
            for batch in left
            for rows in self.step.reading(batch)
        ]
        pixels = read_ahead(images.read, names, pinned=self.step.machine.is_cuda)
        seed = int(order_generator.integers(2**62))
        with self._seeded(seed), closing(pixels):
            if state:
                restore_random(self.step.machine, generator, state)
            for rows in left:
                started = time.perf_counter()
                self._reseed(epoch, done.batch)
                self._move(rows, done, len(chosen), samples, pixels, generator)
                done.batch += 1
                advance(len(rows))
                last = done.batch == len(chosen)
                self._look(done, log, at_once=last or not self.step.machine.is_cuda)
                done.seconds += time.perf_counter() - started
                self._keep_within_epoch(done, generator, log, of=len(chosen))
        self._end_epoch(done, len(chosen))

    @contextmanager
    def _seeded(self, seed: int) -> Iterator[None]:
        devices = [self.step.machine.device] if self.step.machine.is_cuda else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            yield

    def _reseed(self, epoch: int, batch: int) -> None:
        """Give each of several processes a dropout of its own that no checkpoint need hold."""
        if self.processes.count > 1:
            own = np.random.default_rng([self.seed, epoch, batch, self.processes.rank])
            torch.manual_seed(int(own.integers(2**62)))

    def _factor(self, step: int, n_batches: int) -> float:
        n_steps = n_batches * self.stage.epochs
        return learning_rate_factor(step, n_steps, self.stage.warmup_fraction)

    def _move(
        self,
        rows: Rows,
        done: Progress,
        n_batches: int,
        samples: Samples,
        pixels: Iterator[Tensor],
        generator: torch.Generator,
    ) -> None:
        rate = self._factor(done.step, n_batches) * self.stage.learning_rate
        batch: Batch = self.step.draw(rows, generator)
        loss, norm = self.step.move(batch, samples, pixels, rate)
        done.step += 1
        done.n_images += len(rows)
        self.step.average.update(self.network, done.step)
        self._pending.append((done.step, rows, torch.stack([loss, norm.detach()])))

    def _look(self, done: Progress, log: EventLog, *, at_once: bool) -> None:
        """Ask for the losses of the steps behind, stop at one that is no number, and log them."""
        if not self._pending or (not at_once and len(self._pending) < _STEPS_A_LOOK_ON_CUDA):
            return
        values = torch.stack([found for _, _, found in self._pending]).tolist()
        pending, self._pending = self._pending, []
        rate = self.step.optimiser.param_groups[-1]["lr"]
        before = math.nan
        for (step, rows, _), (loss, norm) in zip(pending, values, strict=True):
            if self.processes.writes and not (math.isfinite(loss) and math.isfinite(norm)):
                raise self._no_number(loss, norm, before, step, done.epoch)
            before = norm
            done.loss_sum += loss * len(rows)
            log.add(step, loss=loss, gradient_norm=norm)
        speed = done.n_images / max(done.seconds, 1e-9)
        log.add(done.step, learning_rate=rate, images_per_s=speed)

    def _no_number(
        self, loss: float, norm: float, before: float, step: int, epoch: int
    ) -> InputError:
        rate = self.step.optimiser.param_groups[-1]["lr"]
        what = f"loss is {loss}" if not math.isfinite(loss) else f"gradient's norm is {norm}"
        last = self.folder / "last.json"
        kept = "the last checkpoint is kept" if last.is_file() else "no checkpoint was kept yet"
        numbers = "bfloat16" if self.step.machine.bfloat16 else "float32"
        return InputError.of(
            f"The {what} at step {step} (epoch {epoch + 1}), at a learning rate of {rate:.2g} in "
            f"{numbers}; the gradient's norm one step before was {before:.3g}.",
            "Lower learning_rate or gradient_clip_norm in the recipe, or lengthen "
            f"warmup_fraction; {kept}.",
            file=last,
            offenders=[Offender(f"{self.folder.name}, step {step}")],
        )

    def _keep_within_epoch(
        self, done: Progress, generator: torch.Generator, log: EventLog, *, of: int
    ) -> None:
        waited = time.monotonic() - self._kept_at
        if not self.processes.writes or waited < self.recipe.machine.checkpoint_every_s:
            return
        if done.batch < of:
            self._look(done, log, at_once=True)
            state = random_state(self.step.machine, generator)
            write_progress(self.folder / "last", self.step, done, state)
            self._kept_at = time.monotonic()

    def _end_epoch(self, done: Progress, n_batches: int) -> None:
        n = done.n_images
        rate = self._factor(done.step - 1, n_batches) * self.stage.learning_rate
        mean, speed = round(done.loss_sum / n, 6), round(n / max(done.seconds, 1e-9), 1)
        done.epoch += 1
        done.log.append([done.epoch, done.step, mean, rate, speed])
        done.begin_epoch()
        if self.processes.writes:
            write_progress(self.folder / "last", self.step, done, None)
            write_log(self.folder, done.log)
            self._kept_at = time.monotonic()

    def _finish(self, done: Progress) -> None:
        if self.processes.writes:
            description = {"epoch": done.epoch, "step": done.step, "seed": self.seed}
            write_checkpoint(self.folder / "final", self.step.average.state, description)
            remove_checkpoint(self.folder / "last")
        self.processes.wait()
        # The others' running statistics may be their own: what is scored is what was written.
        if not self.processes.writes:
            read_final(self.folder / "final", self.step)


def _class_codes(samples: Samples) -> NDArray[np.int64]:
    """Give a code of each image's class: its diagnosis, else whether it is a melanoma."""
    of_target = (samples.targets <= 0.5).astype(np.int64)
    if samples.classes is None:
        return of_target
    return np.where(samples.classes < 0, -of_target, samples.classes)
