"""How do organisers tell those who confirmed? One act that fills the outbox, and can be repeated.

The same subject and text are one announcement, however often the command is given.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from cygnet.errors import InputError
from cygnet.site.updates import letters, wording
from cygnet.site.updates.models import Announcement, Letter, Mail, Subscriber
from cygnet.site.updates.notice import read_notice

MOST_SUBJECT: Final = 150
MOST_TEXT: Final = 100_000
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Announced:
    """What an announcement put into the outbox, and where its letters stand."""

    subject: str
    is_new: bool
    letters: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Give the JSON of ``cygnet challenge announce``."""
        return {"subject": self.subject, "is_new": self.is_new, "letters": self.letters}


def announce(subject: str, text: str) -> Announced:
    """Write a letter to everyone who has confirmed, or say where those of before stand.

    Raises :class:`InputError` for a subject of several lines, and for words that are none.
    """
    subject, text = subject.strip(), text.replace("\r\n", "\n").strip()
    if not subject or len(subject) > MOST_SUBJECT or not subject.isprintable():
        raise InputError.of(
            f"A subject is one line of at most {MOST_SUBJECT} characters.", "Shorten --subject."
        )
    if not text or len(text) > MOST_TEXT or "\x00" in text:
        raise InputError.of(
            f"The text is empty, or longer than {MOST_TEXT:,} characters.", "Mend the file."
        )
    with transaction.atomic():
        made, is_new = Announcement.objects.get_or_create(
            digest=wording.digest(f"{subject}\n\n{text}"),
            defaults={"subject": subject, "text": text},
        )
        if is_new:
            confirmed = Subscriber.objects.filter(state=Subscriber.State.CONFIRMED)
            Letter.objects.bulk_create(
                (
                    Letter(subscriber_id=pseudonym, announcement=made)
                    for pseudonym in confirmed.values_list("pseudonym", flat=True).iterator()
                ),
                batch_size=_BATCH,
            )
    return Announced(subject, is_new, standing(made))


def standing(announcement: Announcement) -> dict[str, int]:
    """Count the letters of an announcement by their state."""
    states = list(announcement.letters.values_list("state", flat=True))
    return {state: states.count(state) for state in Letter.State.values if state in states}


def take_notice(data: bytes) -> str:
    """Act on a notice of a mail that came back; give one sentence of what was done.

    Raises :class:`InputError` for a mail that is no notice, or not of a letter of this site.
    """
    from cygnet.site.updates import consent

    said = read_notice(data)
    found = [one for one in map(letters.letter_of, said.message_ids) if one is not None]
    if not found:
        raise InputError.of(
            "The letter that this notice quotes was not signed by this site.",
            "Give the contest folder that sent it. A notice that quotes no letter of ours is"
            " not believed, as anybody could have written it.",
        )
    if not said.is_final:
        return f"Delivery is only delayed ({said.status}); nothing was changed."
    stopped = 0
    came_back = {"state": Letter.State.REFUSED, "reply": f"came back: {said.status}"[:200]}
    for letter in Letter.objects.filter(pk__in=found):
        stopped += consent.came_back(letter.subscriber_id, said.status)
        Letter.objects.filter(pk=letter.pk).update(**came_back)
    if Mail.objects.filter(pk__in=found).update(**came_back):
        return f"A mail about the challenge came back ({said.status}); the organisers see it."
    if stopped:
        return f"The address is written to no more ({said.status})."
    return "The address had stopped before; nothing was changed."
