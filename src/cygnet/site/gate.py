"""Who may send how much for how long? The outermost layer, before Django sees a body.

It knows a client by its address, authenticates uploads of the API before a byte of the body is
read, caps bytes and time of bodies and the requests in flight, and hands Django whole requests
only: slow senders and slow readers hold no thread.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cygnet.site.addresses import Network, one_client, origin

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Authenticate = Callable[[str], Awaitable[bool]]

UPLOADS = frozenset({"/api/v1/submissions", "/challenge/submit/"})
TOKEN_UPLOADS = frozenset({"/api/v1/submissions"})


@dataclass(frozen=True, slots=True)
class GateLimits:
    """The caps; bytes, seconds, counts."""

    # The file itself may have 8 MB; a form's own words around it get 64 KiB.
    upload_bytes: int = 8 * 1024 * 1024 + 64 * 1024
    form_bytes: int = 1024 * 1024
    body_s: float = 60.0
    pause_s: float = 15.0
    buffered_bytes: int = 256 * 1024 * 1024
    per_address: int = 128
    in_all: int = 1024
    wrong_tokens_a_minute: int = 30


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of the program
    """The request is answered here."""

    def __init__(self, status: int, reason: str, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s


@dataclass
class Gate:
    """The outermost ASGI layer."""

    app: App
    authenticate: Authenticate
    trusted: Sequence[Network] = ()
    limits: GateLimits = field(default_factory=GateLimits)
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._in_flight: Counter[str] = Counter()
        self._wrong: dict[str, tuple[float, int]] = {}
        self._buffered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        peer = (scope.get("client") or ("", 0))[0]
        address, scheme, headers = origin(peer, scope["scheme"], scope["headers"], self.trusted)
        scope = dict(scope) | {"client": (address, 0), "scheme": scheme, "headers": headers}
        client = one_client(address)
        self._in_flight[client] += 1
        held = [0]
        try:
            self._check_room(client)
            await self._check_token(scope, client)
            body = await self._whole_body(scope, receive, held)
            # A body that came in chunks said no length, and Django reads none without.
            if body:
                length = (b"content-length", b"%d" % len(body))
                scope["headers"] = [*_without_framing(headers), length]
            # A deadline counts from here: what waits for its turn has arrived.
            scope["cygnet.received"] = datetime.now(UTC).isoformat()
            await self.app(scope, _replay(body, receive), send)
        except Refusal as refusal:
            await _refuse(send, refusal)
        finally:
            self._buffered -= held[0]
            self._in_flight[client] -= 1
            if not self._in_flight[client]:
                del self._in_flight[client]

    def _check_room(self, client: str) -> None:
        if self._in_flight[client] > self.limits.per_address:
            raise Refusal(429, "Too many requests of this address are in progress.", 5)
        if self._in_flight.total() > self.limits.in_all:
            raise Refusal(503, "The site is at its limit of requests; please try again.", 5)

    async def _check_token(self, scope: Scope, client: str) -> None:
        if scope["method"] != "POST" or scope["path"] not in TOKEN_UPLOADS:
            return
        since, wrong = self._wrong.get(client, (self.clock(), 0))
        if self.clock() - since > 60:
            since, wrong = self.clock(), 0
        if wrong >= self.limits.wrong_tokens_a_minute:
            wait = max(1, int(60 - (self.clock() - since)))
            raise Refusal(429, "Too many wrong tokens came from this address.", wait)
        given = _header(scope, b"authorization").split()
        known = len(given) == 2 and given[0].lower() == "bearer"
        if known and await self.authenticate(given[1]):
            return
        if len(self._wrong) > 10_000:
            self._wrong.clear()
        self._wrong[client] = (since, wrong + 1)
        raise Refusal(401, "Send the header: Authorization: Bearer TOKEN, with a token of yours.")

    async def _whole_body(self, scope: Scope, receive: Receive, held: list[int]) -> bytes:
        most = self.limits.upload_bytes if scope["path"] in UPLOADS else self.limits.form_bytes
        too_large = Refusal(413, f"A request may have {most:,} bytes here; this has more.")
        said = _header(scope, b"content-length")
        if said and (not said.isdecimal() or int(said) > most):
            raise too_large
        if not said and not _header(scope, b"transfer-encoding"):
            return b""
        body = bytearray()
        end = self.clock() + self.limits.body_s
        more = True
        while more:
            wait = min(self.limits.pause_s, end - self.clock())
            try:
                message = await asyncio.wait_for(receive(), max(wait, 0.001))
            except TimeoutError:
                raise Refusal(
                    408, "The body took too long to come; nothing was recorded. Send it again.", 1
                ) from None
            if message["type"] == "http.disconnect":
                raise Refusal(400, "The client went away.")
            chunk = message.get("body", b"")
            held[0] += len(chunk)
            self._buffered += len(chunk)
            body += chunk
            more = message.get("more_body", False)
            if len(body) > most:
                raise too_large
            if self._buffered > self.limits.buffered_bytes:
                raise Refusal(503, "Too much is being sent at the same time; please try again.", 10)
        return bytes(body)


@dataclass
class Slots:
    """Lets a bounded number of requests into Django, and frees the slot before a slow reader reads.

    An answer is held until it is whole, or until it is larger than ``held_bytes``; then it streams.
    """

    app: App
    most: int = 24
    # No answer is larger than a submission given back; one that streamed would hold its slot.
    held_bytes: int = 10 * 1024 * 1024

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        held: list[Message] = []
        n_bytes = 0

        async def hold(message: Message) -> None:
            nonlocal n_bytes
            n_bytes += len(message.get("body", b""))
            held.append(message)
            if n_bytes > self.held_bytes:
                await _send_all(held, send)

        async with self._slots:
            await self.app(scope, receive, hold)
        await _send_all(held, send)


async def _send_all(held: list[Message], send: Send) -> None:
    while held:
        await send(held.pop(0))


def _without_framing(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    framing = {b"content-length", b"transfer-encoding"}
    return [(name, value) for name, value in headers if name not in framing]


def _header(scope: Scope, name: bytes) -> str:
    found: list[bytes] = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if found else ""


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        while True:
            message = await receive()
            # The empty body of a request that said it has none was not read above.
            if message["type"] != "http.request":
                return message

    return replay


async def _refuse(send: Send, refusal: Refusal) -> None:
    body: dict[str, object] = {"reason": refusal.reason}
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        # What is left of the body is not read: the connection cannot go on.
        (b"connection", b"close"),
    ]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.retry_after_s is not None:
        body["retry_after_s"] = refusal.retry_after_s
        headers.append((b"retry-after", str(refusal.retry_after_s).encode()))
    text = json.dumps(body).encode()
    headers.append((b"content-length", str(len(text)).encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
