"""Does prediction's memory grow with the number of images?

    python benchmarks/predict_memory.py [--most 100000]

Predicts 1,000 and then the most images (links to a few small JPEGs) with a small model of random
weights, each number in a process of its own, and prints the peak of its resident memory.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import simplejpeg

N_PICTURES = 16
SIZE_PX = 32


def main() -> None:
    """Draw and link, predict in processes, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "FOLDER"), help="predict one folder")
    given = parser.parse_args()
    if given.one:
        predict(*map(Path, given.one))
        return
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.onnx"
        export(model)
        peaks = {}
        for n_images in (1_000, given.most):
            pictures = Path(folder) / f"of-{n_images}"
            link(pictures, n_images)
            command = [sys.executable, __file__, "--one", str(model), str(pictures)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            peaks[n_images] = json.loads(done.stdout)["peak_mb"]
    least, most = peaks.values()
    growth = {"peak_mb": peaks, "ratio": round(most / least, 3)}
    print(json.dumps(growth, indent=2))


def export(file: Path) -> None:
    """Write a small model of random weights."""
    from cygnet.images.decode import decoding_name
    from cygnet.training.export import FoldModel, write_model
    from cygnet.training.network import LesionNetwork
    from cygnet.training.recipe import NetworkRecipe

    recipe = NetworkRecipe(backbone="mobilenetv3_small_050", size_px=SIZE_PX)
    folds = [FoldModel(LesionNetwork(recipe).eval().state_dict(), 1.0, 0.0) for _ in range(2)]
    description = {
        "size_px": SIZE_PX,
        "geometry": "squash",
        "decoding": decoding_name("squash"),
        "test_time_views": 1,
        "folds": [0, 1],
        "calibration": {"slope": [1.0, 1.0], "intercept": [0.0, 0.0]},
        "trained_on": [],
    }
    write_model(file, recipe, folds, description)


def link(folder: Path, n_images: int) -> None:
    """Fill a folder with links to a few pictures."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(N_PICTURES):
        pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        (folder / f"ISIC_{index:07d}.jpg").write_bytes(simplejpeg.encode_jpeg(pixels))
    for index in range(N_PICTURES, n_images):
        source = folder / f"ISIC_{index % N_PICTURES:07d}.jpg"
        os.link(source, folder / f"ISIC_{index:07d}.jpg")


def predict(model: Path, pictures: Path) -> None:
    """Do what the command does; print the peak of this process's memory."""
    from cygnet.pipeline.prediction_job import PredictionRequest, predict_to_table
    from cygnet.pipeline.subjects import images_to_predict

    subjects = images_to_predict([pictures], "test", allow_missing=False)
    request = PredictionRequest(model=model, out=model.with_name("predictions.csv"))
    predict_to_table(request, subjects)
    print(json.dumps({"peak_mb": round(peak_kb() / 1024, 1)}))


def peak_kb() -> int:
    """Give the peak of this program's memory; getrusage would count the one that started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
