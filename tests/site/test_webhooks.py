"""Are other programs told, signed, and never at an address inside?"""

import hashlib
import hmac
import socket
from typing import Any

import pytest

from cygnet.site.folder import ContestFolder


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "100.64.0.1",
        "224.0.0.1",
    ],
)
def test_an_address_inside_is_never_told(
    site: ContestFolder, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    from cygnet.site.contest import webhooks

    del site
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    def never(*_: object, **__: object) -> Any:
        raise AssertionError("it was connected to")

    monkeypatch.setattr(socket, "create_connection", never)
    assert webhooks.send("https://inside.example/hook", b"{}", "x").startswith("refused")


def test_one_address_inside_among_public_ones_is_enough(
    site: ContestFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cygnet.site.contest import webhooks

    del site
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("8.8.8.8", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(webhooks.NotPublicError):
        webhooks.public_address("both.example", 443)


def test_a_name_that_changes_its_mind_reaches_nothing(
    site: ContestFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public when it is resolved, inside when it is connected to: the connection is looked at."""
    from cygnet.site.contest import webhooks

    del site
    with socket.create_server(("127.0.0.1", 0)) as inside:
        real = socket.create_connection
        monkeypatch.setattr(webhooks, "public_address", lambda *_: "8.8.8.8")
        monkeypatch.setattr(
            socket, "create_connection", lambda *_, **__: real(inside.getsockname())
        )
        assert webhooks.send("https://moved.example/", b"{}", "x").startswith("refused")


@pytest.mark.parametrize(
    "url", ["http://a.example/", "ftp://a.example/", "https://u:p@a.example/", "https:///x"]
)
def test_only_https_without_a_password_is_told(site: ContestFolder, url: str) -> None:
    from cygnet.site.contest import webhooks

    del site
    assert webhooks.send(url, b"{}", "x").startswith("refused")


def test_the_signature_is_an_hmac_of_moment_and_body(site: ContestFolder) -> None:
    from cygnet.site.contest import webhooks

    del site
    expected = hmac.new(b"key", b'1591012800.{"a":1}', hashlib.sha256).hexdigest()
    assert webhooks.signature("key", 1591012800, b'{"a":1}') == f"t=1591012800,v1={expected}"


@pytest.mark.usefixtures("contest")
def test_what_fails_is_tried_again_later(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from cygnet.site.contest import webhooks
    from cygnet.site.contest.models import Delivery

    row = Delivery.objects.create(
        url="https://a.example/", event="close", body="{}", due=clock.moment
    )
    monkeypatch.setattr(webhooks, "send", lambda *_: "answered 500")
    webhooks.deliver(row, "x")
    row.refresh_from_db()
    assert (row.tries, row.done_at, row.last_answer) == (1, None, "answered 500")
    assert row.due > clock.moment
    monkeypatch.setattr(webhooks, "send", lambda *_: "ok 204")
    webhooks.deliver(row, "x")
    row.refresh_from_db()
    assert row.done_at is not None
