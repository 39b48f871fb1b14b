"""Does ``verify`` find what somebody with the database in hand changes, whatever row it is in?"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cygnet.site.folder import ContestFolder
from site_contest import Participant, predictions
from site_people import post

Join = Callable[..., Participant]

AFTER = datetime(2020, 8, 18, tzinfo=UTC)


def _first() -> Any:
    from cygnet.site.contest.models import Submission

    return Submission.objects.order_by("number")[0]


def _of_submission(**changes: Any) -> None:
    from cygnet.site.contest.models import Submission

    Submission.objects.filter(pk=_first().pk).update(**changes)


def _of_team(**changes: Any) -> None:
    from cygnet.site.contest.models import Team

    Team.objects.filter(name="Swans").update(**changes)


def _other_team() -> None:
    from cygnet.site.contest.models import Team

    _of_submission(team=Team.objects.get(name="Ducks"))


def _other_score(column: str) -> None:
    from cygnet.site.contest.models import Submission

    better = Submission.objects.order_by("number").last()
    _of_submission(**{column: getattr(better, column)})


def _settings() -> None:
    from cygnet.site.contest.models import Contest

    row = Contest.objects.get()
    Contest.objects.update(settings=row.settings | {"daily_limit": 50})


def _of_contest(**changes: Any) -> None:
    from cygnet.site.contest.models import Contest

    Contest.objects.update(**changes)


def _member() -> None:
    from cygnet.site.contest.models import Membership, Team

    Membership.objects.filter(team__name="Swans").update(team=Team.objects.get(name="Ducks"))


def _entrant(**changes: Any) -> None:
    from cygnet.site.contest.models import Entrant

    Entrant.objects.filter(user__email="swans@example.org").update(**changes)


def _late() -> None:
    from cygnet.site.contest.models import Contest

    row = Contest.objects.get()
    Contest.objects.update(late_board=[one | {"lower": 0.999} for one in row.late_board])


CHANGES: dict[str, Callable[[], None]] = {
    "track": lambda: _of_submission(track="without-context"),
    "arrival": lambda: _of_submission(received=AFTER - timedelta(days=9)),
    "phase": lambda: _of_submission(phase="late"),
    "selection": lambda: _of_submission(selected=True),
    "whose": _other_team,
    "numbers": lambda: _other_score("probability"),
    "public score": lambda: _other_score("score"),
    "private score": lambda: _other_score("private_score"),
    "feedback": lambda: _of_submission(
        feedback={"auroc": 0.999, "said": "new-best", "beats_contest": True}
    ),
    "released": lambda: _of_team(released=0.999),
    "verified": lambda: _of_team(verified=False),
    "banned": lambda: _of_team(banned=True),
    "name": lambda: _of_team(name="Swams"),
    "statement": lambda: _of_team(method="another"),
    "member": _member,
    "person banned": lambda: _entrant(banned=True),
    "identity": lambda: _entrant(identified_at=AFTER),
    "rules": lambda: _entrant(rules_accepted_at=None),
    "settings": _settings,
    "commitment": lambda: _of_contest(commitment="0" * 64),
    "truth": lambda: _of_contest(truth_digest="0" * 64),
    "board taken away": lambda: _of_contest(closed_board=None),
    "late board": _late,
}


@pytest.fixture
def closed(join: Join, clock: Any) -> None:
    """Two teams, a statement, a selection, the close, a late submission."""
    from cygnet.site.contest import acts
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import Submission, Team

    swans, ducks = join("Swans"), join("Ducks")
    post(swans, predictions(2.0, seed=1))
    post(swans, predictions(3.0, seed=2))
    acts.state_method(Team.objects.get(name="Swans"), method="one", external_data="none")
    chosen = Submission.objects.order_by("number").last()
    assert chosen is not None
    acts.select(Team.objects.get(name="Swans"), [str(chosen.pk)])
    post(ducks, predictions(5.0, seed=3))
    clock.moment = AFTER
    post(ducks, predictions(6.0, seed=4))
    # A kept private score of the first, as a re-scoring leaves one.
    close()
    from cygnet.site.contest.closing import private_part, private_score

    private_score(private_part(), _first())


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("what", CHANGES)
def test_a_row_that_was_changed_is_found(what: str) -> None:
    from cygnet.site.contest.checking import check

    assert check(None)["problems"] == []
    CHANGES[what]()
    assert not check(None)["ok"]


def test_the_journal_tells_all_that_honest_people_do(
    join: Join, contest: ContestFolder, clock: Any
) -> None:
    """Merges, bans, extensions, new rules: what is allowed is never taken for a change."""
    from cygnet.site.accounts.models import User
    from cygnet.site.contest import acts
    from cygnet.site.contest.checking import check
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import MergeOffer, Submission, Team
    from cygnet.site.contest.rescoring import rescore

    del contest
    swans, ducks = join("Swans"), join("Ducks")
    join("Geese")
    chair = User.objects.get(email=ducks.email)
    for number, who in enumerate((swans, ducks, swans)):
        assert post(who, predictions(3.0 + number, seed=number)).status_code == 201
    team = Team.objects.get(name="Swans")
    acts.select(team, [str(Submission.objects.filter(team=team)[0].pk)])
    acts.offer_merge(team, Team.objects.get(name="Ducks"))
    assert acts.take_merge(MergeOffer.objects.get()) is None
    acts.extend(AFTER + timedelta(days=3), chair)
    geese = Team.objects.get(name="Geese")
    acts.mark_team(geese, chair, banned=True)
    acts.mark_team(geese, chair, verified=False, banned=False)
    acts.ban_person(chair, chair, banned=True, reason="a word")
    acts.ban_person(chair, chair, banned=False)
    acts.leave(User.objects.get(email="geese@example.org"))
    acts.state_method(Team.objects.get(), method="m", external_data="e")
    assert check(None)["problems"] == []
    clock.moment = AFTER + timedelta(days=4)
    close()
    post(swans, predictions(6.0, seed=9))
    close()
    assert check(None)["problems"] == []
    rescore(apply=True)
    assert check(None)["problems"] == []
