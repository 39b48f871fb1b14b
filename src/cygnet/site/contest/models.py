"""What does the contest keep? Its state, teams, submissions, the journal; no rule."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

# No control characters, no bidirectional overrides: a name must not disguise itself.
_NAME = RegexValidator(
    r"^[^\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+$",
    "Use letters, digits and signs that can be seen.",
)


def _id() -> Any:
    return models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)


class Contest(models.Model):
    """The one contest: its settings as they stand, and what its rules keep between two acts."""

    settings = models.JSONField()
    taken_from = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64, blank=True)
    truth_digest = models.CharField(max_length=64, blank=True)
    ladder = models.JSONField(null=True, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    closed_board = models.JSONField(null=True, blank=True)
    late_board = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return "contest"


class Team(models.Model):
    """People who submit together."""

    id = _id()
    name = models.CharField(max_length=60, validators=[_NAME])
    # Of names that differ in case alone one exists.
    name_key = models.CharField(max_length=180, unique=True, editable=False)
    founded_at = models.DateTimeField()
    verified = models.BooleanField(default=False)
    # Null where no organiser spoke; then ``verified`` follows who is identified.
    organisers_word = models.BooleanField(null=True, editable=False)
    banned = models.BooleanField(default=False)
    invitation = models.CharField(max_length=64, blank=True, editable=False)
    ladder = models.JSONField(null=True, blank=True, editable=False)
    # The number of the ladder, which boards are made of; the scores beside it they never read.
    released = models.FloatField(null=True, blank=True, editable=False)
    method = models.TextField("method", max_length=20_000, blank=True)
    external_data = models.TextField("external data", max_length=20_000, blank=True)

    class Meta:
        """By name."""

        ordering = ("name",)

    def __str__(self) -> str:
        return str(self.name)


class Membership(models.Model):
    """A person's one team."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="membership"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    joined_at = models.DateTimeField()
    leads = models.BooleanField(default=False)

    class Meta:
        """In the order of joining."""

        ordering = ("joined_at",)

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class Entrant(models.Model):
    """What the contest knows of a person besides the account."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="entrant"
    )
    rules_accepted_at = models.DateTimeField(null=True, blank=True)
    identified_at = models.DateTimeField(null=True, blank=True, editable=False)
    banned = models.BooleanField(default=False)
    ban_reason = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return str(self.user)


class MergeOffer(models.Model):
    """One team asks to become part of another; the other's leader answers."""

    id = _id()
    asking = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="offers_made")
    asked = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="offers_got")
    made_at = models.DateTimeField()

    class Meta:
        """One offer from a team to another."""

        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["asking", "asked"], name="one_offer")
        ]

    def __str__(self) -> str:
        return f"{self.asking} to {self.asked}"


class Submission(models.Model):
    """One scored submission. There is none that is not scored: it is written whole."""

    id = _id()
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="submissions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveBigIntegerField(unique=True)
    received = models.DateTimeField(db_index=True)
    phase = models.CharField(max_length=10)
    track = models.CharField(max_length=20)
    note = models.CharField(max_length=200, blank=True)
    file_digest = models.CharField(max_length=64)
    content_digest = models.CharField(max_length=64, db_index=True)
    file = models.CharField(max_length=200)
    probability = models.BinaryField(editable=False)
    score = models.BinaryField(editable=False)
    sketch = models.BinaryField(editable=False)
    # What was answered, and the feedback that it was made from (null after the close).
    public = models.JSONField(editable=False)
    feedback = models.JSONField(null=True, editable=False)
    moved = models.BooleanField(default=False, editable=False)
    selected = models.BooleanField(default=False)
    receipt = models.CharField(max_length=64, editable=False)
    private_score = models.BinaryField(null=True, editable=False)
    looked_at = models.BooleanField(default=False, editable=False)
    flags = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        """Newest first."""

        ordering = ("-number",)

    def __str__(self) -> str:
        return str(self.id)


class IdempotencyKey(models.Model):
    """What an account sent with a key of its own choice, and what became of it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """A key is an account's own."""

        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "key"], name="one_use_of_a_key")
        ]

    def __str__(self) -> str:
        return str(self.key)


class JournalAct(models.Model):
    """One act of the hash-chained journal."""

    number = models.PositiveBigIntegerField(primary_key=True)
    moment = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    details = models.JSONField()
    previous = models.CharField(max_length=64)
    head = models.CharField(max_length=64, unique=True)

    class Meta:
        """Newest first."""

        ordering = ("-number",)

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Delivery(models.Model):
    """What a webhook has to be told; written with what it tells of, sent later."""

    url = models.CharField(max_length=500)
    event = models.CharField(max_length=20)
    body = models.TextField()
    due = models.DateTimeField(db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_answer = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-id",)
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.event} to {self.url}"
