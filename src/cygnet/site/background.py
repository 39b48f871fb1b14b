"""What runs beside the requests? Threads that apps register, started and stopped with the server.

A thread is given an event and ends soon after it is set. One that fails is logged and begun again
after a pause: a database that is away for a minute must not end it.
"""

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections

log = logging.getLogger(__name__)

PAUSE_S = 5.0
JOIN_S = 10.0

Work = Callable[[threading.Event], None]
_registered: dict[str, Work] = {}


def register(name: str, work: Work) -> None:
    """Have ``work(stop)`` run in a thread of its own while the server serves."""
    _registered[name] = work


class Background:
    """The registered threads of one server."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start every registered thread."""
        for name, work in _registered.items():
            thread = threading.Thread(
                target=self._run, args=(name, work), name=f"cygnet {name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ask every thread to end, and wait a little for each."""
        self._stop.set()
        for thread in self._threads:
            thread.join(JOIN_S)

    def _run(self, name: str, work: Work) -> None:
        while not self._stop.is_set():
            try:
                work(self._stop)
            # Whatever it was, it is logged, and the thread begins anew.
            except Exception:
                log.exception("%s failed; it begins again in %g s", name, PAUSE_S)
                self._stop.wait(PAUSE_S)
            else:
                return
            finally:
                close_old_connections()
