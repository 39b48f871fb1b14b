"""How fast are originals packed to 512 px, beside Pillow, and how close is the result.

    python benchmarks/packing.py [DATA]

DATA is the folder of the real images (default: $CYGNET_REAL_DATA, else ../shared/data beside the
project). Every ratio is the median of alternating pairs, measured in this run on one core; Pillow
opens, converts and resizes (its default, bicubic), Cygnet writes a whole, synced pack.
"""

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

from cygnet.images.decode import read_to_size
from cygnet.images.pack import open_pack, write_pack

SIZE_PX = 512
PAIRS = 5
ROUNDS_OF_ORIGINALS = 4
ROUNDS_FOR_WORKERS = 240
DENSE_SHAPE = (4000, 6000)

Items = Sequence[tuple[str, Path]]


def original_files(data: Path) -> list[Path]:
    """List the four originals; stops the program where they are not."""
    files = sorted((data / "isic2020" / "jpeg" / "original").glob("*.jpg"))
    if not files:
        sys.exit(f"no originals under {data}; name the folder of the real images")
    return files


def dense_jpeg(path: Path) -> None:
    """Make a 6000 x 4000 JPEG full of detail: texture at every scale, quality 92."""
    rng = np.random.default_rng(6000)
    height, width = DENSE_SHAPE
    picture = np.full((height, width, 3), (196.0, 150.0, 132.0), np.float32)
    for scale, amplitude in ((400, 30.0), (80, 18.0), (16, 12.0), (4, 9.0), (1, 6.0)):
        rows, columns = -(-height // scale), -(-width // scale)
        coarse = rng.normal(0, amplitude, (rows, columns, 3)).astype(np.float32)
        picture += coarse.repeat(scale, 0).repeat(scale, 1)[:height, :width]
    pixels = picture.clip(0, 255).astype(np.uint8)
    path.write_bytes(simplejpeg.encode_jpeg(pixels, quality=92, colorsubsampling="420"))


def pillow_seconds(items: Items) -> float:
    """Time Pillow's open, convert and resize of all items."""
    start = time.perf_counter()
    for _, path in items:
        with Image.open(path) as image:
            image.convert("RGB").resize((SIZE_PX, SIZE_PX))
    return time.perf_counter() - start


def pack_seconds(items: Items, workers: int = 1) -> float:
    """Time the writing of a whole pack of all items."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        write_pack(items, Path(folder) / "pack", size_px=SIZE_PX, workers=workers)
        return time.perf_counter() - start


def median_ratio(slow: Callable[[], float], fast: Callable[[], float]) -> tuple[float, list[float]]:
    """Time ``slow`` and ``fast`` by turns; give the median of their ratios and the ratios."""
    slow(), fast()
    ratios = [slow() / fast() for _ in range(PAIRS)]
    return statistics.median(ratios), ratios


def report(title: str, target: float, result: tuple[float, list[float]]) -> None:
    """Print one line: the median, each pair, and whether the target is met."""
    median, ratios = result
    shown = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
    verdict = "met" if median >= target else "MISSED"
    print(f"{title}: {median:.2f} times ({shown}); target {target:g}: {verdict}", flush=True)


def report_error(files: Sequence[Path]) -> None:
    """Print the mean absolute difference of packed pixels from Pillow's, in grey levels."""
    items = [(path.stem, path) for path in files]
    with tempfile.TemporaryDirectory() as folder:
        for storage in ("raw", "jpeg"):
            out = Path(folder) / storage
            write_pack(items, out, size_px=SIZE_PX, storage=storage, workers=1)
            packed = open_pack(out).read(range(len(items))).astype(np.int16)
            for name, method in (("bicubic", None), ("Lanczos", Image.Resampling.LANCZOS)):
                errors = [
                    float(np.abs(image - pillow_pixels(path, method)).mean())
                    for image, path in zip(packed, files, strict=True)
                ]
                mean = statistics.mean(errors)
                shown = ", ".join(f"{error:.3f}" for error in errors)
                verdict = "met" if mean <= 0.5 else "MISSED"
                target = f"; target 0.5: {verdict}" if storage == "raw" else ""
                print(f"error of {storage} pack against {name}: {mean:.3f} ({shown}){target}")


def pillow_pixels(path: Path, method: Image.Resampling | None) -> np.ndarray:
    """Give what Pillow's open, convert and resize gives, signed for differences."""
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        return np.asarray(image.convert("RGB").resize((SIZE_PX, SIZE_PX), method), np.int16)


def main() -> None:
    """Run every comparison and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    default = Path(os.environ.get("CYGNET_REAL_DATA", beside))
    parser.add_argument("data", type=Path, nargs="?", default=default)
    files = original_files(parser.parse_args().data)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    report_error(files)
    originals = [(f"{n}-{p.stem}", p) for n in range(ROUNDS_OF_ORIGINALS) for p in files]
    for path in files:
        read_to_size(path, SIZE_PX)
    result = median_ratio(lambda: pillow_seconds(originals), lambda: pack_seconds(originals))
    report("packing the originals, beside Pillow", 6, result)
    with tempfile.TemporaryDirectory() as folder:
        dense = Path(folder) / "dense.jpg"
        dense_jpeg(dense)
        items = [(str(n), dense) for n in range(4)]
        result = median_ratio(lambda: pillow_seconds(items), lambda: pack_seconds(items))
        size = dense.stat().st_size / 2**20
        report(f"packing a dense 6000 x 4000 JPEG of {size:.1f} MiB", 3, result)
    os.sched_setaffinity(0, cores)
    many = [(f"{n}-{p.stem}", p) for n in range(ROUNDS_FOR_WORKERS) for p in files]
    result = median_ratio(lambda: pack_seconds(many, 1), lambda: pack_seconds(many, 2))
    report(f"two workers over one, {len(many)} images", 1.8, result)


if __name__ == "__main__":
    main()
