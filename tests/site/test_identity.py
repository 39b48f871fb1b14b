"""Does an account of the identity provider verify a team, and only as the rule says?"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from openid_provider import CLIENT, SECRET, Provider
from served_site import Server, cygnet
from site_contest import CONTEST, Participant, write_contest

Join = Callable[..., Participant]
OPEN = CONTEST.replace("closes = 2020", "closes = 2999")


@pytest.fixture
def people(contest: object) -> Callable[..., list[Any]]:
    """Make accounts of nobody's team."""
    del contest
    from cygnet.site.accounts.models import User
    from cygnet.site.contest.people import make_user

    def make(*names: str) -> list[Any]:
        for name in names:
            make_user(f"{name}@example.org", team=None, organiser=False)
        return [User.objects.get(email=f"{name}@example.org") for name in names]

    return make


def verified(name: str) -> bool:
    from cygnet.site.contest.models import Team

    return bool(Team.objects.get(name=name).verified)


def test_a_team_is_verified_while_all_its_people_are_identified(
    people: Callable[..., list[Any]],
) -> None:
    from cygnet.site.contest import acts
    from cygnet.site.contest.checking import check
    from cygnet.site.contest.identity import set_identified
    from cygnet.site.contest.models import JournalAct

    ana, ben = people("ana", "ben")
    team = acts.found_team(ana, "Swans")
    assert not verified("Swans")
    set_identified(ana, identified=True)
    assert verified("Swans")
    # One who could be in another team as well, under another address.
    assert acts.join(ben, team) is None
    assert not verified("Swans")
    set_identified(ben, identified=True)
    assert verified("Swans")
    set_identified(ben, identified=False)
    assert not verified("Swans")
    assert acts.leave(ben) is None
    assert verified("Swans")
    marks = JournalAct.objects.filter(kind="team-marked").order_by("number")
    assert [act.details["verified"] for act in marks] == [True, False, True, False, True]
    assert {act.details["by"] for act in marks} == {"identities"}
    assert check(None)["ok"]


def test_who_is_identified_founds_a_verified_team(people: Callable[..., list[Any]]) -> None:
    from cygnet.site.contest import acts
    from cygnet.site.contest.identity import set_identified

    (ana,) = people("ana")
    set_identified(ana, identified=True)
    assert acts.found_team(ana, "Swans").verified
    assert verified("Swans")


@pytest.mark.parametrize("word", [True, False])
def test_an_organisers_word_wins(people: Callable[..., list[Any]], *, word: bool) -> None:
    from cygnet.site.contest import acts
    from cygnet.site.contest.identity import set_identified

    ana, chair = people("ana", "chair")
    team = acts.found_team(ana, "Swans")
    acts.mark_team(team, chair, verified=word)
    set_identified(ana, identified=True)
    assert verified("Swans") is word
    set_identified(ana, identified=False)
    assert verified("Swans") is word


def test_merged_teams_are_verified_where_both_were(people: Callable[..., list[Any]]) -> None:
    from cygnet.site.contest import acts
    from cygnet.site.contest.identity import set_identified
    from cygnet.site.contest.models import MergeOffer

    ana, ben, eva, chair = people("ana", "ben", "eva", "chair")
    set_identified(ana, identified=True)
    swans, ducks, geese = (
        acts.found_team(user, name)
        for user, name in ((ana, "Swans"), (ben, "Ducks"), (eva, "Geese"))
    )
    acts.mark_team(ducks, chair, verified=True)
    assert acts.offer_merge(ducks, swans) is None
    assert acts.take_merge(MergeOffer.objects.get()) is None
    assert verified("Swans")
    assert acts.offer_merge(geese, swans) is None
    assert acts.take_merge(MergeOffer.objects.get()) is None
    assert not verified("Swans")


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.stop()


def serve(folder: Path, provider: Provider, extra: str = "") -> Server:
    table = (
        f'[openid_connect]\nname = "House of names"\nserver_url = "{provider.url}"\n'
        f'client_id = "{CLIENT}"\n{extra}\n'
    )
    folder.mkdir()
    truth = write_contest(folder.parent, OPEN)
    shutil.rmtree(folder)
    cygnet("challenge", "init", folder, "--truth", truth)
    text = (folder / "contest.toml").read_text(encoding="utf-8")
    (folder / "contest.toml").write_text(text + table, encoding="utf-8")
    with (folder / "secrets.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'openid_client_secret = "{SECRET}"\n')
    server = Server(folder)
    server.start()
    return server


class Visitor:
    """A browser's cookies, and forms with what protects them."""

    def __init__(self, server: Server) -> None:
        self.session = requests.Session()
        self.url = server.url

    def get(self, path: str) -> str:
        answer = self.session.get(self.url + path, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, page: str, path: str, **fields: str) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(page))
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], **fields}
        return self.session.post(self.url + path, form, timeout=30)

    def sign_in(self) -> requests.Response:
        return self.post("/accounts/login/", "/accounts/oidc/openid/login/?process=login")


def test_signing_in_by_the_provider_identifies(provider: Provider, tmp_path: Path) -> None:
    server = serve(tmp_path / "contest", provider, 'claims = { assurance = "high" }')
    try:
        provider.claims = {"sub": "1", "email": "ana@example.org", "email_verified": True}
        low = Visitor(server)
        assert low.sign_in().status_code == 200
        low.post("/challenge/team/", "/challenge/team/", name="Swans")
        assert "Not verified yet" in low.get("/challenge/team/")
        assert "not identified" in low.get("/challenge/team/")
        # The same account, once the provider says what the contest asks for.
        provider.claims["assurance"] = "high"
        high = Visitor(server)
        high.sign_in()
        page = high.get("/challenge/team/")
        assert "all its people are identified by House of names" in page
        assert server.rows("select verified, organisers_word from contest_team") == [(1, None)]
        kinds = [kind for (kind,) in server.rows("select kind from contest_journalact")]
        assert kinds.count("person-identified") == 1
        # Whose account it is stands nowhere in the journal.
        details = str(server.rows("select details from contest_journalact"))
        assert "ana@" not in details
    finally:
        server.stop()


def test_an_account_of_the_provider_is_one_persons(provider: Provider, tmp_path: Path) -> None:
    server = serve(tmp_path / "contest", provider)
    try:
        provider.claims = {"sub": "1", "email": "ana@example.org", "email_verified": True}
        for _ in range(2):
            assert Visitor(server).sign_in().status_code == 200
        assert server.rows("select count(*) from accounts_user") == [(1,)]
        provider.claims = {"sub": "2", "email": "ben@example.org", "email_verified": True}
        Visitor(server).sign_in()
        assert server.rows("select count(*) from accounts_user") == [(2,)]
        identified = "select count(*) from contest_entrant where identified_at is not null"
        assert server.rows(identified) == [(2,)]
    finally:
        server.stop()


def test_an_address_that_the_provider_did_not_verify_takes_no_account(
    provider: Provider, tmp_path: Path
) -> None:
    server = serve(tmp_path / "contest", provider)
    try:
        cygnet("challenge", "user", tmp_path / "contest", "ana@example.org")
        provider.claims = {"sub": "9", "email": "ana@example.org", "email_verified": True}
        visitor = Visitor(server)
        visitor.sign_in()
        assert "Sign out" not in visitor.get("/challenge/")
        assert server.rows("select count(*) from socialaccount_socialaccount") == [(0,)]
    finally:
        server.stop()


def test_a_provider_that_is_away_is_said(provider: Provider, tmp_path: Path) -> None:
    server = serve(tmp_path / "contest", provider)
    try:
        provider.stop()
        answer = Visitor(server).sign_in()
        assert answer.status_code == 503
        assert "House of names does not answer" in answer.text
    finally:
        server.stop()


def test_browsers_let_the_form_lead_to_the_provider(provider: Provider, tmp_path: Path) -> None:
    """A browser holds the redirect of a form to ``form-action``."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed")
    server = serve(tmp_path / "contest", provider)
    provider.claims = {"sub": "1", "email": "ana@example.org", "email_verified": True}
    try:
        with playwright.sync_playwright() as running:
            browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"{server.url}/accounts/login/")
            page.click("text=House of names")
            page.click("main button")
            page.wait_for_url("**/challenge/team/")
            page.fill("#id_name", "Swans")
            page.click("main button")
            assert "identified by House of names" in page.inner_text("main")
            page.goto(f"{server.url}/accounts/3rdparty/")
            assert "House of names" in page.inner_text("main")
            browser.close()
    finally:
        server.stop()
