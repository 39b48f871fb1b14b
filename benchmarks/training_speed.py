"""How near does training from a pack come to the GPU's own speed, and to timm's loader?

    python benchmarks/training_speed.py [--out speed.json] [--seconds 8] [--only BACKBONE]
    python benchmarks/training_speed.py --self-test      (a processor, tiny: does it run at all?)

For each backbone, in one run and at one batch size, images a second of

- ``on GPU``: Cygnet's whole step (augmentation, bfloat16, channels-last, AdamW, average) on
  random pictures that lie on the GPU already;
- ``pack``: the same step fed from a raw pack through the page cache, as ``cygnet train`` reads it;
- ``timm``: the same network and optimiser fed by timm's ``create_loader`` (bfloat16, channels-last,
  prefetcher, 16 workers) from 1024 px JPEGs, with timm's augmentation instead of Cygnet's;
- ``timm, loader alone`` and ``timm, step alone``: which of the two binds timm.

Targets: pack at least 0.9 of on GPU, and at least 1.3 of timm. Without a CUDA device it says so and
exits with 2; with a target missed it exits with 1. Needs torch, torchvision, timm, numpy, pyarrow
and OpenCV; neither polars, pydicom nor simplejpeg.
"""

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cygnet.images.pack_reading import open_pack
from cygnet.training.loader import PackedImages, Samples, read_ahead
from cygnet.training.network import LesionNetwork
from cygnet.training.recipe import (
    AugmentRecipe,
    MachineRecipe,
    NetworkRecipe,
    Recipe,
    StageRecipe,
)
from cygnet.training.step import Step
from raw_packs import write_raw_pack

OF_GPU, OF_TIMM = 0.9, 1.3
WARM_UP_STEPS = 10


@dataclass(frozen=True)
class Case:
    """A backbone, its size and batch."""

    backbone: str
    size_px: int
    batch_size: int


CASES = (
    Case("tf_efficientnet_b3", 300, 128),
    Case("convnext_tiny", 224, 256),
    Case("mobilenetv3_large_100", 224, 512),
)
SELF_TEST = (Case("test_convnext", 32, 8),)


@dataclass(frozen=True)
class Scale:
    """How much is drawn and how long is measured."""

    n_images: int
    jpeg_side_px: int
    seconds: float
    workers: int


def write_jpegs(folder: Path, scale: Scale) -> list[Path]:
    """Write JPEGs of smooth noise with grain, in two class folders as timm reads them."""
    import cv2

    def write(number: int) -> Path:
        generator = np.random.default_rng(number)
        small = generator.integers(40, 230, (24, 24, 3), dtype=np.uint8)
        side = scale.jpeg_side_px
        picture = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.int16)
        picture += generator.integers(-8, 9, picture.shape, dtype=np.int16)
        file = folder / ("benign", "melanoma")[number % 2] / f"image-{number:07d}.jpg"
        encoded, content = cv2.imencode(
            ".jpg", picture.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92]
        )
        if not encoded:
            raise SystemExit(f"OpenCV could not encode {file.name}")
        file.write_bytes(content.tobytes())
        return file

    for name in ("benign", "melanoma"):
        (folder / name).mkdir(parents=True)
    with ThreadPoolExecutor(max(1, scale.workers)) as pool:
        return list(pool.map(write, range(scale.n_images)))


def write_pack_of(files: list[Path], folder: Path, size_px: int, workers: int) -> PackedImages:
    """Pack the JPEGs at ``size_px`` by OpenCV: only the speed of reading matters here."""
    import cv2

    def decoded(file: Path) -> Any:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if picture is None:
            raise SystemExit(f"OpenCV could not read {file.name}")
        small = cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small[:, :, ::-1])

    with ThreadPoolExecutor(max(1, workers)) as pool:
        pictures = list(pool.map(decoded, files))
    write_raw_pack(folder, len(files), size_px, pictures.__getitem__)
    return PackedImages([open_pack(folder)], size_px=size_px, geometry="squash")


def new_step(case: Case, device: str) -> Step:
    """Give a fresh network with its optimiser."""
    recipe = Recipe(
        name="speed",
        network=NetworkRecipe(backbone=case.backbone, size_px=case.size_px),
        augment=AugmentRecipe(cutout=0.3),
        finetune=StageRecipe(epochs=1, batch_size=case.batch_size, learning_rate=1e-4),
        machine=MachineRecipe.model_validate({"device": device, "precision": "bfloat16"}),
    )
    torch.manual_seed(1)
    return Step(LesionNetwork(recipe.network).train(), recipe.finetune, recipe)


def synchronise(step: Step) -> None:
    """Wait for the GPU."""
    if step.machine.is_cuda:
        torch.cuda.synchronize(step.machine.device)


def images_per_s(step: Step, once: Callable[[], int], seconds: float) -> float:
    """Repeat ``once`` (it gives how many images passed) for some seconds after a warm-up."""
    for _ in range(WARM_UP_STEPS):
        once()
    synchronise(step)
    started, n_images = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        n_images += once()
        # At most a few steps ahead, as the loop's looks at the loss keep it.
        if n_images % (20 * step.stage.batch_size) == 0:
            synchronise(step)
    synchronise(step)
    return n_images / (time.perf_counter() - started)


def cygnet_step(step: Step, samples: Samples, pixels: Iterator[Tensor]) -> Callable[[], int]:
    """Give one step of ``cygnet train`` on the next of ``pixels``."""
    generator = torch.Generator().manual_seed(1)
    numbers = itertools.count(1)
    rows = np.arange(step.stage.batch_size)

    def once() -> int:
        step.move(step.draw(rows, generator), samples, pixels, 1e-4)
        step.average.update(step.network, next(numbers))
        return len(rows)

    return once


def on_gpu(case: Case, device: str, samples: Samples, seconds: float) -> tuple[float, float]:
    """Measure the step on pictures that lie on the device; give the rate and the memory in GiB."""
    step = new_step(case, device)
    shape = (case.batch_size, case.size_px, case.size_px, 3)
    picture = torch.randint(0, 256, shape, dtype=torch.uint8, device=step.machine.device)
    if step.machine.is_cuda:
        torch.cuda.reset_peak_memory_stats()
    rate = images_per_s(step, cygnet_step(step, samples, itertools.repeat(picture)), seconds)
    memory = torch.cuda.max_memory_allocated() / 2**30 if step.machine.is_cuda else 0.0
    return rate, memory


def from_pack(
    case: Case, device: str, samples: Samples, images: PackedImages, seconds: float
) -> float:
    """Measure the step fed from the pack, in a new random order every epoch."""
    step = new_step(case, device)
    generator = np.random.default_rng(1)
    names = list(samples.image_names)

    def endless() -> Iterator[Tensor]:
        while True:
            order = generator.permutation(len(names))
            cut = range(0, len(order) - case.batch_size + 1, case.batch_size)
            chosen = [[names[i] for i in order[at : at + case.batch_size]] for at in cut]
            # One long list, so that the end of an epoch does not empty the queue.
            yield from read_ahead(images.read, chosen * 20, pinned=step.machine.is_cuda)

    pixels = endless()
    return images_per_s(step, cygnet_step(step, samples, pixels), seconds)


def timm_batches(case: Case, folder: Path, device: torch.device, workers: int) -> Iterator[Any]:
    """Give timm's own batches for ever, normalised and on the device."""
    import timm.data

    timm_data: Any = timm.data
    loader = timm_data.create_loader(
        timm_data.ImageDataset(str(folder)),
        input_size=(3, case.size_px, case.size_px),
        batch_size=case.batch_size,
        is_training=True,
        use_prefetcher=device.type == "cuda",
        hflip=0.5,
        vflip=0.5,
        color_jitter=0.15,
        interpolation="bilinear",
        num_workers=workers,
        img_dtype=torch.bfloat16 if device.type == "cuda" else torch.float32,
        device=device,
        persistent_workers=workers > 0,
    )
    while True:
        yield from loader


def plain_step(step: Step, batches: Iterator[Any]) -> Callable[[], int]:
    """Give one step of the same network and optimiser on batches that are ready."""
    numbers = itertools.count(1)

    def once() -> int:
        images, targets = next(batches)
        images = images.contiguous(memory_format=torch.channels_last)
        step.optimiser.zero_grad(set_to_none=True)
        with step.machine.autocast():
            logits, _ = step.running(images, None)
        target = targets.to(step.machine.device).float()
        loss = functional.binary_cross_entropy_with_logits(logits[:, 0].float(), target)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(step.network.parameters(), step.stage.gradient_clip_norm)
        step.optimiser.step()
        step.average.update(step.network, next(numbers))
        return len(images)

    return once


def from_timm(case: Case, device: str, folder: Path, scale: Scale) -> dict[str, float]:
    """Measure timm's loader with the network, the loader alone, and the step alone."""
    step = new_step(case, device)
    batches = timm_batches(case, folder, step.machine.device, scale.workers)
    rates = {"timm": images_per_s(step, plain_step(step, batches), scale.seconds)}
    rates["timm, loader alone"] = images_per_s(step, lambda: len(next(batches)[0]), scale.seconds)
    ready = next(batches)
    again = plain_step(step, itertools.repeat(ready))
    rates["timm, step alone"] = images_per_s(step, again, scale.seconds)
    return rates


def measured(case: Case, device: str, folder: Path, scale: Scale) -> dict[str, Any]:
    """Measure one backbone."""
    jpegs = folder / "jpeg"
    files = write_jpegs(jpegs, scale) if not jpegs.is_dir() else sorted(jpegs.rglob("*.jpg"))
    images = write_pack_of(files, folder / f"pack-{case.backbone}", case.size_px, scale.workers)
    names = images.packs[0].image_names
    samples = Samples(names, (np.arange(len(names)) % 2).astype(np.float32))
    rate, memory = on_gpu(case, device, samples, scale.seconds)
    found: dict[str, Any] = {
        "backbone": case.backbone,
        "size_px": case.size_px,
        "batch_size": case.batch_size,
        "on GPU": rate,
        "GPU memory, GiB": memory,
        "pack": from_pack(case, device, samples, images, scale.seconds),
        **from_timm(case, device, jpegs, scale),
    }
    found["pack / on GPU"] = found["pack"] / found["on GPU"]
    found["pack / timm"] = found["pack"] / found["timm"]
    slower = found["timm, loader alone"] < found["timm, step alone"]
    found["timm is bound by"] = "its loader" if slower else "the GPU"
    found["pack is bound by"] = "the GPU" if found["pack / on GPU"] > OF_GPU else "reading"
    return found


def show(found: dict[str, Any]) -> None:
    """Print one backbone's numbers."""
    print(f"{found['backbone']} at {found['size_px']} px, batch {found['batch_size']}")
    for name, value in list(found.items())[3:]:
        shown = value if isinstance(value, str) else f"{value:,.2f}"
        print(f"  {name:<20} {shown}")


def main() -> None:
    """Measure every backbone, print, and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="also write the numbers as JSON")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--images", type=int, default=4096)
    parser.add_argument("--only", help="one backbone")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    device = "cpu" if arguments.self_test else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device here; nothing was measured.")
        sys.exit(2)
    scale = Scale(arguments.images, 1024, arguments.seconds, 16)
    if arguments.self_test:
        scale = Scale(32, 64, 0.2, 0)
    cases = SELF_TEST if arguments.self_test else CASES
    with tempfile.TemporaryDirectory() as name:
        results = []
        for case in cases:
            if arguments.only in (None, case.backbone):
                results.append(measured(case, device, Path(name), scale))
                show(results[-1])
    if device == "cuda":
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    met = all(one["pack / on GPU"] >= OF_GPU and one["pack / timm"] >= OF_TIMM for one in results)
    print("self-test: it runs" if arguments.self_test else "met" if met else "MISSED")
    sys.exit(0 if met or arguments.self_test else 1)


if __name__ == "__main__":
    main()
