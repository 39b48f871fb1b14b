"""Can accounts be guessed, counted, or entered by a side door?"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from site_contest import Participant, predictions

Join = Callable[..., Participant]
PASSWORD = "a long enough one, 9 words"  # noqa: S105 - no secret


def _organiser(email: str = "chair@example.org", password: str = PASSWORD) -> Any:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest.people import make_user

    make_user(email, team=None, organiser=True)
    user = User.objects.get(email=email)
    user.set_password(password)
    user.save()
    return user


@pytest.mark.usefixtures("contest")
def test_the_admin_has_no_sign_in_of_its_own() -> None:
    from django.test import Client

    _organiser()
    client = Client()
    answer = client.get("/organisers/login/?next=/organisers/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    client.post(
        "/organisers/login/", {"username": "chair@example.org", "password": PASSWORD, "next": "/"}
    )
    assert "_auth_user_id" not in client.session


@pytest.mark.usefixtures("contest")
def test_an_organiser_with_a_second_factor_needs_it_for_the_admin() -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.test import Client

    TOTP.activate(_organiser(), generate_totp_secret())
    client = Client()
    answer = client.post(
        "/accounts/login/?next=/organisers/", {"login": "chair@example.org", "password": PASSWORD}
    )
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/organisers/").status_code == 302


def test_who_is_named_an_organiser_sees_what_organisers_see(join: Join) -> None:
    from django.test import Client

    from cygnet.site.accounts.models import User

    swans = join()
    chair, named = Client(), Client()
    chair.force_login(_organiser())
    user = User.objects.get(email=swans.email)
    path = f"/organisers/accounts/user/{user.pk}/change/"
    chair.post(path, {"name": "", "is_active": "on", "is_staff": "on"})
    named.force_login(User.objects.get(pk=user.pk))
    assert "Journal acts" in named.get("/organisers/").content.decode()
    chair.post(path, {"name": "", "is_active": "on"})
    assert not User.objects.get(pk=user.pk).is_superuser
    assert named.get("/organisers/").status_code == 302


@pytest.mark.usefixtures("contest")
def test_no_count_tells_whether_an_address_has_an_account() -> None:
    from django.test import Client

    _organiser("known@example.org")
    before = Client().get("/metrics").content
    for email in ("known@example.org", "unknown@example.org"):
        form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
        assert Client().post("/accounts/signup/", form).status_code == 302
        assert Client().get("/metrics").content == before


@pytest.mark.usefixtures("contest")
def test_a_password_is_hashed_whether_or_not_there_is_an_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher
    from django.test import Client

    _organiser()
    hashed = []
    encode = Argon2PasswordHasher.encode
    verify = Argon2PasswordHasher.verify

    def counted_encode(self: Any, *words: Any) -> Any:
        hashed.append("encode")
        return encode(self, *words)

    def counted_verify(self: Any, *words: Any) -> Any:
        hashed.append("verify")
        return verify(self, *words)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted_encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", counted_verify)
    counts = []
    for email in ("chair@example.org", "nobody@example.org"):
        hashed.clear()
        Client().post("/accounts/login/", {"login": email, "password": "wrong words"})
        counts.append(len(hashed))
    assert counts == [1, 1]


@pytest.mark.usefixtures("contest")
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1@evil.example",
        "127.0.0.1:80@evil.example",
        "127.0.0.1.evil.example",
        "localhost:8000/evil",
        "evil.example#localhost",
        "",
    ],
)
def test_a_host_that_is_not_ours_gets_no_page_and_no_mail(host: str) -> None:
    from django.test import Client

    _organiser()
    client = Client(headers={"host": host})
    assert client.get("/").status_code == 400
    assert (
        client.post("/accounts/password/reset/", {"email": "chair@example.org"}).status_code == 400
    )


@pytest.mark.usefixtures("contest")
@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)",
     "https:evil.example", "\t//evil.example", "http:///evil.example", "////evil.example"],
)  # fmt: skip
def test_no_way_of_signing_in_or_out_leads_away(target: str) -> None:
    from django.test import Client

    _organiser()
    client = Client()
    form = {"login": "chair@example.org", "password": PASSWORD, "next": target}
    assert "evil" not in client.post("/accounts/login/", form)["Location"]
    assert "_auth_user_id" in client.session
    assert "evil" not in client.post("/accounts/logout/", {"next": target})["Location"]


def test_nothing_a_person_alone_may_see_is_kept_by_a_cache(join: Join) -> None:
    from site_people import send, signed_in

    client = signed_in(join())
    own = send(client, predictions())["Location"]
    pages = ("team/", "submit/", "submissions/", "tokens/")
    for path in (*(f"/challenge/{page}" for page in pages), own, f"{own}file/"):
        said = client.get(path)["Cache-Control"]
        assert {"no-store", "private"} <= set(said.split(", ")), path


def test_a_reader_of_the_log_learns_no_secret(join: Join, caplog: pytest.LogCaptureFixture) -> None:
    from django.test import Client

    from cygnet.site.contest import acts
    from cygnet.site.contest.models import Team
    from cygnet.site.updates.letters import mine_token
    from site_people import signed_in

    swans = join()
    secret = acts.invite(Team.objects.get())
    ours = mine_token(UUID(int=1))
    Client(headers={"authorization": f"Bearer {swans.token}x"}).get("/api/v1/submissions/1")
    Client(enforce_csrf_checks=True).post(f"/updates/mine/{ours}/", {"act": "erase"})
    strict = signed_in(swans, enforce_csrf_checks=True)
    assert strict.post(f"/challenge/team/join/{secret}/").status_code == 403
    assert caplog.records
    for kept in (swans.token, secret, ours):
        assert kept not in caplog.text


@pytest.mark.usefixtures("contest")
def test_who_signed_up_with_anothers_address_does_not_get_the_account() -> None:
    """Signed up first, never confirmed; then an organiser makes the account of its owner."""
    from django.test import Client

    from cygnet.site.accounts.models import User
    from cygnet.site.contest.people import make_user

    form = {"email": "victim@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert Client().post("/accounts/signup/", form).status_code == 302
    make_user("victim@example.org", team="Swans", organiser=False)
    client = Client()
    client.post("/accounts/login/", {"login": "victim@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    # Whose address is confirmed keeps the password.
    user = User.objects.get()
    user.set_password(PASSWORD)
    user.save()
    make_user("victim@example.org", team="Swans", organiser=False)
    client.post("/accounts/login/", {"login": "victim@example.org", "password": PASSWORD})
    assert "_auth_user_id" in client.session


@pytest.mark.usefixtures("contest")
def test_a_token_made_at_the_server_is_in_the_journal() -> None:
    from cygnet.site.contest.models import JournalAct

    chair = _organiser()
    act = JournalAct.objects.filter(kind="token-made").get()
    assert act.details == {"person": str(chair.pk), "organiser": True}


@pytest.mark.usefixtures("contest")
def test_a_public_site_answers_to_its_own_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reset of somebody's password must not mail a link to another machine."""
    from django.conf import settings
    from django.test import Client

    from cygnet.site.accounts.models import User

    _organiser()
    monkeypatch.setattr(settings, "PUBLIC_HOST", "challenge.example.org")
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["localhost", "challenge.example.org"])
    form = {"email": "chair@example.org"}
    inside = Client(headers={"host": "localhost:1234"})
    assert inside.post("/accounts/password/reset/", form).status_code == 400
    assert inside.get("/healthz").status_code == 200
    ours = Client(headers={"host": "challenge.example.org"})
    assert ours.get("/accounts/password/reset/").status_code == 200
    assert User.objects.count() == 1
