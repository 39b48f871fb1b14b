"""Does a database of the first version serve on, with its boards, journal, tokens and consents?"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import urllib3

from earlier_version import EMAIL, TEAMS, TOKEN, predictions, write_folder
from served_site import Server, cygnet

DUMP = Path(__file__).parent / "versions" / "first.sql"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A contest folder as the first version left it."""
    made = tmp_path / "contest"
    made.mkdir()
    write_folder(made, DUMP)
    return made


def rows(folder: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "contest.sqlite3")) as opened:
        return opened.execute(question).fetchall()


def test_a_served_site_takes_the_tables_of_the_first_version(folder: Path) -> None:
    head = str(rows(folder, "select head from contest_journalact order by number desc")[0][0])
    consents = rows(folder, "select * from updates_consentevent")
    tables = "select app, name from django_migrations"
    before = set(rows(folder, tables))
    server = Server(folder)
    server.start()
    try:
        board = urllib3.request("GET", f"{server.url}/api/v1/board").json()
        kept = urllib3.request("GET", f"{server.url}/api/v1/journal/head").json()
        taken = urllib3.request(
            "POST",
            f"{server.url}/api/v1/submissions",
            fields={"file": ("p.csv", predictions(77))},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        again = urllib3.request(
            "POST",
            f"{server.url}/api/v1/submissions",
            fields={"file": ("p.csv", predictions(2))},
            headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "key-2"},
        )
    finally:
        server.stop()
    assert before <= set(rows(folder, tables))
    assert kept == {"head": head}
    # Two of the three teams were verified; the third stays off the board.
    assert sorted(row["team"] for row in board["rows"]) == ["Ducks", "Swans"]
    assert taken.status == 201, taken.data
    # A key of then is answered as it was answered then.
    assert again.status == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(consents) == 5
    assert rows(folder, "select * from updates_consentevent") == consents
    verdict = json.loads(cygnet("challenge", "verify", folder, "--head", head, "--json"))
    assert verdict["ok"], verdict["problems"]


def test_a_contest_of_the_first_version_is_closed_by_this_one(folder: Path) -> None:
    document = json.loads(cygnet("challenge", "close", folder, "--json"))
    assert {row["team"] for row in document["rows"]} == set(TEAMS)
    assert "Geese" not in {one["winner"] for one in document["prizes"]}
    exported = json.loads(cygnet("challenge", "subscribers", folder, "--export", EMAIL))
    assert EMAIL in json.dumps(exported)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        rows(folder, "update updates_consentevent set kind = 'left'")


def test_a_copy_can_be_made_before_the_tables_are_changed(folder: Path, tmp_path: Path) -> None:
    tables = "select app, name from django_migrations"
    before = rows(folder, tables)
    cygnet("challenge", "backup", folder, tmp_path / "copy")
    assert rows(folder, tables) == before
    assert rows(tmp_path / "copy", tables) == before


def test_teams_that_were_verified_are_so_by_an_organisers_word(folder: Path) -> None:
    cygnet("challenge", "board", folder)
    kept = rows(folder, "select name, verified, organisers_word from contest_team order by name")
    assert kept == [("Ducks", 1, 1), ("Geese", 0, None), ("Swans", 1, 1)]
