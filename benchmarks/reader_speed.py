"""How long does a patient's reading take? Twenty lesions in, order out, on two threads.

Give a model of the recipe ``cpu`` with ``--model``; without it one of the same network and the same
number of folds and views is exported with random weights, which takes as long to run.

    python benchmarks/reader_speed.py --images FOLDER [--model MODEL] [--n 20] [--threads 2]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from cygnet.site.reader.asking import About
from cygnet.site.reader.judging import Reader
from cygnet.site.reader.together import read_together
from cygnet.site.reader.uploads import Upload

LIMIT_S = 2.0


def main() -> None:
    """Print median and spread of several readings, and the processor time that one takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    files = sorted(asked.images.glob("*.jpg"))[: asked.n]
    uploads = [Upload(path.name, path.read_bytes()) for path in files]
    with tempfile.TemporaryDirectory() as folder:
        model = asked.model or _like_cpu(Path(folder) / "model.onnx")
        reader = Reader.open(model, threads=asked.threads)
        timed = [_once(reader, uploads) for _ in range(asked.repeats + 1)][1:]
        reader.close()
    seconds = [wall for wall, _ in timed]
    processor = statistics.median(one for _, one in timed)
    print(
        f"{len(uploads)} lesions, {sum(len(one.data) for one in uploads) / 1e6:.1f} MB, "
        f"{reader.model.n_folds} folds, {reader.model.n_views} views, {reader.model.size_px} px, "
        f"{asked.threads} threads: {statistics.median(seconds):.2f} s "
        f"({min(seconds):.2f} to {max(seconds):.2f}); asked for: under {LIMIT_S:g} s; "
        f"{processor:.2f} s of processor time in all"
    )


def _once(reader: Reader, uploads: list[Upload]) -> tuple[float, float]:
    """Give the wall time and the processor time of one reading."""
    wall, processor = time.perf_counter(), time.process_time()
    read_together(reader.read(uploads, About(50, "female")), reader)
    return time.perf_counter() - wall, time.process_time() - processor


def _like_cpu(file: Path) -> Path:
    """Export networks of random weights as the recipe ``cpu`` has them."""
    import torch

    from cygnet.images.decode import decoding_name
    from cygnet.training.export import FoldModel, write_model
    from cygnet.training.network import LesionNetwork
    from cygnet.training.recipe import read_recipe

    recipe = read_recipe("cpu")
    folds = []
    for fold in range(recipe.n_folds):
        torch.manual_seed(fold)
        state = LesionNetwork(recipe.network).eval().state_dict()
        folds.append(FoldModel(state, slope=1.0, intercept=0.0))
    write_model(
        file,
        recipe.network,
        folds,
        {
            "size_px": recipe.network.size_px,
            "geometry": recipe.network.geometry,
            "decoding": decoding_name(recipe.network.geometry),
            "test_time_views": recipe.test_time_views,
            "folds": list(range(recipe.n_folds)),
            "calibration": {"slope": [1.0] * recipe.n_folds, "intercept": [0.0] * recipe.n_folds},
            "trained_on": [],
        },
    )
    return file


if __name__ == "__main__":
    main()
