"""The pages of updates: the form, the button that confirms, the one that leaves, what is kept."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from cygnet.site.faults import answer_fault
from cygnet.site.updates import asking, consent, letters
from cygnet.site.updates.models import Announcement

View = Callable[..., HttpResponse]
MOST_ANNOUNCEMENTS = 50


def secret_address(view: View) -> View:
    """Keep the address of a page, which holds a token, out of caches, indexes and other sites."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return kept


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show the form and what was announced; take the form."""
    if request.method != "POST":
        return _page(request, asking.blank_form())
    form = asking.UpdatesForm(request.POST)
    if not form.is_valid():
        # Nothing is lost: the address stays, the time is stamped anew.
        again = form.data.copy()
        again["stamp"] = asking.new_stamp()
        form.data = again
        return _page(request, form, status=422)
    if not form.is_trapped:
        site = settings.PUBLIC_URL or str(request.build_absolute_uri("/")).rstrip("/")
        if not asking.take(request, form.cleaned_data["email"], site):
            return answer_fault(
                request,
                429,
                "Very many addresses were entered, from your network or in all. Nothing was"
                " recorded; please try again in an hour.",
                retry_after_s=3600,
            )
    answer: HttpResponse = redirect("updates:asked")
    return answer


def _page(request: HttpRequest, form: asking.UpdatesForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "wording": consent.form_text(),
        "announcements": Announcement.objects.all()[:MOST_ANNOUNCEMENTS],
    }
    response: HttpResponse = render(request, "updates/page.html", context, status=status)
    return response


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """Say what happens next: the same to everyone."""
    response: HttpResponse = render(request, "updates/asked.html")
    return response


@secret_address
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button; confirm when it is pressed. A GET, as scanners make it, does nothing."""
    pseudonym = letters.read_confirm_token(token)
    context: dict[str, Any] = {"wording": consent.confirm_text()}
    if pseudonym is None or (request.method == "POST" and not consent.confirm(pseudonym)):
        return render(request, "updates/ended.html", status=410)
    context["done"] = request.method == "POST"
    response: HttpResponse = render(request, "updates/confirm.html", context)
    return response


@csrf_exempt
@secret_address
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Leave by one POST: a mail program's (RFC 8058) or the button's. No cookie is asked or set."""
    pseudonym = letters.read_mine_token(token)
    if pseudonym is None:
        return render(request, "updates/ended.html", status=404)
    if request.method == "POST":
        consent.leave(pseudonym)
    context = {"done": request.method == "POST", "token": token}
    response: HttpResponse = render(request, "updates/unsubscribe.html", context)
    return response


@secret_address
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest, token: str) -> HttpResponse:
    """Give out or delete what is kept of the person that the link was sent to."""
    pseudonym = letters.read_mine_token(token)
    if pseudonym is None:
        return render(request, "updates/ended.html", status=404)
    if request.method == "POST" and request.POST.get("act") == "export":
        kept = consent.export(pseudonym)
        if kept is None:
            return render(request, "updates/ended.html", status=410)
        response: HttpResponse = JsonResponse(kept, json_dumps_params={"indent": 2})
        response["Content-Disposition"] = 'attachment; filename="updates.json"'
        return response
    erased = request.method == "POST" and request.POST.get("act") == "erase"
    if erased:
        consent.erase(pseudonym)
    return render(request, "updates/mine.html", {"token": token, "erased": erased})
