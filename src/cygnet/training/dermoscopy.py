"""What does a dermatoscope do to a picture that says nothing of the lesion? Light, focus, hair.

Each is done to a batch of normalised ``(n, 3, height, width)`` images at once, on their device.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

Triple = tuple[float, ...]

# Shades of grey: Finlayson and Trezzi (2004), Color Imaging Conference; a Minkowski norm of 6.
_NORM = 6.0
_CONTROL_POINTS = 3
_HAIR_SETTINGS = 3  # how many, how dark, how strong
_POINTS_A_SIDE = 2
_DARKEST, _LIGHTEST = 0.02, 0.25


def _constants(values: Triple, like: Tensor) -> Tensor:
    return torch.tensor(values, device=like.device, dtype=like.dtype).reshape(1, 3, 1, 1)


def in_white_light(images: Tensor, chosen: Tensor, mean: Triple, deviation: Triple) -> Tensor:
    """Make the light of the pictures white where ``chosen`` ``(n,)`` is 1: shades of grey."""
    centre, spread = _constants(mean, images), _constants(deviation, images)
    stored = (images * spread + centre).clamp(0, 1)
    light = stored.flatten(2).pow(_NORM).mean(2).pow(1 / _NORM).clamp_min(1e-3)
    gain = light.norm(dim=1, keepdim=True) / math.sqrt(3) / light
    white = ((stored * gain[:, :, None, None]).clamp(0, 1) - centre) / spread
    return torch.where(chosen.reshape(-1, 1, 1, 1) > 0.5, white, images)


def blurred(images: Tensor, sigma: Tensor, largest: float) -> Tensor:
    """Blur each picture by a Gaussian of its own ``sigma`` ``(n,)``, in shares of its side."""
    n, channels, height, width = images.shape
    radius = max(1, math.ceil(3 * largest * max(height, width)))
    radius = min(radius, min(height, width) - 1)
    at = torch.arange(-radius, radius + 1, device=images.device, dtype=images.dtype)
    spread = (sigma * max(height, width)).clamp_min(1e-2)[:, None]
    kernel = torch.exp(-0.5 * (at[None] / spread) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    planes = images.reshape(1, n * channels, height, width)
    planes = functional.pad(planes, (radius, radius, radius, radius), mode="reflect")
    planes = functional.conv2d(planes, kernel[:, None, None, :], groups=n * channels)
    planes = functional.conv2d(planes, kernel[:, None, :, None], groups=n * channels)
    return planes.reshape(n, channels, height, width)


def hair_columns(most: int) -> int:
    """Give how many numbers are drawn for a picture with at most ``most`` hairs."""
    return _HAIR_SETTINGS + most * _CONTROL_POINTS * 2


def with_hairs(images: Tensor, draws: Tensor, most: int, mean: Triple, deviation: Triple) -> Tensor:
    """Draw up to ``most`` bent, dark hairs over each picture; ``draws`` are uniform, 0 to 1."""
    n, _, height, width = images.shape
    settings, controls = draws[:, :_HAIR_SETTINGS], draws[:, _HAIR_SETTINGS:]
    points = (controls.reshape(n, most, _CONTROL_POINTS, 2) * 1.4 - 0.2)[:, :, :, None, :]
    at = torch.linspace(0, 1, _POINTS_A_SIDE * max(height, width), device=images.device)
    at = at[None, None, :, None]
    # A quadratic Bezier curve through many points: near enough to each other to leave no gap.
    curve = points[:, :, 0] * (1 - at) ** 2 + points[:, :, 1] * (2 * at * (1 - at))
    curve = curve + points[:, :, 2] * at**2
    row = (curve[..., 0] * height).floor().long()
    column = (curve[..., 1] * width).floor().long()
    there = (settings[:, :1] * (most + 1)).floor() > torch.arange(most, device=images.device)
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width) & there[:, :, None]
    # Points outside fall on a cell behind the picture, which is then left out.
    place = torch.where(inside, row * width + column, height * width).reshape(n, -1)
    mask = torch.zeros(n, height * width + 1, device=images.device, dtype=images.dtype)
    mask = mask.scatter(1, place, 1.0)[:, :-1].reshape(n, 1, height, width)
    soft = functional.avg_pool2d(functional.max_pool2d(mask, 3, 1, 1), 3, 1, 1)
    soft = soft * (0.5 + 0.5 * settings[:, 2]).reshape(n, 1, 1, 1)
    dark = _DARKEST + (_LIGHTEST - _DARKEST) * settings[:, 1].reshape(n, 1, 1, 1)
    colour = (dark - _constants(mean, images)) / _constants(deviation, images)
    return images + soft * (colour - images)
