"""How does a contest begin? The truth is split and sealed, the split committed to."""

from pathlib import Path

from django.conf import settings as site_settings
from django.db import transaction

from cygnet.challenge.phases import Phase, extended, phase_at
from cygnet.challenge.sealing import (
    commitment,
    new_secrets,
    store_truth,
    validate_apart,
    write_secrets,
)
from cygnet.challenge.truth import read_contest_truth, split_truth
from cygnet.errors import InputError
from cygnet.site.contest import clock, journal
from cygnet.site.contest.models import Contest, JournalAct
from cygnet.site.contest.state import (
    OPEN,
    ROW,
    SEALED,
    SEED,
    contest,
    contest_settings,
    settings_of_file,
    touch,
)
from cygnet.site.folder import CONTEST_FILE


def found(truth_file: Path) -> None:
    """Make the contest of a truth; the settings are those of ``contest.toml``."""
    folder = site_settings.CONTEST
    settings, digest = settings_of_file(folder)
    secrets = new_secrets()
    truth = split_truth(
        read_contest_truth(truth_file), secrets.seed, public_share=settings.public_share
    )
    seed_file = folder.path / SEED
    seed_file.parent.mkdir(mode=0o700)
    write_secrets(seed_file, secrets)
    store_truth(truth, open_folder=folder.path / OPEN, sealed_folder=folder.path / SEALED)
    validate_apart(seed_file, folder.path / SEALED, folder.path / OPEN)
    promise = commitment(secrets, truth.digest)
    with transaction.atomic():
        Contest.objects.create(
            pk=ROW,
            settings=settings.as_json(),
            taken_from=digest,
            commitment=promise,
            truth_digest=truth.digest,
        )
        journal.record(
            "founded",
            {"settings": settings.as_json(), "commitment": promise},
            moment=clock.now(),
        )


def take_settings() -> bool:
    """Take the settings of ``contest.toml`` where the file was changed since; say whether.

    Until somebody takes part every date may change: a folder that was just made is open at once.
    From then on the close of an open contest moves as the rules say, here too; raises
    :class:`InputError` for a file that asks for another.
    """
    settings, digest = settings_of_file(site_settings.CONTEST)
    now = clock.now()
    with transaction.atomic():
        row = contest()
        if row.taken_from == digest:
            return False
        current = contest_settings(row)
        if settings.public_share != current.public_share:
            raise InputError.of(
                f"The truth was split with public_share = {current.public_share:g}.",
                "Make another contest to split it otherwise.",
                file=site_settings.CONTEST.path / CONTEST_FILE,
            )
        is_planned = phase_at(current, now) is Phase.BEFORE or not _has_begun()
        if not is_planned and settings.closes != current.closes:
            extended(current, settings.closes, now=now)
        Contest.objects.filter(pk=ROW).update(settings=settings.as_json(), taken_from=digest)
        journal.record("settings", {"settings": settings.as_json()}, moment=now)
        touch(row)
    return True


def _has_begun() -> bool:
    """Say whether anybody did anything in the contest besides setting it up."""
    begun: bool = JournalAct.objects.exclude(
        kind__in=("founded", "settings", "token-made")
    ).exists()
    return begun
