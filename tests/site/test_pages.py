"""Do the pages let people do what they may, and nobody what they may not?"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mail_ways import look
from site_contest import Participant, predictions

Join = Callable[..., Participant]

PUBLIC_PAGES = ("/challenge/", "/challenge/rules/", "/challenge/board/", "/accounts/login/")
OWN_PAGES = (
    "/challenge/team/",
    "/challenge/submit/",
    "/challenge/submissions/",
    "/challenge/tokens/",
)
POSTS = (
    "/challenge/rules/accept/",
    "/challenge/team/",
    "/challenge/team/invite/",
    "/challenge/team/leave/",
    "/challenge/team/merge/",
    "/challenge/team/statement/",
    "/challenge/submit/",
    "/challenge/submissions/select/",
    "/challenge/tokens/",
    "/challenge/time-zone/",
    "/challenge/organise/",
)


def signed_in(who: Participant, **options: Any) -> Any:
    from django.test import Client

    from cygnet.site.accounts.models import User

    client = Client(**options)
    client.force_login(User.objects.get(email=who.email))
    return client


def send(client: Any, data: bytes, **fields: str) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("p.csv", data, "text/csv")
    fields = {"track": "with-context", "key": "", **fields}
    return client.post("/challenge/submit/", {"file": file, **fields})


@pytest.mark.usefixtures("contest")
@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_anybody_may_read(path: str) -> None:
    from django.test import Client

    assert Client().get(path).status_code == 200


@pytest.mark.usefixtures("contest")
@pytest.mark.parametrize("path", OWN_PAGES)
def test_ones_own_pages_ask_for_a_sign_in(path: str, join: Join) -> None:
    from django.test import Client

    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={path}"
    assert signed_in(join()).get(path).status_code == 200


@pytest.mark.parametrize("path", POSTS)
def test_a_form_from_elsewhere_is_refused(path: str, join: Join) -> None:
    answer = signed_in(join(), enforce_csrf_checks=True).post(path, {"name": "x"})
    assert answer.status_code == 403
    assert "another site" in answer.content.decode()


@pytest.mark.parametrize("path", ["rules/accept/", "team/leave/", "submissions/select/"])
def test_a_get_changes_nothing(path: str, join: Join) -> None:
    assert signed_in(join()).get(f"/challenge/{path}").status_code == 405


def test_a_file_sent_in_the_browser_is_scored(join: Join) -> None:
    client = signed_in(join())
    answer = send(client, predictions())
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "AUROC released" in page
    assert "Receipt" in page


def test_a_second_click_counts_once(join: Join) -> None:
    from cygnet.site.contest.models import Submission

    client = signed_in(join())
    key = re.search(
        r'name="key" value="([^"]+)"', client.get("/challenge/submit/").content.decode()
    )
    assert key is not None
    first, second = (send(client, predictions(), key=key[1]) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Submission.objects.count() == 1


def test_faults_of_a_file_are_listed_with_lines(join: Join) -> None:
    answer = send(signed_in(join()), b"image_name,target\nISIC_0000000,7\n")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "not counted" in text
    assert "Line 2" in text


def test_a_name_cannot_run_in_a_page(join: Join) -> None:
    from django.test import Client

    bad = "<script>alert(1)</script>"
    swans = join(bad, email="swans@example.org")
    client = signed_in(swans)
    send(client, predictions(), note="<img src=x onerror=alert(1)>")
    pages = [client.get(path) for path in (*OWN_PAGES, "/challenge/board/")]
    pages.append(Client().get("/challenge/board/"))
    for page in pages:
        text = page.content.decode()
        assert "<script" not in text
        assert "<img" not in text
    assert "&lt;script&gt;" in pages[-1].content.decode()


@pytest.mark.parametrize("name", ["Swans\u202e", "a\nb", "\u200b", "", "x" * 61])
def test_a_name_that_cannot_be_read_is_refused(join: Join, name: str) -> None:
    from cygnet.site.contest.models import Team
    from cygnet.site.contest.people import make_user

    join()
    make_user("new@example.org", team=None, organiser=False)
    client = signed_in(Participant("new@example.org", "", ""))
    assert client.post("/challenge/team/", {"name": name}).status_code == 422
    assert Team.objects.count() == 1


def test_names_that_look_alike_are_one(join: Join) -> None:
    from cygnet.site.contest.people import make_user

    join("Swans")
    make_user("new@example.org", team=None, organiser=False)
    client = signed_in(Participant("new@example.org", "", ""))
    answer = client.post("/challenge/team/", {"name": "\uff33WANS"})
    assert "looks alike" in answer.content.decode()


def test_another_teams_pages_are_not_there(join: Join) -> None:
    swans, ducks = join("Swans"), join("Ducks")
    own = send(signed_in(swans), predictions())["Location"]
    for path in (own, f"{own}file/"):
        assert signed_in(swans).get(path).status_code == 200
        assert signed_in(ducks).get(path).status_code == 404


def test_a_file_comes_back_byte_for_byte(join: Join) -> None:
    client = signed_in(join())
    own = send(client, predictions())["Location"]
    answer = client.get(f"{own}file/")
    assert answer.content == predictions()
    assert answer["Content-Disposition"].startswith("attachment")


def test_another_teams_submission_cannot_be_selected(join: Join) -> None:
    from cygnet.site.contest.models import Submission

    swans, ducks = join("Swans"), join("Ducks")
    send(signed_in(swans), predictions())
    one = Submission.objects.get()
    signed_in(ducks).post("/challenge/submissions/select/", {"selected": [str(one.pk)]})
    one.refresh_from_db()
    assert not one.selected
    signed_in(swans).post("/challenge/submissions/select/", {"selected": [str(one.pk)]})
    one.refresh_from_db()
    assert one.selected


def test_an_invitation_joins_by_a_button_alone(join: Join) -> None:
    from cygnet.site.contest.models import Membership
    from cygnet.site.contest.people import make_user

    page = signed_in(join()).post("/challenge/team/invite/").content.decode()
    link = re.search(r"http://testserver(/challenge/team/join/[^<]+)", page)
    assert link is not None
    make_user("new@example.org", team=None, organiser=False)
    client = signed_in(Participant("new@example.org", "", ""))
    assert client.get(link[1]).status_code == 200
    assert Membership.objects.count() == 1
    client.post(link[1])
    assert Membership.objects.count() == 2
    assert client.get("/challenge/team/join/guess/").status_code == 404


def test_teams_merge_when_both_want_it(join: Join) -> None:
    from cygnet.site.contest.models import Membership, MergeOffer, Submission, Team

    swans, ducks = join("Swans"), join("Ducks")
    send(signed_in(ducks), predictions())
    signed_in(ducks).post("/challenge/team/merge/", {"team": "swans"})
    offer = MergeOffer.objects.get()
    stranger = join("Geese")
    path = f"/challenge/team/merge/{offer.pk}/"
    assert signed_in(stranger).post(path).status_code == 404
    signed_in(swans).post(path)
    team = Team.objects.get(name="Swans")
    assert Membership.objects.filter(team=team).count() == 2
    assert Submission.objects.get().team == team
    assert not Team.objects.filter(name="Ducks").exists()


def test_whether_a_team_exists_is_not_told(join: Join) -> None:
    client = signed_in(join("Swans"))
    join("Ducks")
    said = set()
    for name in ("Ducks", "Nobody"):
        page = client.post("/challenge/team/merge/", {"team": name}, follow=True).content.decode()
        said.add(re.findall(r'<ul class="notices".*?</ul>', page, re.DOTALL)[0])
    assert len(said) == 1


def test_a_token_is_shown_once_and_kept_as_a_hash(join: Join) -> None:
    from cygnet.site.accounts.models import ApiToken

    client = signed_in(join())
    page = client.post("/challenge/tokens/", {"label": "cluster"}).content.decode()
    token = re.search(r"cyg_[\w-]+", page)
    assert token is not None
    assert "cyg_" not in client.get("/challenge/tokens/").content.decode()
    row = ApiToken.objects.get(label="cluster")
    assert row.digest not in token[0]
    assert ApiToken.owner(token[0]) is not None
    client.post(f"/challenge/tokens/{row.pk}/revoke/")
    assert ApiToken.owner(token[0]) is None


def test_another_persons_token_cannot_be_revoked(join: Join) -> None:
    from cygnet.site.accounts.models import ApiToken

    swans, ducks = join("Swans"), join("Ducks")
    row = ApiToken.objects.get(user__email=swans.email)
    assert signed_in(ducks).post(f"/challenge/tokens/{row.pk}/revoke/").status_code == 404


def test_times_are_in_utc_beside_local_time(join: Join) -> None:
    client = signed_in(join())
    page = client.get("/challenge/").content.decode()
    assert "17 August 2020, 23:59:00 UTC" in page
    assert "(18 August, 01:59:00 Vienna)" in page
    client.post("/challenge/time-zone/", {"time_zone": "Australia/Brisbane"})
    assert "(18 August, 09:59:00 Brisbane)" in client.get("/challenge/").content.decode()


def test_organisers_pages_are_theirs(join: Join) -> None:
    swans = join()
    for path in ("/challenge/organise/", "/organisers/", "/organisers/contest/team/"):
        assert signed_in(swans).get(path).status_code == 302


def test_an_organiser_moves_the_close_later_only(join: Join) -> None:
    from cygnet.site.contest.models import JournalAct
    from cygnet.site.contest.people import make_user
    from cygnet.site.contest.state import contest_settings

    join()
    make_user("chair@example.org", team=None, organiser=True)
    client = signed_in(Participant("chair@example.org", "", ""))
    path = "/challenge/organise/"
    assert client.post(path, {"closes": "2020-08-01 00:00:00"}).status_code == 422
    assert client.post(path, {"closes": "2020-08-20 12:00:00"}).status_code == 302
    assert contest_settings().closes.isoformat() == "2020-08-20T12:00:00+00:00"
    assert JournalAct.objects.filter(kind="extended").count() == 1


def test_an_organiser_verifies_and_bans_in_the_admin(join: Join) -> None:
    from cygnet.site.contest.models import JournalAct, Team
    from cygnet.site.contest.people import make_user

    join()
    make_user("chair@example.org", team=None, organiser=True)
    client = signed_in(Participant("chair@example.org", "", ""))
    team = Team.objects.get()
    where = "/organisers/contest/team/"
    for action in ("take_back", "ban"):
        answer = client.post(where, {"action": action, "_selected_action": [str(team.pk)]})
        assert answer.status_code == 302
    team.refresh_from_db()
    assert (team.verified, team.banned) == (False, True)
    assert JournalAct.objects.filter(kind="team-marked").count() == 2
    for model in ("team", "submission", "entrant", "journalact", "delivery"):
        assert client.get(f"/organisers/contest/{model}/").status_code == 200
    assert client.get(f"/organisers/contest/team/{team.pk}/change/").status_code == 200


def test_who_is_named_an_organiser_is_journaled(join: Join) -> None:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest.models import JournalAct
    from cygnet.site.contest.people import make_user

    swans = join()
    make_user("chair@example.org", team=None, organiser=True)
    client = signed_in(Participant("chair@example.org", "", ""))
    user = User.objects.get(email=swans.email)
    form = {"name": "Ana", "is_active": "on", "is_staff": "on"}
    answer = client.post(f"/organisers/accounts/user/{user.pk}/change/", form)
    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.is_staff
    act = JournalAct.objects.get(kind="account-changed")
    assert act.details["values"] == {"is_staff": True}
    assert client.get("/organisers/mfa/authenticator/").status_code == 404


def test_what_is_alike_is_noticed(join: Join) -> None:
    from cygnet.site.contest.looking import look_once
    from cygnet.site.contest.models import Submission

    for name in ("Swans", "Ducks"):
        send(signed_in(join(name)), predictions())
    assert look_once() == 2
    kinds = {flag["kind"] for one in Submission.objects.all() for flag in one.flags}
    assert kinds == {"near-duplicate"}


@pytest.mark.usefixtures("contest")
def test_a_redirect_stays_on_the_site(join: Join) -> None:
    from django.test import Client

    from cygnet.site.accounts.models import User

    swans = join()
    user = User.objects.get()
    user.set_password("correct horse battery")
    user.save()
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = Client().post(
            f"/accounts/login/?next={target}",
            {"login": swans.email, "password": "correct horse battery", "next": target},
        )
        assert answer.status_code == 302
        assert "evil" not in answer["Location"]


def test_a_session_changes_at_sign_in(join: Join) -> None:
    from django.test import Client

    from cygnet.site.accounts.models import User

    swans = join()
    user = User.objects.get()
    user.set_password("correct horse battery")
    user.save()
    client = Client()
    session = client.session
    session["planted"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    client.post("/accounts/login/", {"login": swans.email, "password": "correct horse battery"})
    assert client.session.session_key != before


def test_whether_an_address_has_an_account_is_not_told(join: Join) -> None:
    from django.core import mail
    from django.test import Client

    swans = join()
    password = "a long enough one, 9 words"  # noqa: S105 - no secret
    answers = []
    for email in (swans.email, "nobody@example.org"):
        form = {"email": email, "password1": password, "password2": password}
        signup = Client().post("/accounts/signup/", form)
        reset = Client().post("/accounts/password/reset/", {"email": email})
        answers.append(
            (signup.status_code, signup["Location"], reset.status_code, reset["Location"])
        )
    assert answers[0] == answers[1]
    look()
    # Each address is told alone what becomes of it.
    told = [one.to[0] for one in mail.outbox if "Head of the journal" not in one.subject]
    assert sorted(told) == ["nobody@example.org"] * 2 + [swans.email] * 2


def test_guessing_passwords_is_slowed_down(join: Join) -> None:
    from django.test import Client

    swans = join()
    codes = [
        Client().post("/accounts/login/", {"login": swans.email, "password": f"no {n}"})
        for n in range(8)
    ]
    assert "Too many failed" in codes[-1].content.decode() or codes[-1].status_code == 429


@pytest.mark.usefixtures("contest")
@pytest.mark.parametrize(
    "path", ["/static/../secrets.toml", "/static/%2e%2e/secrets.toml", "/secrets.toml"]
)
def test_no_path_leads_to_secrets(path: str) -> None:
    from django.test import Client

    assert Client().get(path).status_code == 404


def test_the_board_for_everybody_is_made_once_and_compressed(join: Join) -> None:
    import gzip

    from django.test import Client

    send(signed_in(join()), predictions())
    client = Client(headers={"accept-encoding": "gzip"})
    answer = client.get("/challenge/board/")
    assert "Swans" in gzip.decompress(answer.content).decode()
    again = Client(headers={"if-none-match": answer["ETag"]}).get("/challenge/board/")
    assert again.status_code == 304


def test_late_files_get_no_number(join: Join, clock: Any) -> None:
    swans = join()
    clock.moment += timedelta(days=120)
    client = signed_in(swans)
    page = client.get(send(client, predictions())["Location"]).content.decode()
    assert "Late submissions get an interval" in page


@pytest.mark.usefixtures("contest")
def test_metrics_count(join: Join) -> None:
    from django.test import Client

    send(signed_in(join()), predictions())
    text = Client().get("/metrics").content.decode()
    assert "cygnet_submissions_total 1\n" in text
