"""A real object store that speaks S3 and checks signatures, on loopback: OpenStack Swift.

Four servers of the PyPI package ``swift`` with one device in a temporary folder. Requests signed
with another secret than its own are refused, as by the stores that people use.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

_BIN = Path(sys.executable).parent
_BACKENDS = ("account", "container", "object")
_STARTS_WITHIN_S = 60.0

_HASHING = """[swift-hash]
swift_hash_path_suffix = after
swift_hash_path_prefix = before
[storage-policy:0]
name = only
default = yes
"""
_COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
"""
_BACKEND = """devices = {folder}/devices
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
_PROXY = """[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where the store is, and the one pair of keys that it knows."""

    endpoint: str
    access_key: str = "test:tester"
    secret_key: str = "testing"  # noqa: S105 - of a store that lives as long as a test
    region: str = "us-east-1"


def is_installed() -> bool:
    """Say whether the servers are there to be started."""
    return (_BIN / "swift-proxy-server").is_file()


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Start the store in ``folder``, which is emptied first; stop it in the end."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "devices" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(_HASHING, encoding="utf-8")
    ports = {kind: _free_port() for kind in (*_BACKENDS, "proxy")}
    for kind, port in ports.items():
        common = _COMMON.format(port=port, user=getuser(), folder=folder)
        own = _PROXY if kind == "proxy" else _BACKEND.format(folder=folder, kind=kind)
        (folder / f"{kind}.conf").write_text(common + own, encoding="utf-8")
        if kind != "proxy":
            _make_ring(folder / f"{kind}.builder", port)
    started = [_start(folder, kind) for kind in ports]
    try:
        for port in ports.values():
            _wait_for(port)
        yield S3Server(f"http://127.0.0.1:{ports['proxy']}")
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _make_ring(builder: Path, port: int) -> None:
    command = [str(_BIN / "swift-ring-builder"), str(builder)]
    for arguments in (
        ("create", "4", "1", "0"),
        ("add", f"r1z1-127.0.0.1:{port}/d1", "1"),
        ("rebalance",),
    ):
        # A rebalance to one device warns, and says so by its exit code.
        subprocess.run([*command, *arguments], capture_output=True, check=arguments[0] == "create")


def _start(folder: Path, kind: str) -> subprocess.Popen[bytes]:
    with (folder / f"{kind}.log").open("wb") as log:
        return subprocess.Popen(
            [str(_BIN / f"swift-{kind}-server"), str(folder / f"{kind}.conf")],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )


def _wait_for(port: int) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
