"""Does the API keep its contract? 201, 401, 403, 409, 413, 422, 429, each with a reason."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from site_contest import Participant, make_truth, predictions

Join = Callable[..., Participant]


def post(who: Participant | None, data: bytes, key: str | None = None, **fields: str) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import Client

    headers = {} if who is None else dict(who.header)
    if key is not None:
        headers["idempotency-key"] = key
    file = SimpleUploadedFile("predictions.csv", data, "text/csv")
    return Client(headers=headers).post("/api/v1/submissions", {"file": file, **fields})


def test_a_file_is_scored_before_the_answer(join: Join) -> None:
    answer = post(join(), predictions())
    assert answer.status_code == 201
    body = answer.json()
    assert {"id", "status", "public", "receipt"} <= body.keys()
    assert body["status"] == "scored"
    assert {"auroc", "n_images", "n_patients", "reason"} <= body["public"].keys()
    assert 0.5 < body["public"]["auroc"] <= 1
    assert body["public"]["auroc"] / 0.02 == pytest.approx(round(body["public"]["auroc"] / 0.02))


def test_the_receipt_is_in_the_journal(join: Join) -> None:
    from cygnet.site.contest.checking import check

    receipt = post(join(), predictions()).json()["receipt"]
    assert check(receipt)["ok"]
    assert not check("0" * 63 + "1")["ok"]


@pytest.mark.usefixtures("contest")
def test_without_a_token_nothing_is_taken() -> None:
    from cygnet.site.contest.models import Submission

    answer = post(None, predictions())
    assert answer.status_code == 401
    assert "Bearer" in answer.json()["reason"]
    assert Submission.objects.count() == 0


def test_all_faults_of_a_file_are_told_at_once(join: Join) -> None:
    from cygnet.site.contest.models import Submission

    lines = predictions().decode().splitlines()
    lines[1] = lines[1].split(",")[0] + ",1.5"
    lines[2] = lines[2].split(",")[0] + ","
    lines[3] = lines[4]
    answer = post(join(), "\n".join(lines).encode())
    assert answer.status_code == 422
    errors = {one["code"]: one for one in answer.json()["errors"]}
    assert {"out-of-range", "blank-probability", "duplicate-id", "missing-image"} <= errors.keys()
    assert errors["out-of-range"]["rows"] == [2]
    assert errors["blank-probability"]["rows"] == [3]
    assert Submission.objects.count() == 0


def test_a_file_with_faults_takes_nothing_of_the_limit(join: Join) -> None:
    swans = join()
    for _ in range(7):
        assert post(swans, b"image_name,target\nx,0.5\n").status_code == 422
    assert post(swans, predictions()).status_code == 201


def test_the_daily_limit_says_when_it_ends(join: Join) -> None:
    swans = join()
    for seed in range(5):
        assert post(swans, predictions(seed=seed)).status_code == 201
    answer = post(swans, predictions(seed=9))
    assert answer.status_code == 429
    assert answer.json()["retry_at"] == "2020-06-02T00:00:00+00:00"
    assert int(answer["Retry-After"]) == 12 * 3600


def test_the_same_key_counts_once(join: Join) -> None:
    from cygnet.site.contest.models import Submission

    swans = join()
    first, second = (post(swans, predictions(), key="one") for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert Submission.objects.count() == 1


def test_the_same_key_with_another_file_is_a_conflict(join: Join) -> None:
    swans = join()
    assert post(swans, predictions(), key="one").status_code == 201
    assert post(swans, predictions(seed=1), key="one").status_code == 409


def test_a_key_is_looked_at_before_limits_and_deadlines(join: Join, clock: Any) -> None:
    swans = join()
    kept = post(swans, predictions(), key="kept").json()
    for seed in range(1, 5):
        post(swans, predictions(seed=seed))
    assert post(swans, predictions(), key="kept").json() == kept
    clock.moment += timedelta(days=400)
    assert post(swans, predictions(), key="kept").json() == kept


def test_a_key_is_its_owners_alone(join: Join) -> None:
    ours = post(join("Swans"), predictions(), key="one").json()
    theirs = post(join("Ducks"), predictions(seed=1), key="one")
    assert theirs.status_code == 201
    assert theirs.json()["id"] != ours["id"]


def test_a_bad_key_is_refused(join: Join) -> None:
    assert post(join(), predictions(), key="a b").status_code == 400


def test_who_has_no_team_is_told(join: Join) -> None:
    from cygnet.site.contest.people import make_user

    join()
    alone = Participant(
        "alone@example.org", "", make_user("alone@example.org", team=None, organiser=False)
    )
    answer = post(alone, predictions())
    assert answer.status_code == 403
    assert answer.json()["code"] == "no-team"


def test_a_banned_team_is_told(join: Join) -> None:
    from cygnet.site.contest.models import Team

    swans = join()
    Team.objects.update(banned=True)
    assert post(swans, predictions()).json()["code"] == "banned"


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        ("2020-08-17T23:59:00.999+00:00", "open"),
        ("2020-08-17T23:59:01+00:00", "late"),
    ],
)
def test_the_deadline_holds_to_the_second(join: Join, clock: Any, moment: str, phase: str) -> None:
    from datetime import datetime

    from cygnet.site.contest.models import Submission

    swans = join()
    clock.moment = datetime.fromisoformat(moment)
    assert post(swans, predictions()).status_code == 201
    assert Submission.objects.get().phase == phase


def test_before_the_opening_nothing_is_taken(join: Join, clock: Any) -> None:
    from datetime import UTC, datetime

    from cygnet.site.contest.models import JournalAct

    swans = join()
    JournalAct.objects.all().delete()
    clock.moment = datetime(2020, 5, 26, 23, 59, 59, tzinfo=UTC)
    answer = post(swans, predictions())
    assert answer.status_code == 403
    assert answer.json()["retry_at"] == "2020-05-27T00:00:00+00:00"


def test_a_clock_that_was_set_back_is_said(join: Join, clock: Any) -> None:
    from cygnet.site.contest.models import Submission

    swans = join()
    clock.moment -= timedelta(minutes=5)
    answer = post(swans, predictions())
    assert answer.status_code == 503
    assert "clock" in answer.json()["reason"]
    assert Submission.objects.count() == 0


def test_a_store_that_is_away_is_said(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.files.storage import default_storage

    from cygnet.site.contest.models import Submission

    def away(*_: object, **__: object) -> str:
        raise ConnectionError("the store is away")

    swans = join()
    monkeypatch.setattr(default_storage, "save", away)
    answer = post(swans, predictions())
    assert answer.status_code == 503
    assert answer["Retry-After"] == "60"
    monkeypatch.undo()
    assert Submission.objects.count() == 0


def test_a_database_that_is_away_is_said(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from cygnet.site.contest import submitting

    def away() -> object:
        raise OperationalError("database or disk is full")

    swans = join()
    monkeypatch.setattr(submitting, "writing", away)
    answer = post(swans, predictions())
    assert answer.status_code == 503
    assert "not recorded" in answer.json()["reason"]


def test_nothing_that_is_answered_tells_a_label(join: Join) -> None:
    """Two files that differ in one image are answered alike, whichever label it has."""
    swans, truth = join(), make_truth()
    lines = predictions().decode().splitlines()
    post(swans, "\n".join(lines).encode())
    answers = set()
    for row in (truth["target"].arg_max() or 0, 1, 2):
        changed = list(lines)
        changed[row + 1] = changed[row + 1].split(",")[0] + ",0.999"
        body = post(swans, "\n".join(changed).encode()).json()
        answers.add(json.dumps(body["public"]))
    assert len(answers) == 1


def test_unverified_teams_get_no_number(join: Join) -> None:
    from cygnet.site.contest.models import Team

    swans = join()
    Team.objects.update(verified=False)
    public = post(swans, predictions()).json()["public"]
    assert public["auroc"] is None
    assert public["beats_contest"] is True


def test_the_board_has_an_etag_and_moves_with_a_submission(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.test import Client

    from cygnet.site.contest import boards

    monkeypatch.setattr(boards, "STALE_S", 0.0)
    swans = join()
    empty = Client().get("/api/v1/board")
    assert empty.json() == {"closed": False, "scoring": False, "rows": []}
    same = Client(headers={"if-none-match": empty["ETag"]}).get("/api/v1/board")
    assert same.status_code == 304
    told = post(swans, predictions()).json()["public"]["auroc"]
    moved = Client(headers={"if-none-match": empty["ETag"]}).get("/api/v1/board")
    assert moved.json()["rows"] == [{"rank": 1, "team": "Swans", "auroc": told}]


def test_another_teams_submission_is_not_there(join: Join) -> None:
    from django.test import Client

    swans, ducks = join("Swans"), join("Ducks")
    one = post(swans, predictions()).json()["id"]
    assert Client(headers=swans.header).get(f"/api/v1/submissions/{one}").status_code == 200
    assert Client(headers=ducks.header).get(f"/api/v1/submissions/{one}").status_code == 404


def test_the_contract_is_published(join: Join) -> None:
    from django.test import Client

    join()
    document = Client().get("/api/v1/openapi.json").json()
    answers = document["paths"]["/api/v1/submissions"]["post"]["responses"]
    assert {"201", "401", "403", "409", "413", "422", "429", "503"} <= answers.keys()
