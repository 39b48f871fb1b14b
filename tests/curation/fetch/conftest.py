"""What the tests of the download share: a server, and a job against it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cygnet.curation.fetch import download, partial
from fetch_bench import Bench
from hostile_server import serving


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A server with small pieces, so that a small file has many."""
    monkeypatch.setattr(partial, "MIN_PIECE_BYTES", 20_000)
    monkeypatch.setattr(download, "_SAVE_EVERY_S", 0.0)
    with serving() as server:
        yield Bench(server, tmp_path / "out")
