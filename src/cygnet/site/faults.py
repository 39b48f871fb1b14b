"""What does a visitor see when something is wrong? A page, or JSON for the API, with a reason.

Views raise :class:`NotNowError` where a part that the site needs is away: the answer is 503 and
says when to try again. A database that is away is answered the same way, and nothing is lost.
"""

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from cygnet.errors import CygnetError
from cygnet.site.pages import bare_context

log = logging.getLogger(__name__)

DATABASE_AWAY = (
    "The database does not answer at the moment, or the disk is full. What was answered before is"
    " kept; what was not answered was not recorded. Please try again in a minute."
)
_TITLES = {
    400: "This request cannot be understood",
    403: "This is not for you",
    404: "There is nothing here",
    409: "This does not fit what is there",
    413: "This is too large",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not at the moment",
}


class NotNowError(CygnetError):
    """A part that the site needs is away; the same request may succeed later."""

    def __init__(self, reason: str, *, retry_after_s: int = 60) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


def answer_fault(
    request: HttpRequest, status: int, reason: str, *, retry_after_s: int | None = None
) -> HttpResponse:
    """Answer with a reason: JSON below ``/api/``, a page elsewhere."""
    if request.path.startswith("/api/"):
        body: dict[str, object] = {"reason": reason}
        if retry_after_s is not None:
            body["retry_after_s"] = retry_after_s
        response: HttpResponse = JsonResponse(body, status=status)
    else:
        context = {"title": _TITLES.get(status, "This did not work"), "reason": reason}
        if status < 500:
            response = render(request, "site/fault.html", context, status=status)
        else:
            # Who looks is asked of the database, which may be what is away.
            text = render_to_string("site/fault.html", bare_context() | context)
            response = HttpResponse(text, status=status)
    if retry_after_s is not None:
        response["Retry-After"] = str(retry_after_s)
    response["Cache-Control"] = "no-store"
    return response


class PublicHostMiddleware:
    """Lets a public site be asked by its own name alone: links in mails are made of it.

    Without it ``Host: localhost`` through the proxy would put that into a mail to somebody else.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse other names; a monitor may ask by any that is allowed."""
        ours = settings.PUBLIC_HOST
        if (
            not ours
            or request.path in {"/healthz", "/metrics"}
            or urlsplit(f"//{request.get_host()}").hostname == ours
        ):
            return self._get_response(request)
        text = render_to_string(
            "site/fault.html",
            bare_context() | {"title": _TITLES[400], "reason": f"Ask for {settings.PUBLIC_URL}/"},
        )
        return HttpResponse(text, status=400)


class ReasonsMiddleware:
    """Turns the errors of parts that are away into 503 with a reason."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what a view raised, where it is known."""
        if isinstance(error, NotNowError):
            return answer_fault(request, 503, error.reason, retry_after_s=error.retry_after_s)
        if isinstance(error, (OperationalError, InterfaceError)) or (
            isinstance(error, DatabaseError) and "disk" in str(error)
        ):
            log.error("the database is away: %s", error)
            return answer_fault(request, 503, DATABASE_AWAY, retry_after_s=30)
        return None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    del exception
    return answer_fault(request, 400, "Check the address and what was sent.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return answer_fault(
        request, 403, str(exception) or "Sign in with an account that may see this."
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    del exception
    return answer_fault(request, 404, "Check the address, or begin at the first page.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; what happened stands in the server's log alone."""
    return answer_fault(
        request, 500, "It was written into the log. What was answered before is kept."
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that does not come from a page of this site, or from one that is too old."""
    del reason
    return answer_fault(
        request,
        403,
        "This form came from a page that is too old, or from another site. Go back, load the page"
        " again, and send it once more; cookies of this site must be allowed.",
    )
