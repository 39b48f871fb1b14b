"""How much does the pack itself cost when a shuffled batch is read from it.

    python benchmarks/pack_reading.py [DATA]

DATA is the folder of the real images (default: $CYGNET_REAL_DATA, else ../shared/data beside the
project). Each rate is compared with that of a bare loop over the same stored bytes, which were laid
out in a list beforehand: it copies the pixels of a raw pack into the batch, and decodes the JPEGs
of a JPEG pack into it. Medians of alternating pairs of
processor time, on one core, from the page cache.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import simplejpeg

from cygnet.images.decode import Pixels
from cygnet.images.pack import Pack, open_pack, write_pack

PAIRS = 5
BATCH = 64
MEGABYTES_A_PAIR = {"raw": 6000, "jpeg": 500}
N_IMAGES = 512
TARGET = 0.95


Batch = list[int]
Read = Callable[[Batch], None]


def seconds_of_pair(bare: Read, read: Read, batches: list[Batch]) -> tuple[float, float]:
    """Time both on every batch, by turns first, so that neither has the warmer cache."""
    spent = {bare: 0.0, read: 0.0}
    for number, batch in enumerate(batches):
        for way in (bare, read) if number % 2 else (read, bare):
            start = time.thread_time()
            way(batch)
            spent[way] += time.thread_time() - start
    return spent[bare], spent[read]


def bare_loop(pack: Pack, out: Pixels) -> Read:
    """Give the loop that the pack is measured by: over its stored bytes, laid out in a list."""
    stored = [np.frombuffer(pack.stored(index), np.uint8) for index in range(len(pack))]

    def copy(batch: Batch) -> None:
        for place, index in enumerate(batch):
            out[place] = pixels[index]

    def decode(batch: Batch) -> None:
        for place, index in enumerate(batch):
            simplejpeg.decode_jpeg(stored[index], "RGB", buffer=out[place])

    if pack.storage == "jpeg":
        return decode
    pixels = [image.reshape(pack.size_px, pack.size_px, 3) for image in stored]
    return copy


def compare(pack: Pack) -> None:
    """Print the rate of the pack's reading as a share of the bare loop's."""
    rng = np.random.default_rng(95)
    count = MEGABYTES_A_PAIR[pack.storage] * 10**6 // (BATCH * pack.size_px**2 * 3)
    batches = [rng.integers(0, len(pack), BATCH).tolist() for _ in range(count)]
    out = np.zeros((BATCH, pack.size_px, pack.size_px, 3), np.uint8)
    bare = bare_loop(pack, out)

    def read(batch: Batch) -> None:
        pack.read(batch, out=out)

    bare(batches[0])
    expected = out.copy()
    read(batches[0])
    if not np.array_equal(out, expected):
        sys.exit("the pack and the bare loop gave other pixels")
    shares, rates = [], []
    for _ in range(PAIRS):
        loop_s, read_s = seconds_of_pair(bare, read, batches)
        shares.append(loop_s / read_s)
        rates.append(count * BATCH / read_s)
    share = statistics.median(shares)
    shown = ", ".join(f"{value:.3f}" for value in sorted(shares))
    verdict = "met" if share >= TARGET else "MISSED"
    print(
        f"{pack.storage} pack, {pack.size_px} px: {100 * share:.1f} % of a bare loop ({shown}), "
        f"{statistics.median(rates):.0f} images/s; target 95 %: {verdict}",
        flush=True,
    )


def main() -> None:
    """Pack real images at two sizes both ways and compare their reading."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    default = Path(os.environ.get("CYGNET_REAL_DATA", beside))
    parser.add_argument("data", type=Path, nargs="?", default=default)
    data = parser.parse_args().data
    files = sorted((data / "isic2020" / "jpeg" / "train").glob("*.jpg"))[:N_IMAGES]
    if not files:
        sys.exit(f"no training images under {data}; name the folder of the real images")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    items = [(path.stem, path) for path in files]
    with tempfile.TemporaryDirectory() as folder:
        for size_px in (512, 192):
            for storage in ("raw", "jpeg"):
                out = Path(folder) / f"{storage}-{size_px}"
                write_pack(items, out, size_px=size_px, storage=storage, workers=1)
                compare(open_pack(out))


if __name__ == "__main__":
    main()
