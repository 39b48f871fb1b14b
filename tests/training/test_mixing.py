"""Two pictures become one, with labels by what is left of each."""

import pytest
import torch

from cygnet.training.mixing import Mix, drawn_mix, mixed
from cygnet.training.recipe import StageRecipe


def stage(**keys: float) -> StageRecipe:
    return StageRecipe.model_validate({"epochs": 1, "batch_size": 4, "learning_rate": 0.1, **keys})


def test_nothing_is_drawn_where_nothing_is_mixed() -> None:
    generator = torch.Generator().manual_seed(1)
    before = generator.get_state()
    assert drawn_mix(stage(), 4, generator) is None
    assert torch.equal(generator.get_state(), before)


def test_mixup_blends_each_picture_with_the_next() -> None:
    images = torch.arange(3.0).reshape(3, 1, 1, 1).expand(3, 3, 4, 4)
    mix = Mix(torch.tensor([0.75, 0.5]), torch.zeros(2, 2), torch.tensor([False, False]))
    found, kept = mixed(images, mix)
    assert found[:, 0, 0, 0].tolist() == [0.25, 1.5]
    assert kept.tolist() == [0.75, 0.5]


def test_cutmix_counts_labels_in_pixels() -> None:
    images = torch.arange(2.0).reshape(2, 1, 1, 1).expand(2, 3, 8, 8)
    mix = Mix(torch.tensor([0.75]), torch.tensor([[0.5, 0.5]]), torch.tensor([True]))
    found, kept = mixed(images, mix)
    assert found[0, 0].sum().item() == 16  # a window of half the side, a quarter of the area
    assert kept.tolist() == [0.75]
    corner = Mix(torch.tensor([0.75]), torch.tensor([[0.0, 0.0]]), torch.tensor([True]))
    _, kept = mixed(images, corner)
    assert kept.item() == pytest.approx(1 - 4 / 64)


def test_with_both_each_picture_gets_one_of_them() -> None:
    mix = drawn_mix(stage(mixup=0.4, cutmix=1.0), 200, torch.Generator().manual_seed(1))
    assert mix is not None
    assert 60 < int(mix.cut.sum()) < 140
    assert bool(((mix.share >= 0) & (mix.share <= 1)).all())
