"""Is a folder what its checksums say? What is missing, what changed, and what is there besides.

Judges a release of Cygnet, anybody's BagIt bag, and a download beside a list of checksums. Changes
nothing, and reads nothing outside the folder: a link that leads out counts as changed.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cygnet.curation.release.bag import (
    BAG_INFO,
    DECLARATION,
    IMAGE_CHECKSUMS,
    PAYLOAD,
    file_digest,
)
from cygnet.curation.release.checksum_list import Listed, read_checksum_list
from cygnet.errors import InputError, Offender

_LISTS: Final = (
    "SHA256SUMS*",
    "SHA512SUMS*",
    "MD5SUMS*",
    "sha256sum*.txt",
    "sha512sum*.txt",
    "md5sum*.txt",
    "checksums*.txt",
    "images-sha256.txt",
    "manifest-*.txt",
    "*.sha256",
    "*.sha512",
    "*.md5",
)


@dataclass(frozen=True, slots=True)
class Altered:
    """A file that is not what the list says, and how."""

    path: str
    how: str


@dataclass(frozen=True)
class Verification:
    """What was found; ``lists`` are the files that were believed. Paths are from the folder."""

    folder: Path
    kind: str
    lists: tuple[str, ...]
    n_listed: int
    n_bytes: int
    missing: tuple[str, ...]
    changed: tuple[Altered, ...]
    extra: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every listed file is there and unchanged, and no other is."""
        return not (self.missing or self.changed or self.extra)

    def as_json(self) -> dict[str, Any]:
        """Give it as the JSON of ``cygnet cohort verify``."""
        return {
            "ok": self.ok,
            "folder": str(self.folder),
            "kind": self.kind,
            "lists": list(self.lists),
            "n_listed": self.n_listed,
            "n_bytes": self.n_bytes,
            "missing": list(self.missing),
            "changed": [{"path": one.path, "how": one.how} for one in self.changed],
            "extra": list(self.extra),
        }


def verify(
    folder: Path,
    *,
    checksums: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Check ``folder`` against ``checksums``, or against the lists that it holds itself.

    ``progress`` is told how many more files were read. Raises :class:`InputError` when the folder
    is none, holds no list or several that may be meant, or a list cannot be believed.
    """
    if not folder.is_dir():
        raise InputError.of("There is no such folder.", "Check the path for a slip.", file=folder)
    if checksums is not None:
        listed = read_checksum_list(checksums)
        return _checked(folder, "download", [checksums], listed, payload_only=False, tell=progress)
    if (folder / DECLARATION).is_file():
        return _verify_bag(folder, progress)
    found = sorted({path for name in _LISTS for path in folder.glob(name) if path.is_file()})
    if len(found) != 1:
        rule = "No list of checksums is in this folder." if not found else "Several lists are here."
        raise InputError.of(
            rule,
            "Name one with --checksums FILE.",
            file=folder,
            offenders=[Offender(path.name) for path in found],
        )
    listed = read_checksum_list(found[0])
    return _checked(folder, "download", found, listed, payload_only=False, tell=progress)


def count_listed(folder: Path, checksums: Path | None = None) -> int:
    """Give about how many files :func:`verify` will read; 0 where that cannot be said."""
    lists = [checksums] if checksums else [*folder.glob("*manifest-*.txt")]
    return sum(path.read_bytes().count(b"\n") for path in lists if path.is_file())


def _verify_bag(folder: Path, tell: Callable[[int], None] | None) -> Verification:
    manifests = sorted(folder.glob("manifest-*.txt"))
    tag_manifests = sorted(folder.glob("tagmanifest-*.txt"))
    if not manifests:
        raise InputError.of(
            "This bag has no manifest.", "Fetch manifest-sha256.txt again.", file=folder
        )
    listed = [one for path in manifests for one in read_checksum_list(path, is_bag=True)]
    payload = {one.path for one in listed}
    for path in tag_manifests:
        listed += read_checksum_list(path, is_bag=True)
    kind = "release" if (folder / "release.json").is_file() else "bag"
    if kind == "release":
        listed += _unpacked(folder, {one.path for one in listed})
    lists = [*manifests, *tag_manifests]
    # Without a tag manifest the standard lets anything lie beside the payload.
    payload_only = not tag_manifests
    found = _checked(folder, kind, lists, listed, payload_only=payload_only, tell=tell)
    return _with_oxum(folder, found, payload)


def _unpacked(folder: Path, listed: set[str]) -> list[Listed]:
    """Give the images of a release that were unpacked beside their zip files, to be checked too."""
    images = folder / IMAGE_CHECKSUMS
    if not images.is_file():
        return []
    named = [
        Listed(f"{PAYLOAD}/{one.path}", one.algorithm, one.digest)
        for one in read_checksum_list(images)
    ]
    return [one for one in named if one.path not in listed and (folder / one.path).exists()]


def _with_oxum(folder: Path, found: Verification, payload: set[str]) -> Verification:
    """Hold the payload's size that the bag states, if it does, against the payload."""
    info = folder / BAG_INFO
    stated = ""
    if info.is_file():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        key = "payload-oxum:"
        stated = next((x[len(key) :].strip() for x in lines if x.casefold().startswith(key)), "")
    if not stated or found.missing or found.changed or found.extra:
        return found
    files = [path for path in _files(folder) if path in payload]
    here = f"{sum((folder / path).stat().st_size for path in files)}.{len(files)}"
    if here == stated:
        return found
    how = f"Payload-Oxum says {stated}, the payload has {here}"
    return Verification(
        found.folder, found.kind, found.lists, found.n_listed, found.n_bytes,
        found.missing, (Altered(BAG_INFO, how),), found.extra,
    )  # fmt: skip


def _checked(
    folder: Path,
    kind: str,
    lists: Sequence[Path],
    listed: Iterable[Listed],
    *,
    payload_only: bool,
    tell: Callable[[int], None] | None,
) -> Verification:
    sums: dict[str, list[Listed]] = {}
    for one in listed:
        sums.setdefault(one.path, []).append(one)
    missing, changed = [], []
    n_bytes = 0
    root = folder.resolve()
    for name, wanted in sorted(sums.items()):
        path = folder / name
        how = None
        if not path.resolve().is_relative_to(root):
            how = "a link that leads out of the folder"
        elif not path.is_file():
            missing.append(name)
        else:
            n_bytes += path.stat().st_size
            how = _difference(path, wanted)
        if how is not None:
            changed.append(Altered(name, how))
        if tell is not None:
            tell(len(wanted))
    known = {*sums, DECLARATION, *(_inside(path, folder) for path in lists)}
    if kind != "download":
        known |= {path.name for path in folder.glob("tagmanifest-*.txt")}
    there = _files(folder)
    extra = [
        name
        for name in there
        if name not in known and (not payload_only or name.startswith(f"{PAYLOAD}/"))
    ]
    return Verification(
        folder=folder,
        kind=kind,
        lists=tuple(_inside(path, folder) for path in lists),
        n_listed=len(sums),
        n_bytes=n_bytes,
        missing=tuple(missing),
        changed=tuple(changed),
        extra=tuple(sorted(extra)),
    )


def _difference(path: Path, wanted: Sequence[Listed]) -> str | None:
    for one in wanted:
        try:
            digest = file_digest(path, one.algorithm)
        except OSError as error:
            return f"it cannot be read ({error.strerror})"
        if digest != one.digest:
            return f"{one.algorithm} is {digest[:12]}..., the list says {one.digest[:12]}..."
    return None


def _inside(path: Path, folder: Path) -> str:
    if path.resolve().is_relative_to(folder.resolve()):
        return path.resolve().relative_to(folder.resolve()).as_posix()
    return str(path)


def _files(folder: Path) -> list[str]:
    """Give every file below ``folder``; links to folders are named and not followed."""
    found = []
    for base, folders, files in os.walk(folder):
        here = Path(base)
        links = [name for name in folders if (here / name).is_symlink()]
        found += [(here / name).relative_to(folder).as_posix() for name in (*files, *links)]
    return found
