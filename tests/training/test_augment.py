"""Light, focus and hair are changed, the lesion is not; a part is varied as in the whole."""

import math

import pytest
import torch

from cygnet.training.augment import drawn, varied
from cygnet.training.dermoscopy import blurred, hair_columns, in_white_light, with_hairs
from cygnet.training.recipe import AugmentRecipe

MEAN, DEVIATION = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
ALL = AugmentRecipe(cutout=0.4, colour_constancy=0.5, blur=0.02, hairs=6)


def pictures(n: int = 5, side: int = 24) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(2)) * 2 - 1


def test_a_part_of_a_batch_is_varied_as_it_is_in_the_whole() -> None:
    draws = drawn(ALL, 5, torch.Generator().manual_seed(3))
    whole = varied(pictures(), ALL, draws)
    part = varied(pictures()[2:4], ALL, {name: value[2:4] for name, value in draws.items()})
    assert torch.allclose(whole[2:4], part, atol=1e-5)


def test_what_is_off_is_not_drawn() -> None:
    off = drawn(AugmentRecipe(), 3, torch.Generator().manual_seed(1))
    on = drawn(ALL, 3, torch.Generator().manual_seed(1))
    assert set(on) - set(off) == {"cut", "cut_at", "white", "blur", "hair"}
    assert all(torch.equal(off[name], on[name]) for name in off)


def test_shades_of_grey_makes_the_light_white() -> None:
    cast = torch.tensor([0.9, 0.6, 0.3]).reshape(1, 3, 1, 1)
    stored = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * cast
    white = in_white_light(stored * 2 - 1, torch.tensor([1.0, 0.0]), MEAN, DEVIATION)
    light = (white / 2 + 0.5).flatten(2).pow(6).mean(2).pow(1 / 6)
    assert light[0].max().item() == pytest.approx(light[0].min().item(), rel=0.1)
    assert torch.allclose(white[1], stored[1] * 2 - 1)


def test_a_blur_is_the_gaussian_of_its_own_sigma() -> None:
    point = torch.zeros(2, 3, 33, 33)
    point[:, :, 16, 16] = 1
    found = blurred(point, torch.tensor([0.0, 2 / 33]), 2 / 33)
    assert torch.allclose(found[0], point[0], atol=1e-6)
    ratio = (found[1, 0, 16, 18] / found[1, 0, 16, 16]).item()
    assert ratio == pytest.approx(math.exp(-0.5), rel=1e-4)
    assert found[1, 0].sum().item() == pytest.approx(1, rel=1e-3)


def test_hairs_are_dark_thin_and_as_many_as_drawn() -> None:
    light = torch.ones(2, 3, 64, 64) * 0.8
    draws = torch.rand(2, hair_columns(8), generator=torch.Generator().manual_seed(4))
    draws[:, 0] = torch.tensor([0.0, 0.999])  # none, and all eight
    draws[:, 1:3] = torch.tensor([0.0, 0.999])  # the darkest, the densest
    found = with_hairs(light, draws, 8, MEAN, DEVIATION)
    assert torch.equal(found[0], light[0])
    changed = (found[1, 0] < 0.7).float().mean().item()
    assert 0.02 < changed < 0.7
    assert found[1].max().item() == pytest.approx(0.8)
    assert found[1].min().item() < 0
