"""``cygnet report`` writes one page, prints a short table, and names faults with exit 1."""

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from cygnet.cli import report as command
from cygnet.errors import TableError


@pytest.fixture
def files(rng: np.random.Generator, tmp_path: Path) -> tuple[Path, Path]:
    n = 200
    target = (rng.random(n) < 0.4).astype(int)
    names = [f"ISIC_{number:07d}" for number in range(n)]
    truth, predictions = tmp_path / "truth.csv", tmp_path / "mine.csv"
    pl.DataFrame(
        {
            "image_name": names,
            "patient_id": [f"IP_{number // 3:07d}" for number in range(n)],
            "target": target,
            "sex": np.where(np.arange(n) % 2, "male", "female"),
        }
    ).write_csv(truth)
    probability = 1 / (1 + np.exp(-(2 * target - 1 + rng.normal(size=n))))
    pl.DataFrame({"image_name": names, "target": probability}).write_csv(predictions)
    return truth, predictions


def app() -> typer.Typer:
    made = typer.Typer()
    made.callback()(lambda: None)
    command.register(made)
    return made


def test_the_page_is_written_and_the_last_line_says_where(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "page.html"
    words = ["report", *map(str, files), "--out", str(out), "--by", "sex", "--replicates", "100"]
    monkeypatch.setattr(sys, "argv", ["cygnet", *words])
    result = CliRunner().invoke(app(), words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.strip().splitlines()
    assert lines[-1] == f"The report is in {out}"
    assert "200 images of 67 patients. Research use only; not a medical device." in lines[-2]
    assert any(line.startswith("mine ") for line in lines)
    page = out.read_text(encoding="utf-8")
    HTMLParser().feed(page)
    assert "--by sex --replicates 100" in page
    assert "AUROC in subgroups" in page


def test_json_holds_the_numbers_of_the_page(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    words = ["report", *map(str, files), "--out", str(out), "--replicates", "100", "--json"]
    result = CliRunner().invoke(app(), words)
    document = json.loads(result.stdout)
    assert document["report"] == str(out)
    auroc = document["models"]["mine"]["auroc"]
    assert 0.5 < auroc["lower"] < auroc["estimate"] < auroc["upper"] < 1
    assert f'value="{auroc["estimate"]!r}"' in out.read_text(encoding="utf-8")
    assert len(document["reporting"]) == 52 + 25 + 9
    items = {(one["list"], one["number"]): one["text"] for one in document["reporting"]}
    assert f"was {auroc['estimate']:.3f} (" in items["TRIPOD+AI", "23a"]
    assert items["TRIPOD+AI", "17"] is None


def test_a_file_that_is_not_there_is_an_input_error_and_nothing_is_written(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    result = CliRunner().invoke(app(), ["report", str(files[0]), "none.csv", "--out", str(out)])
    assert isinstance(result.exception, TableError)
    assert not out.exists()


def test_from_a_shell_a_fault_is_one_message_and_exit_1(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    words = ["report", str(files[0]), str(tmp_path / "none.csv"), "--out", str(tmp_path / "p.html")]
    done = subprocess.run(
        [sys.executable, "-m", "cygnet", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_out_the_command_line_is_at_fault(files: tuple[Path, Path]) -> None:
    assert CliRunner().invoke(app(), ["report", *map(str, files)]).exit_code == 2


def test_several_models_are_compared_on_the_page_and_in_its_json(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    truth, mine = files
    other, out = tmp_path / "other.csv", tmp_path / "page.html"
    pl.read_csv(mine).with_columns(target=1 - pl.col("target")).write_csv(other)
    words = ["report", *map(str, (truth, mine, other)), "--out", str(out), "--json"]
    result = CliRunner().invoke(app(), [*words, "--replicates", "100"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert list(document["models"]) == ["mine", "other"]
    (pair,) = document["pairs"]
    mine_auroc, other_auroc = (
        document["models"][name]["auroc"]["estimate"] for name in ("mine", "other")
    )
    assert pair["estimate"] == pytest.approx(other_auroc - mine_auroc, abs=1e-12)
    assert [rank["rank_lower"] for rank in document["ranks"]] == [1, 2]
    page = out.read_text(encoding="utf-8")
    assert 'id="figure-ranks"' in page
    assert 'id="figure-pairs"' in page
    assert "The models compared" in page
