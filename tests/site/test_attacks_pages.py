"""Is there a page, a form or an identifier that opens something to somebody else?"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from cygnet.site.folder import ContestFolder
from site_contest import Participant, predictions
from site_people import newcomer, post, send, signed_in

Join = Callable[..., Participant]

# What changes something without a cookie, and why no other site can misuse it.
TAKES_NO_COOKIE = {
    "api/v1/submissions": "a token",
    "updates/unsubscribe/<str:token>/": "a signed link, as RFC 8058 wants",
    "updates/bounces/": "the provider's signature",
}


def _addresses(patterns: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for one in patterns:
        path = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from _addresses(one.url_patterns, path)
        else:
            yield path, one


def all_addresses() -> dict[str, Any]:
    from django.urls import get_resolver

    found = dict(_addresses(get_resolver().url_patterns))
    assert len(found) > 60
    return found


def _filled(path: str, **values: str) -> str:
    """Put something into every hole of an address."""
    path = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", path).replace("^", "").rstrip("$")

    def fill(match: re.Match[str]) -> str:
        kind, name = match[1], match[2]
        return values.get(name, str(UUID(int=7)) if kind == "uuid" else "1")

    return "/" + re.sub(r"<(?:(\w+):)?(\w+)>", fill, path).replace("\\Z", "")


@pytest.mark.usefixtures("contest")
def test_no_form_of_another_site_is_taken_anywhere() -> None:
    """Every address of the site, a POST without the site's own token: 403, or no POST at all."""
    from cygnet.site.accounts.models import User

    newcomer("new@example.org")
    User.objects.update(is_staff=True, is_superuser=True)
    strict = signed_in(Participant("new@example.org", "", ""), enforce_csrf_checks=True)
    strict.raise_request_exception = False
    tried = 0
    for path in all_addresses():
        if path in TAKES_NO_COOKIE:
            continue
        tried += 1
        status = strict.post(_filled(path), {"any": "thing"}).status_code
        assert status in {403, 404, 405} or "favicon" in path, (path, status)
    assert tried > 60


def test_nobody_elses_row_opens_by_its_identifier(join: Join, contest: ContestFolder) -> None:
    """Every address with an identifier in it, asked for by a stranger and by nobody."""
    from django.test import Client

    from cygnet.site.accounts.models import ApiToken
    from cygnet.site.contest import acts
    from cygnet.site.contest.models import MergeOffer, Submission, Team

    del contest
    swans, ducks = join("Swans"), join("Ducks")
    assert post(swans).status_code == 201
    acts.offer_merge(Team.objects.get(name="Ducks"), Team.objects.get(name="Swans"))
    one = Submission.objects.get()
    token = ApiToken.objects.filter(user__email=swans.email)[0]
    values = {
        "submission_id": str(one.pk),
        "token_id": str(token.pk),
        "offer_id": str(MergeOffer.objects.get().pk),
    }
    stranger, nobody = signed_in(ducks), Client()
    seen = set()
    for path in all_addresses():
        names = [name for name in values if f"{name}>" in path]
        if not names:
            continue
        seen.update(names)
        address = _filled(path, **values)
        headers = dict(ducks.header) if path.startswith("api/") else {}
        for method in ("get", "post"):
            answer = getattr(stranger, method)(address, headers=headers)
            assert answer.status_code in {404, 405}, (path, answer.status_code)
            assert getattr(nobody, method)(address).status_code in {302, 401, 405}, path
    assert seen == values.keys()
    token.refresh_from_db()
    assert token.revoked_at is None
    assert MergeOffer.objects.count() == 1


@pytest.mark.usefixtures("contest")
def test_organisers_pages_are_closed_to_everybody_else() -> None:
    from django.test import Client

    person = newcomer("new@example.org")
    tried = 0
    for path in all_addresses():
        if path.startswith("organisers/") and "login" not in path and "logout" not in path:
            tried += 1
            for client in (person, Client()):
                answer = client.get(_filled(path))
                leads = answer.headers.get("Location", "")
                assert answer.status_code in {302, 403, 404}, (path, answer.status_code)
                assert "login" in leads or answer.status_code != 302 or path.endswith("$"), path
    assert tried > 20


def test_no_page_of_a_person_asks_another_host_or_runs_a_script(join: Join) -> None:
    client = signed_in(join("<script>alert(1)</script>", "swans@example.org"))
    own = send(client, note="<img src=x onerror=alert(1)>")["Location"]
    for path in ("/challenge/board/", "/challenge/team/", "/challenge/submissions/", own):
        page = client.get(path).content.decode()
        assert "<script" not in page
        assert "<img src=x" not in page
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)


def test_a_file_given_back_is_no_page(join: Join) -> None:
    """A CSV that is a page too is downloaded, never shown."""
    client = signed_in(join())
    lines = predictions().decode().splitlines()
    made = [f"{lines[0]},note", *(f"{line},<script>alert(1)</script>" for line in lines[1:])]
    answer = send(client, "\n".join(made).encode())
    if answer.status_code == 302:
        given = client.get(f"{answer['Location']}file/")
        assert given["Content-Type"].startswith("text/csv")
        assert given["Content-Disposition"].startswith("attachment")
        assert given["X-Content-Type-Options"] == "nosniff"
    else:
        assert "<script>" not in answer.content.decode()


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1+2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\uff1d1+1",
        "|calc",
        "%0A=1",
    ],
)
def test_no_cell_of_an_export_is_a_formula(cell: str) -> None:
    from cygnet.site.contest.exporting import safe_cell

    assert safe_cell(cell) == "'" + cell


def test_numbers_of_an_export_stay_numbers() -> None:
    from cygnet.site.contest.exporting import safe_cell

    assert safe_cell(-0.5) == "-0.5"
    assert safe_cell("Swans - Wien") == "Swans - Wien"


@pytest.mark.usefixtures("contest")
def test_a_head_request_is_answered_as_its_page() -> None:
    from django.test import Client

    for path in ("/", "/challenge/", "/challenge/board/", "/challenge/rules/"):
        assert Client().head(path).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "::1", "::", "fe80::1",
     "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
     "2002:7f00:1::", "2002:a00:1::1", "224.0.0.1", "ff02::1", "255.255.255.255"],
)  # fmt: skip
def test_no_writing_of_an_inner_address_is_public(address: str) -> None:
    from cygnet.site.contest.webhooks import is_public

    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "::ffff:93.184.215.14", "2606:4700::1111"])
def test_public_addresses_are_public(address: str) -> None:
    from cygnet.site.contest.webhooks import is_public

    assert is_public(address)


def test_a_proxy_is_known_in_either_writing_of_its_address() -> None:
    from cygnet.site.addresses import networks, origin

    forwarded = [(b"x-forwarded-for", b"192.0.2.7")]
    for peer in ("10.1.2.3", "::ffff:10.1.2.3"):
        assert origin(peer, "http", forwarded, networks("10.0.0.0/8"))[0] == "192.0.2.7"
    assert origin("::ffff:192.0.2.9", "http", forwarded, networks("10.0.0.0/8"))[0] != "192.0.2.7"


@pytest.mark.parametrize("hop", ["192.0.2.7:51234", "[2001:db8::7]:443", "2001:db8::7"])
def test_a_proxy_may_write_the_port_too(hop: str) -> None:
    from cygnet.site.addresses import networks, origin

    forwarded = [(b"x-forwarded-for", f"198.51.100.1, {hop}".encode())]
    found = origin("10.1.2.3", "http", forwarded, networks("10.0.0.0/8"))[0]
    assert found in {"192.0.2.7", "2001:db8::7"}


def test_one_client_of_ipv6_is_one_whatever_address_it_takes() -> None:
    from cygnet.site.addresses import one_client

    clients = {one_client(f"2001:db8:0:1::{number:x}") for number in range(1000)}
    assert len(clients) == 1
    assert one_client("2001:db8:0:2::1") not in clients
    assert len({one_client(f"192.0.2.{number}") for number in range(9)}) == 9


@pytest.mark.parametrize(("peer", "closed"), [("10.0.0.5", 0), ("192.0.2.5", 44)])
def test_the_proxy_alone_may_bring_more_connections_than_one_client(
    monkeypatch: pytest.MonkeyPatch, peer: str, closed: int
) -> None:
    from collections import Counter

    from cygnet.site import connections
    from cygnet.site.addresses import networks

    class Transport:
        is_closed = False

        def get_extra_info(self, name: str) -> Any:
            del name
            return (peer, 1)

        def close(self) -> None:
            self.is_closed = True

    protocol = connections.BoundedProtocol
    monkeypatch.setattr(protocol.__base__, "connection_made", lambda *_: None)
    monkeypatch.setattr(protocol, "_wait_for_headers", lambda *_: None)
    monkeypatch.setattr(protocol, "open_connections", Counter())
    monkeypatch.setattr(protocol, "trusted", networks("10.0.0.0/8"))
    links = [Transport() for _ in range(connections.PER_ADDRESS + 44)]
    for link in links:
        protocol.connection_made(object.__new__(protocol), link)
    assert sum(link.is_closed for link in links) == closed


def test_the_same_numbers_are_noticed_however_old_they_are(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cygnet.site.contest import looking
    from cygnet.site.contest.models import Submission

    monkeypatch.setattr(looking, "AMONG", 1)
    swans, ducks, geese = join("Swans"), join("Ducks"), join("Geese")
    post(swans, predictions(seed=1))
    post(geese, predictions(seed=2))
    post(ducks, predictions(seed=1))
    assert looking.look_once() == 3
    copied = Submission.objects.get(team__name="Ducks")
    first = Submission.objects.get(team__name="Swans")
    assert [flag["other"] for flag in copied.flags] == [str(first.pk)]
