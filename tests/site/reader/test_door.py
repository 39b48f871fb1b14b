"""Who is let in, and what the others are told. No model, no Django: the door alone."""

import asyncio
import json
import socket
from typing import Any, cast

import pytest

from cygnet.site.reader.door import Door
from cygnet.site.reader.judging import Patient
from cygnet.site.reader.memory import Memory
from cygnet.site.reader.serving import address_of, listening
from cygnet.site.reader.state import MOST_BODY_BYTES, Admission, Gate, State


class Held:
    """As much of a state as the door looks at."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.gate = Gate(most=2)
        self.memory: Memory[Patient] = Memory(1000)


async def _app(scope: Any, receive: Any, send: Any) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


def _ask(
    held: Held,
    method: str = "GET",
    path: str = "/",
    query: str = "",
    app: Any = _app,
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    named = {"host": "127.0.0.1:8040"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    asyncio.run(Door(app, cast("State", held))(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, sent[1]["body"]


@pytest.fixture
def local() -> Held:
    return Held(Admission.of("127.0.0.1"))


@pytest.fixture
def beyond() -> Held:
    return Held(Admission.of("192.0.2.7"))


@pytest.mark.parametrize("host", ["127.0.0.1:8040", "localhost", "[::1]:8040", "LOCALHOST:1"])
def test_this_machines_own_names_are_let_in(local: Held, host: str) -> None:
    assert _ask(local, host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.7", "", "["])
def test_another_name_for_this_machine_is_refused(local: Held, host: str) -> None:
    assert _ask(local, host=host)[0] == 421


def test_another_sites_page_may_not_send(local: Held) -> None:
    assert _ask(local, "POST", origin="https://evil.example")[0] == 403
    assert _ask(local, "POST", origin="null")[0] == 403
    assert _ask(local, "POST", origin="http://127.0.0.1:9999")[0] == 403
    assert _ask(local, "POST", sec_fetch_site="cross-site")[0] == 403


def test_own_pages_and_programs_may_send(local: Held) -> None:
    assert _ask(local, "POST", origin="http://127.0.0.1:8040")[0] == 200
    assert _ask(local, "POST")[0] == 200


def test_beyond_this_machine_a_token_is_asked_for(beyond: Held) -> None:
    token = beyond.admission.token
    assert token is not None
    assert _ask(beyond, host="192.0.2.7:8040")[0] == 401
    assert _ask(beyond, host="192.0.2.7", authorization=f"Bearer {token}")[0] == 200
    assert _ask(beyond, host="192.0.2.7", authorization="Bearer x")[0] == 401
    assert _ask(beyond, host="192.0.2.7", cookie=f"cygnet-reader={token}")[0] == 200
    assert _ask(beyond, host="evil.example", authorization=f"Bearer {token}")[0] == 421


def test_a_token_in_the_address_becomes_a_cookie_and_leaves_the_address(beyond: Held) -> None:
    query = f"token={beyond.admission.token}"
    status, headers, _ = _ask(beyond, host="192.0.2.7", query=query)
    assert status == 303
    assert headers["location"] == "/"
    assert "HttpOnly; SameSite=Strict" in headers["set-cookie"]


def test_a_token_leads_to_no_other_host(beyond: Held) -> None:
    token = beyond.admission.token
    _, headers, _ = _ask(beyond, path="//elsewhere.example/", query=f"token={token}")
    assert headers["location"] == "/elsewhere.example/"


def test_a_token_in_the_address_is_no_leave_to_send(beyond: Held) -> None:
    query = f"token={beyond.admission.token}"
    assert _ask(beyond, "POST", "/read", host="192.0.2.7", query=query)[0] == 401


def test_every_answer_forbids_scripts_of_others_and_storing(local: Held) -> None:
    for headers in (_ask(local)[1], _ask(local, host="evil.example")[1]):
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_a_body_without_a_length_or_too_large_is_refused_unread(local: Held) -> None:
    assert _ask(local, "POST", "/read", transfer_encoding="chunked")[0] == 411
    too_large = str(MOST_BODY_BYTES + 1)
    assert _ask(local, "POST", "/read", content_length=too_large)[0] == 413
    assert _ask(local, "POST", "/patients/x/about", content_length="100000")[0] == 413


def test_a_question_has_no_body(local: Held) -> None:
    # Django would spool it to the disk, however long it is.
    assert _ask(local, "GET", "/", content_length="1")[0] == 413
    assert _ask(local, "GET", "/", transfer_encoding="chunked")[0] == 411
    assert _ask(local, "GET", "/", content_length="0")[0] == 200


def test_a_full_memory_is_told_with_when_to_come_again(local: Held) -> None:
    status, headers, body = _ask(local, "POST", "/read", content_length="1001")
    assert status == 503
    assert int(headers["retry-after"]) >= 1
    assert "memory" in json.loads(body)["errors"][0]["message"]
    assert local.gate.inside == 0


def test_when_all_places_are_taken_the_next_is_told_to_come_again(local: Held) -> None:
    local.gate.inside = 2
    status, headers, _ = _ask(local, "POST", "/v1/read")
    assert (status, headers["retry-after"]) == (503, "2")
    assert local.gate.inside == 2
    assert _ask(local, "GET", "/")[0] == 200


def test_a_body_that_is_refused_runs_out_before_the_answer(local: Held) -> None:
    local.gate.inside = 2
    parts = [b"x" * 1000] * 5
    heard: list[int] = []
    sent: list[Any] = []

    async def receive() -> Any:
        body = parts.pop()
        heard.append(len(sent))
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/read",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"5000")],
    }
    asyncio.run(Door(_app, cast("State", local))(scope, receive, send))
    assert sent[0]["status"] == 503
    assert heard == [0] * 5


def test_a_place_is_given_back_when_reading_fails(local: Held) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive, send
        raise KeyError("broken")

    with pytest.raises(KeyError):
        _ask(local, "POST", "/v1/read", app=broken, content_length="10")
    assert local.gate.inside == 0
    assert local.memory.used_bytes == 0


def test_an_address_that_can_be_opened_is_told() -> None:
    with listening("127.0.0.1", 0) as opened:
        port = opened.getsockname()[1]
        assert address_of(opened, "127.0.0.1") == f"http://127.0.0.1:{port}/"
        every = "0.0.0.0"  # noqa: S104 - told of, not bound to
        assert address_of(opened, every) == f"http://{socket.gethostname()}:{port}/"
