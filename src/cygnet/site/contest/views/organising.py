"""The pages of organisers: how the contest stands, its close, teams, people, words to them.

Each act is a POST and an act of the journal.
"""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cygnet.errors import InputError
from cygnet.site.accounts.models import User
from cygnet.site.contest import acts, boards, journal, mailing, rescore_job
from cygnet.site.contest.forms import BanForm, ExtendForm, WriteForm
from cygnet.site.contest.models import Entrant, JournalAct, Submission, Team
from cygnet.site.contest.views.common import current, show

for_organisers = staff_member_required(login_url="account_login")
MOST_SHOWN = 50
MARKS: dict[str, dict[str, bool]] = {
    "verify": {"verified": True},
    "take-back": {"verified": False},
    "ban": {"banned": True},
    "lift": {"banned": False},
}
MARKED = {
    "verify": "The team is verified.",
    "take-back": "The team is not verified any more.",
    "ban": "The team is banned.",
    "lift": "The ban is lifted.",
}


@never_cache
@for_organisers
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
        .only("flags", "team", "received", "number")[:MOST_SHOWN],
        n_late_waiting=boards.n_late_waiting(),
    )


@never_cache
@for_organisers
def teams(request: HttpRequest) -> HttpResponse:
    """Find teams by name or address, to verify and to ban them."""
    _, settings = current()
    asked = request.GET.get("q", "").strip()
    found = Team.objects.filter(
        Q(name__icontains=asked) | Q(memberships__user__email__icontains=asked)
    ).distinct()
    shown = found.prefetch_related("memberships__user")[:MOST_SHOWN]
    return show(
        request, "organise_teams.html", settings, asked=asked, teams=shown, n_found=found.count()
    )


@require_POST
@for_organisers
def mark(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Verify or ban a team, or take it back."""
    team = get_object_or_404(Team, pk=team_id)
    act = request.POST.get("act", "")
    if act in MARKS:
        acts.mark_team(team, request.user, **MARKS[act])
        messages.success(request, MARKED[act])
    where = reverse("contest:organise-teams")
    return redirect(f"{where}?{urlencode({'q': team.name})}")


@never_cache
@for_organisers
def people(request: HttpRequest) -> HttpResponse:
    """Ban people, and lift bans."""
    _, settings = current()
    form = BanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = User.objects.filter(email=form.cleaned_data["email"].lower()).first()
        banned = "lift" not in request.POST
        if user is None:
            form.add_error("email", "Nobody has an account of this address.")
        else:
            acts.ban_person(
                user, request.user, banned=banned, reason=form.cleaned_data["reason"] * banned
            )
            messages.success(request, "The person is banned." if banned else "The ban is lifted.")
            return redirect("contest:organise-people")
    return show(
        request,
        "organise_people.html",
        settings,
        status=422 if form.errors else 200,
        form=form,
        banned=Entrant.objects.filter(banned=True).select_related("user"),
    )


@never_cache
@for_organisers
def write(request: HttpRequest) -> HttpResponse:
    """Write to participants; first it is shown to how many."""
    _, settings = current()
    form = WriteForm(request.POST or None, initial={"audience": "teams"})
    n_readers = None
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        if "send" in request.POST:
            n_new = mailing.write_to(**words, by=request.user)
            people = "1 person" if n_new == 1 else f"{n_new:,} people"
            messages.success(request, f"Written to {people}; the outbox sends it now.")
            return redirect("contest:organise")
        n_readers = len(mailing.readers(words["audience"]))
    status = 422 if form.errors else 200
    return show(
        request, "organise_write.html", settings, status=status, form=form, n_readers=n_readers
    )


@never_cache
@for_organisers
def rescore(request: HttpRequest) -> HttpResponse:
    """Score all submissions anew beside the requests; show what differs, keep it if asked."""
    row, settings = current()
    if request.method == "POST":
        rescore_job.start(apply="apply" in request.POST)
        return redirect("contest:organise-rescore")
    job = rescore_job.last()
    names = {str(key): name for key, name in Team.objects.values_list("pk", "name")}
    changed = [] if job is None or job.found is None else job.found["changed"][:MOST_SHOWN]
    return show(
        request,
        "organise_rescore.html",
        settings,
        job=job,
        changed=[{**one, "name": names.get(one["team"], one["team"])} for one in changed],
        frozen=row.closed_board is not None,
        before=JournalAct.objects.filter(kind="rescored")[:5],
    )
