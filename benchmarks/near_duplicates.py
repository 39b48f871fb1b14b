"""How many changed copies are found, and how many false pairs, on real images? And how fast?

    python benchmarks/near_duplicates.py [DATA] [--sources N] [--out FILE]
    python benchmarks/near_duplicates.py [DATA] --speed [--out FILE]
    python benchmarks/near_duplicates.py [DATA] --others [--out FILE]

DATA is the folder of the real images (default: $CYGNET_REAL_DATA, else ../shared/data beside the
project). The first plants copies of the real ISIC 2020 images, three kinds at a time, with
HAM10000 beside them; a pair that is neither planted nor listed is counted as false until somebody
looks at it, and is named. ``--speed`` packs 33,126 pictures at
256 px (all test images, HAM10000, and changed copies of them to make up the number) and times the
command on that pack. ``--others`` measures what lost, on the
same copies: perceptual hashes, and ORB beside SIFT.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from cygnet.cohort.table import read_dataset
from cygnet.curation.duplicate_pairs import lesion_pairs, listed_pairs
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


# -- ORB beside SIFT ----------------------------------------------------------------------------

DESCRIBED_PX = 256
DESCRIBED_SOURCES = 150
FEWEST_INLIERS = 8
DETECTORS: dict[str, tuple[Callable[[], Any], int]] = {
    "SIFT": (lambda: cv2.SIFT.create(160, contrastThreshold=0.003), cv2.NORM_L2),
    "ORB": (lambda: cv2.ORB.create(500, fastThreshold=5), cv2.NORM_HAMMING),
}


def described(detector: Any, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Any]:
    """Give the places and descriptors of a picture's keypoints, its contrast evened out."""
    even = cv2.createCLAHE(2.0, (4, 4)).apply(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    found, descriptors = detector.detectAndCompute(even, None)
    return np.array([point.pt for point in found], np.float32).reshape(-1, 2), descriptors


def inliers(one: Any, two: Any, norm: int) -> int:
    """Count the mutual nearest neighbours that agree on one similarity, by RANSAC."""
    if one[1] is None or two[1] is None:
        return 0
    matches = cv2.BFMatcher(norm, crossCheck=True).match(one[1], two[1])
    if len(matches) < 4:
        return 0
    rows = np.array([(match.queryIdx, match.trainIdx) for match in matches])
    _, kept = cv2.estimateAffinePartial2D(
        one[0][rows[:, 0]], two[0][rows[:, 1]], ransacReprojThreshold=4
    )
    return 0 if kept is None else int(kept.sum())


def descriptor_study(data: Path) -> dict[str, Any]:
    """Measure how often a copy, or its mirror image, agrees with its source, and strangers do."""
    cv2.setRNGSeed(0)
    sources = sorted((data / "isic2020/jpeg/train").glob("*.jpg"))
    sources = sources[:: len(sources) // DESCRIBED_SOURCES][:DESCRIBED_SOURCES]
    results: dict[str, Any] = {}
    for name, (make, norm) in DETECTORS.items():
        detector = make()
        start = time.perf_counter()
        seen = [described(detector, read_to_size(file, DESCRIBED_PX)) for file in sources]
        milliseconds = 1000 * (time.perf_counter() - start) / len(sources)
        shares = {}
        with tempfile.TemporaryDirectory() as folder:
            for kind in CHANGES:
                counts = []
                for source, (_, path) in zip(
                    seen, write_copies((sources, kind, Path(folder))), strict=True
                ):
                    copy = read_to_size(path, DESCRIBED_PX)
                    views = (copy, np.ascontiguousarray(copy[:, ::-1]))
                    counts.append(
                        max(inliers(source, described(detector, view), norm) for view in views)
                    )
                shares[kind] = float((np.array(counts) >= FEWEST_INLIERS).mean())
        strangers = [
            inliers(seen[at], seen[(at + step) % len(seen)], norm)
            for at in range(len(seen))
            for step in range(1, 9)
        ]
        results[name] = {
            "ms_an_image": milliseconds,
            "recall": shares,
            "strangers": float((np.array(strangers) >= FEWEST_INLIERS).mean()),
        }
        print(name, results[name], flush=True)
    return results


# -- Speed --------------------------------------------------------------------------------------


def speed(data: Path) -> dict[str, Any]:
    """Time the command on a pack as large as ISIC 2020, and watch its memory."""
    import psutil

    files = [
        *sorted((data / "isic2020/jpeg/test").glob("*.jpg")),
        *sorted((data / "ham10000/jpeg").glob("*.jpg")),
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "copies").mkdir()
        filled = files[: FULL_SET - len(files)]
        shards = [
            (filled[at : at + 256], "all at once", root / "copies")
            for at in range(0, len(filled), 256)
        ]
        for _, copies in run_shards(write_copies, shards):
            files += [path for _, path in copies]
        write_pack([(file.stem, file) for file in files], root / "pack", size_px=PACK_PX)
        rows = "\n".join(f"{file.stem},IP_0000001,0" for file in files)
        (root / "train.csv").write_text(f"image_name,patient_id,target\n{rows}\n")
        command = [sys.executable, "-m", "cygnet", "cohort", "duplicates", str(root / "train.csv")]
        command += ["--pack", str(root / "pack"), "--json", "--workers", "2"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        with (root / "out.json").open("w") as out:
            process = subprocess.Popen(command, stdout=out)
            most = 0
            while process.poll() is None:
                most = max(most, resident_bytes(psutil, process.pid))
                time.sleep(0.5)
        seconds = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        document = json.loads((root / "out.json").read_text())
    result = {
        "n_images": len(files),
        "seconds": seconds,
        "ms_an_image": 1000 * seconds / len(files),
        "cpu_seconds": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime,
        "peak_bytes": most,
        "load_average": os.getloadavg(),
        "n_pairs": document["by_evidence"],
    }
    print(f"{result['cpu_seconds']:.0f} s of a processor in all, {os.getloadavg()} waiting")
    print(f"{len(files):,} images: {seconds:.0f} s, {most / 2**30:.2f} GiB at most")
    print(document["by_evidence"])
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
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.speed:
        result = speed(asked.data)
    elif asked.others:
        result = {"hashes": hash_study(asked.data), "descriptors": descriptor_study(asked.data)}
    else:
        result = study(asked.data, asked.sources)
    if asked.out is not None:
        asked.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
