"""Does the gate stop what it has to before Django sees a body?"""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest

from cygnet.errors import InputError
from cygnet.site.addresses import networks, origin
from cygnet.site.gate import Gate, GateLimits, Message, Slots

LIMITS = GateLimits(
    upload_bytes=1000,
    form_bytes=100,
    body_s=0.3,
    pause_s=0.2,
    buffered_bytes=1500,
    per_address=3,
    in_all=4,
    wrong_tokens_a_minute=3,
)
BEARER = [(b"authorization", b"Bearer good")]


class Inner:
    """Stands for Django: keeps the bodies that came through."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.clients: list[str] = []
        self.schemes: list[str] = []
        self.wait = asyncio.Event()
        self.wait.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.clients.append(scope["client"][0])
        self.schemes.append(scope["scheme"])
        self.bodies.append((await receive())["body"])
        await self.wait.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


def gate_before(inner: Any) -> Gate:
    async def known(token: str) -> bool:
        return token == "good"  # noqa: S105 - no secret

    return Gate(inner, known, networks("10.0.0.0/8"), LIMITS)


async def ask(
    gate: Any,
    body: Iterable[bytes] = (),
    *,
    path: str = "/api/v1/submissions",
    headers: list[tuple[bytes, bytes]] | None = None,
    client: str = "192.0.2.1",
    stall: bool = False,
) -> tuple[int, dict[str, Any], int]:
    """Give status, body and how many chunks of the request were read."""
    chunks = list(body)
    sent: list[Message] = []
    n_read = 0

    async def receive() -> Message:
        nonlocal n_read
        if n_read == len(chunks) and stall:
            await asyncio.sleep(60)
        n_read += 1
        more = n_read < len(chunks) or stall
        return {"type": "http.request", "body": chunks[n_read - 1], "more_body": more}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "scheme": "http",
        "client": (client, 1),
        "headers": [(b"transfer-encoding", b"chunked"), *(BEARER if headers is None else headers)],
    }
    await gate(scope, receive, send)
    text = sent[1]["body"]
    return sent[0]["status"], json.loads(text) if text != b"ok" else {}, n_read


def test_a_whole_body_passes() -> None:
    inner = Inner()
    status, _, _ = asyncio.run(ask(gate_before(inner), [b"a" * 400, b"b" * 400]))
    assert status == 200
    assert inner.bodies == [b"a" * 400 + b"b" * 400]


@pytest.mark.parametrize(
    "header", [[], [(b"authorization", b"Bearer bad")], [(b"authorization", b"Basic good")]]
)
def test_a_wrong_token_is_answered_before_a_byte_is_read(
    header: list[tuple[bytes, bytes]],
) -> None:
    inner = Inner()
    status, body, n_read = asyncio.run(ask(gate_before(inner), [b"a"] * 9, headers=header))
    assert (status, n_read, inner.bodies) == (401, 0, [])
    assert body["reason"]


def test_a_fault_of_the_program_is_no_answer_of_the_gate() -> None:
    """What is raised behind the gate leaves its counts as they were."""

    async def broken(*_: Any) -> None:
        raise RuntimeError

    gate = gate_before(broken)
    with pytest.raises(RuntimeError):
        asyncio.run(ask(gate, [b"x" * 100]))
    assert gate._buffered == 0
    assert not gate._in_flight


def test_many_wrong_tokens_are_slowed_down_by_address() -> None:
    async def guess() -> list[int]:
        gate = gate_before(Inner())
        bad = [(b"authorization", b"Bearer bad")]
        found = [(await ask(gate, headers=bad))[0] for _ in range(5)]
        found.append((await ask(gate, [b"x"], client="192.0.2.9"))[0])
        return found

    assert asyncio.run(guess()) == [401, 401, 401, 429, 429, 200]


def test_a_length_that_is_too_large_is_answered_unread() -> None:
    inner = Inner()
    headers = [*BEARER, (b"content-length", b"400000000")]
    status, _, n_read = asyncio.run(ask(gate_before(inner), [b"a"] * 9, headers=headers))
    assert (status, n_read, inner.bodies) == (413, 0, [])


def test_a_body_without_end_is_cut() -> None:
    inner = Inner()
    status, _, n_read = asyncio.run(ask(gate_before(inner), [b"a" * 300] * 1000))
    assert (status, n_read, inner.bodies) == (413, 4, [])


def test_other_forms_have_a_smaller_cap() -> None:
    answer = asyncio.run(ask(gate_before(Inner()), [b"a" * 101], path="/accounts/login/"))
    assert answer[0] == 413


def test_a_body_that_stalls_is_given_up() -> None:
    inner = Inner()
    status, _, _ = asyncio.run(ask(gate_before(inner), [b"a"], stall=True))
    assert (status, inner.bodies) == (408, [])


def test_one_address_cannot_take_all_places() -> None:
    async def crowd() -> list[int]:
        inner = Inner()
        inner.wait.clear()
        gate = gate_before(inner)
        tasks = [asyncio.create_task(ask(gate, [b"x"])) for _ in range(4)]
        tasks.append(asyncio.create_task(ask(gate, [b"x"], client="192.0.2.2")))
        await asyncio.sleep(0.05)
        inner.wait.set()
        return [(await task)[0] for task in tasks]

    assert asyncio.run(crowd()) == [200, 200, 200, 429, 200]


def test_what_is_buffered_in_all_is_bounded_and_given_back() -> None:
    async def crowd() -> list[int]:
        gate = gate_before(Inner())
        slow = [asyncio.create_task(ask(gate, [b"a" * 800], stall=True)) for _ in range(2)]
        first = [(await task)[0] for task in slow]
        again = await ask(gate, [b"a" * 900])
        return [*first, again[0]]

    assert asyncio.run(crowd()) == [408, 503, 200]


def test_forwarded_headers_count_from_the_proxy_alone() -> None:
    forwarded = [
        *BEARER,
        (b"x-forwarded-for", b"203.0.113.7, 198.51.100.4, 10.0.0.3"),
        (b"x-forwarded-proto", b"https"),
    ]
    inner = Inner()
    gate = gate_before(inner)
    asyncio.run(ask(gate, [b"x"], headers=forwarded, client="192.0.2.1"))
    asyncio.run(ask(gate, [b"x"], headers=forwarded, client="10.0.0.1"))
    assert inner.clients == ["192.0.2.1", "198.51.100.4"]
    assert inner.schemes == ["http", "https"]


def test_forwarded_headers_never_reach_django() -> None:
    _, _, kept = origin("10.0.0.1", "http", [(b"x-forwarded-host", b"evil"), (b"a", b"b")], ())
    assert kept == [(b"a", b"b")]


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="no network"):
        networks("10.0.0.0/99")


def test_a_slow_reader_holds_no_slot() -> None:
    async def both() -> int:
        reading = asyncio.Event()

        async def answer(_scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})

        slots = Slots(answer, most=1)

        async def slow(_message: Message) -> None:
            await reading.wait()

        done: list[Message] = []

        async def quick(message: Message) -> None:
            done.append(message)

        async def nothing() -> Message:
            return {"type": "http.disconnect"}

        first = asyncio.create_task(slots({"type": "http"}, nothing, slow))
        await asyncio.sleep(0)
        await asyncio.wait_for(slots({"type": "http"}, nothing, quick), 1)
        reading.set()
        await first
        return len(done)

    assert asyncio.run(both()) == 2
