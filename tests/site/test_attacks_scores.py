"""Before the close, is anything that anybody sees a function of exact scores?"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cygnet.errors import InputError
from cygnet.site.folder import ContestFolder
from site_contest import Participant, predictions
from site_people import newcomer, post, signed_in

Join = Callable[..., Participant]
CLOSES = datetime(2020, 8, 17, 23, 59, tzinfo=UTC)


def _seen(*people: Participant) -> dict[str, bytes]:
    """Give every answer that visitors and these people can have, but for tokens of forms."""
    import re

    from django.test import Client
    from django.urls import reverse

    from cygnet.site.contest import boards
    from cygnet.site.contest.models import Submission

    boards.forget()
    seen: dict[str, bytes] = {}
    pages = [reverse(f"contest:{name}") for name in
             ("overview", "rules", "board", "team", "submissions", "submit")]  # fmt: skip
    own = [
        f"/challenge/submissions/{pk}/" for pk in Submission.objects.values_list("pk", flat=True)
    ]
    machine = ["/api/v1/board", "/api/v1/journal/head", "/metrics", "/healthz", "/"]
    machine += [
        f"/api/v1/submissions/{pk}" for pk in Submission.objects.values_list("pk", flat=True)
    ]
    for name, client in [("nobody", Client()), *((who.team, signed_in(who)) for who in people)]:
        headers = {who.team: dict(who.header) for who in people}.get(name, {})
        for path in (*pages, *own, *machine):
            answer = client.get(path, headers=headers)
            body = re.sub(
                rb'name="(csrfmiddlewaretoken|key|stamp)" value="[^"]*"', b"", answer.content
            )
            seen[f"{name} {path}"] = body + repr(answer.headers.get("ETag")).encode()
    return seen


def test_no_page_moves_with_an_exact_score(join: Join, contest: ContestFolder) -> None:
    """Scores, ladders' bests and flags are exchanged; what was released stays: all is as was."""
    from cygnet.site.contest.models import Contest, Submission, Team

    del contest
    swans, ducks = join("Swans"), join("Ducks")
    Team.objects.filter(name="Ducks").update(verified=False)
    for number, who in enumerate((swans, ducks, swans, ducks)):
        assert post(who, predictions(2.0 + number, seed=number)).status_code == 201
    before = _seen(swans, ducks)
    assert len(before) > 40
    rows = list(Submission.objects.order_by("number"))
    for one, other in zip(rows, reversed(rows), strict=True):
        Submission.objects.filter(pk=one.pk).update(
            score=other.score,
            probability=other.probability,
            sketch=other.sketch,
            moved=not one.moved,
            looked_at=True,
            flags=[{"kind": "near-duplicate", "other": str(other.pk)}],
        )
    for team in Team.objects.exclude(ladder=None):
        Team.objects.filter(pk=team.pk).update(ladder=team.ladder | {"best": None})
    row = Contest.objects.get()
    Contest.objects.update(ladder=(row.ladder or {}) | {"best": None, "released": 0.98})
    after = _seen(swans, ducks)
    after.pop("nobody /metrics"), before.pop("nobody /metrics")  # It counts what was looked at.
    for key in list(before):
        if key.endswith("/metrics"):
            del before[key], after[key]
    assert after == before


def test_who_is_not_verified_sees_no_number_anywhere(join: Join) -> None:
    from cygnet.site.contest.models import Team

    swans = join()
    Team.objects.update(verified=False)
    assert post(swans, predictions(6.0)).json()["public"]["auroc"] is None
    released = Team.objects.get().released
    assert released is not None
    assert released > 0.5
    for path, body in _seen(swans).items():
        assert f"{released:.2f}".encode() not in body, path


def test_a_webhook_tells_no_score(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    import json
    from dataclasses import replace

    from django.conf import settings

    from cygnet.site.contest.models import Delivery
    from cygnet.site.folder import Webhook

    hooked = settings.CONTEST.contest.model_copy(
        update={"webhooks": (Webhook(url="https://hook.example/"),)}
    )
    monkeypatch.setattr(settings, "CONTEST", replace(settings.CONTEST, contest=hooked))
    assert post(join(), predictions(6.0)).status_code == 201
    body = json.loads(Delivery.objects.get().body)
    assert body.keys() == {"event", "moment", "id", "receipt"}


def test_what_arrived_in_the_last_second_counts_though_its_turn_comes_later(
    join: Join, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cygnet.challenge import scoring
    from cygnet.site.contest import submitting
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import Submission

    swans = join()
    clock.moment = CLOSES + timedelta(microseconds=999_000)
    score = scoring.part_score

    def late(*words: Any) -> Any:
        clock.moment = CLOSES + timedelta(seconds=20)
        return score(*words)

    monkeypatch.setattr(submitting, "part_score", late)
    assert post(swans, predictions(5.0)).status_code == 201
    assert Submission.objects.get().phase == "open"
    clock.moment = CLOSES + timedelta(seconds=59)
    with pytest.raises(InputError, match="still be being written"):
        close()
    clock.moment = CLOSES + timedelta(seconds=60)
    assert [row["team"] for row in close()["rows"]] == ["Swans"]  # type: ignore[attr-defined]


def test_a_clock_that_goes_back_behind_the_close_opens_nothing(join: Join, clock: Any) -> None:
    """The journal's last record may be old; the frozen board still tells."""
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import JournalAct, Submission

    swans = join()
    assert post(swans, predictions(5.0)).status_code == 201
    clock.moment = CLOSES + timedelta(minutes=2)
    close()
    JournalAct.objects.filter(kind__in=("closed", "late-board")).update(
        moment="2020-06-01T12:00:00+00:00"
    )
    clock.moment = CLOSES - timedelta(hours=1)
    answer = post(swans, predictions(6.0, seed=1))
    assert answer.status_code == 503
    assert "clock" in answer.json()["reason"]
    assert Submission.objects.count() == 1


@pytest.mark.usefixtures("contest")
@pytest.mark.parametrize("limit", ["?limit=100000000", "?page=-1", "?offset=9&limit=0"])
def test_the_board_takes_no_order_from_outside(limit: str) -> None:
    from django.test import Client

    assert Client().get(f"/api/v1/board{limit}").content == Client().get("/api/v1/board").content


@pytest.mark.usefixtures("contest")
@pytest.mark.parametrize(
    "email",
    ["a@b.example\nBcc: c@d.example", "a@b.example\r\nSubject: x", "a@b.example, c@d.example",
     "a@b.example\x00", "<a@b.example>", "a@\u202eelpmaxe.b",
     "a@b.example%0aBcc:c@d.example"],
)  # fmt: skip
def test_an_address_brings_no_header_and_no_second_address(email: str) -> None:
    from django.test import Client

    from cygnet.site.accounts.models import User
    from cygnet.site.updates.models import SignUp

    password = "a long enough one, 9 words"  # noqa: S105 - no secret
    form = {"email": email, "password1": password, "password2": password}
    assert Client().post("/accounts/signup/", form).status_code == 200
    assert User.objects.count() == 0
    assert Client().post("/updates/", {"email": email, "website": ""}).status_code == 422
    assert SignUp.objects.count() == 0


def test_a_person_who_is_banned_takes_part_in_nothing_new(join: Join) -> None:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest import acts

    swans = join()
    user = User.objects.get(email=swans.email)
    acts.ban_person(user, user, banned=True)
    assert post(swans).status_code == 403
    newcomer("other@example.org")
    assert post(swans, predictions(seed=3)).status_code == 403


def test_a_blind_contest_tells_nothing_before_the_close_and_its_feedback_after_it(
    join: Join, clock: Any
) -> None:
    from cygnet.site.contest.models import Contest, Submission

    swans = join()
    row = Contest.objects.get()
    Contest.objects.update(settings=row.settings | {"blind": True})
    assert post(swans, predictions(6.0)).json()["public"]["auroc"] is None
    page = f"/challenge/submissions/{Submission.objects.get().pk}/"
    assert "hidden until the close" in signed_in(swans).get(page).content.decode()
    clock.moment = CLOSES + timedelta(minutes=2)
    assert "new best" in signed_in(swans).get(page).content.decode()
