"""What becomes of an address? It is asked, confirms, leaves, comes back, is given out, is erased.

Every step adds to the record of consent under the pseudonym, in one transaction with what it does.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cygnet.site.updates import rules, wording
from cygnet.site.updates.models import ConsentEvent, Letter, SignUp, Subscriber, Wording

_State: Any = Subscriber.State
_Kind: Any = ConsentEvent.Kind


def handle_sign_ups() -> int:
    """Do what the sign-ups that wait ask for; give how many confirmations will be sent."""
    n_sent = 0
    for waiting in SignUp.objects.exclude(email="").order_by("id"):
        with transaction.atomic():
            n_sent += _handle(waiting)
            SignUp.objects.filter(pk=waiting.pk).update(email="")
    return n_sent


def _handle(asked: SignUp) -> int:
    now = timezone.now()
    found = Subscriber.objects.filter(email=asked.email).first()
    state, last = (None, None) if found is None else (found.state, found.confirmation_at)
    if not rules.may_confirm_again(state, last, now):
        return 0
    one, _ = Subscriber.objects.update_or_create(
        email=asked.email,
        defaults={
            "state": _State.PENDING,
            "asked_at": now,
            "confirmation_at": now,
            "site_url": asked.site_url,
        },
    )
    keep_wording(form_text())
    _record(one.pseudonym, _Kind.ASKED, wording_digest=asked.wording)
    Letter.objects.create(subscriber=one)
    return 1


def form_text() -> str:
    """Give the wording of the form."""
    return wording.FORM.format(title=settings.CONTEST.contest.title)


def confirm_text() -> str:
    """Give the wording of the button that confirms."""
    return wording.CONFIRM.format(title=settings.CONTEST.contest.title)


def confirm(pseudonym: UUID) -> bool:
    """Confirm an address; false where it is not known any more, or left in the meantime."""
    with transaction.atomic():
        changed = Subscriber.objects.filter(pseudonym=pseudonym, state=_State.PENDING).update(
            state=_State.CONFIRMED
        )
        if changed:
            text = confirm_text()
            keep_wording(text)
            _record(pseudonym, _Kind.CONFIRMED, wording_digest=wording.digest(text))
    return bool(Subscriber.objects.filter(pseudonym=pseudonym, state=_State.CONFIRMED).exists())


def leave(pseudonym: UUID) -> None:
    """Send nothing more; to leave twice, or as someone who is not known, changes nothing."""
    _stop(pseudonym, _State.LEFT, _Kind.LEFT, "")


def came_back(pseudonym: UUID, reply: str) -> bool:
    """Send nothing more to an address whose mail came back; false where it had stopped before."""
    return _stop(pseudonym, _State.BOUNCED, _Kind.BOUNCED, rules.without_addresses(reply))


def _stop(pseudonym: UUID, state: str, kind: str, detail: str) -> bool:
    with transaction.atomic():
        changed = Subscriber.objects.filter(
            pseudonym=pseudonym, state__in=(_State.PENDING, _State.CONFIRMED)
        ).update(state=state)
        if not changed:
            return False
        Letter.objects.filter(subscriber_id=pseudonym, state=Letter.State.WAITING).update(
            state=Letter.State.CANCELLED
        )
        _record(pseudonym, kind, detail=detail)
    return True


def find(email: str) -> Subscriber | None:
    """Find an address, in any spelling."""
    try:
        normal = rules.normal_address(email)
    except UnicodeError:
        return None
    found: Subscriber | None = Subscriber.objects.filter(email=normal).first()
    return found


def export(pseudonym: UUID) -> dict[str, Any] | None:
    """Give all that is kept of a person, ready for JSON; ``None`` where nothing is."""
    one = Subscriber.objects.filter(pseudonym=pseudonym).first()
    if one is None:
        return None
    _record(pseudonym, _Kind.EXPORTED)
    texts = dict(Wording.objects.values_list("digest", "text"))
    return {
        "email": one.email,
        "pseudonym": str(one.pseudonym),
        "state": one.state,
        "consent": [
            {
                "at": event.at.isoformat(),
                "kind": event.kind,
                "wording": texts.get(event.wording, ""),
                "detail": event.detail,
            }
            for event in ConsentEvent.objects.filter(pseudonym=pseudonym)
        ],
        "letters": [
            {
                "subject": letter.announcement.subject if letter.announcement else "confirmation",
                "state": letter.state,
                "at": letter.changed_at.isoformat(),
            }
            for letter in one.letters.select_related("announcement").order_by("changed_at")
        ],
    }


def erase(pseudonym: UUID) -> bool:
    """Delete an address and its letters; the record of consent then names nobody."""
    with transaction.atomic():
        one = Subscriber.objects.filter(pseudonym=pseudonym).first()
        if one is None:
            return False
        SignUp.objects.filter(email=one.email).update(email="")
        _record(pseudonym, _Kind.ERASED)
        one.delete()
    return True


def tidy() -> None:
    """Delete addresses that never confirmed, and what limits no longer count."""
    now = timezone.now()
    late = Subscriber.objects.filter(state=_State.PENDING, asked_at__lt=now - rules.CONFIRM_WITHIN)
    for one in late:
        with transaction.atomic():
            _record(one.pseudonym, _Kind.LAPSED)
            one.delete()
    SignUp.objects.filter(at__lt=now - rules.SIGN_UPS_KEPT, email="").delete()


def keep_wording(text: str) -> None:
    """Keep a wording that consent refers to."""
    Wording.objects.get_or_create(digest=wording.digest(text), defaults={"text": text})


def _record(pseudonym: UUID, kind: str, *, wording_digest: str = "", detail: str = "") -> None:
    ConsentEvent.objects.create(
        pseudonym=pseudonym, kind=kind, wording=wording_digest, detail=detail
    )
