"""Training moves the loss, keeps averages, and after a kill ends with the same bits."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cygnet.errors import InputError
from cygnet.training import checkpoint, stage_checkpoint
from cygnet.training.augment import augmented, dihedral_view, normalised
from cygnet.training.loader import Samples
from cygnet.training.loop import Stage
from cygnet.training.network import LesionNetwork
from cygnet.training.optimiser import learning_rate_factor
from cygnet.training.recipe import AugmentRecipe, NetworkRecipe, Recipe, StageRecipe
from cygnet.training.step import Step

N_IMAGES = 24


def recipe(epochs: int = 3, learning_rate: float = 1e-3) -> Recipe:
    stage = StageRecipe(epochs=epochs, batch_size=8, learning_rate=learning_rate)
    network = NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32, dropout=0.2)
    return Recipe(name="test", network=network, finetune=stage)


class Images:
    """Pictures by name, as a pack would give them: dark where the name is even."""

    size_px = 32

    def at_size(self, size_px: int | None) -> "Images":
        """The same pictures, every so many-th pixel of them."""
        made = Images()
        made.size_px = size_px or self.size_px
        return made

    def check_shards(self) -> None:
        """They are drawn; nothing can be cut."""

    def read(self, image_names: list[str]) -> NDArray[np.uint8]:
        pictures = []
        for name in image_names:
            generator = np.random.default_rng(int(name))
            level = 90 if int(name) % 2 == 0 else 170
            pictures.append(generator.normal(level, 20, (32, 32, 3)).clip(0, 255).astype(np.uint8))
        READ_AT.append(self.size_px)
        side = self.size_px
        return np.stack(pictures)[:, :side, :side]


READ_AT: list[int] = []


SAMPLES = Samples(
    [str(i) for i in range(N_IMAGES)], np.array([i % 2 == 0 for i in range(N_IMAGES)], np.float32)
)


def new_stage(folder: Path, chosen: Recipe) -> Stage:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = LesionNetwork(chosen.network)
    return Stage(network, chosen.finetune, chosen, folder, seed=11)


def trained(folder: Path, chosen: Recipe) -> dict[str, torch.Tensor]:
    network = new_stage(folder, chosen).run(SAMPLES, Images(), lambda _: None)  # type: ignore[arg-type]
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_a_run_killed_after_an_epoch_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(tmp_path / "whole", recipe())

    original = checkpoint.write_checkpoint
    written = []

    def killed_after_two(*arguments: object, **options: object) -> None:
        original(*arguments, **options)  # type: ignore[arg-type]
        written.append(arguments)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(stage_checkpoint, "write_checkpoint", killed_after_two)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "killed", recipe())
    monkeypatch.setattr(stage_checkpoint, "write_checkpoint", original)

    resumed = trained(tmp_path / "killed", recipe())
    assert len(resumed) > 100
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)
    log = (tmp_path / "killed" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "1", "2", "3"]


def test_a_stage_of_smaller_pictures_reads_them_smaller_after_a_kill_too(tmp_path: Path) -> None:
    chosen = recipe(epochs=2)
    small = chosen.finetune.model_copy(update={"size_px": 24})
    smaller = chosen.model_copy(update={"finetune": small})
    READ_AT.clear()
    whole = trained(tmp_path / "whole", smaller)
    assert set(READ_AT) == {24}
    one_epoch = new_stage(tmp_path / "killed", smaller)

    def stop(_: int) -> None:
        if (tmp_path / "killed" / "last.json").is_file():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one_epoch.run(SAMPLES, Images(), stop)  # type: ignore[arg-type]
    READ_AT.clear()
    again = trained(tmp_path / "killed", smaller)
    assert set(READ_AT) == {24}
    assert all(torch.equal(again[name], whole[name]) for name in whole)


def test_a_finished_stage_is_read_back_not_trained_again(tmp_path: Path) -> None:
    first = trained(tmp_path, recipe())
    advanced: list[int] = []
    stage = new_stage(tmp_path, recipe())
    again = stage.run(SAMPLES, Images(), advanced.append)  # type: ignore[arg-type]
    assert advanced == [3 * N_IMAGES]
    assert all(torch.equal(again.state_dict()[name], first[name]) for name in first)
    assert not (tmp_path / "last.json").exists()


def test_the_loss_falls_on_a_task_that_a_child_could_do(tmp_path: Path) -> None:
    trained(tmp_path, recipe(epochs=12))
    losses = [
        float(line.split(",")[2]) for line in (tmp_path / "log.csv").read_text().splitlines()[1:]
    ]
    assert len(losses) == 12
    assert losses[-1] < 0.6 * losses[0]


def test_a_loss_that_is_no_number_stops_with_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nan = torch.tensor(float("nan"))
    monkeypatch.setattr(Step, "move", lambda *_: (nan, nan))
    with pytest.raises(InputError, match=r"loss is nan at step 1 .*epoch 1.*learning_rate"):
        trained(tmp_path, recipe())


def test_the_learning_rate_warms_up_then_falls_to_zero() -> None:
    factors = [learning_rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1.0
    assert factors[-1] < 0.001
    assert all(after <= before for before, after in pairwise(factors[10:]))


def test_the_eight_views_are_the_eight_symmetries_of_a_square() -> None:
    image = torch.arange(9.0).reshape(1, 1, 3, 3)
    views = {tuple(dihedral_view(image, view).flatten().tolist()) for view in range(8)}
    assert len(views) == 8


def test_augmentation_keeps_shape_and_is_its_generators(rng: np.random.Generator) -> None:
    network = recipe().network
    pixels = torch.from_numpy(rng.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8))
    images = normalised(pixels, network)
    chosen = AugmentRecipe(cutout=0.5)
    first = augmented(images, chosen, torch.Generator().manual_seed(3))
    second = augmented(images, chosen, torch.Generator().manual_seed(3))
    other = augmented(images, chosen, torch.Generator().manual_seed(4))
    assert first.shape == (4, 3, 32, 32)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_normalised_pixels_span_minus_one_to_one() -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1).expand(2, 2, 2, 3)
    images = normalised(pixels, recipe().network)
    assert images[0].max().item() == pytest.approx(-1)
    assert images[1].min().item() == pytest.approx(1)


def test_colours_vary_as_saturation_contrast_and_brightness_one_after_another() -> None:
    images = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
    still = AugmentRecipe(dihedral=False, rotation_degrees=0, zoom=0, shift=0)
    varied = augmented(images, still, torch.Generator().manual_seed(5))
    generator = torch.Generator().manual_seed(5)
    torch.rand(4 * 4, generator=generator)  # angle, scale and two shifts were drawn first

    def drawn(amount: float) -> torch.Tensor:
        amounts = (torch.rand(4, generator=generator) * 2 - 1) * amount
        return amounts.reshape(4, 1, 1, 1)

    grey = images.mean(1, keepdim=True)
    saturated = grey + (images - grey) * (1 + drawn(still.saturation))
    middle = saturated.mean((1, 2, 3), keepdim=True)
    expected = middle + (saturated - middle) * (1 + drawn(still.contrast)) + drawn(still.brightness)
    assert torch.allclose(varied, expected, atol=1e-5)
