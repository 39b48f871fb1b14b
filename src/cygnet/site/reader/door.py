"""Who may come in, and how much may they bring? Judged before a byte of a body is kept.

Host and Origin must be this reader's own (a web page elsewhere cannot reach it by another name for
this machine: DNS rebinding), beyond this machine a token is asked for, a body has a stated length
that fits the memory, and when all places are taken the answer is 503 with when to come again.
"""

import asyncio
import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from cygnet.site.reader.memory import MemoryFullError
from cygnet.site.reader.phrases import accepted_languages, say, speaking
from cygnet.site.reader.state import LOOPBACK, MOST_BODY_BYTES, RETRY_AFTER_S, State

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "cygnet-reader"
_FORM_BYTES = 2**16
_PASSING_BYTES, _PASSING_S = 2**27, 20.0
READING_PATHS = ("/read", "/sample", "/known", "/v1/read")
_SAFE = frozenset({"GET", "HEAD"})
# Drawings carry one custom property in a style attribute; no script is ever inline.
_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _POLICY.encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=()"),
)


class Door:
    """The outermost ASGI application: lets in, or answers by itself."""

    def __init__(self, app: App, state: State) -> None:
        self._app, self._state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request; anything but HTTP is let through to say that it is not served."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        answering = _with_security(send)
        with speaking(accepted_languages(_text(headers, b"accept-language"))):
            refusal = self._refusal(scope, headers)
            if refusal is not None:
                await _let_pass(receive)
                await _refuse(answering, *refusal)
                return
            if self._takes_token(scope):
                await _redirect(answering, scope, self._state.admission.token or "")
                return
            await self._let_in(scope, headers, receive, answering)

    async def _let_in(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        """Set room aside for the body, take a place, and hand on."""
        scope["cygnet"] = self._state
        if scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return
        length = int(_text(headers, b"content-length") or 0)
        reads = _is_reading(scope["path"])
        gate = self._state.gate
        if reads and not gate.enter():
            await _let_pass(receive)
            await _refuse(send, 503, say("All places are taken; come again in some seconds."), True)
            return
        try:
            with self._state.memory.reserved(length):
                await self._app(scope, _bounded(receive, length), send)
        except MemoryFullError:
            await _let_pass(receive)
            words = say("The reader's memory is full; come again when others have gone.")
            await _refuse(send, 503, words, True)
        finally:
            if reads:
                gate.leave()

    def _refusal(
        self, scope: Scope, headers: dict[bytes, bytes]
    ) -> tuple[int, str] | tuple[int, str, bool] | None:
        host = _text(headers, b"host")
        if not self._is_own_host(host):
            return 421, say("This reader does not answer under that name.")
        if self._state.admission.token is not None and not self._has_token(scope, headers):
            return 401, say(
                "This reader asks for the token that it printed when it started: open the address"
                " that it printed, or send it as Authorization: Bearer."
            )
        if scope["method"] in _SAFE:
            # Nobody sends one with a question, and what is not bounded here would reach the disk.
            return _body_refusal(headers, most=0)
        if not _is_own_origin(headers, host):
            return 403, say("Another site sent this; only this reader's own pages may.")
        return _body_refusal(
            headers, most=MOST_BODY_BYTES if _is_reading(scope["path"]) else _FORM_BYTES
        )

    def _is_own_host(self, host: str) -> bool:
        name = _host_name(host)
        if name in self._state.admission.hosts:
            return True
        # With a token an address may be any of this machine's; a name must be known.
        return self._state.admission.token is not None and _is_address(name)

    def _takes_token(self, scope: Scope) -> bool:
        query = scope["query_string"].decode("latin-1")
        return self._state.admission.token is not None and "token" in parse_qs(query)

    def _has_token(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        wanted = self._state.admission.token or ""
        given = [_text(headers, b"authorization").removeprefix("Bearer ").strip()]
        try:
            cookie = SimpleCookie(_text(headers, b"cookie")).get(COOKIE)
        except CookieError:
            cookie = None
        given.append(cookie.value if cookie is not None else "")
        if scope["method"] in _SAFE:
            given += parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return any(hmac.compare_digest(one.encode(), wanted.encode()) for one in given)


def _is_reading(path: str) -> bool:
    return path in READING_PATHS or path.endswith("/earlier")


def _body_refusal(headers: dict[bytes, bytes], *, most: int) -> tuple[int, str] | None:
    stated = _text(headers, b"content-length") or "0"
    if not stated.isdigit() or _text(headers, b"transfer-encoding"):
        return 411, say("The request does not say how long it is.")
    if int(stated) > most:
        return 413, say(
            "The files together are larger than {most} MiB; send fewer at once.",
            most=most // 2**20,
        )
    return None


def _is_own_origin(headers: dict[bytes, bytes], host: str) -> bool:
    if _text(headers, b"sec-fetch-site") not in {"", "same-origin", "none"}:
        return False
    origin = _text(headers, b"origin")
    # A program sends none; a browser always does where it could do harm.
    return not origin or urlsplit(origin).netloc.lower() == host.lower()


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in LOOPBACK
    return True


def _text(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _bounded(receive: Receive, length: int) -> Receive:
    """Hand on no more than was announced, which the server holds to as well."""
    left = length

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                return {"type": "http.disconnect"}
        return message

    return bounded


def _with_security(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message.get("headers", [])}
            added = [pair for pair in SECURITY if pair[0] not in given]
            message = {**message, "headers": [*message.get("headers", []), *added]}
        await send(message)

    return sending


async def _let_pass(receive: Receive) -> None:
    """Let a body that is refused run out, unkept, within limits.

    A connection that is closed while it still sends is reset, and the answer with it is lost.
    """
    passed = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_PASSING_S):
            while passed < _PASSING_BYTES:
                message = await receive()
                passed += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return


async def _refuse(send: Send, status: int, words: str, again: bool = False) -> None:
    body = json.dumps({"errors": [{"message": words}]}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if again:
        headers.append((b"retry-after", b"%d" % RETRY_AFTER_S))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _redirect(send: Send, scope: Scope, token: str) -> None:
    cookie = f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"
    # One slash alone: an address that starts with two is of another host.
    own = "/" + scope["path"].lstrip("/\\")
    headers = [(b"location", quote(own).encode()), (b"set-cookie", cookie.encode())]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
