"""A contest as the first version kept it: its folder for tests, and how its dump was made.

``python tests/earlier_version.py tests/site/versions/first.sql`` wrote the dump with that version's
tables. Everything in it is made up; what is not rows is made anew from the same seed.
"""

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from cygnet.challenge.sealing import Secrets, store_truth, write_secrets
from cygnet.challenge.truth import read_contest_truth, split_truth
from site_contest import make_truth, write_contest

SECRETS = Secrets(bytes(range(32)), bytes(range(32, 64)))
TOKEN = "cyg_" + "first" * 8
OPEN_MOMENT = datetime(2020, 6, 1, 12, tzinfo=UTC)
TEAMS = ("Ducks", "Geese", "Swans")
EMAIL = "reader@example.org"


def predictions(shift: int) -> bytes:
    """A file whose bytes no library's formatting of numbers can change."""
    table = make_truth()
    lines = ["image_name,target"]
    for row, (name, target) in enumerate(zip(table["image_name"], table["target"], strict=True)):
        noise = (row * 7919 + shift * 104729) % 6000
        lines.append(f"{name},0.{noise + 3000 * int(target):04d}")
    return ("\n".join(lines) + "\n").encode()


def write_folder(folder: Path, dump: Path) -> None:
    """Write the contest folder as the first version left it."""
    truth = write_contest(folder)
    split = split_truth(read_contest_truth(truth), SECRETS.seed, public_share=0.3)
    (folder / "seed").mkdir(mode=0o700)
    write_secrets(folder / "seed" / "seed.json", SECRETS)
    store_truth(split, open_folder=folder / "open", sealed_folder=folder / "sealed")
    with closing(sqlite3.connect(folder / "contest.sqlite3")) as rows:
        rows.executescript(dump.read_text(encoding="utf-8"))
        files = rows.execute("select file, note from contest_submission").fetchall()
    for name, note in files:
        file = folder / "files" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(predictions(int(note)))


def _play(folder: Path) -> None:
    """Fill a contest by what people do."""
    from django.utils import timezone

    from cygnet.challenge.settings import Track
    from cygnet.site.accounts.models import ApiToken, User, token_digest
    from cygnet.site.contest import acts, clock, founding
    from cygnet.site.contest.models import Team
    from cygnet.site.contest.people import make_user
    from cygnet.site.contest.submitting import Taken, submit
    from cygnet.site.dataset.models import LicenceAcceptance
    from cygnet.site.updates import consent, wording
    from cygnet.site.updates.models import SignUp, Subscriber

    vars(clock)["now"] = lambda: OPEN_MOMENT
    vars(founding)["new_secrets"] = lambda: SECRETS
    founding.found(folder / "truth.csv")
    make_user("chair@example.org", team=None, organiser=True)
    for number, name in enumerate(TEAMS):
        make_user(f"{name.lower()}@example.org", team=name, organiser=False)
        user = User.objects.get(email=f"{name.lower()}@example.org")
        for shift in (number, number + 10):
            made = submit(user, predictions(shift), received=OPEN_MOMENT, track=Track.WITH_CONTEXT,
                          key=f"key-{shift}", note=str(shift))  # fmt: skip
            assert isinstance(made, Taken)
    chair = User.objects.get(is_staff=True)
    acts.mark_team(Team.objects.get(name="Geese"), chair, verified=False)
    swans = User.objects.get(email="swans@example.org")
    ApiToken.objects.create(user=swans, label="kept", digest=token_digest(TOKEN))
    for address in (EMAIL, "gone@example.org"):
        SignUp.objects.create(email=address, network="n", site_url="https://challenge.example",
                              wording=wording.digest(consent.form_text()))  # fmt: skip
    consent.handle_sign_ups()
    for one in Subscriber.objects.all():
        consent.confirm(one.pseudonym)
    consent.leave(Subscriber.objects.get(email="gone@example.org").pseudonym)
    LicenceAcceptance.objects.create(at=timezone.now(), dataset="isic2020", version="2",
                                     licence="CC-BY-NC-4.0", terms="t", network="n")  # fmt: skip


def _make(out: Path) -> None:
    import tempfile

    from cygnet.site.start import open_site

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_contest(folder)
        open_site(folder)
        from cygnet.site.prepare import migrate

        migrate()
        _play(folder)
        with closing(sqlite3.connect(folder / "contest.sqlite3")) as rows:
            out.write_text("\n".join(rows.iterdump()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _make(Path(sys.argv[1]))
