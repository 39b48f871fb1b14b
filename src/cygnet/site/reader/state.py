"""What does one process of the reader hold? The opened model, the memory, and who may come in."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from cygnet.site.reader.judging import Patient, Reader
from cygnet.site.reader.known_patients import KnownPatients
from cygnet.site.reader.memory import LIMIT_BYTES, Memory

READ_AT_ONCE = 2
WAITING = 8
MOST_BODY_BYTES = LIMIT_BYTES
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Given = TypeVar("Given")


@dataclass(slots=True)
class Gate:
    """Counts who is being read; who comes when it is full is asked to come again.

    Used from the event loop alone, so that it needs no lock.
    """

    most: int = READ_AT_ONCE + WAITING
    inside: int = 0

    def enter(self) -> bool:
        """Let one in where there is room."""
        if self.inside >= self.most:
            return False
        self.inside += 1
        return True

    def leave(self) -> None:
        """Let one out."""
        self.inside -= 1


@dataclass(frozen=True, slots=True)
class Admission:
    """Under which names the reader answers, and the token that it asks for beyond this machine."""

    hosts: frozenset[str]
    token: str | None = None

    @classmethod
    def of(cls, host: str, names: frozenset[str] = frozenset()) -> "Admission":
        """Admit this machine alone on a loopback address; elsewhere ask for a new token."""
        if host in LOOPBACK:
            return cls(LOOPBACK)
        return cls(LOOPBACK | {host.lower()} | names, secrets.token_urlsafe(24))


@dataclass(slots=True, eq=False)
class State:
    """Everything that views need, made once."""

    reader: Reader
    admission: Admission
    known: KnownPatients | None = None
    memory: Memory[Patient] = field(default_factory=Memory)
    gate: Gate = field(default_factory=Gate)
    reading: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="read")
    )
    showing: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(4, thread_name_prefix="show")
    )

    async def show(self, work: Callable[..., Given], *values: Any, **named: Any) -> Given:
        """Do light work off the event loop, in the language spoken here."""
        return await in_pool(self.showing, partial(work, *values, **named))

    async def read(self, work: Callable[..., Given], *values: Any, **named: Any) -> Given:
        """Do the work of a model, as many at once as the processor bears."""
        return await in_pool(self.reading, partial(work, *values, **named))

    def close(self) -> None:
        """Let the threads go."""
        self.reading.shutdown(cancel_futures=True)
        self.showing.shutdown(cancel_futures=True)
        self.reader.close()


async def in_pool(pool: ThreadPoolExecutor, work: Callable[[], Given]) -> Given:
    """Run ``work`` in ``pool`` with the caller's context, so that it speaks the same language."""
    from contextvars import copy_context

    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, lambda: context.run(work))
