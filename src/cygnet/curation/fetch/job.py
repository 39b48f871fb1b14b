"""Fetch a dataset: plan, check the disk, download each file, verify, note, unpack.

A file that fails does not keep the others from coming; at the end every failure is named, with
what to do, and nothing that is missing passes for done.
"""

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from cygnet.curation.fetch.download import ask_offer, download, file_hashes
from cygnet.curation.fetch.partial import Offer, bytes_here
from cygnet.curation.fetch.record import (
    FetchedFile,
    HashBasis,
    now,
    read_fetched,
    read_manifest,
    write_fetched,
    write_manifest,
)
from cygnet.curation.fetch.registry import RemoteFile
from cygnet.curation.fetch.remote import Patience
from cygnet.curation.fetch.unpack import unpack
from cygnet.durable import storage_errors
from cygnet.errors import Fault, FetchError, StorageError

_SPARE_BYTES: Final = 64 * 1024**2
# A zip of pictures unpacks to about what it is; the exact figure is checked when it is here.
_UNPACKED_SHARE: Final = 1.05


class Progress(Protocol):
    """Where the job speaks of its progress."""

    def say(self, text: str) -> None:
        """Say one line."""

    def bytes_bar(
        self, description: str, total: int
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Open a bar of bytes; gives a function that takes how many came."""


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to fetch, where to, and how."""

    dataset: str
    files: Sequence[RemoteFile]
    out: Path
    connections: int = 4
    unpack: bool = False
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class FetchSummary:
    """What is here now: the files, and how many were unpacked from each archive."""

    out: Path
    files: tuple[FetchedFile, ...]
    kept: tuple[str, ...]
    unpacked: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Give the JSON of ``cygnet cohort fetch``."""
        return {
            "out": str(self.out),
            "n_bytes": sum(file.n_bytes for file in self.files),
            "files": [
                {
                    "name": file.name,
                    "url": file.url,
                    "n_bytes": file.n_bytes,
                    "sha256": file.sha256,
                    "hash_basis": file.hash_basis,
                    "was_there": file.name in self.kept,
                    "n_unpacked": self.unpacked.get(file.name),
                }
                for file in self.files
            ],
        }


def fetch(request: FetchRequest, progress: Progress) -> FetchSummary:
    """Fetch the files of ``request``; those that are here already are checked and kept.

    Raises :class:`FetchError` that names each file which is not here or not unpacked in the end,
    and :class:`StorageError` when the disk has too little space (before anything is downloaded) or
    refuses. What could be had is kept and noted in either case.
    """
    with storage_errors(request.out):
        request.out.mkdir(parents=True, exist_ok=True)
    return _Job(request, progress).run()


class _Job:
    def __init__(self, request: FetchRequest, progress: Progress) -> None:
        self._request = request
        self._progress = progress
        self._fetched = read_fetched(request.out)
        self._manifest = read_manifest(request.out)
        self._kept: list[str] = []
        self._offers: dict[str, Offer] = {}
        self._unpacked: dict[str, int] = {}
        self._faults: list[Fault] = []

    def run(self) -> FetchSummary:
        for file in self._request.files:
            self._try(file, self._look)
        self._validate_space()
        for file in self._request.files:
            if file.name in self._offers:
                self._try(file, self._download)
        if self._request.unpack:
            for file in self._request.files:
                if file.is_archive and (self._request.out / file.name).is_file():
                    self._try(file, self._unpack)
        if self._faults:
            raise FetchError(*self._faults)
        files = tuple(self._fetched[file.name] for file in self._request.files)
        return FetchSummary(self._request.out, files, tuple(self._kept), self._unpacked)

    def _try(self, file: RemoteFile, work: Callable[[RemoteFile], None]) -> None:
        try:
            work(file)
        except FetchError as error:
            self._progress.say(f"{file.name}: failed.")
            self._faults += error.faults
        except StorageError as error:
            # What failed before is told too; nothing more would find space.
            raise StorageError(*self._faults, *error.faults) from error

    def _look(self, file: RemoteFile) -> None:
        """Check a file that stands in OUT; ask the server what it offers of one that does not."""
        target = self._request.out / file.name
        if target.is_symlink() or (target.exists() and not target.is_file()):
            raise StorageError.of(
                "A folder or a link stands where this file goes.", "Move it away.", file=target
            )
        if not target.exists():
            self._offers[file.name] = ask_offer(file, patience=self._request.patience)
            return
        n_bytes = target.stat().st_size
        with self._progress.bytes_bar(f"Checking {file.name}", n_bytes) as advance:
            sha256, md5 = file_hashes(target, md5=file.md5 is not None, advance=advance)
        self._validate_found(file, target, sha256, md5, n_bytes)
        self._kept.append(file.name)
        self._note(file, sha256, n_bytes, None, None)

    def _validate_found(
        self, file: RemoteFile, target: Path, sha256: str, md5: str | None, n_bytes: int
    ) -> None:
        recorded = self._manifest.get(file.name)
        matches = {
            "the SHA-256 recorded for it": recorded is None or sha256 == recorded,
            "the SHA-256 published for it": file.sha256 is None or sha256 == file.sha256,
            "the MD5 published for it": file.md5 is None or md5 == file.md5,
            "its published size": file.bytes is None or n_bytes == file.bytes,
        }
        wrong = [name for name, holds in matches.items() if not holds]
        if not wrong and recorded is None and not file.has_hash:
            # Nobody vouches for it but the server: has it the size that is offered now?
            offer = ask_offer(file, patience=self._request.patience)
            if offer.total is not None and offer.total != n_bytes:
                wrong = [f"the {offer.total:,} bytes that the server offers"]
            else:
                self._progress.say(f"{file.name}: was here, and has the size that is offered.")
        if wrong:
            raise FetchError.of(
                f"This file ({n_bytes:,} bytes) does not have {' nor '.join(wrong)}.",
                "Remove it and run the same command again; it is downloaded anew.",
                file=target,
            )

    def _validate_space(self) -> None:
        """Refuse to begin what the disk cannot hold."""
        out, unpack_too = self._request.out, self._request.unpack
        needed, is_exact = 0, not unpack_too
        for file in self._request.files:
            if file.name not in self._offers:
                continue
            total = self._offers[file.name].total
            is_exact = is_exact and (total is not None or file.is_exact)
            size = file.size if total is None else total
            needed += max(0, size - bytes_here(out / file.name))
            if unpack_too and file.is_archive:
                needed += int(size * _UNPACKED_SHARE)
        free = shutil.disk_usage(out).free
        if needed and needed + _SPARE_BYTES > free:
            raise StorageError.of(
                f"{'' if is_exact else 'About '}{needed / 1e9:,.1f} GB more are needed"
                f"{' with the unpacked files' if unpack_too else ''}, and {free / 1e9:,.1f} GB are "
                "free.",
                "Free some space, fetch to another disk, or fetch fewer parts (--part).",
                file=out,
            )

    def _download(self, file: RemoteFile) -> None:
        request = self._request
        offer = self._offers[file.name]
        size = file.size if offer.total is None else offer.total
        with self._progress.bytes_bar(file.name, size) as advance:
            got = download(
                file,
                request.out / file.name,
                offer,
                patience=request.patience,
                connections=request.connections,
                advance=advance,
                say=self._progress.say,
            )
        recorded = self._manifest.get(file.name)
        if recorded is not None and recorded != got.sha256 and not file.has_hash:
            raise FetchError.of(
                f"{file.name}: the SHA-256 is {got.sha256}; {recorded} was recorded when it was "
                "first downloaded. The file has changed at its source, or on the way.",
                "It is kept for you to look at. To take it, remove its line from "
                f"{request.out / 'manifest-sha256.txt'} and run the same command again.",
            )
        basis = self._note(file, got.sha256, got.n_bytes, got.etag, got.last_modified)
        told = {
            "published": "matches the published hash",
            "first download": f"no hash is published; recorded SHA-256 {got.sha256}",
            "recorded": "matches the SHA-256 recorded at its first download",
        }
        self._progress.say(f"{file.name}: {got.n_bytes:,} bytes, {told[basis]}.")

    def _note(
        self,
        file: RemoteFile,
        sha256: str,
        n_bytes: int,
        etag: str | None,
        last_modified: str | None,
    ) -> HashBasis:
        """Note a file that is whole and right; the manifest says so from now on."""
        basis: HashBasis = "published" if file.has_hash else "first download"
        earlier = self._fetched.get(file.name)
        if basis != "published" and self._manifest.get(file.name) == sha256:
            basis = "recorded"
        if earlier is None or earlier.sha256 != sha256 or etag is not None:
            self._fetched[file.name] = FetchedFile(
                file.name, file.url, n_bytes, sha256, basis, etag, last_modified, now()
            )
            write_fetched(self._request.out, self._request.dataset, self._fetched)
        if self._manifest.get(file.name) != sha256:
            self._manifest[file.name] = sha256
            write_manifest(self._request.out, self._manifest)
        return basis

    def _unpack(self, file: RemoteFile) -> None:
        out = self._request.out
        archive = out / file.name
        size = int(archive.stat().st_size * _UNPACKED_SHARE)
        with self._progress.bytes_bar(f"Unpacking {file.name}", size) as advance:
            hashes = unpack(archive, out, advance=advance)
        self._unpacked[file.name] = len(hashes)
        self._manifest |= hashes
        write_manifest(out, self._manifest)
