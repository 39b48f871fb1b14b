"""The pages of one's own team: found, invite, join, merge, say how it was done."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cygnet.challenge.names import name_key
from cygnet.site.contest import acts
from cygnet.site.contest.forms import MergeForm, StatementForm, TeamForm
from cygnet.site.contest.models import MergeOffer, Team
from cygnet.site.contest.standing import Person
from cygnet.site.contest.views.common import current, for_participants, say, show

HOME = "contest:team"
NEEDS_TEAM = "Found a team first, or open an invitation."
LEADER_ALONE = "The person who leads the team does this."


@never_cache
@for_participants
def team(request: HttpRequest, who: Person) -> HttpResponse:
    """Show one's own team, or how to come by one."""
    _, settings = current()
    if who.team is not None:
        return show(
            request,
            "team.html",
            settings,
            who=who,
            statement=StatementForm(instance=who.team),
            merge=MergeForm(),
            has_submitted=who.team.submissions.exists(),
            members=who.team.memberships.select_related("user__entrant"),
            offers=MergeOffer.objects.filter(asked=who.team).select_related("asking"),
        )
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            acts.found_team(request.user, form.cleaned_data["name"])
        except ValidationError as error:
            form.add_error("name", error.messages[0])
        else:
            messages.success(request, "The team is founded.")
            return redirect(HOME)
    status = 422 if form.errors else 200
    return show(request, "team_none.html", settings, status=status, who=who, form=form)


@require_POST
@for_participants
def accept(request: HttpRequest, who: Person) -> HttpResponse:
    """Accept the rules."""
    acts.accept_rules(who.user)
    messages.success(request, "The rules are accepted.")
    return redirect("contest:submit" if who.team else HOME)


@require_POST
@for_participants
def invite(request: HttpRequest, who: Person) -> HttpResponse:
    """Make an invitation and show it once."""
    if who.team is None or not who.leads:
        say(request, NEEDS_TEAM if who.team is None else LEADER_ALONE, "")
        return redirect(HOME)
    secret = acts.invite(who.team)
    link = request.build_absolute_uri(reverse("contest:join", args=[secret]))
    _, settings = current()
    return show(request, "invitation.html", settings, who=who, link=link)


@never_cache
@for_participants
def join(request: HttpRequest, who: Person, secret: str) -> HttpResponse:
    """Show whose invitation it is; join by a button, never by opening the link."""
    _, settings = current()
    found = acts.invited_to(secret)
    if found is None:
        raise Http404
    if request.method == "POST":
        say(request, acts.join(who.user, found), "You are in the team.")
        return redirect(HOME)
    return show(request, "join.html", settings, who=who, found=found)


@require_POST
@for_participants
def leave(request: HttpRequest, who: Person) -> HttpResponse:
    """Leave a team that has not submitted."""
    say(request, acts.leave(who.user), "You have left the team.")
    return redirect(HOME)


@require_POST
@for_participants
def offer(request: HttpRequest, who: Person) -> HttpResponse:
    """Ask another team to take this one in."""
    form = MergeForm(request.POST)
    if who.team is None or not who.leads:
        say(request, NEEDS_TEAM if who.team is None else LEADER_ALONE, "")
    elif form.is_valid():
        key = name_key(form.cleaned_data["team"])
        # Whether a team exists stands on no board before it submits: the answer is the same.
        refusal = acts.offer_merge(who.team, Team.objects.filter(name_key=key).first())
        say(request, refusal, "If there is such a team, its leader sees the offer now.")
    return redirect(HOME)


@require_POST
@for_participants
def take_offer(request: HttpRequest, who: Person, offer_id: str) -> HttpResponse:
    """Take another team in."""
    found = get_object_or_404(MergeOffer, pk=offer_id, asked=who.team)
    if not who.leads:
        say(request, LEADER_ALONE, "")
    elif "refuse" in request.POST:
        found.delete()
        messages.success(request, "The offer is refused.")
    else:
        say(request, acts.take_merge(found), "The teams are one.")
    return redirect(HOME)


@require_POST
@for_participants
def statement(request: HttpRequest, who: Person) -> HttpResponse:
    """Keep what the team says of its method."""
    form = StatementForm(request.POST)
    if who.team is None:
        say(request, NEEDS_TEAM, "")
    elif form.is_valid():
        acts.state_method(who.team, **form.cleaned_data)
        messages.success(request, "The statement is kept.")
    else:
        _, settings = current()
        return show(request, "statement.html", settings, status=422, who=who, statement=form)
    return redirect(HOME)
