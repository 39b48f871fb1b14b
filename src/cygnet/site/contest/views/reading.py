"""The pages that anybody may read: what the contest is, its rules, its board."""

from typing import Any

from django.conf import settings as site_settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from cygnet.site.contest import boards, clock
from cygnet.site.contest.state import open_truth
from cygnet.site.contest.views.common import current, show


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what the contest asks, when, and how it is judged."""
    row, settings = current()
    names, part = open_truth(row)
    return show(
        request,
        "overview.html",
        settings,
        row=row,
        n_images=len(names),
        part=part,
    )


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Show the rules that a participant accepts."""
    _, settings = current()
    return show(request, "rules.html", settings)


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Show the board; for who is not signed in the page is one for all, and kept."""
    row, settings = current()
    made = boards.board(row, clock.now())
    if request.COOKIES.get(site_settings.SESSION_COOKIE_NAME):
        response = show(request, "board.html", settings, board=made)
        response["Cache-Control"] = "private, no-cache"
        return response
    etag = f'"{made.etag}.{site_settings.STYLESHEET[-20:-4]}"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        page, squeezed = boards.page(made, lambda: _page(request, settings, made))
        response = HttpResponse(page)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response = HttpResponse(squeezed)
            response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Vary"] = "Cookie, Accept-Encoding"
    response["Cache-Control"] = "no-cache"
    return response


def _page(request: HttpRequest, settings: Any, made: boards.Board) -> SafeString:
    now = clock.now()
    context = {"settings": settings, "board": made, "now": now, "who": None}
    text: SafeString = render_to_string("contest/board.html", context, request)
    return text
