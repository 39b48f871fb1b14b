"""What should there be, as the journal tells it? Every act again, in order, to be held to the rows.

Acts of an earlier version say less of some things; of what no act says nothing is expected.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cygnet.challenge.journal import Act
from cygnet.challenge.phases import extended
from cygnet.challenge.settings import ContestSettings


@dataclass
class ToldTeam:
    """A team as told: ``None`` where no act says."""

    name: str
    members: set[str] = field(default_factory=set)
    verified: bool | None = None
    banned: bool = False
    statement: str | None = None


@dataclass
class ToldSubmission:
    """A submission as told, with the team that it belongs to by now."""

    number: int
    team: str
    details: dict[str, Any]
    received: datetime
    receipt: str
    selected: bool = False


@dataclass
class Told:
    """All that the journal tells of."""

    settings: dict[str, Any] | None = None
    feedback_rules: list[Any] = field(default_factory=list)
    commitment: str | None = None
    teams: dict[str, ToldTeam] = field(default_factory=dict)
    submissions: dict[str, ToldSubmission] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    banned: dict[str, bool] = field(default_factory=dict)
    identified: set[str] = field(default_factory=set)
    board: dict[str, Any] | None = None
    late: list[Any] | None = None
    truth: str | None = None

    def take(self, act: Act) -> None:
        """Follow one act; kinds that change no row that is checked are passed over."""
        said = dict(act.details)
        act_on = getattr(self, "_" + act.kind.replace("-", "_"), None)
        # Whoever marks a team, under whatever name the act stands, says so in its details.
        if (
            act_on is None
            and said.get("team") in self.teams
            and {"verified", "banned"} & said.keys()
        ):
            act_on = self._team_marked
        if act_on is not None:
            act_on(act, said)

    def _founded(self, act: Act, said: dict[str, Any]) -> None:
        self.commitment = said["commitment"]
        self._settings(act, said)

    def _settings(self, act: Act, said: dict[str, Any]) -> None:
        del act
        self.settings = said["settings"]
        if said["settings"]["rules"] not in self.feedback_rules:
            self.feedback_rules.append(said["settings"]["rules"])

    def _extended(self, act: Act, said: dict[str, Any]) -> None:
        assert self.settings is not None  # noqa: S101 - the first act founds
        moved = extended(
            ContestSettings.from_json(self.settings),
            datetime.fromisoformat(said["closes"]),
            now=datetime.fromisoformat(act.moment),
        )
        self.settings = moved.as_json()

    def _rules_accepted(self, act: Act, said: dict[str, Any]) -> None:
        del act
        self.accepted.add(said["person"])

    def _person_marked(self, act: Act, said: dict[str, Any]) -> None:
        del act
        self.banned[said["person"]] = said["banned"]

    def _person_identified(self, act: Act, said: dict[str, Any]) -> None:
        del act
        (self.identified.add if said["identified"] else self.identified.discard)(said["person"])

    def _team_founded(self, act: Act, said: dict[str, Any]) -> None:
        del act
        made = ToldTeam(said["name"], {said["person"]}, said.get("verified"))
        self.teams[said["team"]] = made

    def _team_joined(self, act: Act, said: dict[str, Any]) -> None:
        del act
        self.teams[said["team"]].members.add(said["person"])

    def _team_left(self, act: Act, said: dict[str, Any]) -> None:
        del act
        team = self.teams[said["team"]]
        team.members.discard(said["person"])
        if not team.members:
            del self.teams[said["team"]]

    def _team_marked(self, act: Act, said: dict[str, Any]) -> None:
        del act
        team = self.teams.get(said["team"])
        if team is None:
            return
        team.verified = said.get("verified", team.verified)
        team.banned = said.get("banned", team.banned)

    def _statement(self, act: Act, said: dict[str, Any]) -> None:
        del act
        self.teams[said["team"]].statement = said["sha256"]

    def _teams_merged(self, act: Act, said: dict[str, Any]) -> None:
        del act
        stays, goes = self.teams[said["stays"]], self.teams.pop(said["goes"])
        stays.members |= goes.members
        known = None not in (stays.verified, goes.verified)
        stays.verified = (stays.verified and goes.verified) if known else None
        for one in self.submissions.values():
            if one.team == said["goes"]:
                one.team, one.selected = said["stays"], False

    def _selected(self, act: Act, said: dict[str, Any]) -> None:
        del act
        for key, one in self.submissions.items():
            if one.team == said["team"]:
                one.selected = key in said["submissions"]

    def _submission(self, act: Act, said: dict[str, Any]) -> None:
        self.submissions[said["submission"]] = ToldSubmission(
            act.number, said["team"], said, datetime.fromisoformat(act.moment), act.head
        )

    def _closed(self, act: Act, said: dict[str, Any]) -> None:
        del act
        self.board, self.late = said["board"], None

    def _late_board(self, act: Act, said: dict[str, Any]) -> None:
        del act
        self.late = said["rows"]

    def _rescored(self, act: Act, said: dict[str, Any]) -> None:
        del act
        self.truth, self.board, self.late = said["truth"], None, None


def retold(acts: Iterable[Act]) -> Told:
    """Follow a whole journal, whose chain holds."""
    told = Told()
    for act in acts:
        told.take(act)
    return told
