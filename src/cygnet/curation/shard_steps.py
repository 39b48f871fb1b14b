"""How does one step of several run over its shards? On processes or a cluster, under a bar."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeVar

from cygnet.shards import run_shards

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]

Shard = TypeVar("Shard")
Result = TypeVar("Result")


def no_bar(_: str, __: int) -> AbstractContextManager[Callable[[int], None]]:
    """Open no progress bar."""
    return nullcontext(lambda _: None)


class StepRunner(NamedTuple):
    """Runs one step after another on the same processes or cluster, each under a bar."""

    workers: int | None
    ray_address: str | None
    bar: Bar

    def over(
        self,
        title: str,
        task: Callable[[Shard], Result],
        shards: Sequence[Shard],
        units: Callable[[int], int],
    ) -> Iterator[tuple[int, Result]]:
        """Yield what ``task`` gives of each shard, as done; ``units`` counts those of a shard."""
        with self.bar(title, sum(units(index) for index in range(len(shards)))) as advance:
            for index, result in run_shards(
                task, shards, workers=self.workers, ray_address=self.ray_address
            ):
                yield index, result
                advance(units(index))


class LazyShards(Sequence[Any]):
    """Shards that are cut when they are asked for: all at once would not fit."""

    def __init__(self, count: int, cut: Callable[[int], Any]) -> None:
        self._count, self._cut = count, cut

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._cut(index)
