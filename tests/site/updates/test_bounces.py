"""Are notices of bounces believed where they are ours, and only there?"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import pytest

from cygnet.errors import InputError
from cygnet.site.folder import ContestFolder
from cygnet.site.updates.notice import read_notice
from mail_ways import MailServer, look, subscribe


def notice(
    message_id: str, *, action: str = "failed", status: str = "5.1.1", whole: bool = False
) -> bytes:
    """Write a notice as a mail server does."""
    made = MIMEMultipart("report", report_type="delivery-status")
    made.attach(MIMEText("The mail could not be delivered."))
    blocks = (
        "Reporting-MTA: dns; mx.x.example\n\n"
        f"Final-Recipient: rfc822; a@x.example\nAction: {action}\nStatus: {status}\n"
    )
    from email.parser import Parser

    made.attach(Parser().parsestr(f"Content-Type: message/delivery-status\n\n{blocks}"))
    headers = f"Message-ID: {message_id}\nSubject: Version 2\nTo: a@x.example\n\n"
    if whole:
        made.attach(MIMEMessage(Parser().parsestr(headers + "Text")))
    else:
        made.attach(MIMEText(headers, "rfc822-headers"))
    return made.as_bytes()


@pytest.mark.parametrize("whole", [True, False])
def test_a_notice_is_read(whole: bool) -> None:
    said = read_notice(notice("<cygnet.a.b@x>", whole=whole))
    assert said.is_final
    assert said.status == "5.1.1"
    assert said.message_ids == ("<cygnet.a.b@x>",)
    assert not read_notice(notice("<a@x>", action="delayed", status="4.4.1")).is_final


@pytest.mark.parametrize(
    "data", [b"", b"Subject: Hello\n\nText", b"\xff\xfe\x00", b"x" * 5_000_000]
)
def test_what_is_no_notice_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_notice(data)


def test_the_owner_of_a_returned_letter_is_written_to_no_more(mail: MailServer) -> None:
    from cygnet.site.updates.announcing import announce, take_notice
    from cygnet.site.updates.models import Subscriber

    subscribe("a@x.example", "b@x.example")
    announce("Version 2", "It is there.")
    look()
    (letter,) = mail.to("a@x.example")
    assert "delayed" in take_notice(notice(letter["Message-ID"], action="delayed", status="4.4.1"))
    assert Subscriber.objects.get(email="a@x.example").state == "confirmed"
    assert "no more" in take_notice(notice(letter["Message-ID"]))
    assert Subscriber.objects.get(email="a@x.example").state == "bounced"
    assert Subscriber.objects.get(email="b@x.example").state == "confirmed"
    assert "nothing was changed" in take_notice(notice(letter["Message-ID"]))


def test_a_forged_notice_stops_nobody(mail: MailServer) -> None:
    from cygnet.site.updates.announcing import announce, take_notice
    from cygnet.site.updates.models import Letter, Subscriber

    subscribe("a@x.example")
    announce("Version 2", "It is there.")
    look()
    assert len(mail.arrived) == 1
    real = Letter.objects.get().id
    for said in (f"<cygnet.{real.hex}.{'0' * 32}@x>", f"<{uuid.uuid4()}@x>"):
        with pytest.raises(InputError, match="not signed by this site"):
            take_notice(notice(said))
    assert Subscriber.objects.get().state == "confirmed"


def test_events_of_a_provider_stop_what_came_back(db: ContestFolder) -> None:
    from cygnet.site.updates.models import Subscriber
    from cygnet.site.updates.webhooks import take_event

    assert db.path.is_dir()
    subscribe("a@x.example", "b@x.example", "c@x.example", "d@x.example")
    take_event("bounced", "A@x.example", "bounced")
    take_event("complained", "b@x.example", "spam")
    take_event("bounced", "c@x.example", "timed_out")
    take_event("opened", "d@x.example", None)
    take_event("bounced", "unknown@x.example", "bounced")
    take_event("bounced", None, None)
    states = dict(Subscriber.objects.values_list("email", "state"))
    assert [states[f"{name}@x.example"] for name in "abcd"] == [
        "bounced", "bounced", "confirmed", "confirmed",
    ]  # fmt: skip


KEY = "key-of-tests"


def mailgun_event(recipient: str, key: str = KEY) -> dict[str, Any]:
    stamp, token = str(int(time.time())), uuid.uuid4().hex * 2
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": stamp, "token": token, "signature": signature},
        "event-data": {
            "event": "failed", "severity": "permanent", "reason": "bounce",
            "recipient": recipient, "timestamp": time.time(), "id": "x",
            "message": {"headers": {"message-id": "m@x"}}, "delivery-status": {"code": 550},
        },
    }  # fmt: skip


def test_a_webhook_is_believed_by_its_signature_alone(db: ContestFolder) -> None:
    from django.core.exceptions import SuspiciousOperation
    from django.test import RequestFactory, override_settings

    from cygnet.site.updates import webhooks
    from cygnet.site.updates.models import Subscriber

    assert db.path.is_dir()
    subscribe("a@x.example")
    with override_settings(
        UPDATES_BOUNCES_BY="mailgun", ANYMAIL={"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    ):
        webhooks.connect()
        view = webhooks.view("mailgun")

        def post(event: dict[str, Any]) -> int:
            request = RequestFactory().post(
                "/updates/bounces/", json.dumps(event), content_type="application/json"
            )
            return int(view(request).status_code)

        # Django answers it with 400.
        with pytest.raises(SuspiciousOperation):
            post(mailgun_event("a@x.example", key="another"))
        assert Subscriber.objects.get().state == "confirmed"
        assert post(mailgun_event("a@x.example")) == 200
    assert Subscriber.objects.get().state == "bounced"


@pytest.mark.parametrize(
    "provider", ["mailgun", "resend", "sendgrid", "postmark", "mailjet", "brevo"]
)
def test_every_provider_has_its_view(site: ContestFolder, provider: str) -> None:
    from django.test import override_settings

    from cygnet.site.folder import ContestFile
    from cygnet.site.updates import webhooks
    from cygnet.site.updates.settings import django_settings

    assert site.path.is_dir()
    contest = ContestFile(name="a", title="A", updates={"bounces_by": provider})

    class Folder:
        path = site.path

        def __init__(self) -> None:
            self.contest = contest

        def needed_secret(self, name: str) -> str:
            assert name == "bounce_secret"
            return base64.b64encode(b"user:password").decode()

    made = django_settings(Folder())  # type: ignore[arg-type]
    assert made["ANYMAIL"]
    with override_settings(ANYMAIL=made["ANYMAIL"]):
        assert callable(webhooks.view(provider))


def test_an_unknown_key_of_updates_is_named(site: ContestFolder) -> None:
    from dataclasses import replace

    from cygnet.site.updates.settings import django_settings

    contest = site.contest.model_copy(update={"updates": {"leese_s": 3}})
    with pytest.raises(InputError, match=r"updates\.leese_s"):
        django_settings(replace(site, contest=contest))
