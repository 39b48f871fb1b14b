"""Train one small stage on drawn pictures, as a command: for tests that kill it or run it twice.

python tests/small_training.py OUT RECIPE.toml [--pause S]
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cygnet.training.crossval import TrainingPlan, train_folds
from cygnet.training.loader import Samples
from cygnet.training.processes import leave
from cygnet.training.recipe import NetworkRecipe, Recipe, StageRecipe, read_recipe

N_IMAGES = 24
# No batch statistics, a quarter of a million weights.
BACKBONE = "test_convnext"


class DrawnImages:
    """Pictures by number, as a pack would give them: dark where it is even."""

    size_px = 32

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s

    def at_size(self, size_px: int | None) -> "DrawnImages":
        """They have one size."""
        assert size_px is None
        return self

    def check_shards(self) -> None:
        """They are drawn; nothing can be cut."""

    def read(self, image_names: Sequence[str]) -> NDArray[np.uint8]:
        time.sleep(self.pause_s)
        pictures = []
        for name in image_names:
            generator = np.random.default_rng(int(name))
            level = 90 if int(name) % 2 == 0 else 170
            pictures.append(generator.normal(level, 20, (32, 32, 3)).clip(0, 255).astype(np.uint8))
        return np.stack(pictures)


def drawn_samples(n: int = N_IMAGES) -> Samples:
    """Give ``n`` pictures' names and targets, three to a patient."""
    number = np.arange(n)
    return Samples(
        [str(i) for i in number], (number % 2 == 0).astype(np.float32), patients=number // 3
    )


def small_recipe(backbone: str = BACKBONE, *, dropout: float = 0.0, **stage: object) -> Recipe:
    """Give a recipe of two short epochs of three batches; ``stage`` sets the stage's keys."""
    keys = {"epochs": 2, "batch_size": 8, "learning_rate": 1e-3, **stage}
    return Recipe(
        name="small",
        n_folds=2,
        network=NetworkRecipe(backbone=backbone, size_px=32, dropout=dropout),
        finetune=StageRecipe.model_validate(keys),
        test_time_views=1,
    )


def drawn_plan(recipe: Recipe, pause_s: float = 0.0) -> TrainingPlan:
    """Give a plan of one fold that learns from all but four of the pictures."""
    samples = drawn_samples(N_IMAGES + 4)
    folds = np.where(np.arange(len(samples)) < N_IMAGES, -1, 0)
    images = DrawnImages(pause_s)
    return OneFold(recipe, images, samples, folds, None, None)  # type: ignore[arg-type]


class OneFold(TrainingPlan):
    """A plan whose first images are in no fold that is scored."""

    def fold_numbers(self) -> list[int]:
        return [0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("recipe")
    parser.add_argument("--pause", type=float, default=0.0)
    arguments = parser.parse_args()
    plan = drawn_plan(read_recipe(arguments.recipe), arguments.pause)
    train_folds(plan, arguments.out, lambda _: None)
    leave()


if __name__ == "__main__":
    main()
