"""However a command ends, it ends with one line and the right exit code."""

import errno
import subprocess
import sys
from pathlib import Path
from typing import Never

import pytest

from cygnet import __main__ as program
from cygnet.cli import main as door


def test_an_interrupt_while_commands_are_being_loaded_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> Never:
        raise KeyboardInterrupt

    monkeypatch.setattr(door, "register", interrupted)
    with pytest.raises(SystemExit) as stop:
        program.main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_results_that_cannot_be_written_are_one_line_and_exit_with_1(
    tmp_path: Path, option: list[str]
) -> None:
    table = tmp_path / "train.csv"
    rows = "".join(f"ISIC_{n:07d},IP_{n % 4:07d},{n % 2}\n" for n in range(40))
    table.write_text(f"image_name,patient_id,target\n{rows}")
    command = [sys.executable, "-m", "cygnet", "cohort", "audit", str(table), *option]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: standard output: The disk is full. Free some space."
    ]


def test_a_fault_of_the_machine_names_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> Never:
        raise OSError(errno.EIO, "Input/output error", "/disk/train.csv")

    monkeypatch.setattr(door, "register", lambda: None)
    monkeypatch.setattr(door, "app", broken)
    with pytest.raises(SystemExit) as stop:
        door.main()
    assert stop.value.code == 1
    assert capsys.readouterr().err == (
        "error: /disk/train.csv: The system says: Input/output error."
        " Check the disk, the path and its permissions.\n"
    )
