"""The door: every command, and what becomes of an error.

Exit 0: done; 1: the input is at fault; 2: the command line is at fault; 130: interrupted. A room
is imported when its command runs, so that ``cygnet --help`` answers at once.
"""

import errno
import os
import sys
from typing import Annotated

import typer

from cygnet import __version__
from cygnet.errors import CygnetError

_INTERRUPTED = 130

app = typer.Typer(
    name="cygnet",
    help="Patient-centred melanoma detection on dermoscopic images. Research use only; "
    "not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(value: bool) -> None:
    if value:
        sys.stdout.write(f"cygnet {__version__}\n")
        raise typer.Exit


@app.callback()
def _cygnet(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def register() -> None:
    """Add every command; the rooms behind them are imported when they run."""
    from cygnet.cli import (
        challenge,
        challenge_updates,
        cohort,
        cohort_fetch,
        cohort_release,
        cohort_verify,
        compare,
        context,
        ensemble,
        explain,
        prediction,
        quantise,
        reader,
        report,
        run,
        score,
        submit,
    )

    for module in (cohort_release, cohort_verify, cohort_fetch):
        module.register(cohort.app)
    app.add_typer(cohort.app, name="cohort")
    challenge_updates.register(challenge.app)
    app.add_typer(challenge.app, name="challenge")
    commands = (
        run, prediction, explain, quantise, ensemble, context, score, compare, report, reader,
        submit,
    )  # fmt: skip
    for module in commands:
        module.register(app)


def main() -> None:
    """Run the command line; turn errors into one message and an exit code."""
    register()
    try:
        app()
    except CygnetError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)
    except SystemExit as stop:
        # Typer turns Ctrl-C into this code and says nothing.
        if stop.code == _INTERRUPTED:
            sys.stderr.write("interrupted\n")
        raise
    except OSError as error:
        # Every room turns the refusals that it expects into a CygnetError; these are the others.
        sys.stderr.write(f"error: {_machine_fault(error)}\n")
        if error.filename is None:
            # What standard output still holds would be tried again, and fail, at the very end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _machine_fault(error: OSError) -> str:
    if error.filename is None and error.errno == errno.ENOSPC:
        return "standard output: The disk is full. Free some space."
    where = "" if error.filename is None else f"{error.filename}: "
    return (
        f"{where}The system says: {error.strerror or error}."
        " Check the disk, the path and its permissions."
    )
