"""The page of organisers beside the admin: how the contest stands, and moving its close."""

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from cygnet.errors import InputError
from cygnet.site.contest import acts, journal
from cygnet.site.contest.forms import ExtendForm
from cygnet.site.contest.models import Submission, Team
from cygnet.site.contest.views.common import current, show


@never_cache
@staff_member_required(login_url="account_login")
def organise(request: HttpRequest) -> HttpResponse:
    """Show what needs an organiser, and let the close be moved to a later moment."""
    _, settings = current()
    form = ExtendForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            closes = acts.extend(form.cleaned_data["closes"], request.user)
        except InputError as error:
            form.add_error("closes", " ".join(fault.rule for fault in error.faults))
        else:
            messages.success(request, f"The challenge closes on {closes:%d %B %Y, %H:%M:%S} UTC.")
            return redirect("contest:organise")
    return show(
        request,
        "organise.html",
        settings,
        status=422 if form.errors else 200,
        form=form,
        head=journal.head(),
        waiting=Team.objects.filter(verified=False, banned=False),
        flagged=Submission.objects.exclude(flags=[])
        .select_related("team")
        .only("flags", "team", "received", "number")[:50],
    )
