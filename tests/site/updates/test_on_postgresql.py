"""Do the lease, the outbox and the record of consent hold on PostgreSQL as they do on SQLite?"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cygnet.site.folder import write_secrets

PROGRAM = """
import json, sys
from datetime import timedelta
from pathlib import Path
from cygnet.site.start import open_site
open_site(Path(sys.argv[1]))
from cygnet.site.prepare import migrate
migrate()
from django.db import DatabaseError, connection
from django.utils import timezone
from cygnet.site.updates import consent
from cygnet.site.updates.announcing import announce
from cygnet.site.updates.models import Lease, Letter, Subscriber
from cygnet.site.updates.outbox import Sender
people = [Subscriber.objects.create(email=f"a{n}@x.example", state="confirmed",
                                    site_url="http://localhost") for n in range(4)]
announce("Version 2", "It is there.")
consent.leave(people[0].pseudonym)
Letter.objects.filter(subscriber=people[1]).update(state="handing")
first, second = Sender(), Sender()
first.look(), second.look()
said = {"vendor": connection.vendor, "second_took": second._holds}
said["states"] = [Letter.objects.get(subscriber=one).state for one in people]
Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
said["lapsed_is_taken"], said["first_kept"] = second._take(), first._renew()
Lease.objects.update(until=timezone.now() + timedelta(days=9))
said["clock_set_back_is_taken"] = Sender()._take()
try:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE updates_consentevent SET kind = 'confirmed'")
except DatabaseError as error:
    said["refused"] = str(error).splitlines()[0]
said["erased"] = consent.erase(people[2].pseudonym)
print(json.dumps(said))
"""


def as_its_user(*command: str | Path) -> None:
    """Run a program of PostgreSQL, which refuses to run as root."""
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(list(map(str, command)), check=True, capture_output=True, user=user, cwd="/")


@pytest.fixture
def database() -> Iterator[str]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    programs = found[-1].parent
    # Under /tmp: the path of a socket may not be long.
    with tempfile.TemporaryDirectory(prefix="cygnet-pg-", dir="/tmp") as made:
        base = Path(made)
        base.chmod(0o777)
        data = base / "data"
        as_its_user(programs / "initdb", "-D", data, "-A", "trust", "-U", "cygnet", "--no-sync")
        options = f"-k {base} -c listen_addresses=''"
        start = (programs / "pg_ctl", "-w", "-D", data, "-l", base / "log", "-o", options, "start")
        as_its_user(*start)
        try:
            yield f"postgresql://cygnet@/postgres?host={base}"
        finally:
            as_its_user(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def test_the_outbox_keeps_its_promises_on_postgresql(database: str, tmp_path: Path) -> None:
    write_secrets(tmp_path, {"secret_key": "a secret of tests, as long as it has to be for ever"})
    (tmp_path / "contest.toml").write_text('name = "isic2020"\ntitle = "T"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env=os.environ | {"CYGNET_DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "vendor": "postgresql",
        "second_took": False,
        "states": ["cancelled", "unclear", "sent", "sent"],
        "lapsed_is_taken": True,
        "first_kept": False,
        "clock_set_back_is_taken": True,
        "refused": "a record of consent is never changed",
        "erased": True,
    }
