"""A server, a folder, and how to fetch from the one into the other, for tests."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cygnet.curation.fetch.job import FetchRequest, FetchSummary, fetch
from cygnet.curation.fetch.registry import RemoteFile
from cygnet.curation.fetch.remote import Patience
from hostile_server import HostedFile, HostileServer

QUICK = Patience(
    retries=4, first_s=0.01, longest_s=0.05, longest_asked_s=2.0, silence_s=1.0, progress_bytes=1000
)


def content(n_bytes: int, seed: int = 0) -> bytes:
    """Draw bytes that no other place of a file repeats."""
    return random.Random(seed).randbytes(n_bytes)


@dataclass
class Spoken:
    """Remembers what a job says, and how many bytes it was told came."""

    lines: list[str] = field(default_factory=list)
    bytes: dict[str, int] = field(default_factory=dict)

    def say(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def bytes_bar(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        assert total >= 0

        def advance(n_bytes: int) -> None:
            self.bytes[description] = self.bytes.get(description, 0) + n_bytes

        yield advance


@dataclass
class Bench:
    """A server, a folder, and how to fetch from one into the other."""

    server: HostileServer
    out: Path
    spoken: Spoken = field(default_factory=Spoken)

    def host(self, name: str, hosted: HostedFile) -> None:
        self.server.files[f"/{name}"] = hosted

    def file(self, name: str, **known: Any) -> RemoteFile:
        hosted = self.server.files.get(f"/{name}")
        size = len(hosted.content) if hosted is not None else 1000
        given = {"about_bytes": size} if "bytes" not in known else {}
        document = {"name": name, "part": "tables", "url": f"{self.server.url}/{name}"}
        return RemoteFile.model_validate(document | given | known)

    def fetch(self, *files: RemoteFile, patience: Patience = QUICK, **more: Any) -> FetchSummary:
        request = FetchRequest("drawn", files, self.out, patience=patience, **more)
        return fetch(request, self.spoken)

    def here(self, name: str) -> bytes:
        return (self.out / name).read_bytes()

    def names(self) -> set[str]:
        return {path.name for path in self.out.iterdir()}
