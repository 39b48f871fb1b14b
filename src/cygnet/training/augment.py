"""How is a training image varied? On the device, a whole batch at a time, from one generator."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from cygnet.training.recipe import AugmentRecipe, NetworkRecipe


def normalised(images: Tensor, network: NetworkRecipe) -> Tensor:
    """Turn ``(n, size, size, 3)`` uint8 RGB into ``(n, 3, size, size)`` float32, normalised."""
    mean = torch.tensor(network.input_mean, device=images.device).reshape(1, 3, 1, 1) * 255
    deviation = torch.tensor(network.input_deviation, device=images.device) * 255
    # Planes that lie whole in memory: on a processor everything after is ten times faster on them.
    planes = images.permute(0, 3, 1, 2).contiguous().to(torch.float32)
    return (planes - mean) / deviation.reshape(1, 3, 1, 1)


def dihedral_view(images: Tensor, view: int) -> Tensor:
    """Give one of the eight flips and right-angle turns of ``(n, 3, size, size)`` images."""
    if view & 1:
        images = images.flip(3)
    if view & 2:
        images = images.flip(2)
    return images.transpose(2, 3) if view & 4 else images


def augmented(images: Tensor, recipe: AugmentRecipe, generator: torch.Generator) -> Tensor:
    """Vary normalised ``(n, 3, size, size)`` images; ``generator`` lives on the CPU."""
    images = _moved(images, recipe, generator)
    images = _recoloured(images, recipe, generator)
    return _cut_out(images, recipe, generator) if recipe.cutout > 0 else images


def _uniform(n: int, amount: float, generator: torch.Generator) -> Tensor:
    return (torch.rand(n, generator=generator) * 2 - 1) * amount


def _moved(images: Tensor, recipe: AugmentRecipe, generator: torch.Generator) -> Tensor:
    n = len(images)
    angle = _uniform(n, math.radians(recipe.rotation_degrees), generator)
    scale = torch.exp(_uniform(n, math.log1p(recipe.zoom), generator))
    mirror = torch.ones(n)
    if recipe.dihedral:
        mirror = torch.where(torch.rand(n, generator=generator) < 0.5, 1.0, -1.0)
    matrix = torch.zeros(n, 2, 3)
    matrix[:, 0, 0] = torch.cos(angle) * scale * mirror
    matrix[:, 0, 1] = -torch.sin(angle) * scale
    matrix[:, 1, 0] = torch.sin(angle) * scale * mirror
    matrix[:, 1, 1] = torch.cos(angle) * scale
    matrix[:, 0, 2] = _uniform(n, 2 * recipe.shift, generator)
    matrix[:, 1, 2] = _uniform(n, 2 * recipe.shift, generator)
    grid = functional.affine_grid(matrix.to(images.device), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _recoloured(images: Tensor, recipe: AugmentRecipe, generator: torch.Generator) -> Tensor:
    n = len(images)

    def drawn(amount: float) -> Tensor:
        return _uniform(n, amount, generator).to(images.device).reshape(n, 1, 1, 1)

    # Saturation s about the grey of a pixel, contrast c about the mean m of the picture (which s
    # leaves alone), brightness b: c s image + (c (1 - s) grey + (1 - c) m + b), one pass in all.
    # Normalised pixels span about 2, so a brightness of 0.1 moves them by a twentieth of the range.
    saturation, contrast = 1 + drawn(recipe.saturation), 1 + drawn(recipe.contrast)
    grey = ((images[:, 0] + images[:, 1] + images[:, 2]) / 3).unsqueeze(1)
    middle = grey.flatten(1).mean(1).reshape(n, 1, 1, 1)
    rest = grey * (contrast * (1 - saturation)) + (middle * (1 - contrast))
    return torch.addcmul(rest + drawn(recipe.brightness), images, contrast * saturation)


def _cut_out(images: Tensor, recipe: AugmentRecipe, generator: torch.Generator) -> Tensor:
    """Grey one square a picture, of side up to ``cutout`` times the picture's."""
    n, _, height, width = images.shape
    side = torch.rand(n, generator=generator) * recipe.cutout / 2
    centre = torch.rand(n, 2, generator=generator)
    rows = (torch.arange(height) + 0.5) / height
    columns = (torch.arange(width) + 0.5) / width
    inside = ((rows[None, :, None] - centre[:, 0, None, None]).abs() < side[:, None, None]) & (
        (columns[None, None, :] - centre[:, 1, None, None]).abs() < side[:, None, None]
    )
    return images.masked_fill(inside[:, None].to(images.device), 0.0)
