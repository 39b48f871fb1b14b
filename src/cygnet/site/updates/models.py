"""What is kept of updates? Sign-ups for a day, addresses under pseudonyms, consent for good.

The record of consent names pseudonyms alone and is only ever added to; the database itself refuses
to change a row of it. Erasure deletes the one row that ties a pseudonym to an address.
"""

import uuid
from typing import Any, NoReturn

from django.db import models
from django.utils import timezone


class Wording(models.Model):
    """A text that people agreed to, by its SHA-256."""

    digest = models.CharField(primary_key=True, max_length=64)
    text = models.TextField()

    def __str__(self) -> str:
        return str(self.text)


class SignUp(models.Model):
    """One sent form; its address is emptied when it was handled, the rest counts for limits."""

    email = models.EmailField(max_length=254, blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    network = models.CharField(max_length=32)
    wording = models.CharField(max_length=64)
    site_url = models.CharField(max_length=200)

    class Meta:
        """Counted by network."""

        indexes = (models.Index(fields=("network", "at"), name="sign_up_network_at"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


class Subscriber(models.Model):
    """The one row that ties an address to its pseudonym."""

    class State(models.TextChoices):
        """Where an address stands."""

        PENDING = "pending", "not confirmed"
        CONFIRMED = "confirmed", "confirmed"
        LEFT = "left", "left"
        BOUNCED = "bounced", "came back"

    pseudonym = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    asked_at = models.DateTimeField(default=timezone.now)
    confirmation_at = models.DateTimeField(null=True)
    site_url = models.CharField(max_length=200)

    class Meta:
        """Announcements look for the confirmed."""

        indexes = (models.Index(fields=("state",), name="subscriber_state"),)

    def __str__(self) -> str:
        return str(self.pseudonym)


class RecordQuerySet(models.QuerySet):
    """Rows that are only ever added."""

    def update(self, **_fields: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("consent is a record, and records are not changed")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise TypeError("consent is a record, and records are kept")


class ConsentEvent(models.Model):
    """One act of one pseudonym. Never changed, never deleted."""

    class Kind(models.TextChoices):
        """What happened."""

        ASKED = "asked", "asked"
        CONFIRMED = "confirmed", "confirmed"
        LEFT = "left", "left"
        BOUNCED = "bounced", "mail came back"
        LAPSED = "lapsed", "never confirmed; address deleted"
        EXPORTED = "exported", "was given what is kept"
        ERASED = "erased", "address deleted on request"

    pseudonym = models.UUIDField(editable=False, db_index=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    kind = models.CharField(max_length=9, choices=Kind.choices, editable=False)
    wording = models.CharField(max_length=64, blank=True, editable=False)
    detail = models.CharField(max_length=200, blank=True, editable=False)

    objects = RecordQuerySet.as_manager()

    class Meta:
        """In the order of time."""

        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; one that is there cannot be changed."""
        if not self._state.adding:
            raise TypeError("consent is a record, and records are not changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: a record is kept."""
        raise TypeError("consent is a record, and records are kept")


class Announcement(models.Model):
    """What organisers told those who confirmed; the same words are never told twice."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    subject = models.CharField(max_length=150, editable=False)
    text = models.TextField(editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        """Newest first."""

        ordering = ("-at",)

    def __str__(self) -> str:
        return str(self.subject)


class Posted(models.Model):
    """What the outbox keeps of a mail, whatever stands in it.

    ``handing`` is written before the body leaves: a mail that is found so by another process may
    have arrived, and is never sent again (``unclear``).
    """

    class State(models.TextChoices):
        """Where a mail stands."""

        WAITING = "waiting", "waiting"
        HANDING = "handing", "being handed over"
        SENT = "sent", "sent"
        UNCLEAR = "unclear", "may have arrived"
        REFUSED = "refused", "refused"
        GIVEN_UP = "given-up", "given up"
        CANCELLED = "cancelled", "no longer wanted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    reply = models.CharField(max_length=200, blank=True)

    class Meta:
        """Columns of letters and of mail."""

        abstract = True

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class Letter(Posted):
    """One mail to one address of the list."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="letters")
    announcement = models.ForeignKey(
        Announcement, on_delete=models.CASCADE, null=True, related_name="letters"
    )

    class Meta:
        """An announcement reaches an address once."""

        indexes = (models.Index(fields=("state", "not_before"), name="letter_state_not_before"),)
        constraints = (
            models.UniqueConstraint(
                fields=("announcement", "subscriber"), name="announcement_once_a_subscriber"
            ),
        )


class Mail(Posted):
    """One mail of the site to one person; address and text are emptied when it has left.

    ``key`` tells what must not be written twice: of each key there is one mail for ever.
    """

    class Kind(models.TextChoices):
        """Why it is written."""

        ACCOUNT = "account", "about an account"
        ORGANISERS = "organisers", "of the organisers"
        HEAD = "head", "head of the journal"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=100, null=True, unique=True, editable=False)  # noqa: DJ001
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    to = models.EmailField(max_length=254, blank=True, editable=False)
    subject = models.CharField(max_length=200, editable=False)
    text = models.TextField(editable=False)

    class Meta:
        """The outbox looks for what waits."""

        verbose_name_plural = "mail"
        ordering = ("-made_at",)
        indexes = (models.Index(fields=("state", "not_before"), name="mail_state_not_before"),)


class Lease(models.Model):
    """Which process sends: its holder, until when."""

    name = models.CharField(primary_key=True, max_length=32)
    holder = models.CharField(max_length=32, blank=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder} until {self.until:%Y-%m-%d %H:%M:%S}"
