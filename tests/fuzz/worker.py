"""Read changed files in a process that may die of them.

    python -m fuzz.worker FOLDER [--examples N] [--seed S] [--most-seconds S] READER...

Each changed file is kept in FOLDER/last until it has been read, so that it survives the process.
A finding is printed, its file kept in FOLDER/findings, and the exit code is 1; a process that hangs
or is killed leaves the file that did it.
"""

import argparse
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from cygnet.errors import InputError
from fuzz.guard import MOST_S, EscapeError, Guard
from fuzz.mutations import mutated
from fuzz.readers import BROKEN, READERS, Reader

ALL = READERS | BROKEN
Failure = tuple[type[BaseException], str]


class Session:
    """A folder, a guard, and what has been found."""

    def __init__(self, folder: Path, most_s: float) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.last = folder / "last"
        self.findings = folder / "findings"
        for path in (self.out, self.last):
            path.mkdir(parents=True, exist_ok=True)
        self.guard = Guard(self.out, most_s)
        self._seeds: dict[str, list[bytes]] = {}

    def seeds(self, name: str) -> list[bytes]:
        """Give the valid files of a reader, which it must read; made once."""
        if name not in self._seeds:
            reader = ALL[name]
            self._seeds[name] = reader.seeds()
            for data in self._seeds[name] if name in READERS else ():
                problem = self.read(name, reader, data)
                if problem is not None:
                    raise problem
        return self._seeds[name]

    def read(self, name: str, reader: Reader, data: bytes) -> BaseException | None:
        """Read ``data`` as ``reader`` does; give what came out that should not."""
        file = self.last / reader.name
        (self.folder / "reading").write_text(name, encoding="utf-8")
        file.write_bytes(data)
        try:
            with self.guard.watching(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reader.read(file, self.out)
        except InputError:
            return None
        except (Exception, EscapeError) as problem:  # noqa: BLE001  # all of them are findings
            return problem
        finally:
            file.unlink(missing_ok=True)
            self._empty_out()
        return None

    def _empty_out(self) -> None:
        if any(self.out.iterdir()):
            shutil.rmtree(self.out)
            self.out.mkdir()

    def keep(self, name: str, reader: Reader, data: bytes, problem: BaseException) -> None:
        """Keep a file that was not read as it should be, and say what happened."""
        target = self.findings / name / f"{type(problem).__name__}-{reader.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        sys.stdout.write(f"{name}: {target}\n")
        traceback.print_exception(problem, limit=-8, file=sys.stdout)
        sys.stdout.flush()


def explore(session: Session, name: str, n_examples: int, number: int | None) -> int:
    """Read ``n_examples`` changed files of one reader; give how many kinds were found."""
    reader = ALL[name]
    seeds = session.seeds(name)
    found: dict[Failure, BaseException] = {}

    def read_one(data: bytes) -> None:
        problem = session.read(name, reader, data)
        if problem is None:
            return
        where = traceback.extract_tb(problem.__traceback__)[-1]
        kind = type(problem), f"{where.filename}:{where.lineno}"
        if kind not in found:
            found[kind] = problem
            session.keep(name, reader, data, problem)

    explored = given(mutated(seeds, reader.words, is_json=reader.is_json))(read_one)
    explored = settings(
        max_examples=n_examples,
        deadline=None,
        database=None,
        derandomize=number is None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(explored)
    if number is not None:
        explored = seed(number)(explored)
    explored()
    return len(found)


def main() -> int:
    """Explore the readers that are named, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("readers", nargs="+", choices=sorted(READERS | BROKEN))
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--most-seconds", type=float, default=MOST_S)
    given_options = parser.parse_args()
    folder = given_options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["HOME"] = os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    os.chdir(folder)
    session = Session(folder, given_options.most_seconds)
    for name in given_options.readers:
        # Everything that the reader imports counts as there before.
        session.seeds(name)
    n_found = 0
    for name in given_options.readers:
        n_found += explore(session, name, given_options.examples, given_options.seed)
    sys.stdout.write(f"{len(given_options.readers)} readers, {n_found} findings\n")
    return int(n_found > 0)


if __name__ == "__main__":
    sys.exit(main())
