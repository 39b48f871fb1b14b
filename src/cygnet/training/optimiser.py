"""How far does a step move which weight? AdamW, warm-up and cosine, slower in early layers."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from cygnet.training.recipe import StageRecipe


class AveragedWeights:
    """An exponential running average of a network's state, with a ramp so that it starts young."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: t.detach().clone() for name, t in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the network after its step number ``step`` (from 1)."""
        decay = min(self.decay, step / (step + 10))
        own, other = [], []
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                own.append(self.state[name])
                other.append(tensor)
            else:
                self.state[name].copy_(tensor)
        # One call for all: on a GPU hundreds of small ones take longer than the arithmetic.
        torch._foreach_lerp_(own, other, 1 - decay)


def learning_rate_factor(step: int, n_steps: int, warmup_fraction: float) -> float:
    """Give the factor of step ``step`` (from 0): linear warm-up, then a cosine to zero."""
    n_warmup = max(1, round(n_steps * warmup_fraction))
    if step < n_warmup:
        return (step + 1) / n_warmup
    return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))


def new_optimiser(network: nn.Module, stage: StageRecipe) -> torch.optim.AdamW:
    """Give AdamW over the network's weights; each group's ``scale`` is its part of the rate."""
    groups = _groups(network, stage) if stage.layer_decay == 1 else _layers(network, stage)
    return torch.optim.AdamW(groups, lr=stage.learning_rate, fused=True)


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every group, each by its ``scale``."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["scale"]


def _groups(network: nn.Module, stage: StageRecipe) -> list[dict[str, Any]]:
    # Biases and normalisation scales are not decayed: pulling them to zero regularises nothing.
    matrices: list[Tensor] = [p for p in network.parameters() if p.ndim > 1]
    vectors: list[Tensor] = [p for p in network.parameters() if p.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": stage.weight_decay, "scale": 1.0},
        {"params": vectors, "weight_decay": 0.0, "scale": 1.0},
    ]


def _layers(network: nn.Module, stage: StageRecipe) -> list[dict[str, Any]]:
    """Group by the backbone's layers as timm counts them; what is not of the backbone is last."""
    import timm.optim

    timm_optim: Any = timm.optim
    groups: list[dict[str, Any]] = []
    of_backbone = set()
    backbone = network.get_submodule("backbone")
    for group in timm_optim.param_groups_layer_decay(
        backbone, weight_decay=stage.weight_decay, layer_decay=stage.layer_decay
    ):
        of_backbone |= {id(p) for p in group["params"]}
        groups.append(
            {
                "params": group["params"],
                "weight_decay": group["weight_decay"],
                "scale": float(group["lr_scale"]),
            }
        )
    rest = [p for p in network.parameters() if id(p) not in of_backbone]
    for decayed in (True, False):
        chosen = [p for p in rest if (p.ndim > 1) == decayed]
        if chosen:
            decay = stage.weight_decay if decayed else 0.0
            groups.append({"params": chosen, "weight_decay": decay, "scale": 1.0})
    return groups
