"""What may a reader do with bytes that lie? Refuse them; not crash, hang, eat memory or escape.

For a process of its own, which does not outlive a reader that hangs.
"""

import faulthandler
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOST_S = 5.0
MOST_BYTES = 1024**3

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Audit events of the standard library, and which of their arguments are paths that are changed.
_CHANGES: dict[str, tuple[int, ...]] = {
    "os.mkdir": (0,),
    "os.rename": (0, 1),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.utime": (0,),
    "shutil.rmtree": (0,),
}
_STARTS = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect"}
)


class EscapeError(BaseException):
    """Something outside the folder was written, or another program or a server was asked."""


class Guard:
    """Watches what the process does while an input is read."""

    def __init__(self, out: Path, most_s: float = MOST_S) -> None:
        self._most_s = most_s
        self._out = str(out.resolve())
        self._is_on = False
        self.escapes: list[str] = []
        sys.addaudithook(self._audit)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Says where the process was, then leaves it to the signal to end it.
        faulthandler.register(signal.SIGPROF, chain=True)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the block: it may grow by ``MOST_BYTES`` and take ``most_s`` of processor time.

        The process ends by SIGPROF when it takes longer, and when it sleeps ten times as long.
        """
        self.escapes.clear()
        self._limit_memory()
        faulthandler.dump_traceback_later(10 * self._most_s, exit=True)
        signal.setitimer(signal.ITIMER_PROF, self._most_s)
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        if self.escapes:
            raise EscapeError(self.escapes[0])

    def _limit_memory(self) -> None:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + MOST_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event in _STARTS:
            self._escape(f"{event} {arguments[0]!r}")
        elif event == "open":
            path, mode, flags = arguments
            if (isinstance(flags, int) and flags & _WRITING) or (mode and set(mode) & set("wax+")):
                self._check(event, path)
        for place in _CHANGES.get(event, ()):
            self._check(event, arguments[place])

    def _check(self, event: str, path: object) -> None:
        if isinstance(path, int) or str(path) == os.devnull:
            return
        # What stands under the last name is replaced or opened by it; the folder decides where.
        name = Path(os.fsdecode(path))  # type: ignore[arg-type]
        real = str(name.parent.resolve() / name.name)
        if real != self._out and not real.startswith(self._out + os.sep):
            self._escape(f"{event} {path!r}")

    def _escape(self, text: str) -> None:
        self.escapes.append(text)
