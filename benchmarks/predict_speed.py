"""How fast is prediction? The exported model against eager torch, and 8 bits against 32.

    python benchmarks/predict_speed.py [--backbones NAME...] [--images N] [--repeats N]

Draws dermoscopy-like JPEGs of 512 px, exports a network of random weights at 224 px, and times, in
turns, `cygnet predict`'s own function (decoding in threads beside ONNX Runtime), the same with the
8-bit model, and eager torch (float32, channels-last, batches of 16, the same decoder, one after the
other, as a plain script does it). All on the processors that this process may use, each process
of its own, so that no thread pool of one stands in another's way. Prints images a second (median of
the repeats) and the median of the paired ratios, and the seconds from the start of the command to
the first prediction on the disk.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import simplejpeg

BACKBONES = (
    "mobilenetv2_100",
    "resnet18",
    "mobilenetv3_small_100",
    "tf_efficientnet_b0",
)
SIZE_PX, PICTURE_PX, BATCH = 224, 512, 16


def main() -> None:
    """Draw, export, time in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES))
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--one", nargs=3, metavar=("WAY", "MODEL", "FOLDER"), help="time one way")
    given = parser.parse_args()
    if given.one:
        way, model, pictures = given.one
        print(json.dumps(timed(way, Path(model), Path(pictures))))
        return
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        draw(pictures, given.images)
        for backbone in given.backbones:
            models = exported(backbone, Path(folder) / backbone, pictures)
            print(json.dumps(compared(backbone, models, pictures, given.repeats)), flush=True)


def draw(folder: Path, n_images: int) -> None:
    """Draw smooth lesions on grainy skin, so that JPEGs have the bytes of real ones."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:PICTURE_PX, :PICTURE_PX] / PICTURE_PX - 0.5
    for index in range(n_images):
        wobble = 0.05 * np.sin(5 * np.arctan2(rows, columns) + rng.uniform(0, 6))
        inside = 1 / (1 + np.exp((np.hypot(rows, columns) - 0.25 - wobble) * 60))
        picture = (
            190
            - 90 * inside[..., None] * rng.uniform(0.5, 1, 3)
            + rng.normal(0, 9, (PICTURE_PX, PICTURE_PX, 1))
        )
        pixels = np.clip(picture, 0, 255).astype(np.uint8)
        encoded = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=90)
        (folder / f"ISIC_{index:07d}.jpg").write_bytes(encoded)


def exported(backbone: str, folder: Path, pictures: Path) -> dict[str, Path]:
    """Export one fold of random weights, and its 8-bit variant."""
    import torch

    from cygnet.images.decode import decoding_name
    from cygnet.pipeline.quantise_job import quantise
    from cygnet.training.export import FoldModel, write_model
    from cygnet.training.network import LesionNetwork
    from cygnet.training.recipe import NetworkRecipe

    recipe = NetworkRecipe(backbone=backbone, size_px=SIZE_PX)
    torch.manual_seed(0)
    state = LesionNetwork(recipe).eval().state_dict()
    description = {
        "size_px": SIZE_PX,
        "geometry": "squash",
        "decoding": decoding_name("squash"),
        "test_time_views": 1,
        "folds": [0],
        "calibration": {"slope": [1.0], "intercept": [0.0]},
        "trained_on": [],
        "backbone": backbone,
    }
    models = {"onnx": folder / "model.onnx", "int8": folder / "int8.onnx"}
    write_model(models["onnx"], recipe, [FoldModel(state, 1.0, 0.0)], description)
    quantise(models["onnx"], pictures, models["int8"])
    return {**models, "torch": models["onnx"]}


def compared(
    backbone: str, models: dict[str, Path], pictures: Path, repeats: int
) -> dict[str, object]:
    """Time all ways in turns, each in a process of its own."""
    rates: dict[str, list[float]] = {way: [] for way in models}
    for _ in range(repeats):
        for way, model in models.items():
            command = [sys.executable, __file__, "--one", way, str(model), str(pictures)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rates[way].append(json.loads(done.stdout)["images_per_s"])
    starts = [started(models["onnx"], pictures) for _ in range(repeats)]
    return {
        "backbone": backbone,
        "images_per_s": {way: round(statistics.median(one), 1) for way, one in rates.items()},
        "onnx_over_torch": _ratio(rates["onnx"], rates["torch"]),
        "int8_over_onnx": _ratio(rates["int8"], rates["onnx"]),
        "start_to_first_prediction_s": round(statistics.median(starts), 2),
    }


def _ratio(one: list[float], other: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(one, other, strict=True)), 2)


def started(model: Path, pictures: Path) -> float:
    """Time the whole command on one image."""
    picture = next(iter(sorted(pictures.iterdir())))
    out = model.with_name("first.csv")
    command = [sys.executable, "-m", "cygnet", "predict", str(model), str(picture), "--out"]
    begun = time.perf_counter()
    subprocess.run([*command, str(out)], check=True, capture_output=True)
    return time.perf_counter() - begun


def timed(way: str, model: Path, pictures: Path) -> dict[str, float]:
    """Predict the folder once to warm up on a few images, then all of it against the clock."""
    items = [(file.stem, str(file)) for file in sorted(pictures.iterdir())]
    run = _torch(model) if way == "torch" else _cygnet(model)
    run(items[: 2 * BATCH])
    begun = time.perf_counter()
    run(items)
    return {"images_per_s": len(items) / (time.perf_counter() - begun)}


def _cygnet(model: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from cygnet.inference.predict import predict_files

    return lambda items: predict_files(model, items)


def _torch(model: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202
    import torch

    from cygnet.images.decode import read_to_size
    from cygnet.inference.model import open_model
    from cygnet.training.augment import normalised
    from cygnet.training.network import LesionNetwork
    from cygnet.training.recipe import NetworkRecipe

    backbone = open_model(model).description["backbone"]
    recipe = NetworkRecipe(backbone=backbone, size_px=SIZE_PX)
    network = LesionNetwork(recipe).eval()
    network.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run(items: list[tuple[str, str]]) -> None:
        for start in range(0, len(items), BATCH):
            files = [Path(place) for _, place in items[start : start + BATCH]]
            pixels = np.stack([read_to_size(file, SIZE_PX) for file in files])
            images = normalised(torch.from_numpy(pixels), recipe)
            logits, _ = network(images.contiguous(memory_format=torch.channels_last))
            torch.sigmoid(network.melanoma_logit(logits)).numpy()

    return run


if __name__ == "__main__":
    main()
