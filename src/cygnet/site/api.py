"""What does the API answer? OpenAPI by django-ninja; a reason in every refusal.

Apps bring routers (``api.router``); a token of a person (``Authorization: Bearer``) opens them.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from cygnet import __version__
from cygnet.site import plugged
from cygnet.site.accounts.models import ApiToken, User


class Bearer(HttpBearer):
    """Knows a person by a token; the person is then ``request.auth``."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """Give the token's owner."""
        del request
        return ApiToken.owner(token)


api = NinjaAPI(
    title="Cygnet challenge",
    version=__version__,
    description="Submit to a challenge and read its board. Research use only.",
    auth=Bearer(),
    docs_url=None,
    urls_namespace="api",
)


def _answer(request: HttpRequest, status: int, **body: Any) -> HttpResponse:
    made: HttpResponse = api.create_response(request, body, status=status)
    return made


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: Exception) -> HttpResponse:
    del error
    made = _answer(
        request, 401, reason="Send the header: Authorization: Bearer TOKEN, with a token of yours."
    )
    made["WWW-Authenticate"] = "Bearer"
    return made


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _answer(request, error.status_code, reason=str(error))


@api.exception_handler(ValidationError)
def _unfit(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {
            "code": "request",
            "message": f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}.",
            "rows": [],
        }
        for one in error.errors
    ]
    return _answer(request, 422, errors=errors)


for _part in plugged.parts("api"):
    api.add_router("", _part.router)
