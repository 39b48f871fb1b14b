"""Who may download? Whoever accepted the licence of this version: a cookie, or a link of one's own.

Both are signed and name the acceptance that was logged. The link is for programs that resume a
download and keep no cookies; it ends after a week, so that a copied one does not stand for all.
"""

from datetime import timedelta
from typing import Final

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cygnet.errors import CygnetError
from cygnet.site.dataset.models import LicenceAcceptance
from cygnet.site.dataset.subject import Subject
from cygnet.site.networks import network_pseudonym

COOKIE: Final = "cygnet_licence"
COOKIE_AGE: Final = timedelta(days=180)
LINK_AGE: Final = timedelta(days=7)
MOST_AN_HOUR_A_NETWORK: Final = 60
MOST_AN_HOUR: Final = 3_000

_COOKIE_SALT: Final = "cygnet.licence.cookie"
_LINK_SALT: Final = "cygnet.licence.link"


class TooManyError(CygnetError):
    """The licence was accepted more often than a person does."""


def accept(request: HttpRequest, about: Subject) -> LicenceAcceptance:
    """Log one acceptance; raises :class:`TooManyError` beyond the limits."""
    since = timezone.now() - timedelta(hours=1)
    network = network_pseudonym(request)
    with transaction.atomic():
        recent = LicenceAcceptance.objects.filter(at__gte=since)
        if (
            recent.filter(network=network).count() >= MOST_AN_HOUR_A_NETWORK
            or recent.count() >= MOST_AN_HOUR
        ):
            raise TooManyError("The licence was accepted very often from your network.")
        made: LicenceAcceptance = LicenceAcceptance.objects.create(
            dataset=about.description.name,
            version=about.description.version,
            licence=about.description.licence.spdx,
            terms=about.terms,
            network=network,
        )
    return made


def set_cookie(response: HttpResponse, request: HttpRequest, made: LicenceAcceptance) -> None:
    """Let this browser download from now on."""
    response.set_cookie(
        COOKIE,
        _signer(_COOKIE_SALT).sign(f"{made.id.hex}.{made.terms}"),
        max_age=COOKIE_AGE,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def cookie_holds(cookie: str | None, about: Subject) -> bool:
    """Say whether a cookie's value stands for an acceptance of these terms."""
    return _acceptance(cookie, about, _COOKIE_SALT, COOKIE_AGE) is not None


def link_holds(token: str, about: Subject) -> bool:
    """Say whether the token of a link stands for an acceptance of these terms."""
    return _acceptance(token, about, _LINK_SALT, LINK_AGE) is not None


def link_token(cookie: str, about: Subject) -> str | None:
    """Give the token for links of whoever holds ``cookie``; ``None`` for a cookie that is none."""
    acceptance = _acceptance(cookie, about, _COOKIE_SALT, COOKIE_AGE)
    if acceptance is None:
        return None
    token: str = _signer(_LINK_SALT).sign(f"{acceptance}.{about.terms}")
    return token


def _signer(salt: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=salt)


def _acceptance(value: str | None, about: Subject, salt: str, age: timedelta) -> str | None:
    if not value:
        return None
    try:
        said: str = _signer(salt).unsign(value, max_age=age)
    except signing.BadSignature:
        return None
    acceptance, _, terms = said.partition(".")
    return acceptance if terms == about.terms else None
