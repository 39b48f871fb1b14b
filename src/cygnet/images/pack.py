"""How do images of all sizes become a pack that training can read fast? Decoded once, in shards.

A pack appears under its name only when it is whole. It is refused when an image is bad, unless bad
images may be left out; either way all of them are told at once.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cygnet import __version__
from cygnet.durable import remove_partials, storage_errors, write_text_whole
from cygnet.errors import Fault, ImageError, InputError, Offender, StorageError
from cygnet.images.decode import Geometry
from cygnet.images.faults import FAULT_KINDS
from cygnet.images.pack_format import (
    INDEX_NAME,
    ImageNote,
    PackParameters,
    Storage,
    read_index,
    shard_name,
)
from cygnet.images.pack_reading import Pack, open_pack
from cygnet.images.pack_shard import ShardReport, ShardTask, build_shard, verify_shard
from cygnet.shards import default_workers, run_shards

__all__ = ["ImageNote", "Pack", "PackSummary", "open_pack", "write_pack"]

_Report = TypeVar("_Report")
# About a second of decoding; a worker takes half of that to start.
_BYTES_WORTH_A_WORKER = 50 * 2**20


@dataclass(frozen=True, slots=True)
class PackSummary:
    """What a pack holds, what was left out of it (``bad``), and what is worth telling (``notes``).

    ``n_kept`` counts the images whose shards an earlier, interrupted run had finished.
    """

    folder: Path
    n_images: int
    n_bytes: int
    bad: list[ImageNote]
    notes: list[ImageNote]
    n_kept: int


def write_pack(
    items: Sequence[tuple[str, Path]],
    out: Path,
    *,
    size_px: int,
    geometry: Geometry = "squash",
    storage: Storage = "raw",
    workers: int | None = None,
    ray_address: str | None = None,
    skip_bad: bool = False,
    resume: bool = False,
    progress: Callable[[int], None] | None = None,
) -> PackSummary:
    """Decode ``(image_name, file)`` pairs to ``size_px`` and write them as a pack, in their order.

    ``storage`` is ``"raw"`` (exact pixels) or ``"jpeg"`` (about a ninth of the bytes, one grey
    level of error). With ``skip_bad`` bad images are left out. With ``resume`` the finished shards
    of an earlier run are kept where they are just what is asked for, those of this run survive an
    error, and a whole pack of the same images is taken as it is; without it nothing is left of a
    run that fails. ``progress`` is told how many images were done since it was last called. On a
    Ray cluster all nodes must see the files and ``out`` by the same paths. ``workers`` defaults to
    the processors at hand, fewer where there is little to decode.

    Raises :class:`~cygnet.errors.ImageError` that counts all bad images and names the first five of
    each kind, and :class:`~cygnet.errors.StorageError` when ``out`` is taken or cannot be written.
    """
    parameters = PackParameters(size_px, geometry, storage)
    _validate_names(items)
    if resume and (out / INDEX_NAME).is_file():
        return _take_whole_pack(items, out, parameters, skip_bad, workers, ray_address, progress)
    with _working_folder(out, resume=resume) as folder:
        tasks = _tasks(items, folder.resolve(), parameters, may_keep=resume)
        count = workers or _workers(items)
        reports = _run(build_shard, tasks, count, ray_address, progress)
        summary = _summarise(out, reports)
        _refuse_bad(summary, len(items), skip_bad=skip_bad)
        index = _index(parameters, reports)
        write_text_whole(folder / INDEX_NAME, json.dumps(index, indent=1, ensure_ascii=False))
    return summary


def _workers(items: Sequence[tuple[str, Path]]) -> int:
    sources = sum(path.stat().st_size for _, path in items if path.exists())
    return max(1, min(default_workers(), sources // _BYTES_WORTH_A_WORKER))


def _validate_names(items: Sequence[tuple[str, Path]]) -> None:
    if not items:
        raise InputError.of("There are no images to pack.", "Check the table and the folder.")
    counts = Counter(name for name, _ in items)
    twice = [Offender(name) for name, count in counts.items() if count > 1]
    if twice:
        raise InputError.of(
            "An image name stands for one image of a pack.",
            "Remove the rows that repeat.",
            offenders=twice,
        )


def _tasks(
    items: Sequence[tuple[str, Path]], folder: Path, parameters: PackParameters, *, may_keep: bool
) -> list[ShardTask]:
    step = parameters.images_a_shard(len(items))
    pairs = [(name, path.resolve()) for name, path in items]
    return [
        ShardTask(folder, number, parameters, tuple(pairs[first : first + step]), may_keep)
        for number, first in enumerate(range(0, len(pairs), step))
    ]


def _run(
    task: Callable[[ShardTask], _Report],
    tasks: Sequence[ShardTask],
    workers: int | None,
    ray_address: str | None,
    progress: Callable[[int], None] | None,
) -> list[_Report]:
    reports: dict[int, _Report] = {}
    for number, report in run_shards(task, tasks, workers=workers, ray_address=ray_address):
        reports[number] = report
        if progress is not None:
            progress(len(tasks[number].items))
    return [reports[number] for number in range(len(tasks))]


def _summarise(out: Path, reports: Sequence[ShardReport]) -> PackSummary:
    return PackSummary(
        out,
        sum(report.n_images for report in reports),
        sum(report.n_bytes for report in reports),
        [note for report in reports for note in report.bad],
        [note for report in reports for note in report.notes],
        sum(report.n_images for report in reports if report.kept),
    )


def _refuse_bad(summary: PackSummary, n_items: int, *, skip_bad: bool) -> None:
    if not summary.bad or (skip_bad and summary.n_images):
        return
    by_code: dict[str, list[Offender]] = {}
    for note in summary.bad:
        by_code.setdefault(note.code, []).append(Offender(f"{note.image_name}: {note.path}"))
    faults = [
        Fault(
            f"{FAULT_KINDS[code].sentence} ({code}).",
            FAULT_KINDS[code].remedy,
            None,
            tuple(offenders),
            len(offenders),
        )
        for code, offenders in by_code.items()
    ]
    remedy = "Mend them as said here, or leave them out with --skip-bad-images."
    if skip_bad:
        remedy = "None is left to pack."
    rule = f"{len(summary.bad)} of {n_items} images cannot be used."
    raise ImageError(Fault(rule, remedy), *faults)


def _index(parameters: PackParameters, reports: Sequence[ShardReport]) -> dict[str, Any]:
    return parameters.as_json() | {
        "cygnet": __version__,
        "n_images": sum(report.n_images for report in reports),
        "shards": [
            {
                "file": shard_name(number),
                "n_images": report.n_images,
                "bytes": report.n_bytes,
                "sources_sha256": report.sources_sha256,
            }
            for number, report in enumerate(reports)
        ],
        "left_out": [
            {"image_name": note.image_name, "code": note.code}
            for report in reports
            for note in report.bad
        ],
    }


def _take_whole_pack(
    items: Sequence[tuple[str, Path]],
    out: Path,
    parameters: PackParameters,
    skip_bad: bool,
    workers: int | None,
    ray_address: str | None,
    progress: Callable[[int], None] | None,
) -> PackSummary:
    index = read_index(out)
    tasks = _tasks(items, out.resolve(), parameters, may_keep=True)
    same = len(index["shards"]) == len(tasks) and all(
        index.get(key) == value for key, value in parameters.as_json().items()
    )
    found = _run(verify_shard, tasks, workers, ray_address, progress) if same else [None]
    reports = [report for report in found if report is not None]
    if len(reports) != len(tasks):
        raise StorageError.of(
            "A pack of other images, or of other settings, stands here.",
            "Remove it, or choose another name.",
            file=out,
        )
    summary = _summarise(out, reports)
    _refuse_bad(summary, len(items), skip_bad=skip_bad)
    return summary


@contextmanager
def _working_folder(out: Path, *, resume: bool) -> Iterator[Path]:
    """Give a hidden folder beside ``out`` that becomes ``out`` when the block ends well."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StorageError.of(
            "This is already there and is not an empty folder.",
            "Choose another name, or remove it first.",
            file=out,
        )
    folder = out.absolute().with_name(f".{out.absolute().name}.packing")
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    with storage_errors(out):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
            _remove_strangers(folder)
            if out.exists():
                out.rmdir()
            folder.replace(out)
            _sync(out.absolute().parent)
        finally:
            # Gone from here when all went well.
            if folder.exists():
                remove_partials(folder)
                if not resume:
                    shutil.rmtree(folder, ignore_errors=True)


def _remove_strangers(folder: Path) -> None:
    """Remove what a killed run left that this pack does not own."""
    remove_partials(folder)
    own = {entry["file"] for entry in read_index(folder)["shards"]} | {INDEX_NAME}
    for path in folder.iterdir():
        if path.name not in own:
            path.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
