"""Shards come back whole, each with its index, whatever runs them."""

import os
import signal
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from cygnet.errors import InputError, WorkerError
from cygnet.shards import run_shards


def squared(number: int) -> int:
    return number * number


def refused(number: int) -> int:
    if number == 3:
        raise InputError.of("Three is not allowed.", "Give another.")
    return number


def killed(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_every_shard_comes_back_with_its_index(workers: int) -> None:
    found = dict(run_shards(squared, list(range(9)), workers=workers))
    assert found == {index: index * index for index in range(9)}


def test_no_shards_give_nothing() -> None:
    assert list(run_shards(squared, [], workers=2)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_task_is_raised_with_its_faults(workers: int) -> None:
    with pytest.raises(InputError, match="Three is not allowed") as error:
        list(run_shards(refused, list(range(6)), workers=workers))
    assert error.value.faults[0].remedy == "Give another."


def test_a_killed_worker_is_told_not_waited_for() -> None:
    with pytest.raises(WorkerError, match="memory"):
        list(run_shards(killed, list(range(6)), workers=2))


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield "auto"
    ray.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray warns of its own settings
def test_a_ray_cluster_gives_what_processes_give(cluster: str) -> None:
    found = dict(run_shards(squared, list(range(9)), ray_address=cluster))
    assert found == {index: index * index for index in range(9)}
    with pytest.raises(InputError, match="Three is not allowed"):
        list(run_shards(refused, list(range(6)), ray_address=cluster))


def slow(shard: tuple[float, str]) -> float:
    """Sleep, and say in a file that this began and was left in order."""
    seconds, file = shard
    Path(f"{file}.begun").touch()
    try:
        time.sleep(seconds)
    finally:
        Path(f"{file}.left").touch()
    return seconds


@pytest.mark.parametrize("how", ["interrupted", "left alone"])
def test_shards_at_work_are_stopped_and_leave_in_order(tmp_path: Path, how: str) -> None:
    shards = [(0.0, str(tmp_path / "first"))]
    shards += [(60.0, str(tmp_path / f"slow-{number}")) for number in range(8)]
    found = run_shards(slow, shards, workers=2)
    assert isinstance(found, Generator)
    assert next(found) == (0, 0.0)
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("slow-*.begun")) and time.monotonic() < deadline:
        time.sleep(0.05)
    start = time.monotonic()
    if how == "interrupted":
        with pytest.raises(KeyboardInterrupt):
            found.throw(KeyboardInterrupt)
    else:
        found.close()
    assert time.monotonic() - start < 10
    begun = {file.stem for file in tmp_path.glob("*.begun")}
    assert len(begun) > 1
    assert begun == {file.stem for file in tmp_path.glob("*.left")}
