"""The pages of submissions: send a file, see what it was told, select what counts."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cygnet.challenge.admission import Admitted, Refusal, admission
from cygnet.challenge.feedback import Feedback, Said, public_answer
from cygnet.challenge.phases import closed_at
from cygnet.challenge.settings import ContestSettings, Track
from cygnet.site.contest import acts, clock
from cygnet.site.contest.api import STATUS, received_at
from cygnet.site.contest.forms import SubmitForm
from cygnet.site.contest.models import Submission, Team
from cygnet.site.contest.standing import Person
from cygnet.site.contest.state import contest, open_truth
from cygnet.site.contest.stored import stored_bytes
from cygnet.site.contest.submitting import Faulty, Taken, submit
from cygnet.site.contest.views.common import current, for_participants, say, show


@never_cache
@for_participants
def send(request: HttpRequest, who: Person) -> HttpResponse:
    """Send a file in the browser; a key in the form makes a second click harmless."""
    row, settings = current()
    form = SubmitForm(request.POST or None, request.FILES or None, settings=settings)
    context: dict[str, Any] = {"who": who, "form": form}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            made = submit(
                who.user,
                form.cleaned_data["file"].read(),
                received=received_at(request),
                track=Track(form.cleaned_data["track"]),
                key=_form_key(request),
                note=form.cleaned_data["note"],
            )
            if isinstance(made, Taken):
                return redirect("contest:submission", submission_id=made.submission.pk)
            if isinstance(made, Faulty):
                context["faults"] = made.errors
            else:
                context["refusal"] = made
                status = STATUS.get(made.code, 403)
    standing = admission(settings, who.standing(), now=clock.now(), body_digest="")
    context |= {
        "left": standing if isinstance(standing, Admitted) else None,
        "blocked": standing if isinstance(standing, Refusal) else None,
        "key": uuid.uuid4(),
        "n_images": len(open_truth(row)[0]),
    }
    return show(request, "submit.html", settings, status=status, **context)


def _form_key(request: HttpRequest) -> str:
    try:
        return f"form-{uuid.UUID(request.POST.get('key', ''))}"
    except ValueError:
        return ""


@never_cache
@require_safe
@for_participants
def mine(request: HttpRequest, who: Person) -> HttpResponse:
    """List the team's submissions."""
    _, settings = current()
    rows = [] if who.team is None else _listed(settings, who.team)
    chosen = sum(one["row"].selected for one in rows)
    return show(request, "submissions.html", settings, who=who, rows=rows, chosen=chosen)


def _listed(settings: ContestSettings, team: Team) -> list[dict[str, Any]]:
    return [
        {"row": one, "public": public_now(one, team, settings)}
        for one in Submission.objects.filter(team=team)
        .select_related("user")
        .defer("probability", "score", "sketch", "private_score")
    ]


def public_now(one: Submission, team: Team, settings: ContestSettings) -> dict[str, object]:
    """Give what is said of a submission as the team stands now: verified later, it learns more."""
    if one.feedback is None:
        kept: dict[str, object] = one.public
        return kept
    told = one.feedback
    feedback = Feedback(told["auroc"], Said(told["said"]), told["beats_contest"])
    part = open_truth(contest())[1]
    blind = settings.blind and not closed_at(settings, clock.now())
    return public_answer(part, feedback, verified=team.verified, blind=blind).as_json()


def _own(who: Person, submission_id: uuid.UUID) -> Submission:
    one: Submission | None = None
    if who.team is not None:
        one = Submission.objects.filter(pk=submission_id, team=who.team).first()
    if one is None:
        # Another team's and none at all are answered alike.
        raise Http404
    return one


@never_cache
@require_safe
@for_participants
def submission(request: HttpRequest, who: Person, submission_id: uuid.UUID) -> HttpResponse:
    """Show one submission of the team."""
    _, settings = current()
    one = _own(who, submission_id)
    public = public_now(one, one.team, settings)
    return show(request, "submission.html", settings, who=who, one=one, public=public)


@never_cache
@require_safe
@for_participants
def download(request: HttpRequest, who: Person, submission_id: uuid.UUID) -> HttpResponse:
    """Give the team its own file back, byte for byte."""
    del request
    one = _own(who, submission_id)
    response = HttpResponse(stored_bytes(one.file), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="submission-{one.pk}.csv"'
    return response


@require_POST
@for_participants
def select(request: HttpRequest, who: Person) -> HttpResponse:
    """Select what counts at the close."""
    wanted = request.POST.getlist("selected")
    if who.team is None:
        messages.error(request, "You are in no team.")
    else:
        say(request, acts.select(who.team, wanted), "The selection is kept.")
    return redirect("contest:submissions")
