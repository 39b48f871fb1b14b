"""How does a grid of features become one embedding, and which place gave how much to the logit?

A backbone's features are averaged over the grid (or by a generalised mean) and pass what timm puts
behind the pooling: nothing in most families, a convolution or a normalisation in some. The same
steps, walked backwards, split a logit exactly into one share a place and a bias.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_PASSED_OVER = (nn.Identity, nn.Flatten, nn.Dropout)
_PROBED_ALIKE = 1e-4


class GeneralisedMean(nn.Module):
    """The mean of the p-th powers to the power 1/p; p is learnt, one for all channels.

    Radenović, Tolias and Chum, Fine-tuning CNN image retrieval with no human annotation, 2019,
    doi:10.1109/TPAMI.2018.2846566. At p = 1 it is the average, towards infinity the maximum.
    """

    smallest = 1e-6

    def __init__(self, power: float = 3.0) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.full((1,), power))

    def forward(self, features: Tensor) -> Tensor:
        """Give ``(n, channels)`` of ``(n, channels, h, w)``."""
        raised = features.float().clamp(min=self.smallest).pow(self.power)
        return raised.mean((2, 3)).pow(1 / self.power)

    def shares(self, features: Tensor) -> Tensor:
        """Give what each place adds: the mean of these over the grid is the pooled vector."""
        raised = features.float().clamp(min=self.smallest).pow(self.power)
        return raised * raised.mean((2, 3), keepdim=True).pow(1 / self.power - 1)


class Average(nn.Module):
    """The plain mean over the grid."""

    def forward(self, features: Tensor) -> Tensor:
        """Give ``(n, channels)`` of ``(n, channels, h, w)``."""
        return features.mean((2, 3))

    def shares(self, features: Tensor) -> Tensor:
        """Give what each place adds: the features themselves."""
        return features.float()


def grid_of(backbone: Any, features: Tensor) -> Tensor:
    """Give ``(n, channels, h, w)`` whatever timm's ``forward_features`` gave: planes or tokens."""
    if features.ndim == 4:
        last = getattr(backbone, "output_fmt", "NCHW") == "NHWC"
        return features.permute(0, 3, 1, 2) if last else features
    tokens = features[:, getattr(backbone, "num_prefix_tokens", 0) :]
    side = round(tokens.shape[1] ** 0.5)
    shape = (side, side) if side * side == tokens.shape[1] else (tokens.shape[1], 1)
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, *shape)


def steps_behind_pooling(backbone: nn.Module) -> list[nn.Module]:
    """Give the modules that stand behind the backbone's own pooling, in order, flattened."""
    owner = backbone
    head = getattr(backbone, "head", None)
    if isinstance(head, nn.Module) and hasattr(head, "global_pool"):
        owner = head
    children = dict(owner.named_children())
    if "global_pool" not in children:
        return []
    names = list(children)
    behind = [children[name] for name in names[names.index("global_pool") + 1 :]]
    flat: list[nn.Module] = []
    for module in behind:
        flat += list(module.children()) if isinstance(module, nn.Sequential) else [module]
    return [module for module in flat if not isinstance(module, _PASSED_OVER)]


class Tail:
    """The steps behind the pooling as arithmetic on vectors, forwards and backwards.

    It owns no weights: they stay the backbone's. ``known`` is false where a step is of a kind that
    is not understood, or where the steps do not give what the backbone's own head gives.
    """

    def __init__(self, backbone: nn.Module, features: Tensor) -> None:
        self.steps = steps_behind_pooling(backbone)
        self.known = self._agrees(backbone, features)
        if not self.known:
            self.steps = []

    @torch.no_grad()
    def _agrees(self, backbone: Any, features: Tensor) -> bool:
        try:
            whole = backbone.forward_head(features)
            parts = self.forward(grid_of(backbone, features).mean((2, 3)))
        except (AttributeError, NotImplementedError, RuntimeError, TypeError):
            return False
        if whole.shape != parts.shape:
            return False
        return bool((whole - parts).abs().max() <= _PROBED_ALIKE * (1 + whole.abs().max()))

    def forward(self, pooled: Tensor) -> Tensor:
        """Give the embedding ``(n, width)`` of pooled features ``(n, channels)``."""
        for step in self.steps:
            pooled = _applied(step, pooled)
        return pooled

    def backward(self, pooled: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Split ``sum(weight * embedding)`` into ``sum(given * pooled) + bias``, exactly.

        ``weight`` is ``(n, width)``; gives ``given (n, channels)`` and ``bias (n,)``. A
        non-linear step counts as the multiplication that it is at this input: an activation as
        value / argument, a normalisation by the deviation that it met.
        """
        met = []
        for step in self.steps:
            met.append(pooled)
            pooled = _applied(step, pooled)
        bias = torch.zeros_like(weight[:, 0])
        for step, vector in zip(reversed(self.steps), reversed(met), strict=True):
            weight, added = _walked_back(step, vector, weight)
            bias = bias + added
        return weight, bias


def _applied(step: nn.Module, vector: Tensor) -> Tensor:
    if isinstance(step, nn.Conv2d | nn.Linear):
        return functional.linear(vector, _matrix(step), step.bias)
    if isinstance(step, nn.LayerNorm):
        return functional.layer_norm(vector, vector.shape[1:], step.weight, step.bias, step.eps)
    if isinstance(step, nn.BatchNorm2d):
        return torch.as_tensor(step(vector[:, :, None, None])).flatten(1)
    if next(step.parameters(), None) is not None:
        raise NotImplementedError(type(step).__name__)
    return torch.as_tensor(step(vector))


def _matrix(step: nn.Conv2d | nn.Linear) -> Tensor:
    if isinstance(step, nn.Conv2d) and (step.kernel_size != (1, 1) or step.groups != 1):
        raise NotImplementedError("a convolution that is no matrix")
    return step.weight.flatten(1)


def _walked_back(step: nn.Module, vector: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    none = torch.zeros_like(weight[:, 0])
    if isinstance(step, nn.Conv2d | nn.Linear):
        shift = _optional(step, "bias")
        return weight @ _matrix(step), none if shift is None else weight @ shift
    if isinstance(step, nn.LayerNorm):
        shift, scale = _optional(step, "bias"), _optional(step, "weight")
        bias = none if shift is None else weight @ shift
        scaled = weight if scale is None else weight * scale
        variance = vector.var(1, keepdim=True, correction=0)
        scaled = scaled / (variance + step.eps).sqrt()
        return scaled - scaled.mean(1, keepdim=True), bias
    if isinstance(step, nn.BatchNorm2d):
        # timm's own normalisation applies an activation of its own besides.
        scale, shift = _batch_norm_line(step)
        weight, bias = _walked_back(
            getattr(step, "act", nn.Identity()), vector * scale + shift, weight
        )
        return weight * scale, bias + weight @ shift
    near_zero = vector.abs() < 1e-6
    argument = torch.where(near_zero, torch.ones_like(vector), vector)
    value = step(vector)
    # At zero an activation that is not zero there is all bias.
    gate = torch.where(near_zero, torch.zeros_like(vector), value / argument)
    return weight * gate, (weight * torch.where(near_zero, value, torch.zeros_like(value))).sum(1)


def _optional(step: nn.Module, name: str) -> Tensor | None:
    found: Tensor | None = getattr(step, name)
    return found


def _batch_norm_line(step: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Give ``scale`` and ``shift`` of a normalisation that is not training."""
    mean, variance = step.running_mean, step.running_var
    if mean is None or variance is None:
        raise NotImplementedError("a normalisation without running statistics")
    factor, shift = _optional(step, "weight"), _optional(step, "bias")
    scale = (variance + step.eps).rsqrt() * (1.0 if factor is None else factor)
    return scale, -mean * scale if shift is None else shift - mean * scale
