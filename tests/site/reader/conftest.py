"""A reader of a small model, opened once a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cygnet.site.reader.judging import Reader
from reader_world import Running, running_reader, write_reader_model


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reader_model(tmp_path_factory.mktemp("model") / "model.onnx")


@pytest.fixture(scope="session")
def reader(small_model: Path) -> Iterator[Reader]:
    opened = Reader.open(small_model, threads=1)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def running(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_reader(small_model, tmp_path_factory.mktemp("running")) as found:
        yield found
