"""How long may a connection say nothing? Caps below HTTP: header time, header bytes, connections.

uvicorn waits for ever for a request's first line; this protocol does not.
"""

import asyncio
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cygnet.site.addresses import Network, is_within, one_client

HEADER_S = 15.0
HEADER_BYTES = 64 * 1024
PER_ADDRESS = 256
IN_ALL = 2048


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with caps."""

    open_connections: ClassVar[Counter[str]] = Counter()
    # The proxy brings everybody's connections; its own limits hold there.
    trusted: ClassVar[tuple[Network, ...]] = ()

    _peer = ""
    _header_bytes = 0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Count the connection; one too many is closed at once."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        self._peer = one_client(address)
        self.open_connections[self._peer] += 1
        too_many = (
            self.open_connections[self._peer] > PER_ADDRESS and not is_within(address, self.trusted)
        ) or self.open_connections.total() > IN_ALL
        if too_many:
            transport.close()
        else:
            self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self._stop_waiting()
        self.open_connections[self._peer] -= 1
        if self.open_connections[self._peer] <= 0:
            del self.open_connections[self._peer]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Start the clock of a request that begins on a kept connection."""
        # uvicorn has none before the first request, whatever its type says.
        cycle = getattr(self, "cycle", None)
        idle = cycle is None or cycle.response_complete
        if idle and self._waiting is None:
            self._wait_for_headers()
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Count header bytes from here."""
        self._header_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count the address's bytes."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header's bytes."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Headers are whole: the gate watches from here."""
        self._stop_waiting()
        super().on_headers_complete()

    def _count(self, n_bytes: int) -> None:
        self._header_bytes += n_bytes
        if self._header_bytes > HEADER_BYTES:
            self.transport.close()

    def _wait_for_headers(self) -> None:
        self._waiting = asyncio.get_running_loop().call_later(HEADER_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
