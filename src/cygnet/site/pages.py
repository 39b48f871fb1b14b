"""What does every page know? The contest's name, the ways through the site, the time zone."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.urls import reverse

from cygnet import __version__

CONTEST_WAYS = (
    ("Overview", "contest:overview"),
    ("Rules", "contest:rules"),
    ("Board", "contest:board"),
    ("Score a file", "contest:submit"),
    ("Submissions", "contest:submissions"),
    ("Team", "contest:team"),
    ("Tokens", "contest:tokens"),
)


class HouseForms(TemplatesSetting):
    """Forms in the house look: label above, help below, the error beside the field."""

    form_template_name = "site/form.html"
    formset_template_name = "site/form.html"
    field_template_name = "site/field.html"


def viewer_zone(request: HttpRequest) -> ZoneInfo:
    """Give the zone that this visitor reads times in: chosen, or else the contest's own."""
    user = getattr(request, "user", None)
    chosen = getattr(user, "time_zone", "") or ""
    return ZoneInfo(chosen or settings.CONTEST.contest.time_zone)


def _ways(request: HttpRequest) -> Iterator[dict[str, object]]:
    """List the entries of the navigation that the apps bring; the closest one is where we are."""
    entries = [
        (title, reverse(name))
        for config in apps.get_app_configs()
        for title, name in getattr(config, "navigation", ())
    ]
    above = [path for _, path in entries if request.path.startswith(path)]
    here = max(above, key=len, default="")
    for title, path in entries:
        at_root = path == "/" and request.path != "/"
        yield {"title": title, "path": path, "here": path == here and not at_root}


def bare_context() -> dict[str, Any]:
    """Give what the base template cannot do without; no database is asked."""
    return {
        "contest": settings.CONTEST.contest,
        "stylesheet": settings.STATIC_URL + settings.STYLESHEET,
        "version": __version__,
    }


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Give what the base template needs."""
    return bare_context() | {
        "navigation": list(_ways(request)),
        "contest_ways": CONTEST_WAYS,
        "viewer_zone": viewer_zone(request),
    }
