"""Does every letter reach whom it should, once, whatever the mail server does?"""

import threading
from datetime import timedelta

import pytest

from mail_ways import MailServer, link, look, sign_up, subscribe


def states(address: str) -> list[str]:
    from cygnet.site.updates.models import Letter

    return list(Letter.objects.filter(subscriber__email=address).values_list("state", flat=True))


def announce(text: str = "Version 2 is there.", subject: str = "Version 2") -> None:
    from cygnet.site.updates.announcing import announce as do

    do(subject, text)


def test_an_announcement_reaches_those_who_confirmed_and_nobody_else(mail: MailServer) -> None:
    subscribe("a@x.example", "b@x.example")
    sign_up("pending@x.example")
    look()
    mail.arrived.clear()
    announce()
    look()
    assert sorted(one["To"] for one in mail.arrived) == ["a@x.example", "b@x.example"]
    (one,) = mail.to("a@x.example")
    assert one["Subject"] == "Version 2"
    assert one["From"] == "Challenge <noreply@challenge.example>"
    assert "Version 2 is there." in one.get_content()
    announce()
    look(3)
    assert len(mail.arrived) == 2


def test_an_announcement_can_be_left_by_one_click(mail: MailServer) -> None:
    from django.test import Client

    subscribe("a@x.example")
    announce()
    look()
    (one,) = mail.to("a@x.example")
    assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = one["List-Unsubscribe"].strip("<>")
    assert address.startswith("https://challenge.example/updates/unsubscribe/")
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        address.removeprefix("https://challenge.example"), {"List-Unsubscribe": "One-Click"}
    )
    assert answer.status_code == 200
    assert not answer.cookies
    announce("Another.", "Another")
    look()
    assert len(mail.to("a@x.example")) == 1


def test_a_refused_address_is_written_to_no_more(mail: MailServer) -> None:
    from cygnet.site.updates.models import ConsentEvent, Subscriber

    subscribe("refused@x.example", "b@x.example")
    announce()
    look()
    assert states("refused@x.example") == ["refused"]
    assert Subscriber.objects.get(email="refused@x.example").state == "bounced"
    event = ConsentEvent.objects.get(kind="bounced")
    assert "550" in event.detail
    assert "refused@x.example" not in event.detail
    assert len(mail.to("b@x.example")) == 1
    announce("Another.", "Another")
    look()
    assert states("refused@x.example") == ["refused"]


def test_a_letter_that_is_put_off_is_tried_again_after_a_pause(mail: MailServer) -> None:
    from django.utils import timezone

    from cygnet.site.updates.models import Letter

    subscribe("later@x.example")
    announce()
    look(3)
    letter = Letter.objects.get()
    assert (letter.state, letter.attempts) == ("waiting", 1)
    assert letter.not_before > timezone.now() + timedelta(seconds=50)
    Letter.objects.update(attempts=11, not_before=timezone.now())
    look()
    assert states("later@x.example") == ["given-up"]
    assert mail.arrived == []


def test_a_letter_whose_words_are_refused_stops_nobody(mail: MailServer) -> None:
    from cygnet.site.updates.models import Subscriber

    subscribe("a@x.example")
    announce("unwanted words")
    look()
    assert states("a@x.example") == ["refused"]
    assert Subscriber.objects.get().state == "confirmed"
    assert mail.arrived == []


def test_a_server_that_stalls_before_the_body_costs_nothing(mail: MailServer) -> None:
    subscribe("a@x.example")
    announce()
    mail.stalls_at, mail.stall_s = "RCPT", 3.0
    look()
    assert states("a@x.example") == ["waiting"]
    mail.stalls_at = ""
    look()
    assert states("a@x.example") == ["sent"]
    assert len(mail.to("a@x.example")) == 1


@pytest.mark.parametrize("how", ["stalls", "hangs up"])
def test_a_server_that_is_silent_after_the_body_is_not_given_it_again(
    mail: MailServer, how: str
) -> None:
    subscribe("a@x.example")
    announce()
    if how == "stalls":
        mail.stalls_at, mail.stall_s = "DATA", 3.0
    else:
        mail.hang_up_after_body = True
    look()
    assert states("a@x.example") == ["unclear"]
    mail.stalls_at, mail.hang_up_after_body = "", False
    look(3)
    assert len(mail.to("a@x.example")) == 1


def test_a_server_that_is_down_loses_nothing(mail: MailServer) -> None:
    from django.test import override_settings

    subscribe("a@x.example")
    announce()
    with override_settings(EMAIL_PORT=1):
        look(2)
    assert states("a@x.example") == ["waiting"]
    look()
    assert states("a@x.example") == ["sent"]
    assert len(mail.arrived) == 1


def test_while_one_process_has_the_lease_no_other_sends(mail: MailServer) -> None:
    from django.utils import timezone

    from cygnet.site.updates.models import Lease
    from cygnet.site.updates.outbox import Sender

    subscribe("a@x.example")
    first, second = Sender(), Sender()
    first.look()
    announce()
    second.look()
    assert mail.arrived == []
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    second.look()
    assert len(mail.arrived) == 1
    assert not first._renew()
    second.end()


def test_a_lease_of_a_clock_that_was_ahead_does_not_hold_for_ever(mail: MailServer) -> None:
    from django.utils import timezone

    from cygnet.site.updates.models import Lease

    subscribe("a@x.example")
    announce()
    Lease.objects.create(name="updates", holder="gone", until=timezone.now() + timedelta(days=300))
    look()
    assert len(mail.arrived) == 1


def test_a_letter_that_another_process_was_handing_over_is_not_sent_again(
    mail: MailServer,
) -> None:
    from cygnet.site.updates.models import Letter

    subscribe("a@x.example", "b@x.example")
    announce()
    Letter.objects.filter(subscriber__email="a@x.example").update(state="handing")
    look()
    assert states("a@x.example") == ["unclear"]
    assert [one["To"] for one in mail.arrived] == ["b@x.example"]


def test_who_left_between_announcement_and_sending_gets_nothing(mail: MailServer) -> None:
    from cygnet.site.updates import consent
    from cygnet.site.updates.models import Subscriber

    subscribe("a@x.example")
    announce()
    consent.leave(Subscriber.objects.get().pseudonym)
    look()
    assert mail.arrived == []
    assert states("a@x.example") == ["cancelled"]


def test_lines_that_begin_with_a_dot_arrive_whole(mail: MailServer) -> None:
    subscribe("a@x.example")
    announce("First.\n.\n..two dots\nM\u00fcnchen\n.end")
    look()
    (one,) = mail.arrived
    text = one.get_content().replace("\r\n", "\n")
    assert text.startswith("First.\n.\n..two dots\nM\u00fcnchen\n.end\n")


def test_the_thread_of_the_server_sends_and_stops(mail: MailServer) -> None:
    from cygnet.site.updates import outbox

    stop = threading.Event()
    thread = threading.Thread(target=outbox.work, args=(stop,))
    thread.start()
    subscribe("a@x.example")
    announce()
    outbox.wake()
    for _ in range(100):
        if mail.arrived:
            break
        stop.wait(0.1)
    stop.set()
    outbox.wake()
    thread.join(10)
    assert not thread.is_alive()
    assert len(mail.arrived) == 1
    assert "unsubscribe" in link(mail.arrived[0], "/unsubscribe/")


def test_a_confirmation_does_not_wait_behind_an_announcement(mail: MailServer) -> None:
    from django.utils import timezone

    from cygnet.site.updates import outbox
    from cygnet.site.updates.models import Letter

    subscribe(*(f"a{n}@x.example" for n in range(5)))
    announce()
    Letter.objects.update(not_before=timezone.now() - timedelta(hours=1))
    sign_up("new@x.example")
    monkey = pytest.MonkeyPatch()
    monkey.setattr(outbox, "_BATCH", 1)
    look()
    monkey.undo()
    assert [one["To"] for one in mail.arrived] == ["new@x.example"]


def test_a_process_that_has_nothing_to_send_writes_nothing(mail: MailServer) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from cygnet.site.updates.outbox import Sender

    assert mail.arrived == []
    sender = Sender()
    sender.look()
    with CaptureQueriesContext(connection) as queries:
        sender.look()
    assert all(query["sql"].startswith("SELECT") for query in queries)
    sender.end()
