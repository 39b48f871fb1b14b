"""How is the reader served? One process, uvicorn, and logs that hold no name and no pixel."""

import asyncio
import contextlib
import logging
import socket
import traceback
from collections.abc import Callable
from typing import Any

from cygnet.errors import StorageError
from cygnet.site.reader.door import Door
from cygnet.site.reader.settings import set_up
from cygnet.site.reader.state import Admission, State

_SWEEP_S = 15.0
_BACKLOG = 256


def application(state: State) -> Door:
    """Give the ASGI application of ``state``."""
    set_up()
    from django.core.handlers.asgi import ASGIHandler

    return Door(ASGIHandler(), state)


class PlainFormatter(logging.Formatter):
    """Says that something failed and where in the program, never with which values.

    A message or an exception may repeat a file's name; its kind and its line cannot.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one line of a record, leaving out its message and its arguments."""
        where = f"{record.module}:{record.lineno}"
        kind = ""
        if record.exc_info and record.exc_info[1] is not None:
            kind = f" {type(record.exc_info[1]).__name__}"
            frames = traceback.extract_tb(record.exc_info[2])
            if frames:
                where = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}"
        return f"{record.levelname.lower()}: {record.name}{kind} at {where}"


def quiet_logs() -> None:
    """Let warnings through, without their words; requests are not logged at all."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "django", "django.request"):
        one = logging.getLogger(name)
        one.handlers[:] = []
        one.propagate = True
        one.setLevel(logging.ERROR)


def admission_for(host: str) -> Admission:
    """Give who is let in on ``host``: beyond loopback this machine's own names, and a token."""
    names = {socket.gethostname().lower(), socket.getfqdn().lower()}
    return Admission.of(host, frozenset(names))


def listening(host: str, port: int) -> socket.socket:
    """Open the socket; raises :class:`StorageError` where the address is taken or is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except (OSError, OverflowError) as error:
        opened.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError.of(
            f"The reader cannot answer at {host}, port {port}: {reason}.",
            "Choose another with --port or --host; --port 0 takes one that is free.",
        ) from error
    opened.listen(_BACKLOG)
    return opened


def address_of(opened: socket.socket, host: str) -> str:
    """Give the address to open in a browser."""
    port = opened.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/"


def serve(state: State, opened: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
    """Answer on ``opened`` until interrupted; ``ready`` is called when it does."""
    import uvicorn

    quiet_logs()
    config = uvicorn.Config(
        application(state),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=2**16,
    )
    server = uvicorn.Server(config)

    async def whole() -> None:
        sweeping = asyncio.ensure_future(_sweep(state))
        ready()
        try:
            await server.serve(sockets=[opened])
        finally:
            sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeping

    try:
        asyncio.run(whole())
    finally:
        state.close()


async def _sweep(state: State) -> Any:
    """Let patients go when their time is over, though nobody asks."""
    while True:
        await asyncio.sleep(_SWEEP_S)
        state.memory.forget_old()
