"""No reader crashes, hangs, eats memory or writes about, whatever the bytes are.

A bounded run, the same each time; ``make fuzz`` runs longer, and otherwise each time.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from fuzz.guard import EscapeError
from fuzz.mutations import mutated
from fuzz.readers import GROUPS, READERS

TESTS = Path(__file__).resolve().parents[1]
EXAMPLES = 40


def worker(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(TESTS), str(TESTS.parent / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "fuzz.worker", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=250,
    )


def test_every_reader_is_in_a_group() -> None:
    assert len(READERS) == sum(len(group) for group in GROUPS.values()) == 25


@pytest.mark.parametrize("group", GROUPS)
def test_no_reader_of_this_group_can_be_broken(group: str, tmp_path: Path) -> None:
    done = worker(tmp_path, *GROUPS[group], "--examples", str(EXAMPLES))
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert done.stdout.endswith(f"{len(GROUPS[group])} readers, 0 findings\n")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("crash", "ZeroDivisionError"),
        ("memory", "MemoryError"),
        ("escape", "EscapeError"),
        ("hang", "_hang"),
    ],
)
def test_the_fuzzer_finds_a_reader_that_is_broken(fault: str, said: str, tmp_path: Path) -> None:
    done = worker(tmp_path, f"broken-{fault}", "--examples", "3", "--most-seconds", "1")
    assert done.returncode == (-signal.SIGPROF if fault == "hang" else 1)
    assert said in done.stdout + done.stderr
    kept = tmp_path / ("last" if fault == "hang" else f"findings/broken-{fault}")
    assert len(list(kept.iterdir())) == 1, "the file that did it is kept"


@pytest.mark.slow
def test_the_largest_picture_that_is_taken_stays_below_a_gigabyte(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from PIL import Image
from cygnet.images.decode import read_to_size
file = Path(sys.argv[1])
if not file.exists():
    Image.new("RGBA", (9400, 9400), (200, 150, 120, 255)).save(file)
else:
    # Not ru_maxrss: that begins with what the parent had when it forked.
    peak_kib = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    before = peak_kib()
    read_to_size(file, 224)
    print(peak_kib() - before)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "large.png")]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 250_000 < int(done.stdout) < 1_000_000


@given(data=mutated([b"a,b\n1,2\n"], [b'"']))
@settings(max_examples=50, database=None)
def test_mutations_stay_of_a_size_that_can_be_read(data: bytes) -> None:
    assert len(data) < 10_000_000


def test_an_escape_is_no_exception_that_a_reader_could_swallow() -> None:
    assert not issubclass(EscapeError, Exception)
