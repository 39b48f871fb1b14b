"""One task a shard, on a local process pool or a running Ray cluster: the one seam to a cluster.

A task is a module-level function of one picklable shard. Results come back as they are done, each
with the index of its shard, so that the caller can show progress and write in its own order.
"""

import importlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from cygnet.errors import InputError, MissingExtraError, WorkerError

Shard = TypeVar("Shard")
Result = TypeVar("Result")

_QUEUED_PER_WORKER = 2
_RAY_RETRIES = 3


def default_workers() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_shards(
    task: Callable[[Shard], Result],
    shards: Sequence[Shard],
    *,
    workers: int | None = None,
    ray_address: str | None = None,
) -> Iterator[tuple[int, Result]]:
    """Yield ``(index, task(shards[index]))`` for every shard, in the order of completion.

    ``workers`` defaults to the processors at hand; one worker runs in this process. With
    ``ray_address`` the shards run on that cluster (``"auto"`` finds a local one) and a shard whose
    node dies is run again. An exception of the task is raised here and stops what is left. When
    this process is interrupted, or the results are no longer wanted, local shards at work are
    stopped by a SystemExit, so that they clear up after themselves.

    Raises :class:`WorkerError` when a local worker is killed, :class:`MissingExtraError` when Ray
    is asked for and not installed, :class:`InputError` when no cluster answers.
    """
    if ray_address is not None:
        return _on_ray(task, shards, ray_address)
    count = min(workers or default_workers(), len(shards))
    if count <= 1:
        return ((index, task(shard)) for index, shard in enumerate(shards))
    return _on_processes(task, shards, count)


def _on_processes(
    task: Callable[[Shard], Result], shards: Sequence[Shard], workers: int
) -> Iterator[tuple[int, Result]]:
    # Spawned, not forked: forking a process that holds polars' or OpenCV's threads can deadlock.
    context = multiprocessing.get_context("spawn")
    pending: dict[Future[Result], int] = {}
    queue = iter(enumerate(shards))
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_await_stop) as pool:
        try:
            for index, shard in queue:
                # Workers are started here, when there is work for one more.
                with _interrupts_held():
                    future = pool.submit(_until_stopped, task, shard)
                pending[future] = index
                if len(pending) >= workers * _QUEUED_PER_WORKER:
                    yield from _completed(pending)
            while pending:
                yield from _completed(pending)
        except BrokenProcessPool as error:
            message = (
                "A worker process was killed before its shard was done; the usual cause is memory."
                " Run again with fewer workers."
            )
            raise WorkerError(message) from error
        except (KeyboardInterrupt, GeneratorExit):
            # A shard may take minutes; nobody waits for it any more.
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_stopped = False


def _await_stop() -> None:
    """Let a worker that is terminated leave its shard as by an exception."""

    def stop(_: int, __: object) -> None:
        global _stopped  # noqa: PLW0603 - a handler has no other way to tell
        _stopped = True
        # Once is enough: a second would come in the middle of clearing up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)


def _until_stopped(task: Callable[[Shard], Result], shard: Shard) -> Result:
    try:
        return task(shard)
    finally:
        if _stopped:
            # The pool would take the exit for a result, and wait for work.
            os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back from processes that are started within, for good, and from this one until.

    A terminal sends it to every process of the group. A worker that is still importing would print
    a traceback; this process alone decides, and stops its workers.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Its own start unblocks the signal.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _completed(pending: dict[Future[Result], int]) -> Iterator[tuple[int, Result]]:
    done, _ = wait(pending, return_when=FIRST_COMPLETED)
    for future in done:
        yield pending.pop(future), future.result()


def _on_ray(
    task: Callable[[Shard], Result], shards: Sequence[Shard], address: str
) -> Iterator[tuple[int, Result]]:
    try:
        ray: Any = importlib.import_module("ray")
    except ImportError as error:
        raise MissingExtraError.of(
            "Ray is not installed.", "Install it with: pip install 'cygnet[ray]'"
        ) from error
    started = not ray.is_initialized()
    if started:
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError.of(
                f"No Ray cluster answers at {address}.",
                "Start one with: ray start --head, and give its address, or leave --ray out."
                " Where the cluster asks for a token, as Ray's own do, set RAY_AUTH_MODE=token.",
            ) from error
    try:
        remote: Any = ray.remote(max_retries=_RAY_RETRIES, retry_exceptions=False)(task)
        in_flight_limit = max(1, int(ray.cluster_resources().get("CPU", 1))) * _QUEUED_PER_WORKER
        yield from _ray_results(ray, remote, shards, in_flight_limit)
    finally:
        if started:
            ray.shutdown()


def _ray_results(
    ray: Any, remote: Any, shards: Sequence[Shard], in_flight_limit: int
) -> Iterator[tuple[int, Any]]:
    pending: dict[Any, int] = {}
    queue = iter(enumerate(shards))
    exhausted = False
    while pending or not exhausted:
        while not exhausted and len(pending) < in_flight_limit:
            item = next(queue, None)
            if item is None:
                exhausted = True
            else:
                pending[remote.remote(item[1])] = item[0]
        if not pending:
            return
        done, _ = ray.wait(list(pending), num_returns=1)
        for reference in done:
            index = pending.pop(reference)
            try:
                result = ray.get(reference)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from error
            except ray.exceptions.RayError as error:
                message = "A Ray worker died and the shard failed again when it was retried."
                raise WorkerError(message) from error
            yield index, result
