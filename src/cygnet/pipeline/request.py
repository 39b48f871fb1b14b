"""What is asked of a run, and does the RUN folder that is there answer the same question?

A RUN may be resumed only by the request that began it: same recipe, tables, folds, extra data and
weights. What differs is named.
"""

import hashlib
import json
import platform
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from cygnet import __version__
from cygnet.durable import remove_partials, write_text_whole
from cygnet.errors import InputError, Offender, StorageError
from cygnet.shards import default_workers
from cygnet.training.recipe import Recipe, recipe_toml

TWIN = "twin"
_PACKAGES = ("numpy", "polars", "onnxruntime", "pyarrow", "scikit-learn", "scipy", "timm", "torch")


class Progress(Protocol):
    """How a long job speaks: lines, and a bar a part."""

    def say(self, text: str) -> None:
        """Say one line."""

    def bar(self, description: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """Open a bar; the function that it gives takes the units that were finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """All that ``cygnet run`` was asked."""

    data: Path
    out: Path
    recipe: Recipe
    extra: tuple[Path, ...] = ()
    weights: Path | None = None
    folds: Path | None = None
    pack: Path | None = None
    allow_missing: bool = False
    skip_bad_images: bool = False
    resume: bool = False
    workers: int | None = None
    command: str = ""
    title: str = "Melanoma on dermoscopic images"
    remarks: tuple[str, ...] = ()

    def fingerprint(self, tables: dict[str, Path]) -> dict[str, str]:
        """Give what a resumed run must share with the one that it goes on with."""
        files = {f"table {name}": path for name, path in tables.items()}
        files |= {
            name: path
            for name, path in (("--weights", self.weights), ("--folds", self.folds))
            if path is not None
        }
        return {
            "recipe": hashlib.sha256(recipe_toml(self.recipe).encode()).hexdigest(),
            "--pack": str(self.pack.resolve()) if self.pack is not None else "",
            "--allow-missing": str(self.allow_missing),
            "--skip-bad-images": str(self.skip_bad_images),
            **{name: sha256_of_file(path) for name, path in sorted(files.items())},
        }


def sha256_of_file(path: Path) -> str:
    """Give the SHA-256 of a file; :class:`InputError` when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError.of(
            f"This file cannot be read: {error.strerror}.", "Check its name.", file=path
        ) from error


@dataclass(slots=True)
class RunRecord:
    """``run.json``: what was asked, with what, on which machine, and how long each part took."""

    file: Path
    document: dict[str, Any] = field(default_factory=dict)

    def note(self, **entries: object) -> None:
        """Add entries and write the file anew."""
        self.document.update(entries)
        write_text_whole(self.file, json.dumps(self.document, indent=2, allow_nan=False) + "\n")

    def add_seconds(self, part: str, seconds: float) -> None:
        """Add to the time that a part took; a part that was resumed adds up."""
        taken = dict(self.document.get("seconds", {}))
        taken[part] = round(taken.get(part, 0.0) + seconds, 2)
        self.note(seconds=taken)


def open_run(request: RunRequest, tables: dict[str, Path]) -> RunRecord:
    """Begin a RUN folder, or go on with one; write ``recipe.toml`` and ``run.json``.

    Raises :class:`StorageError` when something is there and ``resume`` was not asked for, and
    :class:`InputError` when the RUN was begun by another request.
    """
    record = RunRecord(request.out / "run.json")
    fingerprint = request.fingerprint(tables)
    if request.out.is_file():
        raise StorageError.of("A file stands there.", "Choose another name.", file=request.out)
    if record.file.is_file():
        _go_on(request, record, fingerprint)
        remove_partials(request.out)
    elif request.out.is_dir() and any(p.name != TWIN for p in request.out.iterdir()):
        raise StorageError.of(
            "This folder is not empty and holds no run.", "Choose another name.", file=request.out
        )
    else:
        write_text_whole(request.out / "recipe.toml", recipe_toml(request.recipe))
        record.note(
            status="running",
            command=request.command,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            fingerprint=fingerprint,
            versions=versions(),
            machine=machine(),
            seeds={"recipe": request.recipe.seed},
        )
    return record


def _go_on(request: RunRequest, record: RunRecord, fingerprint: dict[str, str]) -> None:
    if not request.resume:
        raise StorageError.of(
            "A run stands there already.",
            "Go on with it by --resume, or choose another name.",
            file=request.out,
        )
    try:
        record.document = json.loads(record.file.read_text(encoding="utf-8"))
        before = dict(record.document["fingerprint"])
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise InputError.of(
            "This is not the run.json of a run.", "Choose another name.", file=record.file
        ) from error
    changed = sorted(
        name for name in before | fingerprint if before.get(name) != fingerprint.get(name)
    )
    if changed:
        raise InputError.of(
            "This run was begun with something else; it cannot be resumed with what is given now.",
            "Give what it was begun with (its command stands in run.json), or another --out.",
            file=record.file,
            offenders=[Offender(name) for name in changed],
        )


def note_circumstances(record: RunRecord, arithmetic: dict[str, str | int]) -> str | None:
    """Note what the bits of the result hang on; say what is not as it was when the run began.

    ``arithmetic`` is device, threads, number format and the like. Gives None for a run that never
    changed. A change is no fault: a run may go on on another machine, but then it ends with other
    last bits than one that was never stopped.
    """
    now: dict[str, dict[str, Any]] = {
        "arithmetic": dict(arithmetic),
        "versions": versions(),
        "machine": machine(),
    }
    for part, values in now.items():
        before = record.document.setdefault(part, values)
        for name in sorted(before.keys() | values.keys()):
            was, is_ = before.get(name), values.get(name)
            if was != is_:
                changes = record.document.setdefault("resumed_with", {})
                changes[name] = {"was": was, "is": is_}
    record.note()
    changes = record.document.get("resumed_with")
    if not changes:
        return None
    told = ", ".join(f"{name} {one['is']} (was {one['was']})" for name, one in changes.items())
    return (
        f"This run was resumed with {told}: its weights may differ in their last bits from those "
        "of a run that was never stopped."
    )


def versions() -> dict[str, str]:
    """Give the versions of Cygnet, Python and the libraries that compute."""
    installed = {}
    for package in _PACKAGES:
        try:
            installed[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {"cygnet": __version__, "python": platform.python_version(), **installed}


def machine() -> dict[str, Any]:
    """Describe the machine without naming it."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "threads": default_workers(),
    }
