"""What strangers hand in is read, or refused with all its faults in one message and exit 1."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from cygnet.cli import main as door

LABELS = {"I_1": 1, "I_2": 0, "I_3": 0, "I_4": 1}
ROWS = "I_1,0.5\nI_2,1e-3\nI_3,0\nI_4,1\n"
READABLE = {
    "image and target": f"image,target\n{ROWS}",
    "isic_id": f"isic_id,target\n{ROWS}",
    "image_name and prediction": f"image_name,prediction\n{ROWS}",
    "a byte-order mark": f"\ufeffimage_name,target\n{ROWS}",
    "semicolons": f"image_name,target\n{ROWS}".replace(",", ";"),
    "quoted cells": '"image_name","target"\n"I_1","0.5"\n"I_2","1e-3"\n"I_3","0"\n"I_4","1"\n',
    "trailing spaces": "image_name,target \nI_1 ,0.5 \nI_2,1e-3  \nI_3 ,0\nI_4,1 \n",
    "suffixes on ids": "image,target\nI_1.jpg,0.5\nI_2.JPG,1e-3\nI_3.jpg,0\nI_4.jpeg,1\n",
}
HEAD = "image_name,target\n"
UNREADABLE = {
    "missing ids": (
        f"{HEAD}I_1,0.5\n",
        ["no prediction. Found 3: row 3 of truth.csv: 'I_2', row 4 of truth.csv: 'I_3'"],
    ),
    "surplus ids": (f"{HEAD}{ROWS}X,1\n", ["truth lacks. Found 1: row 6: 'X'."]),
    "duplicate ids": (f"{HEAD}{ROWS}I_2,1\n", ["earlier row too. Found 1: row 6: 'I_2'."]),
    "NaN": (f"{HEAD}{ROWS}".replace("0.5", "NaN"), ["is NaN. Found 1: row 2: 'I_1'."]),
    "a blank cell": (f"{HEAD}{ROWS}".replace("0.5", ""), ["is blank. Found 1: row 2: 'I_1'."]),
    "text": (f"{HEAD}{ROWS}".replace("0.5", "high"), ["no number. Found 1: row 2: 'high'."]),
    "a value above 1": (
        f"{HEAD}{ROWS}".replace("0.5", "1.5"),
        ["outside 0 to 1. Found 1: row 2: '1.5'."],
    ),
    "a value below 0": (
        f"{HEAD}{ROWS}".replace("0.5", "-1"),
        ["outside 0 to 1. Found 1: row 2: '-1'."],
    ),
    "surplus cells in a row": (
        f"{HEAD}{ROWS}".replace("0.5", "0.5,0.5"),
        ["which has 2. Found 1: row 2: '3 cells'."],
    ),
    "two columns of probabilities": (
        "image_name,target,score\nI_1,0.5,0.5\nI_1,0.5,0.5\nI_2,0,0\nI_3,0,0\n",
        [
            "Found 2: row 1: 'target', row 1: 'score'.",
            "row 3: 'I_1'",
            "Found 1: row 5 of truth.csv: 'I_4'",
        ],
    ),
    "a column named twice": (
        "image_name,target,target\nI_1,0.5,0.5\nI_1,0.5,0.5\nI_2,0,0\nI_3,0,0\n",
        [
            "a column twice. Found 1: row 1: 'target'.",
            "Found 2: row 1: 'target', row 1: 'target (column 3)'.",
            "row 3: 'I_1'",
            "Found 1: row 5 of truth.csv: 'I_4'",
        ],
    ),
    "nothing": ("", ["This file is empty."]),
    "all kinds at once": (
        f"{HEAD}I_1,nan\nI_1,0.5\nI_2,\nX,high\n,0.5\nY,2\nZ,0.1,0.1\n"
        + "".join(f"S_{n},7\n" for n in range(8)),
        [
            "more cells than the header, which has 2. Found 1: row 8",
            "id is blank. Found 1: row 6.",
            "earlier row too. Found 1: row 3",
            "is blank. Found 1: row 4",
            "is NaN. Found 1: row 2",
            "no number. Found 1: row 5",
            "outside 0 to 1. Found 9: row 7: '2', row 9: '7', row 10: '7', row 11: '7', row 12",
            "no prediction. Found 2: row 4 of truth.csv: 'I_3', row 5 of truth.csv: 'I_4'.",
            "truth lacks. Found 10: row 5: 'X', row 7: 'Y', row 9: 'S_0', row 10: 'S_1', row 11",
        ],
    ),
}
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cygnet_score(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Give the whole command line, run in this process: exit code, output and messages."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(door, "app", typer.Typer(pretty_exceptions_enable=False))
        words = ["cygnet", "score", *map(str, arguments), "--replicates", "20"]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as stop:
            door.main()
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return run


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def truth_in(folder: Path, *, swapped: bool = False) -> Path:
    rows = (f"{name},P_{name},{label ^ swapped}\n" for name, label in LABELS.items())
    return written(folder / "truth.csv", "image_name,patient_id,target\n" + "".join(rows))


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE)
def test_it_is_read(tmp_path: Path, cygnet_score: Command, text: str) -> None:
    predictions = written(tmp_path / "submission.csv", text)
    code, out, _ = cygnet_score(truth_in(tmp_path), predictions, "--json")
    assert code == 0
    document = json.loads(out)
    # 0.5 and 1 stand above 0.001 and 0; the mean of 1/4, 1e-6, 0 and 0.
    assert document["auroc"]["estimate"] == 1
    assert document["brier_score"]["estimate"] == pytest.approx((0.25 + 1e-6) / 4)


def test_whole_numbers_are_probabilities_too(tmp_path: Path, cygnet_score: Command) -> None:
    predictions = written(tmp_path / "submission.csv", f"{HEAD}I_1,1\nI_2,0\nI_3,1\nI_4,0\n")
    code, out, _ = cygnet_score(truth_in(tmp_path), predictions, "--json")
    assert code == 0
    assert json.loads(out)["auroc"]["estimate"] == 0.5
    assert json.loads(out)["sensitivity"]["estimate"] == 0.5


@pytest.mark.parametrize(("text", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_it_is_refused_with_every_fault_and_without_a_label(
    tmp_path: Path, cygnet_score: Command, text: str, said: list[str]
) -> None:
    predictions = written(tmp_path / "submission.csv", text)
    code, out, message = cygnet_score(truth_in(tmp_path), predictions)
    assert (code, out) == (1, "")
    assert message.startswith("error: ")
    assert message.count("\n") == len(said)
    for part in said:
        assert part in message
    assert "Traceback" not in message
    # What is told is the same whatever the labels are.
    assert cygnet_score(truth_in(tmp_path, swapped=True), predictions)[2] == message


@pytest.mark.parametrize("label", ["0", "1"])
def test_a_truth_of_one_class_is_refused_and_which_is_not_told(
    tmp_path: Path, cygnet_score: Command, label: str
) -> None:
    rows = "".join(f"{name},{label}\n" for name in LABELS)
    truth = written(tmp_path / "truth.csv", f"{HEAD}{rows}")
    predictions = written(tmp_path / "submission.csv", f"{HEAD}{ROWS}X,1\n")
    code, out, message = cygnet_score(truth, predictions)
    assert (code, out) == (1, "")
    assert message == (
        f"error: {predictions}: Predictions are of images the truth lacks. Found 1: row 6: 'X'. "
        "Remove them, or score the common images with --common.\n"
        f"{truth}: The images to score are all of one class: nothing can be told apart. "
        "Give images of both classes.\n"
    )


def test_a_constant_submission_scores_one_half_and_says_why(
    tmp_path: Path, cygnet_score: Command
) -> None:
    predictions = written(
        tmp_path / "submission.csv", HEAD + "".join(f"{name},0.3\n" for name in LABELS)
    )
    code, out, _ = cygnet_score(truth_in(tmp_path), predictions)
    assert code == 0
    assert "0.500 (no interval)" in next(
        line for line in out.splitlines() if line.startswith("AUROC ")
    )
    assert "All probabilities are equal: every pair is tied, so AUROC is one half." in out


@pytest.mark.parametrize("which", ["truth", "submission"])
def test_two_gigabytes_are_refused_at_once_and_in_little_memory(tmp_path: Path, which: str) -> None:
    predictions = written(tmp_path / "submission.csv", f"{HEAD}{ROWS}")
    truth_in(tmp_path)
    os.truncate(tmp_path / f"{which}.csv", 2 * 1024**3)
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))\n"
        "from cygnet.cli.main import main\n"
        f"sys.argv = ['cygnet', 'score', {str(tmp_path / 'truth.csv')!r}, {str(predictions)!r}]\n"
        "main()\n"
    )
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | one_thread,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {tmp_path / which}.csv: This file has 2.0 GB;")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("share", ["2", "0", "1", "-0.1", "nan"])
def test_a_prevalence_that_is_none_is_a_fault_of_the_command_line(
    tmp_path: Path, cygnet_score: Command, share: str
) -> None:
    predictions = written(tmp_path / "submission.csv", f"{HEAD}{ROWS}")
    code, out, message = cygnet_score(truth_in(tmp_path), predictions, f"--prevalence={share}")
    assert (code, out) == (2, "")
    assert "--prevalence" in message
    assert "between 0 and 1" in message


def test_the_title_says_where_the_partial_area_begins(
    tmp_path: Path, cygnet_score: Command
) -> None:
    predictions = written(tmp_path / "submission.csv", f"{HEAD}{ROWS}")
    truth = truth_in(tmp_path)
    for option, title in (("0.8", "0.80"), ("0.9", "0.90"), ("0.855", "0.855"), ("0", "0.00")):
        code, out, _ = cygnet_score(truth, predictions, "--min-tpr", option)
        assert code == 0
        assert f"Partial AUC above sensitivity {title}, ISIC 2024 " in out
