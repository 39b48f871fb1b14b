"""Which images lie under a URL of an S3-compatible store, and what are their bytes?

``s3://BUCKET/PREFIX?endpoint=URL&region=NAME``. Credentials come from where boto3 looks for them:
``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, or a profile; never from the URL.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from cygnet.errors import InputError, MissingExtraError
from cygnet.vocabulary import IMAGE_SUFFIXES

SCHEME = "s3://"
_ATTEMPTS = 5
_TIMEOUT_S = 20
_CONNECTIONS = 16
_KNOWN = {"endpoint", "region"}


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, a key or prefix in it, and the store that holds it."""

    bucket: str
    key: str
    endpoint: str | None
    region: str | None

    @classmethod
    def of(cls, url: str) -> "Place":
        """Read a URL; :class:`InputError` where it names no bucket or an unknown option."""
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        if not url.startswith(SCHEME) or not parts.netloc or set(options) - _KNOWN or "@" in url:
            raise InputError.of(
                f"This is no URL of an S3 store: {url}.",
                "Write s3://BUCKET/PREFIX?endpoint=URL&region=NAME; credentials go into "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        endpoint, region = (options.get(name, [None])[0] for name in ("endpoint", "region"))
        return cls(parts.netloc, unquote(parts.path.removeprefix("/")), endpoint, region)

    def url(self, key: str) -> str:
        """Give the URL of another key of the same bucket."""
        named = {"endpoint": self.endpoint, "region": self.region}
        options = urlencode({name: value for name, value in named.items() if value})
        return f"{SCHEME}{self.bucket}/{quote(key)}" + (f"?{options}" if options else "")


def list_images(url: str) -> list[str]:
    """Give the URLs of the images under ``url``, sorted by key; of one object, that one.

    Raises :class:`InputError` where the store does not answer, refuses, or holds no image there.
    """
    place = Place.of(url)
    client = _client(place.endpoint, place.region)
    keys: list[str] = []
    try:
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=place.bucket, Prefix=place.key
        )
        for page in pages:
            keys += [one["Key"] for one in page.get("Contents", [])]
    except _refusals() as error:
        raise _refused(url, error) from error
    images = sorted(key for key in keys if key.lower().endswith(IMAGE_SUFFIXES))
    if not images:
        raise InputError.of(
            f"There is no image at {url}.", f"Images end in one of {', '.join(IMAGE_SUFFIXES)}."
        )
    return [place.url(key) for key in images]


def read_object(url: str) -> bytes:
    """Give the bytes of the object at ``url``; :class:`InputError` where they cannot be had."""
    place = Place.of(url)
    try:
        answer = _client(place.endpoint, place.region).get_object(
            Bucket=place.bucket, Key=place.key
        )
        content: bytes = answer["Body"].read()
    except _refusals() as error:
        raise _refused(url, error) from error
    return content


def image_name(url: str) -> str:
    """Give the name of the image at ``url``: the last part of its key without suffix."""
    return Path(Place.of(url).key).stem


@lru_cache(maxsize=4)
def _client(endpoint: str | None, region: str | None) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise MissingExtraError.of(
            "Reading from an S3 store needs boto3.", "Install it with: pip install 'cygnet[s3]'"
        ) from error
    config = Config(
        retries={"mode": "standard", "max_attempts": _ATTEMPTS},
        connect_timeout=_TIMEOUT_S,
        read_timeout=_TIMEOUT_S,
        max_pool_connections=_CONNECTIONS,
        # Stores other than Amazon's need not answer under BUCKET.HOST.
        s3={"addressing_style": "path"} if endpoint else {},
    )
    try:
        return boto3.session.Session().client(
            "s3", endpoint_url=endpoint, region_name=region, config=config
        )
    except ValueError as error:
        raise InputError.of(
            f"This is no address of a store: {endpoint}.", "Write endpoint=https://HOST[:PORT]."
        ) from error


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    return BotoCoreError, ClientError, HTTPClientError


def _refused(url: str, error: Exception) -> InputError:
    found = getattr(error, "response", {}).get("Error", {})
    reason = ": ".join(part for part in (found.get("Code"), found.get("Message")) if part)
    return InputError.of(
        f"The store does not give {url}: {str(reason or error).rstrip('.')}.",
        "Check bucket and key, endpoint and region, and that AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY may read there.",
    )
