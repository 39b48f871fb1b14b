"""Can a team be more than one, learn of others, or be taken apart by two people at once?"""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from cygnet.site.folder import ContestFolder
from site_contest import Participant, predictions
from site_people import newcomer, post, send, signed_in

Join = Callable[..., Participant]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all acts in threads of their own, begun together; give what each gave or raised."""
    from django.db import connections

    ready = threading.Barrier(len(acts))
    given: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        ready.wait(10)
        try:
            given[place] = act()
        except Exception as error:  # noqa: BLE001 - what was raised is looked at
            given[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return given


@pytest.mark.parametrize("name", ["Sw\u0430ns", "SWANS", "Swan5", "  Swans", "\u0405wans"])
def test_no_second_team_is_taken_for_the_first(join: Join, name: str) -> None:
    from cygnet.site.contest.models import Team

    join("Swans")
    answer = newcomer("new@example.org").post("/challenge/team/", {"name": name})
    assert answer.status_code == 422
    assert "looks alike" in answer.content.decode()
    assert Team.objects.count() == 1


@pytest.mark.usefixtures("contest")
@pytest.mark.parametrize(
    "name", ["Sw\u00adans", "a\u061cb", "\u3164", "\ufdfa" * 60, "e" + "\u0301" * 20, "..."]
)
def test_a_name_in_disguise_is_refused_with_a_reason(name: str) -> None:
    from cygnet.site.contest.models import Team

    answer = newcomer("new@example.org").post("/challenge/team/", {"name": name})
    assert answer.status_code == 422
    assert "Please mend" in answer.content.decode()
    assert Team.objects.count() == 0


def test_an_offer_tells_nothing_of_the_other_team(join: Join) -> None:
    """Full, banned, busy or not there at all: one answer, and it stays the other leader's."""
    from cygnet.site.contest.models import MergeOffer, Team

    swans, busy = join("Swans"), join("Busy")
    join("Barred")
    for number in range(5):
        join("Full", f"full{number}@example.org")
    Team.objects.filter(name="Barred").update(banned=True)
    for seed in range(3):
        assert post(swans, predictions(seed=seed)).status_code == 201
        assert post(busy, predictions(seed=10 + seed)).status_code == 201
    client = signed_in(swans)
    said = set()
    for name in ("Full", "Barred", "Busy", "Nobody", "Swans"):
        answer = client.post("/challenge/team/merge/", {"team": name}, follow=True)
        said.add("".join(map(str, answer.context["messages"])))
    assert len(said) == 1
    offer = MergeOffer.objects.get(asked__name="Busy")
    taken = signed_in(busy).post(f"/challenge/team/merge/{offer.pk}/", follow=True)
    assert "Together you have" in taken.content.decode()
    assert Team.objects.count() == 4


def test_two_who_take_one_offer_merge_once(join: Join) -> None:
    from cygnet.site.contest import acts
    from cygnet.site.contest.checking import check
    from cygnet.site.contest.models import JournalAct, MergeOffer, Submission, Team

    swans, ducks = join("Swans"), join("Ducks")
    post(swans), post(ducks, predictions(seed=1))
    acts.offer_merge(Team.objects.get(name="Ducks"), Team.objects.get(name="Swans"))
    offer = MergeOffer.objects.get()
    said = at_once(*(lambda: acts.take_merge(offer) for _ in range(4)))
    assert sum(one is None for one in said) == 1
    assert {one.code.value for one in said if one is not None} == {"gone"}
    assert Team.objects.count() == 1
    assert Submission.objects.filter(team__name="Swans").count() == 2
    assert JournalAct.objects.filter(kind="teams-merged").count() == 1
    assert check(None)["ok"]


def test_two_teams_that_take_each_other_in_become_one(join: Join) -> None:
    from cygnet.site.contest import acts
    from cygnet.site.contest.models import Membership, MergeOffer, Team

    join("Swans"), join("Ducks")
    one, other = Team.objects.order_by("name")
    acts.offer_merge(one, other)
    acts.offer_merge(other, one)
    offers = list(MergeOffer.objects.all())
    assert len(offers) == 2
    said = at_once(*(lambda offer=offer: acts.take_merge(offer) for offer in offers))
    assert sum(one is None for one in said) == 1
    assert Team.objects.count() == 1
    assert Membership.objects.count() == 2


def test_an_invitation_taken_by_many_at_once_fills_the_team_and_no_more(
    join: Join, contest: ContestFolder
) -> None:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest import acts
    from cygnet.site.contest.models import Membership, Team

    del contest
    join("Swans")
    people = []
    for number in range(8):
        newcomer(f"p{number}@example.org")
        people.append(User.objects.get(email=f"p{number}@example.org"))
    secret = acts.invite(Team.objects.get())
    team = acts.invited_to(secret)
    assert team is not None
    said = at_once(*(lambda user=user: acts.join(user, team) for user in people))
    assert sum(one is None for one in said) == 4
    assert Membership.objects.count() == 5


def test_an_invitation_that_was_made_anew_opens_nothing(join: Join) -> None:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest import acts
    from cygnet.site.contest.models import Team

    join("Swans")
    newcomer("new@example.org")
    old = acts.invited_to(acts.invite(Team.objects.get()))
    acts.invite(Team.objects.get())
    assert old is not None
    refusal = acts.join(User.objects.get(email="new@example.org"), old)
    assert refusal is not None
    assert refusal.code.value == "gone"


def test_one_person_who_founds_and_joins_at_once_is_in_one_team(join: Join) -> None:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest import acts
    from cygnet.site.contest.models import Membership, Team

    join("Swans")
    newcomer("new@example.org")
    user = User.objects.get(email="new@example.org")
    team = acts.invited_to(acts.invite(Team.objects.get()))
    assert team is not None
    at_once(
        lambda: acts.join(user, team),
        lambda: acts.found_team(user, "Ducks"),
        lambda: acts.found_team(user, "Geese"),
    )
    assert Membership.objects.filter(user=user).count() == 1
    assert Team.objects.filter(memberships=None).count() == 0


def test_forty_files_at_the_last_place_are_one_submission(join: Join) -> None:
    from cygnet.site.contest.models import Submission

    swans = join()
    for seed in range(4):
        assert post(swans, predictions(seed=seed)).status_code == 201
    files = [predictions(seed=10 + number) for number in range(40)]
    said = at_once(*(lambda data=data: post(swans, data).status_code for data in files))
    assert sorted(said) == [201] + [429] * 39
    assert Submission.objects.count() == 5
    assert Submission.objects.filter(team__name="Swans").count() == 5


def test_a_file_sent_twice_by_two_clicks_at_once_counts_once(join: Join) -> None:
    from cygnet.site.contest.models import Submission

    client = signed_in(join())
    key = "0b0b1b1b-0000-4000-8000-000000000000"
    said = at_once(*(lambda: send(client, key=key).status_code for _ in range(6)))
    assert said == [302] * 6
    assert Submission.objects.count() == 1
