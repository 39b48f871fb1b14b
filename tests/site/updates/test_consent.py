"""From the form to the list and off it again: does nobody get there by another's hand?"""

import json
import statistics
import sys
import time

import pytest

from cygnet.site.folder import ContestFolder
from mail_ways import MailServer, link, look, sign_up, subscribe


def state(address: str) -> str | None:
    from cygnet.site.updates.models import Subscriber

    found: str | None = (
        Subscriber.objects.filter(email=address).values_list("state", flat=True).first()
    )
    return found


def kinds() -> list[str]:
    from cygnet.site.updates.models import ConsentEvent

    return list(ConsentEvent.objects.values_list("kind", flat=True))


def test_an_address_is_on_the_list_after_its_owner_pressed_the_button(mail: MailServer) -> None:
    from django.test import Client

    from cygnet.site.updates.models import ConsentEvent, Wording

    answer = sign_up("Jane@X.example")
    assert (answer.status_code, answer["Location"]) == (302, "/updates/asked/")
    look()
    (first,) = mail.arrived
    path = link(first, "/confirm/")
    client = Client(enforce_csrf_checks=True)
    shown = client.get(path)
    client.head(path)
    assert shown.status_code == 200
    assert shown["Referrer-Policy"] == "no-referrer"
    assert shown["Cache-Control"] == "no-store"
    assert state("jane@x.example") == "pending"
    assert client.post(path).status_code == 403
    token = client.cookies["csrftoken"].value
    done = client.post(path, {"csrfmiddlewaretoken": token}, headers={"referer": ""})
    assert b"Confirmed" in done.content
    assert state("jane@x.example") == "confirmed"
    assert kinds() == ["asked", "confirmed"]
    texts = dict(Wording.objects.values_list("digest", "text"))
    said = [texts[event.wording] for event in ConsentEvent.objects.all()]
    assert "new versions, errata, and dates" in said[0]
    assert said[1].startswith("Yes, send me updates")


def test_the_first_mail_holds_no_word_of_a_visitor(mail: MailServer) -> None:
    sign_up("buy.pills.at.evil.example@x.example", name="<b>Buy</b>", subject="Pills", text="Pills")
    look()
    (first,) = mail.arrived
    said = first.get_content() + first["Subject"]
    assert "pills" not in said.lower()
    assert "<b>" not in said
    assert said.count("https://") == 1


@pytest.mark.usefixtures("mail")
def test_whatever_the_address_the_answer_is_the_same() -> None:
    subscribe("known@x.example")
    sign_up("pending@x.example")
    look()
    answers = [sign_up(name) for name in ("known@x.example", "pending@x.example", "new@x.example")]
    assert {answer.status_code for answer in answers} == {302}
    assert len({(answer["Location"], answer.content) for answer in answers}) == 1


@pytest.mark.usefixtures("mail")
def test_the_time_of_the_answer_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from cygnet.site.updates import rules

    monkeypatch.setattr(rules, "MOST_AN_HOUR_A_NETWORK", 10_000)
    subscribe("known@x.example")
    written: dict[str, set[tuple[str, ...]]] = {"known": set(), "new": set()}
    took: dict[str, list[float]] = {"known": [], "new": []}
    for n in range(20):
        for kind, address in (("known", "known@x.example"), ("new", f"new{n}@x.example")):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                begun = time.perf_counter()
                sign_up(address)
                took[kind].append(time.perf_counter() - begun)
            written[kind].add(
                tuple(query["sql"].split(" VALUES")[0].split("'")[0] for query in queries)
            )
    assert written["known"] == written["new"]
    assert all("subscriber" not in sql for one in written["new"] for sql in one)
    known, new = (1000 * statistics.median(took[kind]) for kind in ("known", "new"))
    sys.stdout.write(f"median answer: known {known:.1f} ms, new {new:.1f} ms\n")


def test_an_address_gets_one_confirmation_a_day(mail: MailServer) -> None:
    for _ in range(5):
        sign_up("a@x.example")
        look()
    assert len(mail.arrived) == 1


def test_who_is_on_the_list_gets_no_confirmation(mail: MailServer) -> None:
    subscribe("a@x.example")
    sign_up("a@x.example")
    look()
    assert mail.arrived == []
    assert state("a@x.example") == "confirmed"


def test_a_network_enters_so_many_addresses_an_hour(mail: MailServer) -> None:
    from cygnet.site.updates.models import SignUp

    answers = [sign_up(f"a{n}@x.example", remote=f"192.0.2.{n}").status_code for n in range(22)]
    assert answers == [302] * 20 + [429] * 2
    assert sign_up("b@x.example", remote="198.51.100.1").status_code == 302
    look()
    assert len(mail.arrived) == 21
    assert set(SignUp.objects.values_list("email", flat=True)) == {""}


def test_a_program_that_fills_in_every_field_is_answered_and_ignored(mail: MailServer) -> None:
    answer = sign_up("a@x.example", website="https://spam.example")
    assert (answer.status_code, answer["Location"]) == (302, "/updates/asked/")
    look()
    assert mail.arrived == []
    assert state("a@x.example") is None


@pytest.mark.usefixtures("mail")
def test_a_form_without_a_stamp_of_ours_or_sent_at_once_comes_back_with_the_address() -> None:
    from cygnet.site.updates.models import SignUp

    for answer in (sign_up("a@x.example", stamp="forged"), sign_up("a@x.example", wait=False)):
        assert answer.status_code == 422
        assert b'value="a@x.example"' in answer.content
    assert not SignUp.objects.exists()


@pytest.mark.usefixtures("mail")
@pytest.mark.parametrize(
    "address", ["", "a", "a@", "a@b", "a@x.example, b@x.example", "a@x.example\nBcc: b@x.example"]
)
def test_what_is_no_address_comes_back_with_a_reason(address: str) -> None:
    from cygnet.site.updates.models import SignUp

    answer = sign_up(address)
    assert answer.status_code == 422
    assert b"Enter an email address" in answer.content
    assert not SignUp.objects.exists()


@pytest.mark.usefixtures("mail")
def test_links_that_are_forged_or_old_confirm_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from django.test import Client

    from cygnet.site.updates import letters, rules
    from cygnet.site.updates.models import Subscriber

    sign_up("a@x.example")
    look()
    one = Subscriber.objects.get()
    mine = letters.mine_token(one.pseudonym)
    assert Client().post(f"/updates/confirm/{mine}/").status_code == 410
    good = letters.confirm_token(one.pseudonym)
    assert Client().post(f"/updates/confirm/{good}x/").status_code == 410
    monkeypatch.setattr(rules, "CONFIRM_WITHIN", timedelta(seconds=-1))
    assert Client().post(f"/updates/confirm/{good}/").status_code == 410
    assert state("a@x.example") == "pending"


@pytest.mark.usefixtures("mail")
def test_an_old_confirmation_does_not_bring_back_who_left() -> None:
    from django.test import Client

    from cygnet.site.updates import letters
    from cygnet.site.updates.models import Subscriber

    sign_up("a@x.example")
    look()
    one = Subscriber.objects.get()
    path = f"/updates/confirm/{letters.confirm_token(one.pseudonym)}/"
    assert Client().post(path).status_code == 200
    leave = f"/updates/unsubscribe/{letters.mine_token(one.pseudonym)}/"
    assert Client().get(leave).status_code == 200
    assert state("a@x.example") == "confirmed"
    assert Client().post(leave).status_code == 200
    assert Client().post(leave).status_code == 200
    assert Client().post(path).status_code == 410
    assert state("a@x.example") == "left"
    assert kinds() == ["asked", "confirmed", "left"]


def test_who_left_may_come_again_by_the_same_way(mail: MailServer) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from cygnet.site.updates import consent
    from cygnet.site.updates.models import Subscriber

    sign_up("a@x.example")
    look()
    one = Subscriber.objects.get()
    consent.confirm(one.pseudonym)
    consent.leave(one.pseudonym)
    Subscriber.objects.update(confirmation_at=timezone.now() - timedelta(days=2))
    sign_up("a@x.example")
    look()
    assert len(mail.arrived) == 2
    assert state("a@x.example") == "pending"


@pytest.mark.usefixtures("mail")
def test_what_is_kept_can_be_had_and_deleted_by_its_owner() -> None:
    from django.test import Client

    from cygnet.site.updates import consent, letters
    from cygnet.site.updates.models import ConsentEvent, Letter, Subscriber

    sign_up("a@x.example")
    look()
    one = Subscriber.objects.get()
    consent.confirm(one.pseudonym)
    path = f"/updates/mine/{letters.mine_token(one.pseudonym)}/"
    assert b"a@x.example" not in Client().get(path).content
    kept = json.loads(Client().post(path, {"act": "export"}).content)
    assert kept["email"] == "a@x.example"
    assert [event["kind"] for event in kept["consent"]] == ["asked", "confirmed", "exported"]
    assert kept["letters"][0]["subject"] == "confirmation"
    assert b"deleted" in Client().post(path, {"act": "erase"}).content
    assert not Subscriber.objects.exists()
    assert not Letter.objects.exists()
    assert set(ConsentEvent.objects.values_list("pseudonym", flat=True)) == {one.pseudonym}
    assert "a@x.example" not in str(list(ConsentEvent.objects.values()))
    assert Client().post(path, {"act": "export"}).status_code == 410


@pytest.mark.usefixtures("mail")
def test_an_address_that_was_never_confirmed_is_deleted() -> None:
    from datetime import timedelta

    from django.utils import timezone

    from cygnet.site.updates import consent
    from cygnet.site.updates.models import Subscriber

    sign_up("a@x.example")
    look()
    consent.tidy()
    assert state("a@x.example") == "pending"
    Subscriber.objects.update(asked_at=timezone.now() - timedelta(days=8))
    consent.tidy()
    assert state("a@x.example") is None
    assert kinds() == ["asked", "lapsed"]


def test_the_record_of_consent_cannot_be_changed(db: ContestFolder) -> None:
    import uuid

    from django.db import DatabaseError, connection

    from cygnet.site.updates.models import ConsentEvent

    assert db.path.is_dir()
    event = ConsentEvent.objects.create(pseudonym=uuid.uuid4(), kind="left")
    event.kind = "confirmed"
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
    with pytest.raises(TypeError):
        ConsentEvent.objects.update(kind="confirmed")
    with pytest.raises(TypeError):
        ConsentEvent.objects.all().delete()
    with pytest.raises(DatabaseError, match="never changed"), connection.cursor() as cursor:
        cursor.execute("UPDATE updates_consentevent SET kind = 'confirmed'")


@pytest.mark.usefixtures("mail")
def test_a_form_of_another_site_is_refused() -> None:
    from django.test import Client

    answer = Client(enforce_csrf_checks=True).post("/updates/", {"email": "a@x.example"})
    assert answer.status_code == 403
