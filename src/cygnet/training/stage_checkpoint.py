"""What of a stage is kept so that a killed one goes on as if it had not been? All that moves.

Weights, their average, the optimiser's state, the state of every source of randomness, and how far
it was.
"""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from cygnet.errors import ModelError
from cygnet.training.checkpoint import (
    optimiser_tensors,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)
from cygnet.training.machine import Machine
from cygnet.training.step import Step

_AVERAGE, _WEIGHT, _OPTIMISER, _RANDOM = "average:", "weight:", "optimiser:", "random:"


@dataclass(slots=True)
class Progress:
    """What a stage has behind it: whole epochs, batches of the next one, steps, the log's rows.

    ``loss_sum``, ``n_images`` and ``seconds`` are of the epoch that is under way.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    log: list[list[float]] = field(default_factory=list)
    loss_sum: float = 0.0
    n_images: int = 0
    seconds: float = 0.0

    def begin_epoch(self) -> None:
        """Count the next epoch from nothing."""
        self.batch, self.loss_sum, self.n_images, self.seconds = 0, 0.0, 0, 0.0


def random_state(machine: Machine, generator: torch.Generator) -> dict[str, Tensor]:
    """Give the state of the pictures' generator and of torch's own (dropout)."""
    state = {"pictures": generator.get_state(), "torch": torch.get_rng_state()}
    if machine.is_cuda:
        state["cuda"] = torch.cuda.get_rng_state(machine.device)
    return state


def restore_random(machine: Machine, generator: torch.Generator, state: dict[str, Tensor]) -> None:
    """Set the generators as :func:`random_state` found them."""
    generator.set_state(state["pictures"])
    torch.set_rng_state(state["torch"])
    if machine.is_cuda and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], machine.device)


def write_progress(path: Path, step: Step, done: Progress, state: dict[str, Tensor] | None) -> None:
    """Write the stage as it stands; ``state`` where an epoch is under way."""
    tensors = {_WEIGHT + n: t for n, t in step.network.state_dict().items()}
    tensors |= {_AVERAGE + n: t for n, t in step.average.state.items()}
    flat = optimiser_tensors(step.optimiser, step.network)
    tensors |= {_OPTIMISER + n: t for n, t in flat.items()}
    tensors |= {_RANDOM + n: t for n, t in (state or {}).items()}
    description = {name: getattr(done, name) for name in Progress.__dataclass_fields__}
    write_checkpoint(path, tensors, description, again=True)


def read_progress(path: Path, step: Step) -> tuple[Progress, dict[str, Tensor]]:
    """Set the stage as it was written; give how far it was, and the state of what is random.

    Raises :class:`ModelError` where the checkpoint is of another network or lacks a part.
    """
    found = read_checkpoint(path)
    if found is None:
        return Progress(), {}
    tensors, description = found

    def part(prefix: str) -> dict[str, Tensor]:
        return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}

    try:
        known = {name: description[name] for name in ("epoch", "step", "log")}
        rest = ("batch", "loss_sum", "n_images", "seconds")
        known |= {name: description[name] for name in rest if name in description}
        step.network.load_state_dict(part(_WEIGHT))
        device = step.machine.device
        step.average.state = {n: t.to(device) for n, t in part(_AVERAGE).items()}
        restore_optimiser(step.optimiser, step.network, part(_OPTIMISER))
    except (KeyError, RuntimeError) as error:
        raise _foreign(path) from error
    return Progress(**known), part(_RANDOM)


def read_final(path: Path, step: Step) -> bool:
    """Set the averaged weights from a finished stage; give False where there is none.

    Raises :class:`ModelError` where the checkpoint is of another network.
    """
    found = read_checkpoint(path)
    if found is None:
        return False
    wanted = step.network.state_dict()
    tensors = found[0]
    if {n: t.shape for n, t in tensors.items()} != {n: t.shape for n, t in wanted.items()}:
        raise _foreign(path)
    step.average.state = {name: t.to(step.machine.device) for name, t in tensors.items()}
    return True


def _foreign(path: Path) -> ModelError:
    return ModelError.of(
        "This checkpoint is of another network, or of another version of Cygnet.",
        "Go on with the version and the recipe that wrote it (both stand in run.json), or remove "
        "this folder to train it again.",
        file=path.with_suffix(".json"),
    )
