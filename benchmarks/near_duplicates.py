"""How many changed copies are found, and how many false pairs, on real images? And how fast?

    python benchmarks/near_duplicates.py [DATA] [--sources N] [--out FILE]
    python benchmarks/near_duplicates.py [DATA] --speed [--out FILE]
    python benchmarks/near_duplicates.py [DATA] --hashes [--out FILE]

DATA is the folder of the real images (default: $CYGNET_REAL_DATA, else ../shared/data beside the
project). The first plants copies of the real ISIC 2020 images, three kinds at a time, with
HAM10000 beside them; a pair that is neither planted nor listed is counted as false until somebody
looks at it, and is named. ``--speed`` packs all test images and HAM10000 at 256 px and times the
command on that pack. ``--hashes`` measures perceptual hashes on the same copies.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from cygnet.cohort.table import read_dataset
from cygnet.curation.duplicates import lesion_pairs, listed_pairs
from cygnet.curation.near_duplicates import find_near_duplicates
from cygnet.curation.pictures import Pictures
from cygnet.images.decode import read_to_size
from cygnet.images.pack import write_pack
from cygnet.shards import run_shards
from planted_copies import CHANGES, planted

OBLONG = "free rotation of a 3:2 original"


class Trial(NamedTuple):
    """Kinds planted together; whether HAM10000 lies beside; the shape that the tables tell of."""

    kinds: tuple[str, ...]
    beside: bool = True
    aspect: float | None = None
    remark: str = ""


# No more than three: of many copies of one picture each is paired with some of the others only.
TRIALS = (
    Trial(("resized", "recompressed", "flipped")),
    Trial(("right angle", "free rotation", "cropped to 60 % of the sides")),
    Trial(("cropped to 60 % of the area", "brightened", "colour-shifted")),
    Trial(("all at once",), beside=False),
    Trial((OBLONG,), beside=False, aspect=1.5, remark=", original size known"),
    Trial((OBLONG,), beside=False, remark=", original size not known"),
)
PACK_PX = 256
FULL_SET = 33_126
HASH_SIDE = 32
HASH_KEPT = 8
HASH_BITS_APART = (4, 8, 12)


def write_copies(task: tuple[Sequence[Path], str, Path]) -> list[tuple[str, Path]]:
    """Plant the copies of one kind of some files; give their names and paths."""
    files, kind, folder = task
    number = list(CHANGES).index(kind)
    items = []
    for file in files:
        picture = simplejpeg.decode_jpeg(file.read_bytes(), "RGB")
        path = folder / f"{file.stem}~{number}.jpg"
        path.write_bytes(planted(picture, kind, int(file.stem[5:])))
        items.append((path.stem, path))
    return items


def source_of(name: str) -> str:
    """Give the name of the image that a planted copy was made of."""
    return name.split("~", maxsplit=1)[0]


def known_pairs(data: Path) -> set[tuple[str, str]]:
    """Give the pairs that the list or lesion_id tells of."""
    dataset = read_dataset(data / "isic2020")
    return listed_pairs(dataset) | lesion_pairs(dataset)


def study(data: Path, n_sources: int | None) -> dict[str, Any]:
    """Plant copies, look for them, and count."""
    sources = sorted((data / "isic2020/jpeg/train").glob("*.jpg"))
    beside = sorted((data / "ham10000/jpeg").glob("*.jpg"))
    chosen = sources if n_sources is None else sources[:: max(1, len(sources) // n_sources)]
    known = known_pairs(data)
    kinds = list(CHANGES)
    recall: dict[str, Any] = {}
    unexplained: dict[tuple[str, str], dict[str, Any]] = {}
    real: dict[tuple[str, str], dict[str, Any]] = {}
    for trial in TRIALS:
        with tempfile.TemporaryDirectory() as folder:
            tasks = [(chosen, kind, Path(folder)) for kind in trial.kinds]
            items = [(path.stem, path) for path in sources]
            items += [(path.stem, path) for path in beside if trial.beside]
            for _, copies in run_shards(write_copies, tasks):
                items += copies
            items.sort()
            start = time.perf_counter()
            found = find_near_duplicates(
                Pictures(
                    tuple(name for name, _ in items),
                    tuple(path for _, path in items),
                    aspects=(trial.aspect,) * len(items),
                )
            )
            seconds = time.perf_counter() - start
        pairs = {(one.image_name_1, one.image_name_2): one.as_json() for one in found.pairs}
        for kind in trial.kinds:
            number = kinds.index(kind)
            wanted = {(file.stem, f"{file.stem}~{number}") for file in chosen}
            missed = sorted(wanted - set(pairs))
            label = kind + trial.remark
            recall[label] = {
                "n_planted": len(wanted),
                "n_found": len(wanted) - len(missed),
                "recall": 1 - len(missed) / len(wanted),
                "missed": [one for one, _ in missed[:20]],
            }
            print(f"{label}: {recall[label]['recall']:.2%} of {len(wanted)}", flush=True)
        for names, measured in pairs.items():
            one, two = sorted(source_of(name) for name in names)
            if one != two:
                (real if (one, two) in known else unexplained).setdefault((one, two), measured)
        print(f"  {len(items):,} images in {seconds:.0f} s", flush=True)
    n_images = len(sources) + len(beside)
    print(f"listed pairs found: {len(real)}; pairs to look at: {len(unexplained)}")
    for names, measured in unexplained.items():
        print("  ", *names, measured)
    return {
        "n_images": n_images,
        "recall": recall,
        "listed_found": [[*names] for names in sorted(real)],
        "listed_there": [
            [*pair] for pair in sorted(known) if set(pair) <= {file.stem for file in sources}
        ],
        "to_look_at": [{"images": names, **measured} for names, measured in unexplained.items()],
    }


# -- Perceptual hashes, which lost --------------------------------------------------------------


def hashes(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Give the perceptual hash (64 signs of the lowest cosines) of all eight right-angled views."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = np.asarray(cv2.resize(grey, (HASH_SIDE, HASH_SIDE), interpolation=cv2.INTER_AREA))
    views = []
    for quarter in range(4):
        for mirrored in (False, True):
            view = np.rot90(small, quarter)
            view = np.ascontiguousarray(view[:, ::-1] if mirrored else view)
            low = np.asarray(cv2.dct(view))[:HASH_KEPT, :HASH_KEPT].ravel()
            bits = np.packbits(low > np.median(low))
            views.append(bits.view(np.uint64)[0])
    return np.array(views, np.uint64)


def hash_files(files: Sequence[Path]) -> NDArray[np.uint64]:
    """Hash some files."""
    return np.stack([hashes(read_to_size(file, PACK_PX)) for file in files])


def hash_study(data: Path) -> dict[str, Any]:
    """Measure recall and false pairs of perceptual hashes at several distances."""
    sources = sorted((data / "isic2020/jpeg/train").glob("*.jpg"))
    beside = sorted((data / "ham10000/jpeg").glob("*.jpg"))
    views = hash_files([*sources, *beside])
    upright = views[:, 0]
    known = known_pairs(data)
    false = dict.fromkeys(HASH_BITS_APART, 0)
    names = [file.stem for file in (*sources, *beside)]
    for row in range(len(names) - 1):
        apart = np.bitwise_count(views[row][:, None] ^ upright[row + 1 :]).min(axis=0)
        for limit in HASH_BITS_APART:
            close = np.flatnonzero(apart <= limit) + row + 1
            false[limit] += sum((names[row], names[other]) not in known for other in close)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in CHANGES:
            copies = write_copies((sources, kind, Path(folder)))
            hashed = hash_files([path for _, path in copies])
            apart = np.bitwise_count(views[: len(sources)] ^ hashed[:, :1]).min(axis=1)
            found[kind] = {str(limit): float((apart <= limit).mean()) for limit in HASH_BITS_APART}
            print(kind, found[kind], flush=True)
    per_1000 = {str(limit): 1000 * count / len(names) for limit, count in false.items()}
    print("false pairs in 1,000 images:", per_1000)
    return {"recall": found, "false_pairs_per_1000": per_1000}


# -- Speed --------------------------------------------------------------------------------------


def speed(data: Path) -> dict[str, Any]:
    """Time the command on a pack of the test images and HAM10000, and watch its memory."""
    import psutil

    files = [
        *sorted((data / "isic2020/jpeg/test").glob("*.jpg")),
        *sorted((data / "ham10000/jpeg").glob("*.jpg")),
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_pack([(file.stem, file) for file in files], root / "pack", size_px=PACK_PX)
        rows = "\n".join(f"{file.stem},IP_0000001,0" for file in files)
        (root / "train.csv").write_text(f"image_name,patient_id,target\n{rows}\n")
        command = [sys.executable, "-m", "cygnet", "cohort", "duplicates", str(root / "train.csv")]
        command += ["--pack", str(root / "pack"), "--json", "--workers", "2"]
        start = time.perf_counter()
        with (root / "out.json").open("w") as out:
            process = subprocess.Popen(command, stdout=out)
            most = 0
            while process.poll() is None:
                most = max(most, resident_bytes(psutil, process.pid))
                time.sleep(0.5)
        seconds = time.perf_counter() - start
        document = json.loads((root / "out.json").read_text())
    result = {
        "n_images": len(files),
        "seconds": seconds,
        "ms_an_image": 1000 * seconds / len(files),
        "peak_bytes": most,
        "load_average": os.getloadavg(),
        "seconds_for_33126_if_linear": seconds / len(files) * FULL_SET,
        "pairs": document["pairs"],
    }
    print(f"{len(files):,} images: {seconds:.0f} s, {most / 2**30:.2f} GiB at most")
    print(f"{document['by_evidence']}")
    return result


def resident_bytes(psutil: Any, pid: int) -> int:
    """Add up what a process and its children hold for themselves, shared pages shared out."""
    total = 0
    try:
        whole = psutil.Process(pid)
        for process in (whole, *whole.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return total
    return total


def main() -> None:
    """Run what is asked for, print it and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    default = Path(os.environ.get("CYGNET_REAL_DATA", beside))
    parser.add_argument("data", type=Path, nargs="?", default=default)
    parser.add_argument("--sources", type=int)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--hashes", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.speed:
        result = speed(asked.data)
    elif asked.hashes:
        result = hash_study(asked.data)
    else:
        result = study(asked.data, asked.sources)
    if asked.out is not None:
        asked.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
