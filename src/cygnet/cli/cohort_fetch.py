"""Command of the download: a known dataset, its licence accepted, whole or with what is missing."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.curation.fetch.job import FetchSummary
    from cygnet.curation.fetch.registry import KnownDataset, RemoteFile

_OPTION = "--accept-licence"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(fetch)


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="isic2020 or ham10000.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to download into.")],
    *,
    part: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART",
            help="Fetch this part; give it again for another. isic2020 has tables, jpeg, "
            "jpeg-test, dicom, dicom-test, dicom-corrected, dicom-corrected-test; by default the "
            "first three.",
        ),
    ] = None,
    accept_licence: Annotated[
        str | None,
        typer.Option(metavar="LICENCE", help="Accept this licence, for example CC-BY-NC-4.0."),
    ] = None,
    unpack: Annotated[
        bool, typer.Option("--unpack", help="Unpack the archives, each into a folder of its name.")
    ] = False,
    connections: Annotated[
        int, typer.Option(min=1, max=16, help="Connections at once for one file.")
    ] = 4,
    retries: Annotated[
        int, typer.Option(min=0, max=1000, help="Attempts in a row after one that failed.")
    ] = 8,
    registry: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Datasets of your own, as docs/reference/fetch.md says."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Download a known dataset.

    Goes on after any interruption, and checks sizes and hashes. Exits with 1 and says what to do
    when a file is not here in the end.
    """
    from cygnet.curation.fetch.job import FetchRequest
    from cygnet.curation.fetch.job import fetch as fetch_dataset
    from cygnet.curation.fetch.registry import known_dataset
    from cygnet.curation.fetch.remote import Patience

    dataset = known_dataset(name, registry)
    files = dataset.select(part or [])
    _accept(dataset, files, out, accept_licence)
    request = FetchRequest(
        name, files, out, connections, unpack=unpack, patience=Patience(retries=retries)
    )
    summary = fetch_dataset(request, console.TerminalProgress())
    if as_json:
        console.print_json(summary.as_json() | {"dataset": name})
    else:
        _print_summary(summary)


def _accept(
    dataset: "KnownDataset", files: "tuple[RemoteFile, ...]", out: Path, given: str | None
) -> None:
    """Have the licence accepted by option, by an earlier run into ``out``, or at the prompt."""
    from cygnet.curation.fetch.record import has_accepted, write_acceptance
    from cygnet.errors import FetchError

    if given is not None:
        if given.casefold() != dataset.licence.casefold():
            raise FetchError.of(
                f"{given!r} is not the licence of this dataset.",
                f"Read {dataset.licence_url} and, if you accept it, give: "
                f"{_OPTION} {dataset.licence}",
            )
        write_acceptance(out, dataset, how=_OPTION)
        return
    if has_accepted(out, dataset):
        return
    size = sum(file.size for file in files) / 1e9
    about = "" if all(file.is_exact for file in files) else "about "
    for line in (
        dataset.title,
        f"{len(files)} files, {about}{size:,.3g} GB, to {out}",
        f"Cite: {dataset.attribution}",
        f"Licence: {dataset.licence}, {dataset.licence_url}",
    ):
        console.say(line)
    if not sys.stdin.isatty():
        raise FetchError.of(
            f"The licence {dataset.licence} has not been accepted.",
            f"Read {dataset.licence_url} and, if you accept it, give: {_OPTION} {dataset.licence}",
        )
    if not typer.confirm("Do you accept this licence?", default=False, err=True):
        raise FetchError.of(
            "The licence was not accepted, so nothing was downloaded.",
            "Run the command again if you change your mind.",
        )
    write_acceptance(out, dataset, how="prompt")


def _print_summary(summary: "FetchSummary") -> None:
    said = {
        "published": "as published",
        "first download": "recorded now: none is published",
        "recorded": "as at the first download",
    }
    console.print_table(
        ("file", "bytes", "unpacked", "SHA-256", "hash"),
        [
            (
                file.name,
                f"{file.n_bytes:,}",
                f"{summary.unpacked[file.name]:,}" if file.name in summary.unpacked else "",
                file.sha256[:16],
                "checked, was here" if file.name in summary.kept else said[file.hash_basis],
            )
            for file in summary.files
        ],
        numeric=(1, 2),
    )
    console.output().print(
        f"All {len(summary.files)} files are in {summary.out}; their hashes are in "
        f"{summary.out / 'manifest-sha256.txt'}."
    )
