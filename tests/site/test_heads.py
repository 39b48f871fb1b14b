"""Do organisers hold the journal's head apart from the server, and does it find every change?"""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cygnet.site.folder import ContestFolder
from mail_ways import MailServer, look
from site_contest import Participant, predictions

Join = Callable[..., Participant]
ADDRESS = "organisers@example.org"


def send(who: Participant, seed: int) -> None:
    from cygnet.site.accounts.models import User
    from cygnet.site.contest import clock
    from cygnet.site.contest.submitting import submit

    user = User.objects.get(email=who.email)
    submit(user, predictions(seed=seed), received=clock.now(), track=None, key="")


def heads(mail: MailServer, to: str = ADDRESS) -> list[str]:
    found = [re.search(r"--head (\w{64})", one.get_content()) for one in mail.to(to)]
    return [one[1] for one in found if one is not None]


def test_the_head_leaves_once_a_day_on_which_something_happened(
    join: Join, mail: MailServer, clock: Any
) -> None:
    from cygnet.site.contest import journal

    swans = join()
    first = journal.head()
    look(2)
    send(swans, 1)
    # A process that was begun anew, too.
    look(2)
    assert heads(mail) == [first]
    clock.moment += timedelta(days=1)
    look(2)
    second = journal.head()
    assert heads(mail) == [first, second]
    clock.moment += timedelta(days=1)
    look(2)
    assert heads(mail) == [first, second]


def test_every_organiser_gets_it_and_nobody_twice(mail: MailServer, join: Join) -> None:
    from cygnet.site.contest.people import make_user

    join()
    make_user("chair@example.org", team=None, organiser=True)
    make_user(ADDRESS, team=None, organiser=True)
    look(3)
    assert sorted(one["To"] for one in mail.arrived) == ["chair@example.org", ADDRESS]


def test_a_head_that_could_not_leave_leaves_later(mail: MailServer, join: Join) -> None:
    from django.test import override_settings

    join()
    with override_settings(EMAIL_PORT=1):
        look(2)
    assert mail.arrived == []
    look(2)
    assert len(heads(mail)) == 1


@pytest.mark.parametrize("change", ["an act", "a time", "the last acts", "everything"])
def test_the_mailed_head_finds_every_change(join: Join, mail: MailServer, change: str) -> None:
    from cygnet.site.contest.checking import check
    from cygnet.site.contest.models import JournalAct

    swans = join()
    for seed in range(3):
        send(swans, seed)
    look()
    (head,) = heads(mail)
    send(swans, 9)
    assert check(head)["ok"]
    if change == "an act":
        JournalAct.objects.filter(number=2).update(kind="settings")
    elif change == "a time":
        JournalAct.objects.filter(number=3).update(moment="2020-06-01T12:00:01+00:00")
    elif change == "the last acts":
        from cygnet.site.contest.models import Submission

        cut = JournalAct.objects.count() - 2
        Submission.objects.filter(number__gt=cut).delete()
        JournalAct.objects.filter(number__gt=cut).delete()
    else:
        write_anew()
        assert check(None)["ok"]
    assert not check(head)["ok"]


def write_anew() -> None:
    """Write the whole chain anew with another second act, receipts with it."""
    from cygnet.challenge.journal import Act, next_act
    from cygnet.site.contest import journal
    from cygnet.site.contest.models import JournalAct, Submission

    acts = list(journal.acts())
    JournalAct.objects.all().delete()
    previous: Act | None = None
    for act in acts:
        details = dict(act.details)
        # The rows cannot tell when the rules were accepted to the day; the mailed head can.
        moment = datetime.fromisoformat(act.moment).astimezone(UTC)
        moment -= timedelta(days=act.number == 2)
        previous = next_act(previous, moment=moment, kind=act.kind, details=details)
        JournalAct.objects.create(**previous.as_json())
        if act.kind == "submission":
            Submission.objects.filter(pk=details["submission"]).update(receipt=previous.head)


def test_the_command_says_no_to_a_chain_that_was_written_anew(
    join: Join, mail: MailServer, contest: ContestFolder
) -> None:
    send(join(), 1)
    look()
    (head,) = heads(mail)

    def verify() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cygnet", "challenge", "verify"]
        return subprocess.run(
            [*command, str(contest.path), "--head", head],
            capture_output=True,
            text=True,
            check=False,
        )

    assert verify().returncode == 0
    write_anew()
    done = verify()
    assert done.returncode == 1
    assert "does not hold" in done.stdout
