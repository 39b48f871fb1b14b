"""Who sends what waits, and what if it is killed? One thread at a time, under a lease.

The lease is a row of the database, taken and renewed by its clock. Whoever finds a letter that the
holder before was handing over lets it be: it may have arrived, and nobody is written to twice.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from cygnet.site.updates import consent, letters, posting, rules
from cygnet.site.updates.models import Lease, Letter, Mail, Posted, Subscriber
from cygnet.site.updates.post import Outcome, Post

log = logging.getLogger(__name__)

NAME: Final = "updates"
_LOOK_EVERY_S: Final = 2.0
_TIDY_EVERY: Final = timedelta(hours=1)
_LONGEST_PAUSE_S: Final = 300.0
# Few: who waits for a password is not behind many of an announcement.
_BATCH: Final = 50
_State: Any = Posted.State

_woken = threading.Event()
_chores: list[Callable[[], object]] = []


def also(chore: Callable[[], object]) -> None:
    """Have the one who sends do ``chore`` at every look: write what is due, at most once."""
    _chores.append(chore)


def wake() -> None:
    """Have the thread of this process look at once."""
    _woken.set()


def work(stop: threading.Event) -> None:
    """Send what waits until ``stop`` is set: the thread of the server."""
    sender = Sender(stop)
    try:
        while not stop.is_set():
            pause_s = sender.look()
            _woken.wait(pause_s)
            _woken.clear()
    finally:
        sender.end()


class Sender:
    """One process's turn at the outbox."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.holder = uuid.uuid4().hex
        self._stop = stop or threading.Event()
        self._post: Post | None = None
        self._holds = False
        self._renewed_s = 0.0
        self._n_down = 0
        self._tidied = timezone.now() - 2 * _TIDY_EVERY

    def look(self) -> float:
        """Do what there is to do; give after how many seconds to look again."""
        if not self._take():
            return _LOOK_EVERY_S
        if timezone.now() - self._tidied > _TIDY_EVERY:
            consent.tidy()
            posting.tidy()
            self._tidied = timezone.now()
        consent.handle_sign_ups()
        for chore in _chores:
            _do(chore)
        return self._send_waiting()

    def end(self) -> None:
        """Let the connection and the lease go."""
        if self._post is not None:
            self._post.close()
        if self._holds:
            Lease.objects.filter(name=NAME, holder=self.holder).update(until=Now(), holder="")

    def _take(self) -> bool:
        """Take the lease where it is free, or keep it; whoever takes it finds what was left."""
        # One who has just renewed it holds it still, and writes nothing while there is no mail.
        if self._holds and time.monotonic() - self._renewed_s < settings.UPDATES_LEASE_S / 3:
            return True
        if self._holds and self._renew():
            return True
        Lease.objects.get_or_create(name=NAME, defaults={"until": timezone.now()})
        length = timedelta(seconds=settings.UPDATES_LEASE_S)
        # A lease that ends later than any can was made by a clock that was set back since.
        free = Q(holder="") | Q(until__lte=Now()) | Q(until__gt=Now() + 2 * length)
        with transaction.atomic():
            taken = Lease.objects.filter(free, name=NAME).update(
                holder=self.holder, until=Now() + length
            )
            if taken:
                left = _leave_unclear()
                if left:
                    log.warning("%d letter(s) may have arrived; none is sent again", left)
        self._holds = bool(taken)
        self._renewed_s = time.monotonic()
        return self._holds

    def _renew(self) -> bool:
        until = Now() + timedelta(seconds=settings.UPDATES_LEASE_S)
        kept = Lease.objects.filter(name=NAME, holder=self.holder).update(until=until)
        self._holds = bool(kept)
        self._renewed_s = time.monotonic()
        return self._holds

    def _send_waiting(self) -> float:
        """Send what waits; give after how many seconds to look again."""
        found = _waiting()
        if not found:
            self._n_down = 0
            if self._post is not None:
                self._post.close()
                self._post = None
            return _LOOK_EVERY_S
        self._post = self._post or Post()
        for one in found:
            if self._stop.is_set() or not self._renew():
                return 0.0
            outcome = self._send(one, self._post)
            if outcome.kind == "down":
                return self._server_is_down(outcome)
            self._n_down = 0
            if outcome.kind == "not-mine":
                self._holds = False
                return _LOOK_EVERY_S
            self._stop.wait(settings.UPDATES_PAUSE_S)
        return 0.0

    def _server_is_down(self, outcome: Outcome) -> float:
        self._n_down += 1
        log.warning("the mail server takes nothing: %s", outcome.reply)
        return min(_LOOK_EVERY_S * 2.0 ** min(self._n_down, 16), _LONGEST_PAUSE_S)

    def _send(self, one: Posted, post: Post) -> Outcome:
        if not _is_wanted(one):
            _close(one, _State.CANCELLED, "no longer wanted")
            return Outcome("sent")
        if not post.is_open():
            return Outcome("down", "it cannot be reached")
        mail = posting.compose(one) if isinstance(one, Mail) else letters.compose(one)
        outcome = post.hand_over(mail, lambda: self._begin(one))
        _note(one, outcome)
        return outcome

    def _begin(self, one: Posted) -> bool:
        """Write down that a mail leaves now, under the lease and only once."""
        with transaction.atomic():
            return self._renew() and bool(
                type(one)
                .objects.filter(pk=one.pk, state=_State.WAITING)
                .update(state=_State.HANDING, changed_at=timezone.now())
            )


def _do(chore: Callable[[], object]) -> None:
    try:
        chore()
    # Whatever it was, it is tried at the next look, and the mail that waits leaves meanwhile.
    except Exception:
        log.exception("what the outbox does besides sending failed")


def _waiting() -> list[Posted]:
    """Give what waits: about accounts first, then confirmations, then what many get."""
    mail = Mail.objects.filter(state=_State.WAITING, not_before__lte=timezone.now())
    order = ("not_before", "id")
    found: list[Posted] = list(mail.filter(kind=Mail.Kind.ACCOUNT).order_by(*order)[:_BATCH])
    waiting = Letter.objects.filter(state=_State.WAITING, not_before__lte=timezone.now())
    found += waiting.select_related("subscriber", "announcement").order_by(
        # Confirmations have no announcement, and do not wait behind one.
        F("announcement_id").asc(nulls_first=True),
        *order,
    )[:_BATCH]
    found += mail.exclude(kind=Mail.Kind.ACCOUNT).order_by(*order)[:_BATCH]
    return found


def _leave_unclear() -> int:
    """Let be what the holder before was handing over; give how many."""
    words = {
        "state": _State.UNCLEAR,
        "changed_at": timezone.now(),
        "reply": "the process was stopped while it was handed over",
    }
    left = Letter.objects.filter(state=_State.HANDING).update(**words)
    left += Mail.objects.filter(state=_State.HANDING).update(to="", text="", **words)
    return int(left)


def _is_wanted(one: Posted) -> bool:
    """Look again before sending: a person may have left, or been erased, since."""
    if isinstance(one, Mail):
        return posting.is_wanted(one)
    letter: Any = one
    states = {Subscriber.State.PENDING} if letter.announcement is None else set()
    states = states or {Subscriber.State.CONFIRMED}
    return bool(Subscriber.objects.filter(pk=letter.subscriber_id, state__in=states).exists())


def _note(one: Posted, outcome: Outcome) -> None:
    """Write down what became of a mail."""
    if outcome.kind in {"down", "not-mine"}:
        return
    if outcome.kind == "later":
        attempts = one.attempts + 1
        pause = rules.pause_after(attempts)
        if pause is None:
            _close(one, _State.GIVEN_UP, outcome.reply)
            return
        _update(
            one,
            state=_State.WAITING,
            attempts=attempts,
            not_before=timezone.now() + pause,
            reply=outcome.reply,
        )
        return
    states = {
        "sent": _State.SENT,
        "unclear": _State.UNCLEAR,
        "refused": _State.REFUSED,
        "rejected": _State.REFUSED,
    }
    _close(one, states[outcome.kind], outcome.reply)
    if outcome.kind == "refused" and isinstance(one, Letter):
        consent.came_back(one.subscriber_id, outcome.reply)


def _close(one: Posted, state: str, reply: str) -> None:
    # Whom the mail was to, and the links in it, are nobody's business any more.
    emptied = {"to": "", "text": ""} if isinstance(one, Mail) else {}
    _update(one, state=state, attempts=one.attempts + 1, reply=reply[:200], **emptied)


def _update(one: Posted, **fields: Any) -> None:
    open_states = (_State.WAITING, _State.HANDING)
    rows = type(one).objects.filter(pk=one.pk, state__in=open_states)
    rows.update(changed_at=timezone.now(), **fields)
