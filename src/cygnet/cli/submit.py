"""The command that sends a file of predictions to a challenge."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cygnet.cli import challenge_text, console


def submit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV of image_name and target.")],
    *,
    url: Annotated[
        str,
        typer.Option(metavar="URL", envvar="CYGNET_CHALLENGE", help="The challenge's address."),
    ],
    token: Annotated[
        str,
        typer.Option(
            metavar="TOKEN", envvar="CYGNET_TOKEN", help="Your token; safer in CYGNET_TOKEN."
        ),
    ],
    track: Annotated[
        Literal["with-context", "without-context"] | None,
        typer.Option(help="Whether the patient's other images were used."),
    ] = None,
    note: Annotated[str, typer.Option(help="For yourself; only your team sees it.")] = "",
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Idempotency key; by default a new one for each command."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Submit FILE to a challenge and print what it is told.

    A connection that breaks is tried again under the same key, so that nothing counts twice.
    """
    from cygnet.cli.submit_client import send

    document = send(file, url=url, token=token, track=track, note=note, key=key, say=console.say)
    if as_json:
        console.print_json(document)
    else:
        challenge_text.print_submission(document)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("submit")(submit)
