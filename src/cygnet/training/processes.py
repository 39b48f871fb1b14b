"""Which process of torchrun's is this, and what do they tell each other? One process is the rule.

Only the first writes and prepares; the others take from it what they train on. Started by torchrun
(``torchrun --nproc-per-node 2 -m cygnet train ...``); every process must see the same folders.
"""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

Shared = TypeVar("Shared")

# As long as the first may pack before it has something to share.
_PATIENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Processes:
    """This process's number ``rank`` among ``count``, and ``local_rank`` on its machine."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @classmethod
    def at_hand(cls) -> "Processes":
        """Read what torchrun says in the environment, and join the others where there are any."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count <= 1 or "RANK" not in os.environ:
            return cls()
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        if not distributed.is_initialized():
            backend = "gloo"
            if torch.cuda.is_available() and local_rank < torch.cuda.device_count():
                torch.cuda.set_device(local_rank)
                backend = "cpu:gloo,cuda:nccl"
            _meet(backend)
        return cls(int(os.environ["RANK"]), count, local_rank)

    @property
    def writes(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def shared(self, value: Shared | None) -> Shared | None:
        """Give every process the first one's ``value``."""
        if self.count == 1:
            return value
        box: list[Any] = [value]
        distributed.broadcast_object_list(box, src=0, device=torch.device("cpu"))
        shared: Shared | None = box[0]
        return shared

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.count > 1:
            distributed.all_reduce(torch.zeros(1))

    def gathered(self, value: Shared) -> list[Shared]:
        """Give the values of all processes, in their order."""
        if self.count == 1:
            return [value]
        box: list[Any] = [None] * self.count
        distributed.all_gather_object(box, value)
        return box

    def own(self, items: Sequence[Shared]) -> list[Shared]:
        """Give this process's share of ``items``: every ``count``-th."""
        return list(items[self.rank :: self.count])

    def wrapped(self, network: nn.Module, device: torch.device) -> nn.Module:
        """Give the network whose gradients are averaged over all processes."""
        if self.count == 1:
            return network
        # gloo does not send truth values; every process sets this one itself.
        ignored = [name for name, one in network.named_buffers() if one.dtype == torch.bool]
        parallel: Any = DistributedDataParallel
        parallel._set_params_and_buffers_to_ignore_for_model(network, ignored)  # noqa: SLF001
        own = [device.index] if device.type == "cuda" else None
        wrapped: nn.Module = parallel(network, device_ids=own)
        return wrapped


def _meet(backend: str) -> None:
    """Join the others under a name of this attempt's own.

    torchrun keeps its store over a restart, and gloo would look there for processes that are gone.
    """
    untyped: Any = distributed
    store, rank, count = next(untyped.rendezvous("env://", timeout=_PATIENCE))
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    own = untyped.PrefixStore(f"cygnet/attempt-{attempt}", store)
    distributed.init_process_group(
        backend, store=own, rank=rank, world_size=count, timeout=_PATIENCE
    )


def restarted() -> bool:
    """Tell whether torchrun started this process again after one was lost."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def leave() -> None:
    """Leave the other processes, where there are any."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def without_sync(network: nn.Module) -> AbstractContextManager[Any]:
    """Give the context in which a pass's gradients stay in this process."""
    if isinstance(network, DistributedDataParallel):
        context: AbstractContextManager[Any] = network.no_sync()
        return context
    return nullcontext()


def has_batch_statistics(network: nn.Module) -> bool:
    """Tell whether the network learns from the statistics of a batch."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())  # noqa: SLF001


def with_shared_statistics(
    network: nn.Module, processes: Processes, device: torch.device
) -> nn.Module:
    """Let batch normalisation see the whole batch of all processes; on a GPU only."""
    if processes.count > 1 and device.type == "cuda" and has_batch_statistics(network):
        # timm's, not torch's: timm's normalisations hold an activation, which torch's would drop.
        import timm.layers

        layers: Any = timm.layers
        synced: nn.Module = layers.convert_sync_batchnorm(network)
        return synced
    return network


def statistics_notice(network: nn.Module, processes: Processes, device: torch.device) -> str | None:
    """Say where batch statistics are those of a process's own images, else give None."""
    if processes.count == 1 or device.type == "cuda" or not has_batch_statistics(network):
        return None
    return (
        f"On processors, batch normalisation takes the statistics of each of the {processes.count} "
        "processes' own images: the result is not that of one process. It is on GPUs, or with a "
        "backbone without batch normalisation."
    )
