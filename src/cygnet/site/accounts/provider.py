"""How is the identity provider asked? Shortly; one that is away is said, and nothing is lost."""

from functools import partial
from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from requests import RequestException

from cygnet.site.faults import NotNowError


class ProviderAdapter(DefaultSocialAccountAdapter):
    """The house's ways with accounts of others."""

    def get_requests_session(self) -> Any:
        """Give a session that says who is away."""
        session = super().get_requests_session()
        session.request = partial(_asked, session.request)
        return session


def _asked(ask: Any, *words: Any, **more: Any) -> Any:
    try:
        answer = ask(*words, **more)
    except RequestException as error:
        raise NotNowError(_away()) from error
    if answer.status_code >= 500:
        raise NotNowError(_away())
    return answer


def _away() -> str:
    name = settings.CONTEST.contest.openid_connect.name
    return (
        f"{name} does not answer at the moment. Nothing was changed; please try again in a minute,"
        " or sign in with your password."
    )
