"""Is the memory of training the same for 1,000 images and for 100,000?

    python benchmarks/training_memory.py [--images 1000 100000] [--size 32] [--target 1.1]

A raw pack of drawn pictures is written to a temporary folder, and a small network is trained on it
for one whole epoch in a process of its own. What is compared is the most anonymous memory of that
process: the pages of the mapped pack belong to the page cache and are given back when wanted. Exits
with 1 when the larger takes more than the target's times the smaller.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from raw_packs import write_raw_pack

TARGET = 1.1


def anonymous_mib() -> float:
    """Give this process's anonymous memory now (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this system does not tell anonymous memory")


def train(pack_folder: Path, out: Path) -> tuple[float, float]:
    """Train one epoch; give the most memory in MiB, and that before the pack was opened."""
    from cygnet.images.pack_reading import open_pack
    from cygnet.training.loader import PackedImages, Samples
    from cygnet.training.loop import Stage
    from cygnet.training.network import LesionNetwork
    from cygnet.training.recipe import NetworkRecipe, Recipe, StageRecipe

    stage = StageRecipe(epochs=1, batch_size=64, learning_rate=1e-3)
    network = NetworkRecipe(backbone="test_convnext", size_px=32)
    recipe = Recipe(name="memory", network=network, finetune=stage)
    trained = Stage(LesionNetwork(network), stage, recipe, out, seed=1)
    before = anonymous_mib()
    pack = open_pack(pack_folder)
    targets = (np.arange(len(pack)) % 50 == 0).astype(np.float32)
    images = PackedImages([pack], size_px=32, geometry="squash")
    most = [before]

    def advance(_: int) -> None:
        most.append(max(most.pop(), anonymous_mib()))

    trained.run(Samples(pack.image_names, targets), images, advance)
    return most[0], before


def measured(n_images: int, size_px: int) -> tuple[float, float]:
    """Measure in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = np.random.default_rng(1).integers(0, 256, (size_px, size_px, 3), np.uint8)
        write_raw_pack(folder / "pack", n_images, size_px, lambda number: picture + number % 7)
        done = subprocess.run(
            [sys.executable, __file__, "--measure", str(folder)],
            check=True,
            capture_output=True,
            text=True,
        )
    most, before = done.stdout.split()
    return float(most), float(before)


def main() -> None:
    """Measure each size and compare the first with the last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--target", type=float, default=TARGET)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(*train(arguments.measure / "pack", arguments.measure / "run"))
        return
    found = []
    for n_images in arguments.images:
        most, before = measured(n_images, arguments.size)
        found.append(most)
        print(f"{n_images:>8,} images: {most:.0f} MiB at most, {before:.0f} MiB before the pack")
    ratio = found[-1] / found[0]
    met = ratio <= arguments.target
    print(f"ratio {ratio:.3f} (target {arguments.target}): {'met' if met else 'MISSED'}")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
