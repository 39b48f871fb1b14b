"""How does Cygnet speak in a terminal? Results on standard output, progress on standard error."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

ACCENT = "#188eac"
_UNFOLDED = 240
RESEARCH_USE = "Research use only; not a medical device."


def output() -> "Console":
    """Give the console of results. Markup is off: an id in brackets is an id."""
    from rich.console import Console

    return Console(highlight=False, markup=False, soft_wrap=True)


def messages() -> "Console":
    """Give the console of progress and messages, on standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def say(text: str) -> None:
    """Say one line about the work on standard error."""
    messages().print(text)


def said_command() -> str:
    """Give the command line as it was typed, for the record."""
    return shlex.join(["cygnet", *sys.argv[1:]])


def print_json(document: dict[str, Any]) -> None:
    """Print ``document`` as JSON on standard output; NaN is refused, it must be null by now."""
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Sequence[int] = ()
) -> None:
    """Print a light table on standard output; columns in ``numeric`` are right-aligned."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style=f"bold {ACCENT}", padding=(0, 2, 0, 0))
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index in numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        # A pipe or a file has no width: no cell is folded for its sake.
        console.width = _UNFOLDED
    console.print(table)


@contextmanager
def progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar with rate and time left on standard error; quiet when that is no terminal.

    Yields a function that takes how many units were finished since it was last called.
    """
    console = messages()
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", style=ACCENT),
        BarColumn(complete_style=ACCENT, finished_style=ACCENT),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=False) as bar:
        task = bar.add_task(description, total=total, rate="")

        def advance(units: int) -> None:
            bar.advance(task, units)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance


@contextmanager
def bytes_progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar of bytes with speed and time left; quiet as :func:`progress` is.

    Yields a function that takes how many bytes came since it was last called.
    """
    console = messages()
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", style=ACCENT, markup=False),
        BarColumn(complete_style=ACCENT, finished_style=ACCENT),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=False) as bar:
        task = bar.add_task(description, total=total)
        yield lambda n_bytes: bar.advance(task, n_bytes)


class TerminalProgress:
    """Speak of a run's progress on standard error."""

    def say(self, text: str) -> None:
        """Say one line."""
        say(text)

    def bar(self, description: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """Open a progress bar."""
        return progress(description, total)

    def bytes_bar(
        self, description: str, total: int
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Open a progress bar of bytes."""
        return bytes_progress(description, total)
