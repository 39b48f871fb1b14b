"""Who takes part? A person, known by an email address; organisers are ``is_staff``."""

import secrets
import uuid
from hashlib import sha256
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

TOKEN_PREFIX = "cyg_"  # noqa: S105 - how a token is known, no secret


class UserManager(BaseUserManager):
    """Makes people; addresses are kept in lower case, so that one person is one row."""

    def get_by_natural_key(self, username: str) -> "User":
        """Find a person whatever the case of the address."""
        found: User = self.get(email=username.lower())
        return found

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password, one has to be set by mail."""
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an organiser."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """One person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField("name shown", max_length=80, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("organiser", default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        """How a person is listed."""

        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ("email",)

    def __str__(self) -> str:
        return str(self.email)

    def get_full_name(self) -> str:
        """Give the name that is shown."""
        return str(self.name)

    def get_short_name(self) -> str:
        """Give the name that is shown."""
        return str(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the address in lower case."""
        self.email = self.email.lower()
        super().save(*args, **kwargs)


def token_digest(token: str) -> str:
    """Give what is kept of a token. It holds 256 random bits, so that one pass of SHA-256 does."""
    return sha256(token.encode()).hexdigest()


class ApiToken(models.Model):
    """A token of the API; only its hash is here, it was shown once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=80, default="token")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-made_at",)

    def __str__(self) -> str:
        return str(self.label)

    @classmethod
    def issue(cls, user: User, label: str = "token") -> str:
        """Make a token and give it; it can never be shown again."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        cls.objects.create(user=user, label=label, digest=token_digest(token))
        return token

    @classmethod
    def owner(cls, token: str) -> User | None:
        """Find whose token this is; ``None`` where it is unknown or revoked."""
        found = (
            cls.objects.select_related("user")
            .filter(digest=token_digest(token), revoked_at=None, user__is_active=True)
            .first()
        )
        return None if found is None else found.user
