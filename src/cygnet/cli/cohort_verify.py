"""The command that holds a folder against its checksums."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.curation.release.verify import Verification

_SHOWN = 20


def verify_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A release, a BagIt bag, or a download.")
    ],
    *,
    checksums: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="List of checksums to believe; by default the one in DIR."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check DIR against its checksums.

    Says which files are missing, changed or extra; exits with 1 when one is.
    """
    from cygnet.curation.release.verify import count_listed, verify

    with console.progress("Reading", count_listed(folder, checksums)) as advance:
        found = verify(folder, checksums=checksums, progress=advance)
    if as_json:
        console.print_json(found.as_json())
    else:
        _print_verification(found)
    if not found.ok:
        raise typer.Exit(1)


def _print_verification(found: "Verification") -> None:
    out = console.output()
    _print_paths("missing", found.missing)
    _print_paths("changed", [f"{one.path} ({one.how})" for one in found.changed])
    _print_paths("extra", found.extra)
    files = f"{found.n_listed:,} file" + "s" * (found.n_listed != 1)
    verdict = (
        "all are there and unchanged"
        if found.ok
        else f"{len(found.missing):,} missing, {len(found.changed):,} changed,"
        f" {len(found.extra):,} extra"
    )
    out.print(f"{files} listed in {', '.join(found.lists)}: {verdict}.")


def _print_paths(word: str, paths: Sequence[str]) -> None:
    out = console.output()
    for path in paths[:_SHOWN]:
        out.print(f"{word}  {path if path.isprintable() else ascii(path)}")
    if len(paths) > _SHOWN:
        out.print(f"{word}  ... and {len(paths) - _SHOWN:,} more; --json names them all")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``, the commands of the cohort."""
    app.command("verify")(verify_command)
