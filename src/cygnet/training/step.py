"""What is one step? A batch, in passes and over processes, that moves the weights once.

The gradient is that of the mean over the whole batch, however many passes and processes it is cut
into; what is drawn for the batch is the same in each of them.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cygnet.errors import RecipeError
from cygnet.training.augment import Draws, drawn, normalised, varied
from cygnet.training.loader import Samples
from cygnet.training.loss import image_losses
from cygnet.training.machine import Machine, is_out_of_memory, keep_freed_memory
from cygnet.training.mixing import Mix, drawn_mix, mixed
from cygnet.training.network import LesionNetwork
from cygnet.training.optimiser import AveragedWeights, new_optimiser, set_learning_rate
from cygnet.training.processes import Processes, with_shared_statistics, without_sync
from cygnet.training.recipe import Recipe, StageRecipe
from cygnet.training.sampling import parts


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch's rows of the samples, and what was drawn for it."""

    rows: NDArray[np.intp]
    draws: Draws
    mix: Mix | None


class Step:
    """The network, its optimiser and its averaged weights, moved a batch at a time."""

    def __init__(self, network: LesionNetwork, stage: StageRecipe, recipe: Recipe) -> None:
        self.stage, self.recipe = stage, recipe
        self.processes = Processes.at_hand()
        self.machine = Machine.at_hand(recipe.machine, self.processes)
        if not self.machine.is_cuda:
            keep_freed_memory()
        device = self.machine.device
        network.to(device, memory_format=self.machine.memory_format)  # type: ignore[call-overload]
        with_shared_statistics(network, self.processes, device)
        self.network = network
        self.optimiser = new_optimiser(network, stage)
        self.average = AveragedWeights(network, stage.average_decay)
        running: Any = self.processes.wrapped(network, device)
        self.running: Any = torch.compile(running) if recipe.machine.compile else running

    @property
    def mixes(self) -> bool:
        """Whether a picture is mixed with the next one."""
        return self.stage.mixup > 0 or self.stage.cutmix > 0

    def spans(self, n: int) -> list[tuple[int, int]]:
        """Give the rows of each pass of this process in a batch of ``n``: start and end."""
        passes, count = self.stage.accumulate, self.processes.count
        if n < 2 * passes * count and passes * count > 1:
            raise RecipeError.of(
                f"A batch of {n} images cannot be cut into {passes} passes in {count} processes "
                "of at least 2 images each.",
                "Raise batch_size, or lower accumulate or the number of processes.",
            )
        return parts(n, passes * count)[self.processes.rank * passes :][:passes]

    def reading(self, rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        """Give the rows of the samples that each pass reads: its own, and one to mix with."""
        read = [rows[start:end] for start, end in self.spans(len(rows))]
        if not self.mixes:
            return read
        nexts = [rows[end % len(rows)] for _, end in self.spans(len(rows))]
        return [np.append(own, one) for own, one in zip(read, nexts, strict=True)]

    def draw(self, rows: NDArray[np.intp], generator: torch.Generator) -> Batch:
        """Draw all that is random about the pictures of a batch."""
        draws = drawn(self.recipe.augment, len(rows), generator)
        return Batch(rows, draws, drawn_mix(self.stage, len(rows), generator))

    def move(
        self, batch: Batch, samples: Samples, pixels: Iterator[Tensor], rate: float
    ) -> tuple[Tensor, Tensor]:
        """Move the weights by one batch; give the loss of this process's part and the gradient.

        ``pixels`` gives each pass's pictures. Both are scalars on the device: the mean loss, and
        the norm of the whole batch's gradient before it is clipped. Raises :class:`RecipeError`
        when the device's memory is full.
        """
        try:
            return self._moved(batch, samples, pixels, rate)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        # Out of the handler, whose error holds what the pass had allocated.
        raise self._full(max(end - start for start, end in self.spans(len(batch.rows))))

    def _moved(
        self, batch: Batch, samples: Samples, pixels: Iterator[Tensor], rate: float
    ) -> tuple[Tensor, Tensor]:
        set_learning_rate(self.optimiser, rate)
        self.optimiser.zero_grad(set_to_none=True)
        spans = self.spans(len(batch.rows))
        losses = []
        for place, span in enumerate(spans):
            last = place == len(spans) - 1
            losses.append(self._pass(next(pixels), batch, samples, span, last=last))
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.stage.gradient_clip_norm)
        self.optimiser.step()
        return torch.stack(losses).sum(), norm

    def _pass(
        self,
        pixels: Tensor,
        batch: Batch,
        samples: Samples,
        span: tuple[int, int],
        *,
        last: bool,
    ) -> Tensor:
        start, end = span
        rows = np.take(batch.rows, range(start, end + int(self.mixes)), mode="wrap")
        n = len(batch.rows)
        with nullcontext() if last else without_sync(self.running):
            per_image = self._losses(pixels, rows, batch, samples, span)
            whole = len(per_image) == n
            loss = per_image.mean() if whole else per_image.sum() * (self.processes.count / n)
            loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _losses(
        self,
        pixels: Tensor,
        rows: NDArray[np.intp],
        batch: Batch,
        samples: Samples,
        span: tuple[int, int],
    ) -> Tensor:
        device = self.machine.device
        images = normalised(pixels.to(device, non_blocking=True), self.recipe.network)
        places = torch.arange(span[0], span[0] + len(rows)) % len(batch.rows)
        draws = {name: value[places] for name, value in batch.draws.items()}
        images = varied(images, self.recipe.augment, draws, self.recipe.network)
        metadata = None
        if samples.metadata is not None:
            metadata = torch.from_numpy(samples.metadata[rows]).to(device)
        labels = samples.labels(rows).to(device)
        if batch.mix is None:
            return self._judged(images, metadata, [(labels, None)])
        images, share = mixed(images, batch.mix.rows(*span))
        if metadata is not None:
            metadata = metadata[:-1] * share[:, None] + metadata[1:] * (1 - share[:, None])
        n = len(rows)
        return self._judged(
            images, metadata, [(labels.rows(0, n - 1), share), (labels.rows(1, n), 1 - share)]
        )

    def _judged(
        self, images: Tensor, metadata: Tensor | None, judged: list[tuple[Any, Tensor | None]]
    ) -> Tensor:
        images = images.contiguous(memory_format=self.machine.memory_format)
        with self.machine.autocast():
            logits, _ = self.running(images, metadata)
        seen = getattr(self.network, "classes_seen", None)
        total: Tensor | None = None
        for labels, share in judged:
            losses = image_losses(logits.float(), labels, self.stage, seen)
            part = losses if share is None else losses * share
            total = part if total is None else total + part
        if total is None:
            raise AssertionError("an image is judged by at least one label")
        return total

    def _full(self, n: int) -> RecipeError:
        """Find by halving how many images a pass can hold, and say it."""
        self.optimiser.zero_grad(set_to_none=True)
        fitting = n // 2
        while fitting >= 2 and not self._fits(fitting):
            fitting //= 2
        kind = "the GPU's memory" if self.machine.is_cuda else "memory"
        passes = self.stage.accumulate
        if fitting < 2:
            return RecipeError.of(
                f"A pass of {n} images does not fit into {kind}, and neither do 2.",
                "Lower size_px, or choose a smaller backbone.",
            )
        return RecipeError.of(
            f"A pass of {n} images does not fit into {kind}; {fitting} images do.",
            f"Set accumulate = {-(-n * passes // fitting)} in the recipe's stage (the same batch "
            f"in more passes), or batch_size = {fitting * passes * self.processes.count}.",
        )

    def _fits(self, n: int) -> bool:
        if self.machine.is_cuda:
            torch.cuda.empty_cache()
        try:
            side = self.stage.size_px or self.recipe.network.size_px
            pixels = torch.zeros(n, side, side, 3, dtype=torch.uint8, device=self.machine.device)
            images = normalised(pixels, self.recipe.network)
            images = images.contiguous(memory_format=self.machine.memory_format)
            # Not through the other processes: they may have room.
            with self.machine.autocast():
                logits, _ = self.network(images, None)
            logits.float().sum().backward()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return False
        finally:
            self.optimiser.zero_grad(set_to_none=True)
        return True
