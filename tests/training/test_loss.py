"""The loss by fractions worked by hand, and only on what is known."""

import math

import pytest
import torch

from cygnet.training.loss import Labels, image_losses
from cygnet.training.recipe import StageRecipe

TARGET = torch.tensor([1.0, 0.0])


def stage(**keys: object) -> StageRecipe:
    return StageRecipe.model_validate({"epochs": 1, "batch_size": 2, "learning_rate": 0.1, **keys})


def test_binary_cross_entropy_is_the_logarithm_of_what_the_truth_was_given() -> None:
    logit = torch.tensor([[math.log(3.0)], [math.log(3.0)]])  # probability 3/4
    losses = image_losses(logit, Labels(TARGET), stage())
    assert losses.tolist() == pytest.approx([math.log(4 / 3), math.log(4)])


def test_focal_loss_weighs_by_what_was_missing() -> None:
    logit = torch.tensor([[math.log(3.0)], [math.log(3.0)]])
    losses = image_losses(logit, Labels(TARGET), stage(loss="focal", focal_gamma=2))
    expected = [math.log(4 / 3) / 16, math.log(4) * 9 / 16]
    assert losses.tolist() == pytest.approx(expected)


def test_a_benign_image_without_a_diagnosis_says_only_that_it_is_no_melanoma() -> None:
    logits = torch.log(torch.tensor([[1.0, 2.0, 5.0]]))  # probabilities 1/8, 2/8, 5/8
    benign = Labels(torch.zeros(1), torch.tensor([-1]))
    named = Labels(torch.zeros(1), torch.tensor([1]))
    assert image_losses(logits, benign, stage(loss="ce")).item() == pytest.approx(math.log(8 / 7))
    assert image_losses(logits, named, stage(loss="ce")).item() == pytest.approx(math.log(4))


def test_the_target_alone_makes_a_melanoma() -> None:
    logits = torch.log(torch.tensor([[1.0, 2.0, 5.0]]))
    unnamed = Labels(torch.ones(1), torch.tensor([-1]))
    assert image_losses(logits, unnamed, stage(loss="ce")).item() == pytest.approx(math.log(8))


def test_a_class_that_nobody_has_takes_no_part() -> None:
    logits = torch.log(torch.tensor([[1.0, 3.0, 5.0]])).requires_grad_()
    seen = torch.tensor([True, True, False])
    named = Labels(torch.zeros(1), torch.tensor([1]))
    loss = image_losses(logits, named, stage(loss="ce", label_smoothing=0.1), seen)
    expected = -(0.95 * math.log(3 / 4) + 0.05 * math.log(1 / 4))
    assert loss.item() == pytest.approx(expected)
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad[0, 2].item() == 0


@pytest.mark.parametrize("loss", ["ce", "focal"])
def test_two_classes_agree_with_one_logit(loss: str) -> None:
    logit = torch.randn(6, 1, generator=torch.Generator().manual_seed(1))
    target = torch.tensor([1.0, 0, 1, 0, 0, 1])
    one = image_losses(logit, Labels(target), stage(loss=loss))
    both = torch.cat([logit, torch.zeros_like(logit)], 1)
    two = image_losses(both, Labels(target, 1 - target.long()), stage(loss=loss))
    assert torch.allclose(one, two, atol=1e-6)
