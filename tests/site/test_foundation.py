"""Does a contest folder become a site that keeps its promises of headers, hosts and secrets?"""

import stat
from pathlib import Path
from typing import Any

import pytest

from cygnet.errors import InputError
from cygnet.site.folder import SECRETS_FILE, open_folder, write_secrets


def test_secrets_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    write_secrets(tmp_path, {"secret_key": "x"})
    assert stat.S_IMODE((tmp_path / SECRETS_FILE).stat().st_mode) == 0o600


def test_secrets_that_others_may_read_are_refused(tmp_path: Path) -> None:
    write_secrets(tmp_path, {"secret_key": "x"})
    (tmp_path / SECRETS_FILE).chmod(0o640)
    (tmp_path / "contest.toml").write_text('name = "a"\ntitle = "A"\n', encoding="utf-8")
    with pytest.raises(InputError, match="0640"):
        open_folder(tmp_path).secret("secret_key")


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_secrets(tmp_path, {"secret_key": "x"})
    (tmp_path / "contest.toml").write_text('name = "a"\ntitle = "A"\n', encoding="utf-8")
    monkeypatch.setenv("CYGNET_SECRET_KEY", "y")
    assert open_folder(tmp_path).secret("secret_key") == "y"


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "contest.toml").write_text('name = "a"\ntitle = "A"\nlimit = 3\n', encoding="utf-8")
    with pytest.raises(InputError, match="limit"):
        open_folder(tmp_path)


@pytest.mark.usefixtures("db")
def test_a_page_allows_nothing_from_elsewhere() -> None:
    from django.test import Client

    answer = Client().get("/accounts/login/")
    policy = answer["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    text = answer.content.decode()
    assert "<script" not in text
    assert "http://" not in text.replace("http://testserver", "")


@pytest.mark.usefixtures("db")
def test_sqlite_takes_turns_and_syncs() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        found = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30000,
        "foreign_keys": 1,
    }
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert connection.settings_dict["ATOMIC_REQUESTS"] is False


@pytest.mark.usefixtures("db")
def test_a_host_that_is_not_ours_is_refused() -> None:
    from django.test import Client

    assert Client(headers={"host": "evil.example"}).get("/accounts/login/").status_code == 400


@pytest.mark.usefixtures("db")
def test_a_session_that_cannot_be_kept_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import OperationalError
    from django.http import HttpResponse
    from django.test import RequestFactory

    from cygnet.site.sessions import Sessions

    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    def view(request: Any) -> HttpResponse:
        request.session["kept"] = 1
        return HttpResponse("done")

    monkeypatch.setattr(SessionStore, "save", full)
    answer = Sessions(view)(RequestFactory().get("/challenge/"))
    assert answer.status_code == 503
    assert "the disk is full" in answer.content.decode()
