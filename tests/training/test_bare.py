"""On a machine for training alone there is no polars, no pydicom and no JPEG decoder."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cygnet.images.pack import write_pack
from small_cohort import blob, jpeg

BLOCKED = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"polars", "pydicom", "simplejpeg"}:
            raise ImportError(f"{name} is not installed")
sys.meta_path.insert(0, Absent())
"""
IMPORT_ALL = """
import importlib, pkgutil, cygnet.training
names = [found.name for found in pkgutil.iter_modules(cygnet.training.__path__)]
for name in names:
    importlib.import_module(f"cygnet.training.{name}")
print(len(names))
"""
TRAIN = """
from pathlib import Path
import numpy as np
from cygnet.images.pack_reading import open_pack
from cygnet.training.crossval import TrainingPlan, train_folds
from cygnet.training.loader import PackedImages, Samples
sys.path.insert(0, sys.argv[1])
from small_training import small_recipe
pack = open_pack(Path(sys.argv[2]) / "pack")
recipe = small_recipe(epochs=1, batch_size=4)
samples = Samples(pack.image_names, (np.arange(len(pack)) % 2).astype(np.float32))
images = PackedImages([pack], size_px=32, geometry="squash")
plan = TrainingPlan(recipe, images, samples, np.arange(len(pack)) // 2 % 2, None, None)
print(len(train_folds(plan, Path(sys.argv[2]) / "run", lambda _: None)))
"""


def run_bare(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED + code, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_every_module_of_training_can_be_imported() -> None:
    assert int(run_bare(IMPORT_ALL)) > 15


@pytest.mark.slow
def test_folds_are_trained_from_a_raw_pack(tmp_path: Path, rng: np.random.Generator) -> None:
    items = []
    for index in range(12):
        file = tmp_path / f"{index}.jpg"
        file.write_bytes(jpeg(blob(rng, dark=bool(index % 2))))
        items.append((f"image-{index}", file))
    write_pack(items, tmp_path / "pack", size_px=32, workers=1)
    tests = str(Path(__file__).parents[1])
    assert run_bare(TRAIN, tests, str(tmp_path)) == "2"
    assert (tmp_path / "run/fold-1/final.safetensors").is_file()
