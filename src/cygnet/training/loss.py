"""How wrong is the network on an image? Cross-entropy or focal loss, and only on what is known.

A benign image of unknown diagnosis says that it is no melanoma, and that is all that is learnt from
it; classes that no training image has take no part.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from cygnet.training.recipe import StageRecipe

UNKNOWN = -1
MELANOMA = 0


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of ``n`` images: ``target`` (1 is melanoma) and, of diagnoses, ``class_``.

    Both are ``(n,)``; a class of -1 is not known, and then the target alone counts.
    """

    target: Tensor
    class_: Tensor | None = None

    def rows(self, start: int, end: int) -> "Labels":
        """Give a part of them."""
        return Labels(
            self.target[start:end], None if self.class_ is None else self.class_[start:end]
        )

    def to(self, device: torch.device) -> "Labels":
        """Give them on ``device``."""
        class_ = None if self.class_ is None else self.class_.to(device)
        return Labels(self.target.to(device), class_)


def image_losses(
    logits: Tensor, labels: Labels, stage: StageRecipe, classes_seen: Tensor | None = None
) -> Tensor:
    """Give the loss of each image, ``(n,)``, of float32 class logits ``(n, n_classes)``.

    One column is melanoma's logit. ``classes_seen`` ``(n_classes,)`` are those that take part.
    """
    if logits.shape[1] == 1:
        return _binary(logits[:, 0], labels.target, stage)
    return _of_classes(logits, labels, stage, classes_seen)


def _binary(logit: Tensor, target: Tensor, stage: StageRecipe) -> Tensor:
    smoothed = target * (1 - stage.label_smoothing) + stage.label_smoothing / 2
    loss = functional.binary_cross_entropy_with_logits(logit, smoothed, reduction="none")
    if stage.loss != "focal":
        return loss
    # Lin et al. (2017), arXiv:1708.02002: what is right already counts little.
    given = torch.sigmoid(torch.where(target > 0.5, logit, -logit))
    return loss * (1 - given) ** stage.focal_gamma


def _of_classes(
    logits: Tensor, labels: Labels, stage: StageRecipe, classes_seen: Tensor | None
) -> Tensor:
    n_classes = logits.shape[1]
    seen = torch.ones(n_classes, dtype=torch.bool, device=logits.device)
    if classes_seen is not None:
        seen = classes_seen.to(logits.device)
    # A large number, not infinity: zero times infinity is no number.
    log_probability = torch.log_softmax(logits.masked_fill(~seen, -1e4), 1)
    class_ = labels.class_
    if class_ is None:
        class_ = torch.full_like(labels.target, UNKNOWN, dtype=torch.long)
    class_ = torch.where(labels.target > 0.5, MELANOMA, class_)
    known = class_ != UNKNOWN
    right = functional.one_hot(class_.clamp_min(0), n_classes).to(logits.dtype)
    smooth = stage.label_smoothing
    wanted = right * (1 - smooth) + smooth * seen / seen.sum()
    of_known = -(wanted * log_probability).sum(1)
    others = seen.clone()
    others[MELANOMA] = False
    not_melanoma = torch.logsumexp(log_probability.masked_fill(~others, -1e4), 1)
    of_benign = -not_melanoma * (1 - smooth / 2) - log_probability[:, MELANOMA] * smooth / 2
    loss = torch.where(known, of_known, of_benign)
    if stage.loss != "focal":
        return loss
    given = torch.where(known, (right * log_probability).sum(1), not_melanoma).exp()
    return loss * (1 - given) ** stage.focal_gamma
