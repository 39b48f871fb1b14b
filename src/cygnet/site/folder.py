"""What does a contest folder hold? ``contest.toml``, the secrets beside it, and where files lie.

``contest.toml`` is what an organiser edits: it holds no secret. Secrets come from the environment
or from ``secrets.toml``, which nobody but its owner may read.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cygnet.errors import Fault, InputError, Offender

CONTEST_FILE = "contest.toml"
SECRETS_FILE = "secrets.toml"
OWNER_ONLY = 0o600


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Database(_Table):
    """Where rows are kept: the embedded SQLite file, or PostgreSQL by URL."""

    url: str = "sqlite:contest.sqlite3"


class Storage(_Table):
    """Where files are kept: a folder, or an S3-compatible store by URL."""

    url: str = "files"


class Mail(_Table):
    """How mail leaves: ``smtp://host:port``, ``smtps://``, or ``files``, which keeps it in DIR."""

    url: str = "files"
    sender: str = "Cygnet challenge <noreply@localhost>"


class OpenIdConnect(_Table):
    """An identity provider that participants may sign in with.

    Where it ``identifies``, an account of it whose claims are those of ``claims`` marks a person as
    identified. ``sign_in_url`` is needed where its sign-in page is on another host.
    """

    name: str
    server_url: str
    client_id: str
    identifies: bool = True
    claims: Mapping[str, str | int | bool] = Field(default_factory=dict)
    sign_in_url: str = ""

    @property
    def origins(self) -> tuple[str, ...]:
        """Give where a form of ours may lead to: browsers hold a redirect to this, too."""
        parts = [urlsplit(url) for url in (self.server_url, self.sign_in_url) if url]
        return tuple(dict.fromkeys(f"{one.scheme}://{one.netloc}" for one in parts))


class Webhook(_Table):
    """An address that is told of events; its secret signs what is sent."""

    url: str
    events: tuple[Literal["submission", "close"], ...] = ("submission", "close")


class ContestFile(_Table):
    """All of ``contest.toml``. Tables of rooms and apps are checked by those that own them."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    title: str
    subtitle: str = ""
    time_zone: str = "UTC"
    organiser_email: str = ""
    licence: str = "https://creativecommons.org/licenses/by-nc/4.0/"
    database: Database = Database()
    storage: Storage = Storage()
    mail: Mail = Mail()
    openid_connect: OpenIdConnect | None = None
    webhooks: tuple[Webhook, ...] = ()
    rules: Mapping[str, Any] = Field(default_factory=dict)
    dataset: Mapping[str, Any] = Field(default_factory=dict)
    updates: Mapping[str, Any] = Field(default_factory=dict)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone, such as Europe/Vienna") from error
        return value


@dataclass(frozen=True)
class ContestFolder:
    """An opened contest folder."""

    path: Path
    contest: ContestFile

    def secret(self, name: str) -> str | None:
        """Give a secret: ``CYGNET_NAME`` of the environment first, then ``secrets.toml``."""
        return os.environ.get(f"CYGNET_{name.upper()}") or self._secrets.get(name)

    def needed_secret(self, name: str) -> str:
        """Give a secret that the site cannot run without."""
        value = self.secret(name)
        if not value:
            raise InputError.of(
                f"The secret {name} is missing.",
                f"Put it into {SECRETS_FILE}, or into the environment as CYGNET_{name.upper()}.",
                file=self.path / SECRETS_FILE,
            )
        return value

    @cached_property
    def _secrets(self) -> Mapping[str, str]:
        file = self.path / SECRETS_FILE
        if not file.exists():
            return {}
        mode = file.stat().st_mode & 0o777
        if mode & 0o077:
            raise InputError.of(
                f"Others may read this file: its mode is {mode:04o}.",
                f"Run: chmod 600 {file}",
                file=file,
            )
        return {key: str(value) for key, value in _read_toml(file).items()}

    @property
    def database_url(self) -> str:
        """The database's URL; ``CYGNET_DATABASE_URL`` wins, as it may hold a password."""
        return self.secret("database_url") or self.contest.database.url

    @property
    def storage_url(self) -> str:
        """The store's URL; ``CYGNET_STORAGE_URL`` wins."""
        return self.secret("storage_url") or self.contest.storage.url

    @property
    def mail_url(self) -> str:
        """The mail server's URL; ``CYGNET_MAIL_URL`` wins, as it may hold a password."""
        return self.secret("mail_url") or self.contest.mail.url

    @property
    def is_sqlite(self) -> bool:
        """Whether rows are kept in the embedded database."""
        return self.database_url.startswith("sqlite:")

    @property
    def sqlite_file(self) -> Path:
        """The embedded database's file."""
        return self.path / self.database_url.removeprefix("sqlite:")


def open_folder(path: Path) -> ContestFolder:
    """Read ``path``; raises :class:`InputError` naming every key that does not fit."""
    file = path / CONTEST_FILE
    if not file.is_file():
        raise InputError.of(
            "This is no contest folder: it has no contest.toml.",
            f"Make one with: cygnet challenge init {path}",
            file=file,
        )
    try:
        contest = ContestFile.model_validate(_read_toml(file))
    except ValidationError as error:
        faults = [
            Fault(
                f"{'.'.join(map(str, one['loc'])) or 'The file'}: {one['msg']}.",
                "docs/reference/site.md names every key.",
                file,
                (Offender(str(one["input"])),) if one["type"] != "missing" else (),
            )
            for one in error.errors()
        ]
        raise InputError(*faults) from error
    return ContestFolder(path.resolve(), contest)


def write_secrets(path: Path, values: Mapping[str, str]) -> None:
    """Write ``secrets.toml``, readable by its owner alone from its first byte on."""
    file = path / SECRETS_FILE
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write("# Keep this file to yourself: nothing here may ever be published.\n")
        stream.writelines(f'{name} = "{value}"\n' for name, value in values.items())
        stream.flush()
        os.fsync(stream.fileno())


def new_secret() -> str:
    """Draw a secret of 256 bits, in characters that need no quoting."""
    return secrets.token_urlsafe(32)


def host_of(url: str) -> str:
    """Give the host of a URL, or raise :class:`InputError` where it has none."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError.of(
            f"{url!r} is no web address.", "Give one such as https://challenge.example.org."
        )
    return parts.hostname


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError.of(f"This is no TOML: {error}.", "Mend the line.", file=file) from error
