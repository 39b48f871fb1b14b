"""Many clients at once: answered or told when to come again, with memory that stays."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from reader_world import lesion_jpeg

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "reader_load.py"


def _benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("reader_load", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_sixty_four_clients_are_answered_or_told_to_come_again(
    small_model: Path, tmp_path: Path
) -> None:
    pictures = []
    for at in range(3):
        path = tmp_path / f"{at}.jpg"
        path.write_bytes(lesion_jpeg(at))
        pictures.append(path)
    told, (third, end, _) = _benchmark().measure(small_model, pictures, clients=64, seconds=12)
    assert set(told) == {"200", "503"}
    assert told["200"] >= 4
    assert end - third < 100
