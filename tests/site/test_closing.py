"""Is the close what the rules say, resumable, and is every later change found?"""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bagit
import polars as pl
import pytest

from cygnet.errors import InputError
from cygnet.site.folder import ContestFolder
from site_contest import Participant, make_truth, predictions

Join = Callable[..., Participant]

AFTER = datetime(2020, 8, 18, tzinfo=UTC)


def submit(who: Participant, data: bytes) -> Any:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest import clock
    from cygnet.site.contest.submitting import Taken
    from cygnet.site.contest.submitting import submit as take

    user = User.objects.get(email=who.email)
    made = take(user, data, received=clock.now(), track=None, key="")
    assert isinstance(made, Taken)
    return made.submission


@pytest.fixture
def played(join: Join, clock: Any) -> Any:
    """A contest of four teams that has just closed."""
    for number, separation in enumerate((1.0, 2.0, 3.0, 4.0)):
        team = join(f"Team {number}")
        for seed in range(2):
            submit(team, predictions(separation, seed=10 * number + seed))
    clock.moment = AFTER
    return clock


@pytest.mark.usefixtures("join")
def test_an_open_contest_is_not_closed() -> None:
    from cygnet.site.contest.closing import close

    with pytest.raises(InputError, match="open until"):
        close()


@pytest.mark.usefixtures("played")
def test_no_private_score_exists_before_the_close() -> None:
    from cygnet.site.contest.models import Submission

    assert Submission.objects.count() == 8
    assert not Submission.objects.exclude(private_score=None).exists()


@pytest.mark.usefixtures("played")
def test_the_private_part_alone_ranks(contest: ContestFolder) -> None:
    from django.test import Client

    from cygnet.challenge.truth import Usage
    from cygnet.evaluation import score_card
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import Submission

    document = close()
    rows = document["rows"]
    assert isinstance(rows, list)
    assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)
    names = {"lower", "upper", "rank_lower", "rank_upper", "tied_with_first"}
    assert all(names <= row.keys() for row in rows)
    private = pl.read_csv(contest.path / "sealed" / "private-truth.csv")
    assert set(private["usage"]) == {Usage.PRIVATE.value}
    first = Submission.objects.filter(team__name=rows[0]["team"]).defer("probability")
    found = set()
    for one in first:
        table = private.join(
            pl.read_csv(contest.path / "files" / one.file).rename({"target": "p"}), on="image_name"
        )
        card = score_card(table["target"], table["p"], replicates=2)
        found.add(round(card.metrics["auroc"].estimate, 9))
    assert round(rows[0]["auroc"], 9) in found
    answer = Client().get("/api/v1/board").json()
    assert answer["closed"] is True
    assert answer["rows"] == rows
    page = Client().get("/challenge/board/").content.decode()
    assert "The final board" in page


@pytest.mark.usefixtures("played")
def test_a_close_that_is_killed_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from cygnet.site.contest import closing
    from cygnet.site.contest.models import JournalAct, Submission

    whole = getattr(closing, "part_score")  # noqa: B009 - what the module uses, not its door
    done: list[int] = []

    def killed(*words: Any) -> Any:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(1)
        return whole(*words)

    monkeypatch.setattr(closing, "part_score", killed)
    with pytest.raises(KeyboardInterrupt):
        closing.close()
    assert Submission.objects.exclude(private_score=None).count() == 3
    done[:] = [1] * 10
    first = closing.close()
    assert len(done) == 10 + 8 - 3
    assert closing.close() == first
    assert JournalAct.objects.filter(kind="closed").count() == 1


@pytest.mark.usefixtures("played")
def test_selected_submissions_alone_count(clock: Any) -> None:
    from cygnet.site.contest import acts
    from cygnet.site.contest.closing import finals
    from cygnet.site.contest.models import Submission, Team
    from cygnet.site.contest.state import contest_settings

    clock.moment = datetime(2020, 8, 17, tzinfo=UTC)
    team = Team.objects.get(name="Team 0")
    first = Submission.objects.filter(team=team).order_by("number")[0]
    assert acts.select(team, [str(first.pk)]) is None
    clock.moment = AFTER
    chosen = [key for key, owner in finals(contest_settings()).items() if owner == team]
    assert chosen == [str(first.pk)]
    refusal = acts.select(team, [])
    assert refusal is not None


@pytest.mark.usefixtures("played")
def test_banned_teams_stand_on_no_board_and_unverified_ones_get_no_prize() -> None:
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import Team

    Team.objects.filter(name="Team 3").update(banned=True)
    Team.objects.filter(name="Team 2").update(verified=False)
    document = close()
    rows, prizes = document["rows"], document["prizes"]
    assert isinstance(rows, list)
    assert isinstance(prizes, list)
    assert {row["team"] for row in rows} == {"Team 0", "Team 1", "Team 2"}
    assert prizes
    assert all(one["winner"] in {"Team 0", "Team 1"} for one in prizes)


def test_late_submissions_get_an_interval_alone(played: Any) -> None:
    from cygnet.site.contest.closing import close

    del played
    close()
    submit(Participant("team-0@example.org", "", ""), predictions(4.0, seed=77))
    document = close()
    late = document["late"]
    assert isinstance(late, list)
    assert [row["team"] for row in late] == ["Team 0"]
    assert set(late[0]) == {"team", "lower", "upper", "reason"}


@pytest.mark.usefixtures("played")
def test_scoring_anew_changes_nothing() -> None:
    from cygnet.site.contest.rescoring import rescore

    document = rescore()
    assert document["n_submissions"] == 8
    assert document["changed"] == []
    assert document["truth_changed"] is False


def test_scoring_anew_after_a_merge_changes_nothing(join: Join) -> None:
    from cygnet.site.contest import acts
    from cygnet.site.contest.models import MergeOffer, Team
    from cygnet.site.contest.rescoring import rescore

    swans, ducks = join("Swans"), join("Ducks")
    submit(swans, predictions(3.0, seed=1))
    submit(ducks, predictions(5.0, seed=2))
    submit(swans, predictions(4.0, seed=3))
    stays, goes = Team.objects.get(name="Swans"), Team.objects.get(name="Ducks")
    assert acts.offer_merge(goes, stays) is None
    assert acts.take_merge(MergeOffer.objects.get()) is None
    submit(swans, predictions(5.0, seed=4))
    before = Team.objects.get().released
    assert rescore(apply=True)["changed"] == []
    assert Team.objects.get().released == before


@pytest.mark.usefixtures("played")
def test_corrected_labels_give_a_diff_and_a_new_board(tmp_path: Path) -> None:
    from cygnet.site.contest.checking import check
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.models import JournalAct, Submission
    from cygnet.site.contest.rescoring import rescore

    before = close()
    # Wherever the first image of a patient was the melanoma, let it be the second.
    truth = make_truth().with_columns(target=pl.col("target").shift(1, fill_value=0))
    file = tmp_path / "corrected.csv"
    truth.write_csv(file)
    shown = rescore(truth_file=file)
    assert shown["changed"]
    assert shown["applied"] is False
    assert rescore()["changed"] == []
    assert rescore(truth_file=file, apply=True)["changed"] == shown["changed"]
    assert rescore()["changed"] == []
    assert close() != before
    assert JournalAct.objects.filter(kind="rescored").count() == 1
    assert Submission.objects.count() == 8
    assert check(None)["ok"], check(None)["problems"]


@pytest.mark.usefixtures("played")
def test_a_truth_of_other_images_is_refused(tmp_path: Path) -> None:
    from cygnet.site.contest.rescoring import rescore

    file = tmp_path / "other.csv"
    make_truth().head(300).write_csv(file)
    with pytest.raises(InputError, match="other images"):
        rescore(truth_file=file)


def test_every_change_is_found(played: Any, contest: ContestFolder) -> None:
    from cygnet.site.contest.checking import check
    from cygnet.site.contest.models import JournalAct, Submission

    del played
    one = Submission.objects.all()[3]
    assert check(one.receipt)["ok"]
    Submission.objects.filter(pk=one.pk).update(file_digest="0" * 64)
    assert not check(None)["ok"]
    Submission.objects.filter(pk=one.pk).update(file_digest=one.file_digest)
    file = contest.path / "files" / one.file
    kept = file.read_bytes()
    file.write_bytes(kept + b"\n")
    assert not check(None)["ok"]
    file.write_bytes(kept)
    assert check(None)["ok"]
    act = JournalAct.objects.get(number=4)
    JournalAct.objects.filter(number=4).update(moment="2020-06-01T12:00:01+00:00")
    assert not check(None)["ok"]
    JournalAct.objects.filter(number=4).update(moment=act.moment)
    assert check(one.receipt)["ok"]


def test_a_chain_that_was_written_anew_lacks_the_heads_given(played: Any) -> None:
    from cygnet.challenge.journal import next_act
    from cygnet.site.contest import journal
    from cygnet.site.contest.checking import check
    from cygnet.site.contest.models import JournalAct, Submission

    del played
    receipt = Submission.objects.order_by("number")[5].receipt
    acts = list(journal.acts())
    JournalAct.objects.all().delete()
    previous = None
    for act in acts:
        details = dict(act.details)
        moment = datetime.fromisoformat(act.moment)
        if act.number == 2:
            moment -= timedelta(days=1)
        previous = next_act(
            previous,
            moment=moment,
            kind=act.kind,
            details=details,
        )
        JournalAct.objects.create(**previous.as_json())
        if act.kind == "submission":
            Submission.objects.filter(pk=details["submission"]).update(receipt=previous.head)
    assert check(None)["ok"]
    assert not check(receipt)["ok"]


def test_files_of_nothing_are_removed_and_no_others(played: Any, contest: ContestFolder) -> None:
    import os

    from cygnet.site.contest.models import Submission
    from cygnet.site.contest.submitting import sweep

    del played
    folder = contest.path / "files" / "submissions"
    for name in ("old.csv", "new.csv"):
        (folder / name).write_bytes(b"x")
    os.utime(folder / "old.csv", (0, 0))
    later = AFTER.timestamp() + 1
    os.utime(folder / "new.csv", (later, later))
    assert sweep() == 1
    assert len(list(folder.iterdir())) == Submission.objects.count() + 1


def test_an_open_contest_is_not_exported(join: Join, tmp_path: Path) -> None:
    from cygnet.site.contest.exporting import export

    submit(join(), predictions())
    with pytest.raises(InputError, match="not closed"):
        export(tmp_path / "out")


def test_the_export_is_a_valid_bag_without_people(played: Any, tmp_path: Path) -> None:
    from cygnet.challenge.sealing import Secrets, commitment_holds
    from cygnet.site.contest.closing import close
    from cygnet.site.contest.exporting import export
    from cygnet.site.contest.models import Team

    del played
    Team.objects.filter(name="Team 0").update(name="=cmd|' /C calc'!A0")
    close()
    out = tmp_path / "out"
    document = export(out)
    assert document["n_submissions"] == 8
    bagit.Bag(str(out)).validate()
    texts = [file.read_text(encoding="utf-8") for file in out.rglob("*") if file.is_file()]
    assert texts
    assert not any("@example.org" in text for text in texts)
    with (out / "data" / "teams.csv").open(encoding="utf-8") as stream:
        names = {row["name"] for row in csv.DictReader(stream)}
    assert "'=cmd|' /C calc'!A0" in names
    crate = json.loads((out / "data" / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    named = {one["@id"] for one in crate["@graph"]}
    files = {file.relative_to(out / "data").as_posix() for file in (out / "data").rglob("*.*")}
    assert files <= named | {"ro-crate-metadata.json"}
    assert "written by the organisers" in (out / "data" / "bias.md").read_text(encoding="utf-8")
    seal = json.loads((out / "data" / "seal.json").read_text(encoding="utf-8"))
    secrets = Secrets(bytes.fromhex(seal["seed"]), bytes.fromhex(seal["salt"]))
    assert commitment_holds(seal["commitment"], secrets, seal["truth_digest"])


def test_a_copy_made_online_is_whole_and_holds_no_secret(
    played: Any, contest: ContestFolder, tmp_path: Path
) -> None:
    import sqlite3

    from cygnet.site.contest.keeping import back_up

    del played, contest
    out = tmp_path / "copy"
    assert back_up(out)["n_files"] == 8
    names = {file.name for file in out.rglob("*")}
    assert not names & {"secrets.toml", "seed.json"}
    with sqlite3.connect(out / "contest.sqlite3") as rows:
        assert rows.execute("pragma integrity_check").fetchone() == ("ok",)
        files = [one for (one,) in rows.execute("select file from contest_submission")]
    assert len(files) == 8
    assert all((out / "files" / one).is_file() for one in files)
