"""How do organisers hold the journal's head apart from the server? By a mail a day."""

import logging
import threading
from datetime import date

from django.conf import settings
from django.core.mail import send_mail

from cygnet.site.contest import clock, journal
from cygnet.site.contest.models import JournalAct

log = logging.getLogger(__name__)

LOOK_EVERY_S = 60.0


def mail_heads(stop: threading.Event) -> None:
    """Mail the head once a UTC day on which something happened."""
    mailed: date | None = None
    while not stop.wait(LOOK_EVERY_S):
        today = clock.now().date()
        if mailed != today and mail_head(today):
            mailed = today


def mail_head(today: date) -> bool:
    """Mail today's head unless it was mailed; false where it has to be tried again."""
    to = settings.CONTEST.contest.organiser_email
    last = JournalAct.objects.first()
    if not to or last is None:
        return True
    mark = settings.CONTEST.path / "last-head-mailed"
    said = f"{today.isoformat()} {last.head}"
    before = mark.read_text(encoding="utf-8").strip() if mark.exists() else ""
    if before.startswith(today.isoformat()) or before.endswith(last.head):
        return True
    try:
        send_mail(
            f"{settings.CONTEST.contest.title}: head of the journal, {today.isoformat()}",
            f"The journal has {last.number} acts. Its head is\n\n{journal.head()}\n\n"
            "Keep this mail. Whether anything was changed since, this says:\n"
            f"cygnet challenge verify DIR --head {last.head}\n",
            None,
            [to],
        )
    except OSError as error:
        log.warning("the head of the journal could not be mailed: %s", error)
        return False
    mark.write_text(said + "\n", encoding="utf-8")
    return True
