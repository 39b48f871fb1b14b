"""How do two pictures become one that teaches both? Mixup and cutmix, each with the next picture.

A batch is in random order, so the next picture is a random one; a part of a batch needs one picture
more, not the whole batch. Zhang et al. (2018), arXiv:1710.09412; Yun et al. (2019),
arXiv:1905.04899.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from cygnet.training.augment import square_mask
from cygnet.training.recipe import StageRecipe


@dataclass(frozen=True, slots=True)
class Mix:
    """What is drawn for a batch of ``n``: each picture's own share, and its window's place.

    ``share`` ``(n,)`` is what is left of a picture, ``centre`` ``(n, 2)`` where a window of the
    next one is laid, and ``cut`` ``(n,)`` whether it is a window (cutmix) or a blend (mixup).
    """

    share: Tensor
    centre: Tensor
    cut: Tensor

    def rows(self, start: int, end: int) -> "Mix":
        """Give the draws of a part of the batch."""
        return Mix(self.share[start:end], self.centre[start:end], self.cut[start:end])


def drawn_mix(stage: StageRecipe, n: int, generator: torch.Generator) -> Mix | None:
    """Draw the mixing of ``n`` pictures; None, and nothing drawn, where the stage has none."""
    if stage.mixup == 0 and stage.cutmix == 0:
        return None
    cut = torch.full((n,), stage.cutmix > 0)
    if stage.mixup > 0 and stage.cutmix > 0:
        cut = torch.rand(n, generator=generator) < 0.5
    blend = _beta(stage.mixup, n, generator) if stage.mixup > 0 else torch.ones(n)
    window = _beta(stage.cutmix, n, generator) if stage.cutmix > 0 else torch.ones(n)
    return Mix(torch.where(cut, window, blend), torch.rand(n, 2, generator=generator), cut)


def _beta(alpha: float, n: int, generator: torch.Generator) -> Tensor:
    # torch's Beta takes no generator; numpy's is seeded from it.
    import numpy as np

    seed = int(torch.randint(2**62, (1,), generator=generator))
    return torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, n)).float()


def mixed(images: Tensor, mix: Mix) -> tuple[Tensor, Tensor]:
    """Mix each of ``(n + 1, 3, height, width)`` images but the last with the next one.

    Gives ``(n, 3, height, width)`` and the share ``(n,)`` of each picture's own label, which for a
    window is counted in pixels.
    """
    own, other = images[:-1], images[1:]
    share, cut = mix.share.to(images.device), mix.cut.to(images.device)
    half_side = (1 - share).sqrt() / 2
    inside = square_mask(mix.centre.to(images.device), half_side, images.shape[2], images.shape[3])
    weight = torch.where(cut[:, None, None], (~inside).to(images.dtype), share[:, None, None])
    kept = weight.flatten(1).mean(1)
    weight = weight[:, None]
    return own * weight + other * (1 - weight), kept
