"""Can organisers do from their page what they have to, is it journaled, and can nobody else?"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mail_ways import MailServer, look
from site_contest import Participant, predictions

Join = Callable[..., Participant]

PAGES = ("", "teams/", "people/", "write/", "rescore/")


def client_of(email: str) -> Any:
    from django.test import Client

    from cygnet.site.accounts.models import User

    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


@pytest.fixture
def chair(join: Join) -> Any:
    """An organiser, signed in."""
    del join
    from cygnet.site.contest.people import make_user

    make_user("chair@x.example", team=None, organiser=True)
    return client_of("chair@x.example")


@pytest.fixture(autouse=True)
def _no_job(site: object) -> Iterator[None]:
    del site
    from cygnet.site.contest import rescore_job

    rescore_job._jobs.clear()
    yield
    rescore_job._jobs.clear()


def kinds() -> list[str]:
    from cygnet.site.contest.models import JournalAct

    return list(JournalAct.objects.order_by("number").values_list("kind", flat=True))


def send(who: Participant, seed: int = 0, separation: float = 5.0) -> Any:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest import clock
    from cygnet.site.contest.submitting import Taken, submit

    user = User.objects.get(email=who.email)
    data = predictions(separation, seed=seed)
    made = submit(user, data, received=clock.now(), track=None, key="")
    assert isinstance(made, Taken)
    return made.submission


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_of_organisers_alone(chair: Any, join: Join, page: str) -> None:
    from django.test import Client

    path = f"/challenge/organise/{page}"
    assert chair.get(path).status_code == 200
    for client in (Client(), client_of(join().email)):
        for answer in (client.get(path), client.post(path, {"email": "chair@x.example"})):
            assert answer.status_code == 302
            assert answer["Location"].startswith("/accounts/login/")
    assert not set(kinds()) & {"extended", "person-marked", "mailed", "rescored"}


def test_every_page_is_reached_from_the_first(chair: Any) -> None:
    text = chair.get("/challenge/organise/").content.decode()
    assert all(f'href="/challenge/organise/{page}"' in text for page in PAGES[1:])


def test_a_team_is_verified_and_banned_by_buttons(chair: Any, join: Join) -> None:
    from cygnet.site.contest.models import Team

    join("Swans")
    join("Ducks")
    found = chair.get("/challenge/organise/teams/?q=swan").content.decode()
    assert "Swans" in found
    assert "Ducks" not in found
    team = Team.objects.get(name="Swans")
    for act, stands in (
        ("take-back", (False, False)),
        ("ban", (False, True)),
        ("lift", (False, False)),
        ("verify", (True, False)),
    ):
        answer = chair.post(f"/challenge/organise/teams/{team.pk}/", {"act": act}, follow=True)
        assert answer.status_code == 200
        team.refresh_from_db()
        assert (team.verified, team.banned) == stands
    assert kinds().count("team-marked") == 4
    assert chair.get(f"/challenge/organise/teams/{team.pk}/").status_code == 405


def test_a_person_is_banned_and_back(chair: Any, join: Join) -> None:
    from cygnet.site.contest.models import Entrant

    swans = join()
    form = {"email": swans.email.upper(), "reason": "two accounts"}
    assert chair.post("/challenge/organise/people/", form).status_code == 302
    assert "two accounts" in chair.get("/challenge/organise/people/").content.decode()
    page = client_of(swans.email).get("/challenge/submit/").content.decode()
    assert "Nothing can be sent now" in page
    chair.post("/challenge/organise/people/", form | {"lift": "1"})
    assert not Entrant.objects.get(user__email=swans.email).banned
    assert kinds().count("person-marked") == 2
    assert chair.post("/challenge/organise/people/", {"email": "no@x.example"}).status_code == 422


def test_the_close_is_moved_to_later_alone(chair: Any) -> None:
    from cygnet.site.contest.state import contest_settings

    path = "/challenge/organise/"
    assert chair.post(path, {"closes": "2020-07-01 00:00:00"}).status_code == 422
    assert chair.post(path, {"closes": "2020-09-01 12:00:00"}).status_code == 302
    assert contest_settings().closes == datetime(2020, 9, 1, 12, tzinfo=UTC)
    assert kinds().count("extended") == 1


def test_participants_are_written_to_once(chair: Any, join: Join, mail: MailServer) -> None:
    from cygnet.site.updates import outbox

    monkey = pytest.MonkeyPatch()
    monkey.setattr(outbox, "_chores", [])
    swans, ducks = join("Swans", email="s@x.example"), join("Ducks", email="d@x.example")
    form = {"audience": "teams", "subject": "A fault", "text": "Image 7 is\r\na duplicate."}
    shown = chair.post("/challenge/organise/write/", form)
    assert "This goes to 2 people" in shown.content.decode()
    assert kinds().count("mailed") == 0
    for _ in range(2):
        assert chair.post("/challenge/organise/write/", form | {"send": "1"}).status_code == 302
        look(2)
    monkey.undo()
    assert sorted(one["To"] for one in mail.arrived) == [ducks.email, swans.email]
    text = mail.arrived[0].get_content().replace("\r\n", "\n")
    assert text.startswith("Image 7 is\na duplicate.\n")
    assert "The organisers of" in text
    bad = {**form, "audience": "nobody"}
    assert chair.post("/challenge/organise/write/", bad).status_code == 422
    assert kinds().count("mailed") == 2


@pytest.mark.parametrize(
    ("audience", "who"),
    [
        ("accounts", ["chair@x.example", "d@x.example", "e@x.example", "s@x.example"]),
        ("teams", ["d@x.example", "e@x.example", "s@x.example"]),
        ("leaders", ["d@x.example", "s@x.example"]),
        ("unverified", ["d@x.example"]),
    ],
)
@pytest.mark.usefixtures("chair")
def test_audiences_are_what_they_say(join: Join, audience: str, who: list[str]) -> None:
    from cygnet.site.contest.mailing import readers
    from cygnet.site.contest.models import Team

    join("Swans", email="s@x.example")
    join("Swans", email="e@x.example")
    join("Ducks", email="d@x.example")
    Team.objects.filter(name="Ducks").update(verified=False)
    assert readers(audience) == who


def finish() -> None:
    from cygnet.site.contest import rescore_job

    job = rescore_job.last()
    assert job is not None
    assert job.thread is not None
    job.thread.join(30)
    assert not job.runs


def test_scoring_anew_shows_what_differs_and_keeps_it_if_asked(chair: Any, join: Join) -> None:
    from cygnet.site.contest.models import Submission

    one = send(join())
    path = "/challenge/organise/rescore/"
    assert chair.post(path).status_code == 302
    finish()
    assert "Nothing differs: 1 submission " in chair.get(path).content.decode()
    before = dict(one.feedback)
    Submission.objects.update(feedback={**before, "auroc": 0.51})
    chair.post(path)
    finish()
    page = chair.get(path).content.decode()
    assert "1 of 1 submission would be told something else" in page
    assert "0.51" in page
    assert "Keep the new scores" in page
    assert kinds().count("rescored") == 0
    chair.post(path, {"apply": "1"})
    finish()
    assert "Kept before" in chair.get(path).content.decode()
    assert Submission.objects.get().feedback == before
    assert kinds().count("rescored") == 1


def test_a_frozen_board_is_not_scored_anew_on_the_page(chair: Any, join: Join, clock: Any) -> None:
    from cygnet.site.contest.closing import close

    send(join())
    clock.moment = datetime(2020, 8, 18, tzinfo=UTC)
    frozen = close()
    chair.post("/challenge/organise/rescore/", {"apply": "1"})
    finish()
    assert "The board is frozen" in chair.get("/challenge/organise/rescore/").content.decode()
    assert close() == frozen


def test_the_closed_board_names_the_prize_of_each_track(join: Join, clock: Any) -> None:
    from django.test import Client

    from cygnet.challenge.settings import Track
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import Submission

    send(join("Swans"), 1, separation=5.0)
    send(join("Ducks"), 2, separation=4.0)
    Submission.objects.filter(team__name="Ducks").update(track=Track.WITHOUT_CONTEXT.value)
    clock.moment = datetime(2020, 8, 18, tzinfo=UTC)
    document = close()
    prizes: Any = document["prizes"]
    winners = {one["name"]: one["winner"] for one in prizes}
    assert winners == {"overall": "Swans", "with-context": "Swans", "without-context": "Ducks"}
    page = Client().get("/challenge/board/").content.decode()
    for words in ("Over all", "With patient context", "Without patient context"):
        assert f'<th scope="row">{words}</th>' in page


def test_a_hundred_co_winners_do_not_flood_the_page(join: Join, clock: Any) -> None:
    from django.test import Client

    from cygnet.site.contest import boards
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import Contest

    send(join())
    clock.moment = datetime(2020, 8, 18, tzinfo=UTC)
    frozen: dict[str, Any] = close()
    frozen["prizes"][0]["co_winners"] = [f"Team {number}" for number in range(100)]
    Contest.objects.update(closed_board=frozen)
    boards.forget()
    page = Client().get("/challenge/board/").content.decode()
    assert "Team 7 and more, 100 in all" in page
    assert "Team 8" not in page


def test_the_late_board_says_what_waits_and_for_what(chair: Any, join: Join, clock: Any) -> None:
    from django.test import Client

    from cygnet.site.contest import boards
    from cygnet.site.contest.closing import close

    swans = join()
    send(swans, 1)
    clock.moment = datetime(2020, 8, 18, tzinfo=UTC)
    close()
    assert "Late board" not in Client().get("/challenge/board/").content.decode()
    send(swans, 2)
    boards.forget()
    page = Client().get("/challenge/board/").content.decode()
    assert "Late files of 1 team wait for its interval" in page
    assert "cygnet challenge close" in page
    assert "cygnet challenge close" in chair.get("/challenge/organise/").content.decode()
    assert Client().get("/api/v1/board").json()["late_waiting"] == 1
    close()
    boards.forget()
    page = Client().get("/challenge/board/").content.decode()
    assert "Every late file has its interval" in page
