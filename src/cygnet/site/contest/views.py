"""The pages of the contest."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def overview(request: HttpRequest) -> HttpResponse:
    """Show what the contest is about."""
    return render(request, "contest/overview.html")
