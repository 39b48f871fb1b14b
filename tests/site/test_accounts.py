"""Does a person come in from the street as meant: address, mail, password, team?"""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cygnet.errors import InputError
from cygnet.site.folder import CONTEST_FILE, ContestFolder
from mail_ways import look
from site_contest import CONTEST, Participant, write_contest

PASSWORD = "a long enough one, 9 words"  # noqa: S105 - no secret


def mailed_path(word: str) -> str:
    from django.core import mail

    look()
    found = [
        re.search(rf"http://testserver(/accounts/\S*{word}\S*)", str(one.body))
        for one in mail.outbox
    ]
    paths = [one[1] for one in found if one is not None]
    assert paths
    return paths[-1]


@pytest.mark.usefixtures("contest")
def test_an_account_begins_with_a_confirmed_address() -> None:
    from django.test import Client

    from cygnet.site.contest.models import Team

    client = Client()
    form = {"email": "Ana@Example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form).status_code == 302
    path = mailed_path("confirm")
    login = {"login": "ana@example.org", "password": PASSWORD}
    before = client.post("/accounts/login/", login)
    assert "confirm" in before["Location"]
    # Opening the link confirms nothing; the button on it does.
    assert client.get(path).status_code == 200
    assert "confirm" in client.post("/accounts/login/", login)["Location"]
    client.post(path)
    assert client.post("/accounts/login/", login)["Location"] == "/challenge/team/"
    client.post("/challenge/team/", {"name": "Swans"})
    client.post("/challenge/rules/accept/")
    team = Team.objects.get()
    assert not team.verified
    assert "Not verified yet" in client.get("/challenge/team/").content.decode()


def test_who_was_made_by_an_organiser_sets_a_password_by_mail(
    join: Callable[..., Participant],
) -> None:
    from django.test import Client

    swans = join()
    client = Client()
    client.post("/accounts/password/reset/", {"email": swans.email})
    first = client.get(mailed_path("reset"))
    assert first.status_code == 302
    client.post(first["Location"], {"password1": PASSWORD, "password2": PASSWORD})
    answer = Client().post("/accounts/login/", {"login": swans.email, "password": PASSWORD})
    assert answer["Location"] == "/challenge/team/"


def test_passwords_are_kept_by_argon2(join: Callable[..., Participant]) -> None:
    from cygnet.site.accounts.models import User

    join()
    user = User.objects.get()
    user.set_password(PASSWORD)
    assert user.password.startswith("argon2")


def test_a_file_that_moves_the_close_is_held_to_the_rules(
    contest: ContestFolder, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    from django.conf import settings

    from cygnet.site.contest import founding
    from cygnet.site.contest.people import make_user
    from cygnet.site.contest.state import contest_settings
    from cygnet.site.folder import open_folder

    file = contest.path / CONTEST_FILE
    assert not founding.take_settings()

    def taken(text: str) -> bool:
        file.write_text(text, encoding="utf-8")
        monkeypatch.setattr(settings, "CONTEST", open_folder(contest.path))
        return founding.take_settings()

    clock.moment += timedelta(days=1)
    try:
        assert taken(CONTEST.replace("daily_limit = 5", "daily_limit = 7"))
        assert contest_settings().daily_limit == 7
        # Nobody has done anything yet: no date was relied on.
        assert taken(CONTEST.replace("2020-08-17", "2020-08-02"))
        assert taken(CONTEST)
        make_user("ana@example.org", team="Swans", organiser=False)
        with pytest.raises(InputError, match="not later"):
            taken(CONTEST.replace("2020-08-17", "2020-08-01"))
        with pytest.raises(InputError, match="was split"):
            taken(CONTEST + "public_share = 0.5\n")
        assert taken(CONTEST.replace("2020-08-17", "2020-08-18"))
        assert contest_settings().closes.day == 18
    finally:
        file.write_text(CONTEST, encoding="utf-8")


def test_an_identity_provider_can_be_named(tmp_path: Path) -> None:
    extra = '[openid_connect]\nname = "ORCID"\nserver_url = "https://orcid.org"\nclient_id = "x"\n'
    write_contest(tmp_path, CONTEST + extra)
    program = (
        "import sys; from pathlib import Path; from cygnet.site.start import open_site;"
        "open_site(Path(sys.argv[1]));"
        "from cygnet.site.prepare import migrate; migrate();"
        "from django.test import Client;"
        "print(Client().get('/accounts/login/', headers={'host': 'localhost'}).content.decode())"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    missing = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "openid_client_secret is missing" in missing.stderr
    with (tmp_path / "secrets.toml").open("a", encoding="utf-8") as stream:
        stream.write('openid_client_secret = "y"\n')
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ORCID" in done.stdout
    assert "<script" not in done.stdout
