"""Who accepted which licence, and when? A record that is only ever added to, without a name."""

import uuid
from typing import Any, NoReturn

from django.db import models
from django.utils import timezone


class LicenceAcceptance(models.Model):
    """One acceptance, before the first download. ``network`` is a keyed pseudonym."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    dataset = models.CharField(max_length=64, editable=False)
    version = models.CharField(max_length=32, editable=False)
    licence = models.CharField(max_length=64, editable=False)
    terms = models.CharField(max_length=16, editable=False)
    network = models.CharField(max_length=32, editable=False)

    class Meta:
        """Newest first."""

        ordering = ("-at",)
        indexes = (models.Index(fields=("network", "at"), name="acceptance_network_at"),)

    def __str__(self) -> str:
        return f"{self.dataset} {self.version}, {self.at:%Y-%m-%d %H:%M:%S}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; one that is there cannot be changed."""
        if not self._state.adding:
            raise TypeError("an acceptance is a record, and records are not changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: a record is kept."""
        raise TypeError("an acceptance is a record, and records are kept")
