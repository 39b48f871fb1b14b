"""The documents tell the truth: their commands exist, their examples run, their links resolve."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from commands_page import PAGE, command_line, commands, page

from cygnet.evaluation import COMPARABLE, agreements, compare, score_card
from cygnet.evaluation.gaps import GAP
from cygnet.evaluation.recalibrators import FITS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")])
METRICS = ROOT / "docs" / "reference" / "metrics.md"
COMPARING = ROOT / "docs" / "reference" / "comparing.md"
RUN_PAGES = [path for path in PAGES if "$ cygnet" in path.read_text(encoding="utf-8")]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMPARED = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(path: Path, *languages: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [body for language, body in BLOCK.findall(text) if language in languages]


def shown_commands() -> Iterator[tuple[str, list[str]]]:
    """Yield each ``cygnet`` command line that a page shows, its continuation lines joined."""
    for path in PAGES:
        for body in blocks(path, "sh", "console"):
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if words and words[0] == "cygnet":
                    yield f"{path.relative_to(ROOT)}: {line}", words[1:]


def test_the_reference_of_the_commands_is_the_commands() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/docs/commands_page.py"


def test_every_command_says_what_it_does() -> None:
    found = dict(commands(command_line()))
    assert {"cygnet quickstart", "cygnet run", "cygnet cohort audit", "cygnet score"} <= set(found)
    for name, command in found.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.parametrize(("place", "words"), [*shown_commands()])
def test_a_command_that_a_page_shows_exists(place: str, words: list[str]) -> None:
    group = command_line()
    known = {name.removeprefix("cygnet "): command for name, command in commands(group)}
    name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
    if words[0] in ("--help", "--version"):
        return
    assert name in known, place
    known[name].make_context(name, words[len(name.split()) :])


@pytest.mark.parametrize("path", RUN_PAGES, ids=lambda path: path.name)
def test_the_examples_of_a_page_give_what_it_shows(path: Path, tmp_path: Path) -> None:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }
    examples = [
        example
        for body in blocks(path, "console")
        for example in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    ]
    assert examples
    for example in examples:
        command, _, expected = example.replace("\\\n", " ").partition("\n")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        shown = doctest.OutputChecker().check_output(expected, done.stdout, COMPARED)
        assert shown, f"{command}\n{done.stdout}"


def test_every_metric_of_a_score_is_defined() -> None:
    card = score_card([1, 0, 0], [0.9, 0.2, 0.1], replicates=2, prevalence=0.1)
    defined = set(re.findall(r"`(\w+)`", METRICS.read_text(encoding="utf-8")))
    assert len(card.metrics) > 30
    assert not set(card.metrics) - defined
    assert FITS
    assert not {*FITS, "recalibration", "chosen_threshold", "youden"} - defined


def test_links_between_pages_resolve() -> None:
    links = [
        (path, target)
        for path in PAGES
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if "://" not in target
    ]
    assert links
    for path, target in links:
        assert (path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target}"


def test_no_page_names_a_place_of_one_machine() -> None:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(home|root|work|Users)/", text), path


def test_every_word_of_a_comparison_is_defined() -> None:
    generator = np.random.default_rng(0)
    scores = {name: generator.random(60) for name in "ab"}
    made = compare([0, 1] * 30, scores, metrics=COMPARABLE, margin=0.1, replicates=20)
    pair, rank = made.pairs[0].as_json(), made.ranks[0].as_json()
    beside = pair["alternatives"]
    assert isinstance(beside, dict)
    words = {*pair, *rank, *beside, *COMPARABLE, *agreements(scores)[0].as_json()}
    assert len(words) > 30
    text = COMPARING.read_text(encoding="utf-8")
    defined = set(re.findall(r"`([\w-]+)`", text))
    assert not words - defined - {"model", "n_images"}
    assert {pair["method"], rank["method"], GAP} <= defined
