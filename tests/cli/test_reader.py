"""The command ``reader`` where it cannot open: one message each, exit 1."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest


def _refused(*options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cygnet", "reader", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")
    return done.stderr


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    assert "no model" in _refused(str(tmp_path), "--port", "0")


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"words")
    assert "not a readable ONNX model" in _refused(str(file), "--port", "0")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = _refused(str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert "--port" in said


@pytest.mark.parametrize("host", ["192.0.2.77", "no.such.name.invalid"])
def test_an_address_that_is_not_this_machines_is_told(tmp_path: Path, host: str) -> None:
    assert "--host" in _refused(str(tmp_path), "--port", "0", "--host", host)
