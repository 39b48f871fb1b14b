"""One synthetic cohort, whose files tell what must not be released, and its first release."""

from pathlib import Path

import pytest

from cygnet.curation.release.release import write_release
from small_release import SECTIONS, Released, config, write_source


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="session")
def released(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Released:
    folder = tmp_path_factory.mktemp("released")
    settings = config(folder, SECTIONS)
    summary = write_release(source, folder / "v1", settings, workers=1)
    return Released(source, folder, settings, summary)
