"""How do the URLs of ``contest.toml`` become Django's databases, stores and mail?"""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cygnet.errors import InputError
from cygnet.site.folder import ContestFolder

BUSY_S = 30

# Write-ahead log for readers beside a writer; FULL so that what was answered survives a power cut.
_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"


def database(folder: ContestFolder) -> dict[str, Any]:
    """Give Django's ``DATABASES["default"]``."""
    url = urlsplit(folder.database_url)
    if url.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder.sqlite_file),
            # IMMEDIATE: a transaction that will write takes its turn at the start. Django's
            # default answers "database is locked" where two readers both want to write.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": BUSY_S,
                "init_command": _PRAGMAS,
            },
            "TEST": {"NAME": str(folder.sqlite_file)},
        }
    if url.scheme not in {"postgresql", "postgres"}:
        raise InputError.of(
            f"A database of kind {url.scheme!r} is not known.",
            "Use sqlite:FILE or postgresql://user@host/name.",
        )
    options = {key: values[-1] for key, values in parse_qs(url.query).items()}
    host = options.pop("host", url.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": host,
        "PORT": str(url.port or options.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **options},
    }


def storages(folder: ContestFolder) -> dict[str, Any]:
    """Give Django's ``STORAGES``; static files are served from the program in either case."""
    url = urlsplit(folder.storage_url)
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    if url.scheme == "s3":
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        options: dict[str, Any] = {
            "bucket_name": url.netloc,
            "location": url.path.strip("/"),
            "access_key": folder.secret("s3_access_key"),
            "secret_key": folder.secret("s3_secret_key"),
            "endpoint_url": query.get("endpoint"),
            "region_name": query.get("region", "us-east-1"),
            "addressing_style": query.get("addressing", "path"),
            "signature_version": "s3v4",
            "default_acl": None,
            "file_overwrite": True,
            "querystring_auth": True,
            "client_config": _short_tempered(),
        }
        return {
            "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
            "staticfiles": static,
        }
    if url.scheme:
        raise InputError.of(
            f"A store of kind {url.scheme!r} is not known.",
            "Use a folder's name, or s3://bucket/prefix?endpoint=https://host.",
        )
    location = folder.path / folder.storage_url
    return {
        "default": {
            "BACKEND": "cygnet.site.durable_files.DurableFiles",
            "OPTIONS": {
                "location": str(location),
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        },
        "staticfiles": static,
    }


def _short_tempered() -> Any:
    """Have a store that is away said within seconds, while a participant waits."""
    from botocore.config import Config

    return Config(connect_timeout=3, read_timeout=10, retries={"max_attempts": 2})


def mail(folder: ContestFolder) -> dict[str, Any]:
    """Give Django's settings of mail."""
    url = urlsplit(folder.mail_url)
    common = {
        "DEFAULT_FROM_EMAIL": folder.contest.mail.sender,
        "SERVER_EMAIL": folder.contest.mail.sender,
        "EMAIL_TIMEOUT": 10,
    }
    if url.scheme in {"smtp", "smtps", "smtp+starttls"}:
        return common | {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": url.hostname or "localhost",
            "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 25),
            "EMAIL_HOST_USER": unquote(url.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
            "EMAIL_USE_SSL": url.scheme == "smtps",
            "EMAIL_USE_TLS": url.scheme == "smtp+starttls",
        }
    if url.scheme:
        raise InputError.of(
            f"Mail by {url.scheme!r} is not known.",
            "Use smtp://, smtp+starttls://, smtps://, or files.",
        )
    return common | {
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(folder.path / "mail"),
    }
