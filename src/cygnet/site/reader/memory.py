"""Where are a patient's pictures while they are looked at? In this process's memory, bounded.

No file is ever written. A patient is gone with the page, after a time without a look, and with the
process. All encoded bytes together are bounded; who asks for more is refused, nobody is pushed out.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

LIMIT_BYTES = 2**30
KEPT_S = 15 * 60.0
LEAVING_S = 10.0
_KEY_BYTES = 16

Kept = TypeVar("Kept")


class MemoryFullError(Exception):
    """No room is left for so many bytes; it may be tried again when others have gone."""


@dataclass(slots=True)
class _Entry(Generic[Kept]):
    kept: Kept
    n_bytes: int
    gone_at_s: float


class Memory(Generic[Kept]):
    """Holds patients by a key that nobody can guess, each for a time.

    ``clock`` gives seconds that only rise. Safe to use from several threads.
    """

    def __init__(
        self,
        limit_bytes: int = LIMIT_BYTES,
        kept_s: float = KEPT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit_bytes, self.kept_s = limit_bytes, kept_s
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry[Kept]] = {}
        self._held_bytes = 0
        self._reserved_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Encoded bytes held and reserved."""
        with self._lock:
            return self._held_bytes + self._reserved_bytes

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    @contextmanager
    def reserved(self, n_bytes: int) -> Iterator[None]:
        """Set room aside for a body that is on its way; raises :class:`MemoryFullError`."""
        self.forget_old()
        with self._lock:
            self._check(n_bytes)
            self._reserved_bytes += n_bytes
        try:
            yield
        finally:
            with self._lock:
                self._reserved_bytes -= n_bytes

    def keep(self, kept: Kept, n_bytes: int) -> str:
        """Keep a patient of ``n_bytes`` and give the key; raises :class:`MemoryFullError`."""
        self.forget_old()
        key = secrets.token_urlsafe(_KEY_BYTES)
        with self._lock:
            self._check(n_bytes, reserved=False)
            self._held_bytes += n_bytes
            self._entries[key] = _Entry(kept, n_bytes, self._clock() + self.kept_s)
        return key

    def grow(self, key: str, n_bytes: int) -> None:
        """Count ``n_bytes`` more to a patient; raises :class:`MemoryFullError`."""
        with self._lock:
            self._check(n_bytes, reserved=False)
            entry = self._entries.get(key)
            if entry is not None:
                entry.n_bytes += n_bytes
                self._held_bytes += n_bytes

    def look(self, key: str) -> Kept | None:
        """Give a patient and keep them on; ``None`` where they are gone."""
        self.forget_old()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            entry.gone_at_s = self._clock() + self.kept_s
            return entry.kept

    def leave(self, key: str) -> None:
        """Note that the page was left: unless it is looked at again at once, the patient goes."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                entry.gone_at_s = min(entry.gone_at_s, self._clock() + LEAVING_S)

    def forget(self, key: str) -> None:
        """Let a patient go now."""
        with self._lock:
            self._drop(key)

    def forget_old(self) -> None:
        """Let all go whose time has passed; called by every use, and by the server's clock."""
        with self._lock:
            now = self._clock()
            for key in [key for key, one in self._entries.items() if one.gone_at_s <= now]:
                self._drop(key)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._held_bytes -= entry.n_bytes

    def _check(self, n_bytes: int, *, reserved: bool = True) -> None:
        used = self._held_bytes + (self._reserved_bytes if reserved else 0)
        if used + n_bytes > self.limit_bytes:
            raise MemoryFullError
