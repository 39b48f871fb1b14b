"""What may organisers do? See all but scores, verify, ban, take back; each is journaled."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest

from cygnet.site.accounts.admin import changed
from cygnet.site.accounts.models import User
from cygnet.site.admin_rows import KeptRows
from cygnet.site.contest import acts
from cygnet.site.contest.models import Delivery, Entrant, JournalAct, Submission, Team


@receiver(changed)
def _journal(user: User, by: User, changes: dict[str, object], **_: object) -> None:
    acts.note_change(user, by, changes)


class _Watched(KeptRows):
    """Rows that change by acts alone."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed but by the actions below."""
        return obj is None and bool(request.user.is_staff)


@admin.register(Team)
class TeamAdmin(_Watched):
    """Verify and ban."""

    list_display = ("name", "verified", "banned", "founded_at", "people")
    list_filter = ("verified", "banned")
    search_fields = ("name", "memberships__user__email")
    actions = ("verify", "take_back", "ban", "lift")
    exclude = ("ladder", "invitation")

    def people(self, team: Team) -> str:
        """Say who is in the team."""
        return ", ".join(str(one.user) for one in team.memberships.select_related("user"))

    @admin.action(description="Verify the teams")
    def verify(self, request: HttpRequest, teams: QuerySet[Team]) -> None:
        """Numbers go to them from now on."""
        for team in teams:
            acts.mark_team(team, request.user, verified=True)

    @admin.action(description="Take the verification back")
    def take_back(self, request: HttpRequest, teams: QuerySet[Team]) -> None:
        """They get no number any more."""
        for team in teams:
            acts.mark_team(team, request.user, verified=False)

    @admin.action(description="Ban the teams")
    def ban(self, request: HttpRequest, teams: QuerySet[Team]) -> None:
        """They leave the board."""
        for team in teams:
            acts.mark_team(team, request.user, banned=True)

    @admin.action(description="Lift the ban of the teams")
    def lift(self, request: HttpRequest, teams: QuerySet[Team]) -> None:
        """They are back."""
        for team in teams:
            acts.mark_team(team, request.user, banned=False)


@admin.register(Entrant)
class EntrantAdmin(_Watched):
    """Ban people."""

    list_display = ("user", "rules_accepted_at", "banned")
    search_fields = ("user__email",)
    actions = ("ban", "lift")

    @admin.action(description="Ban the people")
    def ban(self, request: HttpRequest, entrants: QuerySet[Entrant]) -> None:
        """Nothing of theirs is taken any more."""
        for one in entrants.select_related("user"):
            acts.ban_person(one.user, request.user, banned=True)

    @admin.action(description="Lift the ban of the people")
    def lift(self, request: HttpRequest, entrants: QuerySet[Entrant]) -> None:
        """They may submit again."""
        for one in entrants.select_related("user"):
            acts.ban_person(one.user, request.user, banned=False)


@admin.register(Submission)
class SubmissionAdmin(_Watched):
    """Look at submissions and their flags; no score is shown."""

    list_display = ("number", "team", "user", "received", "track", "phase", "flagged")
    list_filter = ("phase", "track")
    list_select_related = ("team", "user")
    search_fields = ("id", "team__name", "file_digest", "content_digest")
    fields: ClassVar[tuple[str, ...]] = (
        "number", "team", "user", "received", "phase", "track", "file_digest",
        "content_digest", "receipt", "flags",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        """Leave the large columns where they are."""
        found: QuerySet[Submission] = super().get_queryset(request)
        return found.defer("probability", "score", "sketch", "private_score")

    def flagged(self, one: Submission) -> str:
        """Say what was noticed."""
        return ", ".join(sorted({flag["kind"] for flag in one.flags}))


@admin.register(JournalAct)
class JournalAdmin(_Watched):
    """Read the journal."""

    list_display = ("number", "moment", "kind", "head")
    list_filter = ("kind",)


@admin.register(Delivery)
class DeliveryAdmin(_Watched):
    """See what webhooks were told."""

    list_display = ("event", "url", "due", "tries", "last_answer", "done_at")
