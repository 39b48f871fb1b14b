"""The command that makes a publishable dataset of a curated cohort."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.curation.release.release import ReleaseSummary


def release_command(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="The curated cohort: its tables and images.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make.")],
    *,
    config: Annotated[Path, typer.Option(metavar="FILE", help="The release.toml.")],
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes to run on; by default one for each processor."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make a publishable dataset of DATA.

    Random identifiers, no EXIF, dates or free text; split by patient with the test labels withheld;
    checksums, citation, datasheet and errata. Refuses while the audit has errors. Stopped anywhere,
    the same command goes on.
    """
    from cygnet.curation.release.config import read_release_config
    from cygnet.curation.release.release import count_release_images, write_release

    settings = read_release_config(config)
    with console.progress("Releasing", count_release_images(data, settings)) as advance:
        summary = write_release(data, out, settings, workers=workers, progress=advance)
    if as_json:
        console.print_json(summary.as_json())
    else:
        _print_summary(summary)


def _print_summary(summary: "ReleaseSummary") -> None:
    out = console.output()
    record, facts = summary.record, summary.record["facts"]
    if summary.went_on:
        out.print("Went on where an earlier run was stopped.")
    out.print(
        f"Released {record['name']} {record['version']}: {facts['n_images']:,} images of"
        f" {facts['n_patients']:,} patients, in {summary.out}."
    )
    if summary.truth is not None:
        out.print(f"The labels of the test images are in {summary.truth}; keep it to yourself.")
    if facts["n_errata"]:
        out.print(f"Changes since the version before: {facts['n_errata']:,}, in errata.csv.")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``, the commands of the cohort."""
    app.command("release")(release_command)
