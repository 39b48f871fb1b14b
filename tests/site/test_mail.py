"""Does mail of the challenge leave beside the page, once, whatever the mail server does?"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mail_ways import MailServer, look, subscribe
from site_contest import Participant

PASSWORD = "a long enough one, 9 words"  # noqa: S105 - no secret
NEW = "nobody@x.example"

Join = Callable[..., Participant]


@pytest.fixture(autouse=True)
def _no_heads(site: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the organisers' daily mail out of what is counted here."""
    del site
    from cygnet.site.updates import outbox

    monkeypatch.setattr(outbox, "_chores", [])


def states() -> list[str]:
    from cygnet.site.updates.models import Mail

    return [
        str(state) for state in Mail.objects.order_by("made_at").values_list("state", flat=True)
    ]


def sign_up_for_account(email: str) -> Any:
    from django.test import Client

    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    return Client().post("/accounts/signup/", form)


def ask_for_password(email: str) -> Any:
    from django.test import Client

    return Client().post("/accounts/password/reset/", {"email": email})


@pytest.mark.parametrize("trouble", ["stalls", "refuses", "is down"])
def test_no_page_waits_for_a_mail_server(join: Join, mail: MailServer, trouble: str) -> None:
    from django.test import override_settings

    swans = join("Swans", email="refused@x.example" if trouble == "refuses" else "swans@x.example")
    mail.stalls_at, mail.stall_s = ("RCPT", 30.0) if trouble == "stalls" else ("", 0.0)
    port = {"EMAIL_PORT": 1} if trouble == "is down" else {}
    with override_settings(EMAIL_TIMEOUT=30, **port):
        began = time.monotonic()
        answers = [sign_up_for_account(NEW), ask_for_password(swans.email), ask_for_password(NEW)]
        took_s = time.monotonic() - began
    assert [one.status_code for one in answers] == [302] * 3
    assert took_s < 5
    assert states() == ["waiting"] * 3
    assert mail.arrived == []
    mail.stalls_at = ""
    look(3)
    assert sorted(states()) == sorted(
        ["sent", "sent", "sent"] if trouble != "refuses" else ["sent", "refused", "sent"]
    )
    assert "/accounts/confirm-email/" in mail.to(NEW)[0].get_content()


def test_a_server_that_stalls_costs_no_mail(join: Join, mail: MailServer) -> None:
    join()
    sign_up_for_account(NEW)
    mail.stalls_at, mail.stall_s = "RCPT", 3.0
    look()
    assert states() == ["waiting"]
    mail.stalls_at = ""
    look(3)
    assert states() == ["sent"]
    assert len(mail.to(NEW)) == 1


@pytest.mark.usefixtures("join")
def test_what_left_is_kept_without_address_and_link(mail: MailServer) -> None:
    from cygnet.site.updates.models import Mail

    sign_up_for_account(NEW)
    kept = Mail.objects.get()
    assert NEW in kept.to
    assert "confirm-email" in kept.text
    look()
    kept.refresh_from_db()
    assert (kept.to, kept.text) == ("", "")
    assert len(mail.arrived) == 1


def test_an_address_without_account_costs_what_one_with_it_does(
    join: Join, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows are written and the same hashes made: the time tells nothing."""
    from django.contrib.auth.hashers import Argon2PasswordHasher
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    swans = join()
    n_hashes: list[int] = []
    whole = Argon2PasswordHasher.encode

    def counted(*words: Any) -> Any:
        n_hashes.append(1)
        return whole(*words)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted)
    writes = []
    for email in (swans.email, NEW):
        with CaptureQueriesContext(connection) as queries:
            ask_for_password(email)
        writes.append(sum("INSERT" in one["sql"] for one in queries))
    assert writes == [1, 1]
    sign_up_for_account(swans.email)
    assert len(n_hashes) == 1
    sign_up_for_account(NEW)
    assert len(n_hashes) == 2
    look()
    assert len(mail.to(NEW)) == 1


@pytest.mark.usefixtures("join")
def test_a_link_that_opens_nothing_any_more_is_not_sent(mail: MailServer) -> None:
    from django.utils import timezone

    from cygnet.site.updates.models import Mail

    sign_up_for_account(NEW)
    Mail.objects.update(made_at=timezone.now() - timedelta(days=2))
    look()
    assert states() == ["cancelled"]
    assert mail.arrived == []


@pytest.mark.usefixtures("join")
def test_a_mail_that_was_being_handed_over_is_not_sent_again(mail: MailServer) -> None:
    from cygnet.site.updates.models import Mail

    sign_up_for_account(NEW)
    Mail.objects.update(state="handing")
    look(2)
    assert states() == ["unclear"]
    assert Mail.objects.get().to == ""
    assert mail.arrived == []


@pytest.mark.usefixtures("join")
def test_an_account_does_not_wait_behind_an_announcement(mail: MailServer) -> None:
    from cygnet.site.updates.announcing import announce

    subscribe(*(f"a{n}@x.example" for n in range(60)))
    announce("Version 2", "It is there.")
    sign_up_for_account(NEW)
    look()
    assert mail.arrived[0]["To"] == NEW
    look(2)
    assert len(mail.arrived) == 61
