"""How is a training image varied? On the device, a whole batch at a time, from one generator.

What is drawn for a batch is drawn first, on the processor and for the batch as a whole, so that a
part of it (another process's, another pass's) is varied as it would be in the whole.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from cygnet.training.dermoscopy import blurred, hair_columns, in_white_light, with_hairs
from cygnet.training.recipe import AugmentRecipe, NetworkRecipe

Draws = dict[str, Tensor]


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


def augmented(
    images: Tensor,
    recipe: AugmentRecipe,
    generator: torch.Generator,
    network: NetworkRecipe | None = None,
) -> Tensor:
    """Vary normalised ``(n, 3, size, size)`` images; ``generator`` lives on the CPU.

    ``network`` says how they were normalised; without it, to -1 and 1.
    """
    return varied(images, recipe, drawn(recipe, len(images), generator), network)


def drawn(recipe: AugmentRecipe, n: int, generator: torch.Generator) -> Draws:
    """Draw what happens to each of ``n`` images: tensors ``(n,)`` or ``(n, k)`` by name."""

    def uniform(amount: float) -> Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * amount

    draws = {
        "angle": uniform(math.radians(recipe.rotation_degrees)),
        "scale": torch.exp(uniform(math.log1p(recipe.zoom))),
        "mirror": torch.ones(n),
    }
    if recipe.dihedral:
        draws["mirror"] = torch.where(torch.rand(n, generator=generator) < 0.5, 1.0, -1.0)
    for name in ("across", "down"):
        draws[name] = uniform(2 * recipe.shift)
    for name in ("saturation", "contrast", "brightness"):
        draws[name] = uniform(getattr(recipe, name))
    # What is off is not drawn: a recipe without it draws what it drew before there was such a key.
    if recipe.cutout > 0:
        draws["cut"] = torch.rand(n, generator=generator) * recipe.cutout / 2
        draws["cut_at"] = torch.rand(n, 2, generator=generator)
    if recipe.colour_constancy > 0:
        draws["white"] = (torch.rand(n, generator=generator) < recipe.colour_constancy).float()
    if recipe.blur > 0:
        draws["blur"] = torch.rand(n, generator=generator) * recipe.blur
    if recipe.hairs > 0:
        draws["hair"] = torch.rand(n, hair_columns(recipe.hairs), generator=generator)
    return draws


def on_device(draws: Draws, device: torch.device) -> Draws:
    """Move what was drawn to ``device``, in one copy."""
    if device.type == "cpu":
        return draws
    columns = [value.reshape(len(value), -1) for value in draws.values()]
    moved = torch.cat(columns, 1).pin_memory().to(device, non_blocking=True)
    found, start = {}, 0
    for (name, value), column in zip(draws.items(), columns, strict=True):
        end = start + column.shape[1]
        found[name] = moved[:, start:end].reshape(value.shape)
        start = end
    return found


def varied(
    images: Tensor, recipe: AugmentRecipe, draws: Draws, network: NetworkRecipe | None = None
) -> Tensor:
    """Vary normalised ``(n, 3, size, size)`` images as ``draws`` says, ``n`` rows of each."""
    draws = on_device(draws, images.device)
    mean, deviation = (0.5,) * 3, (0.5,) * 3
    if network is not None:
        mean, deviation = network.input_mean, network.input_deviation
    if recipe.colour_constancy > 0:
        images = in_white_light(images, draws["white"], mean, deviation)
    images = _moved(images, draws)
    images = _recoloured(images, draws)
    if recipe.blur > 0:
        images = blurred(images, draws["blur"], recipe.blur)
    if recipe.hairs > 0:
        images = with_hairs(images, draws["hair"], recipe.hairs, mean, deviation)
    return _cut_out(images, draws) if recipe.cutout > 0 else images


def _moved(images: Tensor, draws: Draws) -> Tensor:
    angle, scale, mirror = draws["angle"], draws["scale"], draws["mirror"]
    matrix = torch.zeros(len(images), 2, 3, device=images.device)
    matrix[:, 0, 0] = torch.cos(angle) * scale * mirror
    matrix[:, 0, 1] = -torch.sin(angle) * scale
    matrix[:, 1, 0] = torch.sin(angle) * scale * mirror
    matrix[:, 1, 1] = torch.cos(angle) * scale
    matrix[:, 0, 2] = draws["across"]
    matrix[:, 1, 2] = draws["down"]
    grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _recoloured(images: Tensor, draws: Draws) -> Tensor:
    n = len(images)
    # Saturation s about the grey of a pixel, contrast c about the mean m of the picture (which s
    # leaves alone), brightness b: c s image + (c (1 - s) grey + (1 - c) m + b), one pass in all.
    # Normalised pixels span about 2, so a brightness of 0.1 moves them by a twentieth of the range.
    saturation = 1 + draws["saturation"].reshape(n, 1, 1, 1)
    contrast = 1 + draws["contrast"].reshape(n, 1, 1, 1)
    grey = ((images[:, 0] + images[:, 1] + images[:, 2]) / 3).unsqueeze(1)
    middle = grey.flatten(1).mean(1).reshape(n, 1, 1, 1)
    rest = grey * (contrast * (1 - saturation)) + (middle * (1 - contrast))
    return torch.addcmul(
        rest + draws["brightness"].reshape(n, 1, 1, 1), images, contrast * saturation
    )


def _cut_out(images: Tensor, draws: Draws) -> Tensor:
    """Grey one square a picture, of side up to ``cutout`` times the picture's."""
    inside = square_mask(draws["cut_at"], draws["cut"], images.shape[2], images.shape[3])
    return images.masked_fill(inside[:, None], 0.0)


def square_mask(centre: Tensor, half_side: Tensor, height: int, width: int) -> Tensor:
    """Give ``(n, height, width)``: which pixels lie in each image's square, in shares of a side."""
    rows = (torch.arange(height, device=centre.device) + 0.5) / height
    columns = (torch.arange(width, device=centre.device) + 0.5) / width
    return ((rows[None, :, None] - centre[:, 0, None, None]).abs() < half_side[:, None, None]) & (
        (columns[None, None, :] - centre[:, 1, None, None]).abs() < half_side[:, None, None]
    )
