"""Where does a release grow until it is whole? In one hidden folder inside OUT.

OUT holds either nothing but that folder, or the whole release. A release that was stopped goes on
in it when the inputs are the same; leftovers of other inputs are thrown away. Publishing renames
what is whole, the bag's declaration last, and can itself be gone on with.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cygnet.curation.release.bag import DECLARATION
from cygnet.durable import remove_partials, storage_errors, write_text_whole
from cygnet.errors import StorageError

_WORK: Final = ".cygnet-release"
_STATE: Final = "state.json"


@dataclass(frozen=True)
class Workplace:
    """The folders in which the release in ``out`` is made: ``tree`` becomes what OUT holds."""

    out: Path
    went_on: bool

    @property
    def folder(self) -> Path:
        """The hidden folder itself."""
        return self.out / _WORK

    @property
    def tree(self) -> Path:
        """What OUT is to hold."""
        return self.folder / "tree"

    @property
    def data(self) -> Path:
        """The payload of the bag."""
        return self.tree / "data"

    @property
    def _state(self) -> Path:
        return self.folder / _STATE

    @property
    def is_whole(self) -> bool:
        """Whether all is made, and only the renames are left."""
        return "whole" in _read_state(self._state)

    def publish(self) -> None:
        """Rename everything into OUT, the declaration of the bag last, and clear up."""
        with storage_errors(self.out):
            state = _read_state(self._state)
            if "whole" not in state:
                state["whole"] = sorted(entry.name for entry in self.tree.iterdir())
                write_text_whole(self._state, json.dumps(state) + "\n")
            for name in sorted(state["whole"], key=lambda name: (name == DECLARATION, name)):
                if (self.tree / name).exists():
                    (self.tree / name).rename(self.out / name)
            for folder in (entry for entry in self.folder.iterdir() if entry.is_dir()):
                shutil.rmtree(folder)
            # Last, so that a release whose clearing up was stopped is known for what it is.
            self._state.unlink()
            self.folder.rmdir()


def _read_state(state: Path) -> dict[str, Any]:
    try:
        document = json.loads(state.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def open_workplace(out: Path, fingerprint: str) -> Workplace:
    """Begin in ``out``, or go on where a release of the same inputs was stopped.

    ``fingerprint`` tells inputs apart. Raises :class:`StorageError` when OUT holds anything but
    an unfinished release, or is a link or a file.
    """
    work = out / _WORK
    if out.is_symlink() or (out.exists() and not out.is_dir()) or work.is_symlink():
        raise StorageError.of("This is a link or a file.", "Choose another name.", file=out)
    here = {entry.name for entry in out.iterdir()} if out.is_dir() else set()
    state = _read_state(work / _STATE)
    same = state.get("inputs") == fingerprint
    if here - {_WORK} and not (same and "whole" in state):
        raise StorageError.of(
            "This is already there and is not an empty folder.",
            "Choose another name, or remove it first; a version is never written over another.",
            file=out,
        )
    with storage_errors(out):
        if not same and work.exists():
            shutil.rmtree(work)
        for folder in (work / "tree" / "data", work / "parts"):
            folder.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(work)
        if not same:
            write_text_whole(work / _STATE, json.dumps({"inputs": fingerprint}) + "\n")
    return Workplace(out, went_on=same)


def _clear_leftovers(work: Path) -> None:
    """Delete what a killed process left half-written."""
    remove_partials(work)
    for temporary in (work / "parts").glob(".dicom-*"):
        shutil.rmtree(temporary)
