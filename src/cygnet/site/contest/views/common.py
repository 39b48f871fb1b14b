"""What do the contest's pages share? The contest itself, who looks, and how a refusal is said."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from cygnet.challenge.admission import Refusal
from cygnet.challenge.phases import phase_at
from cygnet.challenge.settings import ContestSettings
from cygnet.site.contest import clock
from cygnet.site.contest.models import Contest
from cygnet.site.contest.standing import Person, person
from cygnet.site.contest.state import LARGE, ROW, contest_settings

View = Callable[..., HttpResponse]


def current() -> tuple[Contest, ContestSettings]:
    """Give the contest, or 404 where this site hosts none."""
    row = Contest.objects.defer(*LARGE).filter(pk=ROW).first()
    if row is None:
        raise Http404
    return row, contest_settings(row)


def for_participants(view: View) -> View:
    """Ask for a sign-in, and give the view the person."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, person(request.user), *args, **kwargs)

    made: View = wrapped
    return made


def show(
    request: HttpRequest,
    template: str,
    settings: ContestSettings,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Fill a page of the contest."""
    now = clock.now()
    asked: Person | None = context.get("who")
    if asked is None and request.user.is_authenticated:
        asked = person(request.user)
    context |= {"settings": settings, "phase": phase_at(settings, now).value, "now": now}
    context["who"] = asked
    return render(request, f"contest/{template}", context, status=status)


def say(request: HttpRequest, refusal: Refusal | str | None, done: str) -> bool:
    """Tell the visitor how it went; true where it was done."""
    if refusal is None:
        messages.success(request, done)
    elif isinstance(refusal, str):
        messages.error(request, refusal)
    else:
        messages.error(request, refusal.message)
    return refusal is None
