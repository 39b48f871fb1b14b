"""Does the site run as it would in public: behind a proxy, on PostgreSQL, with a store by URL?"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import urllib3

from s3_server import is_installed, s3_server
from served_site import Server
from site_contest import CONTEST, predictions, write_contest

PROGRAM = """
import json, sys, threading, warnings
from datetime import UTC, datetime
from pathlib import Path
from cygnet.site.start import open_site
open_site(Path(sys.argv[1]))
from cygnet.site.prepare import migrate
migrate()
from cygnet.site.contest import clock, founding
clock.now = lambda: datetime(2020, 6, 1, 12, tzinfo=UTC)
founding.found(Path(sys.argv[1]) / "truth.csv")
from django.db import connections
from cygnet.site.accounts.models import User
from cygnet.site.contest.checking import check
from cygnet.site.contest.models import Submission
from cygnet.site.contest.people import make_user
from cygnet.site.contest.submitting import submit
from cygnet.site.faults import NotNowError
data = Path(sys.argv[2]).read_bytes()
people = []
for number in range(4):
    make_user(f"t{number}@example.org", team=f"Team {number}", organiser=False)
    people.append(User.objects.get(email=f"t{number}@example.org"))
def post(user, key):
    try:
        submit(user, data, received=clock.now(), track=None, key=key)
    except NotNowError:
        pass
    connections.close_all()
jobs = [(user, f"k{n % 3}") for n in range(6) for user in people]
threads = [threading.Thread(target=post, args=job) for job in jobs]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps([Submission.objects.count(), check(None)["problems"]]))
"""


def run(folder: Path, environment: dict[str, str]) -> str:
    file = folder / "p.csv"
    file.write_bytes(predictions())
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(file)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


@dataclass(frozen=True)
class PostgreSQL:
    """A server that can be killed and started again."""

    url: str
    start: Callable[[], None]
    kill: Callable[[], None]


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A server of Debian's PostgreSQL on a socket in a folder of its own."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    programs = found[-1].parent
    base = tmp_path_factory.mktemp("pg")
    socket = base.resolve() / "s"
    socket.mkdir()
    user = None
    if os.geteuid() == 0:
        # PostgreSQL does not run as root.
        user = "postgres"
        shutil.chown(base, user)
        shutil.chown(socket, user)
        for parent in base.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o055)

    def control(*words: str | Path) -> None:
        subprocess.run(
            words, user=user, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    data = base / "data"
    control(programs / "initdb", "-D", data, "-A", "trust", "-U", "cygnet")
    options = f"-c listen_addresses='' -c unix_socket_directories={socket} -c fsync=off"
    made = PostgreSQL(
        f"postgresql://cygnet@/postgres?host={socket}",
        start=lambda: control(programs / "pg_ctl", "-D", data, "-w", "-o", options, "start"),
        kill=lambda: control(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"),
    )
    made.start()
    yield made
    made.kill()


def test_postgresql_takes_turns_too(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Twenty-four posts at once, each key twice: a submission for each key of each team."""
    write_contest(tmp_path)
    assert run(tmp_path, {"CYGNET_DATABASE_URL": postgresql.url}) == "[12, []]"


def test_a_database_that_is_killed_is_said_and_loses_nothing(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the test above: its tables are there, so that this contest joins them."""
    write_contest(tmp_path, CONTEST.replace("2020-08-17", "2999-08-17"))
    monkeypatch.setenv("CYGNET_DATABASE_URL", postgresql.url)
    program = (
        "import sys; from pathlib import Path; from cygnet.site.start import open_site;"
        "folder = Path(sys.argv[1]); open_site(folder);"
        "from cygnet.site.prepare import migrate; migrate();"
        "from django.core.management import call_command;"
        "call_command('flush', interactive=False, verbosity=0);"
        "from cygnet.site.contest import founding; founding.found(folder / 'truth.csv');"
        "from cygnet.site.contest.people import make_user;"
        "print(make_user('ana@example.org', team='Swans', organiser=False))"
    )
    token = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.strip()
    server = Server(tmp_path)

    def post() -> urllib3.BaseHTTPResponse:
        return urllib3.request(
            "POST",
            f"{server.url}/api/v1/submissions",
            fields={"file": ("p.csv", predictions())},
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "one"},
            retries=False,
            timeout=60,
        )

    try:
        server.start()
        first = post()
        postgresql.kill()
        away = [
            urllib3.request("GET", f"{server.url}{path}", retries=False, timeout=60)
            for path in ("/healthz", "/challenge/", "/challenge/board/", "/api/v1/board")
        ]
        refused = post()
        postgresql.start()
        again = post()
    finally:
        server.stop()
    assert first.status == 201
    assert [one.status for one in away] == [503] * 4
    assert b"does not answer" in away[1].data
    assert refused.status == 503
    assert again.json() == first.json()


def test_the_embedded_database_takes_turns(tmp_path: Path) -> None:
    write_contest(tmp_path)
    assert run(tmp_path, {}) == "[12, []]"


def test_an_object_store_keeps_the_files(tmp_path: Path) -> None:
    if not is_installed():
        pytest.skip("needs the package swift")
    boto3 = pytest.importorskip("boto3", reason="needs boto3")
    write_contest(tmp_path)
    with s3_server(tmp_path / "store") as store:
        client = boto3.client(
            "s3",
            endpoint_url=store.endpoint,
            aws_access_key_id=store.access_key,
            aws_secret_access_key=store.secret_key,
            region_name=store.region,
        )
        client.create_bucket(Bucket="contest")
        environment = {
            "CYGNET_STORAGE_URL": f"s3://contest/one?endpoint={store.endpoint}",
            "CYGNET_S3_ACCESS_KEY": store.access_key,
            "CYGNET_S3_SECRET_KEY": store.secret_key,
        }
        assert run(tmp_path, environment) == "[12, []]"
        kept = client.list_objects_v2(Bucket="contest", Prefix="one/submissions/")["Contents"]
    assert len(kept) == 12
    assert not (tmp_path / "files").exists()


def test_an_object_store_that_is_away_loses_nothing(tmp_path: Path) -> None:
    write_contest(tmp_path)
    environment = {
        "CYGNET_STORAGE_URL": "s3://contest?endpoint=http://127.0.0.1:9",
        "CYGNET_S3_ACCESS_KEY": "a",
        "CYGNET_S3_SECRET_KEY": "b",
    }
    assert run(tmp_path, environment) == "[0, []]"


def test_the_site_is_fit_for_deployment(tmp_path: Path) -> None:
    """``check --deploy`` finds nothing under https and behind a proxy."""
    write_contest(tmp_path)
    program = (
        "import sys; from pathlib import Path; from cygnet.site.start import open_site;"
        "open_site(Path(sys.argv[1]), url='https://challenge.example.org',"
        " behind_proxy='10.0.0.0/8');"
        "from django.core.management import call_command;"
        "call_command('check', deploy=True, fail_level='WARNING')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_migrations_are_complete(tmp_path: Path) -> None:
    write_contest(tmp_path)
    program = (
        "import sys; from pathlib import Path; from cygnet.site.start import open_site;"
        "open_site(Path(sys.argv[1]));"
        "from django.core.management import call_command;"
        "call_command('makemigrations', check=True, dry_run=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("database", "mysql://x/y"),
        ("storage", "ftp://x/y"),
        ("mail", "pigeon://x"),
    ],
)
def test_an_address_of_another_kind_is_refused(tmp_path: Path, key: str, value: str) -> None:
    write_contest(tmp_path, f'{CONTEST.split("[rules]")[0]}\n[{key}]\nurl = "{value}"\n')
    done = subprocess.run(
        [sys.executable, "-m", "cygnet", "challenge", "board", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert value.split(":", maxsplit=1)[0] in done.stderr
    assert "Traceback" not in done.stderr
