"""The pages of a person: tokens of the API, the time zone, the name shown."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cygnet.site.accounts.models import ApiToken
from cygnet.site.contest.forms import TokenForm, ZoneForm
from cygnet.site.contest.standing import Person
from cygnet.site.contest.views.common import current, for_participants, show


@never_cache
@for_participants
def tokens(request: HttpRequest, who: Person) -> HttpResponse:
    """List one's tokens; a new one is shown once, in the answer that makes it."""
    _, settings = current()
    form = TokenForm(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        made = ApiToken.issue(who.user, form.cleaned_data["label"])
        form = TokenForm()
    return show(
        request,
        "tokens.html",
        settings,
        who=who,
        form=form,
        made=made,
        tokens=who.user.tokens.filter(revoked_at=None),
        zone=ZoneForm(initial={"time_zone": who.user.time_zone or "UTC"}),
    )


@require_POST
@for_participants
def revoke(request: HttpRequest, who: Person, token_id: UUID) -> HttpResponse:
    """Revoke a token; it opens nothing from now on."""
    token = get_object_or_404(ApiToken, pk=token_id, user=who.user)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    messages.success(request, "The token is revoked.")
    return redirect("contest:tokens")


@require_POST
@for_participants
def zone(request: HttpRequest, who: Person) -> HttpResponse:
    """Choose the time zone of times shown beside UTC."""
    form = ZoneForm(request.POST)
    if form.is_valid():
        who.user.time_zone = form.cleaned_data["time_zone"]
        who.user.save(update_fields=["time_zone"])
        messages.success(request, "Times are shown in your time zone beside UTC.")
    else:
        messages.error(request, "This is no time zone.")
    return redirect("contest:tokens")
