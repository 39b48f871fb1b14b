"""How does one shard of a pack come about? Decoded, written whole, or found there and kept.

A shard that is there is kept only when its parameters, its images' names and the SHA-256 of every
source agree with what is asked for.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import simplejpeg

from cygnet.durable import write_whole
from cygnet.errors import ImageError
from cygnet.images.decode import Pixels, decode_to_size
from cygnet.images.faults import ImageFault, image_fault, read_image_bytes
from cygnet.images.headers import header_faults, parse_header
from cygnet.images.pack_format import (
    FORMAT,
    JPEG_QUALITY,
    JPEG_SUBSAMPLING,
    ImageNote,
    PackParameters,
    shard_name,
)


@dataclass(frozen=True, slots=True)
class ShardTask:
    """Which images go into shard ``number`` of the pack that is built in ``folder``."""

    folder: Path
    number: int
    parameters: PackParameters
    items: tuple[tuple[str, Path], ...]
    may_keep: bool

    @property
    def path(self) -> Path:
        """The shard's file."""
        return self.folder / shard_name(self.number)


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What became of a task. ``sources_sha256`` digests ``image_name sha256`` lines, in order."""

    n_images: int
    n_bytes: int
    sources_sha256: str
    bad: tuple[ImageNote, ...]
    notes: tuple[ImageNote, ...]
    kept: bool


@dataclass(slots=True)
class _Contents:
    """A shard as it fills: the good images' columns, and what is told of the others."""

    names: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    images: list[bytes] | Pixels = field(default_factory=list)
    bad: list[tuple[str, ImageFault, str | None]] = field(default_factory=list)
    notes: list[tuple[str, ImageFault]] = field(default_factory=list)


def build_shard(task: ShardTask) -> ShardReport:
    """Write the shard of ``task``, or keep the one that is there; report what is in it.

    Bad images are left out and reported. Raises :class:`~cygnet.errors.StorageError` when the shard
    cannot be written.
    """
    if task.may_keep and (report := verify_shard(task)) is not None:
        return report
    contents = _decode_all(task)
    batch = _record_batch(task.parameters, contents)
    with write_whole(task.path) as stream, pa.ipc.new_file(stream, batch.schema) as writer:
        writer.write_batch(batch)
    return _report(
        task,
        contents.names,
        contents.digests,
        [(name, fault) for name, fault, _ in contents.bad],
        contents.notes,
        kept=False,
    )


def verify_shard(task: ShardTask) -> ShardReport | None:
    """Report on the shard that is there if it is just what ``task`` asks for, else ``None``."""
    try:
        with pa.memory_map(str(task.path)) as source, pa.ipc.open_file(source) as reader:
            record = json.loads(reader.schema.metadata[FORMAT.encode()])
            if reader.num_record_batches != 1:
                return None
            batch = reader.get_batch(0)
            names = batch.column("image_name").to_pylist()
            digests = batch.column("source_sha256").to_pylist()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    bad = {entry["image_name"]: entry for entry in record.get("left_out", [])}
    expected = task.parameters.as_json()
    if any(record.get(key) != value for key, value in expected.items()):
        return None
    if names != [name for name, _ in task.items if name not in bad]:
        return None
    found = {name: digest.hex() for name, digest in zip(names, digests, strict=True)}
    found |= {name: entry["source_sha256"] for name, entry in bad.items()}
    if any(_source_sha256(path) != found.get(name) for name, path in task.items):
        return None
    paths = dict(task.items)
    return _report(
        task,
        names,
        digests,
        [(name, _fault_again(entry, paths[name])) for name, entry in bad.items()],
        [
            (entry["image_name"], _fault_again(entry, paths[entry["image_name"]]))
            for entry in record.get("notes", [])
        ],
        kept=True,
    )


def _source_sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(read_image_bytes(path)).hexdigest()
    except ImageError:
        return None


def _fault_again(entry: dict[str, Any], path: Path) -> ImageFault:
    return image_fault(entry["code"], file=path, value=entry["value"])


def _decode_all(task: ShardTask) -> _Contents:
    parameters, contents = task.parameters, _Contents()
    side = parameters.size_px
    raw = parameters.storage == "raw"
    block = np.empty((len(task.items) if raw else 0, side, side, 3), np.uint8)
    encoded: list[bytes] = []
    for name, path in task.items:
        digest: str | None = None
        try:
            data = read_image_bytes(path)
            digest = hashlib.sha256(data).hexdigest()
            pixels = decode_to_size(data, side, parameters.geometry, file=path)
        except ImageError as error:
            contents.bad.append((name, cast("ImageFault", error.faults[0]), digest))
            continue
        if raw:
            block[len(contents.names)] = pixels
        else:
            encoded.append(_encode(pixels))
        contents.names.append(name)
        contents.digests.append(bytes.fromhex(digest))
        faults = header_faults(parse_header(data, file=path), file=path)
        contents.notes.extend((name, fault) for fault in faults)
    contents.images = block[: len(contents.names)] if raw else encoded
    return contents


def _encode(pixels: Pixels) -> bytes:
    return bytes(
        simplejpeg.encode_jpeg(
            pixels, quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling=JPEG_SUBSAMPLING
        )
    )


def _record_batch(parameters: PackParameters, contents: _Contents) -> pa.RecordBatch:
    schema = parameters.schema(
        {
            "left_out": [
                {**_entry(name, fault), "source_sha256": digest}
                for name, fault, digest in contents.bad
            ],
            "notes": [_entry(name, fault) for name, fault in contents.notes],
        }
    )
    kind = schema.field("image").type
    if isinstance(contents.images, np.ndarray):
        # Arrow takes over the block as it is; nothing is copied before it is written.
        values = pa.array(contents.images.reshape(-1))
        lists = pa.FixedSizeListArray.from_arrays(values, parameters.image_bytes)
        images = pa.ExtensionArray.from_storage(kind, lists)
    else:
        images = pa.array(contents.images, kind)
    names = pa.array(contents.names, pa.string())
    digests = pa.array(contents.digests, pa.binary(32))
    return pa.record_batch([names, images, digests], schema=schema)


def _entry(name: str, fault: ImageFault) -> dict[str, str | None]:
    value = fault.offenders[0].value if fault.offenders else None
    return {"image_name": name, "code": fault.code, "value": value}


def _report(
    task: ShardTask,
    names: Sequence[str],
    digests: Sequence[bytes],
    bad: Sequence[tuple[str, ImageFault]],
    notes: Sequence[tuple[str, ImageFault]],
    *,
    kept: bool,
) -> ShardReport:
    paths = dict(task.items)
    lines = "".join(f"{n} {d.hex()}\n" for n, d in zip(names, digests, strict=True))
    bad_notes, other_notes = (
        tuple(ImageNote(name, paths[name], fault.code, str(fault)) for name, fault in faults)
        for faults in (bad, notes)
    )
    return ShardReport(
        len(names),
        task.path.stat().st_size,
        hashlib.sha256(lines.encode()).hexdigest(),
        bad_notes,
        other_notes,
        kept,
    )
