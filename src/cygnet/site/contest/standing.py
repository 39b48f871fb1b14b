"""Where does a person stand? The team, the rules, bans, what was submitted."""

from dataclasses import dataclass
from datetime import datetime

from cygnet.challenge.admission import Standing
from cygnet.challenge.teams import Team as TeamFacts
from cygnet.site.accounts.models import User
from cygnet.site.contest.models import Entrant, Membership, Submission, Team


@dataclass(frozen=True, slots=True)
class Person:
    """One person's place in the contest."""

    user: User
    team: Team | None
    leads: bool
    entrant: Entrant | None

    @property
    def rules_accepted(self) -> bool:
        """Whether the rules were accepted."""
        return self.entrant is not None and self.entrant.rules_accepted_at is not None

    def standing(self) -> Standing:
        """Give what the rules of admission ask for."""
        return Standing(
            team_id=None if self.team is None else str(self.team.pk),
            accepted_at=() if self.team is None else accepted_at(self.team),
            rules_accepted=self.rules_accepted,
            banned=bool(
                (self.entrant is not None and self.entrant.banned)
                or (self.team is not None and self.team.banned)
            ),
        )


def person(user: User) -> Person:
    """Look a person up."""
    membership = Membership.objects.select_related("team").filter(user=user).first()
    return Person(
        user=user,
        team=None if membership is None else membership.team,
        leads=membership is not None and membership.leads,
        entrant=Entrant.objects.filter(user=user).first(),
    )


def accepted_at(team: Team) -> tuple[datetime, ...]:
    """Give when the team's scored submissions arrived."""
    return tuple(
        Submission.objects.filter(team=team).order_by("number").values_list("received", flat=True)
    )


def team_facts(team: Team) -> TeamFacts:
    """Give a team as the rules of joining and merging know it."""
    members = Membership.objects.filter(team=team).values_list("user_id", flat=True)
    return TeamFacts(
        team_id=str(team.pk),
        members=frozenset(str(one) for one in members),
        accepted_at=accepted_at(team),
        verified=team.verified,
        banned=team.banned,
    )
