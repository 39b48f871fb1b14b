"""The command ``reader``: a web page on this machine that reads one patient's lesions."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cygnet.cli import console

_NEEDED = ("django", "uvicorn", "highdicom")


def reader_command(
    model: Annotated[Path, typer.Argument(help="A RUN's folder or its model.onnx.")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8040,
    host: Annotated[
        str, typer.Option("--host", help="The address; beyond this machine a token is asked for.")
    ] = "127.0.0.1",
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DATA", help="Data whose patients can be chosen."),
    ] = None,
) -> None:
    """Open a web page that reads one patient's lesions, and keeps nothing.

    Pictures stay in this process's memory and are gone with the page. Research use only.
    """
    _require_site_extra()
    from cygnet.site.reader.judging import Reader
    from cygnet.site.reader.known_patients import KnownPatients
    from cygnet.site.reader.serving import address_of, admission_for, listening, serve
    from cygnet.site.reader.state import LOOPBACK, State

    opened = listening(host, port)
    admission = admission_for(host)
    known = None if data is None else KnownPatients.of(data)
    state = State(Reader.open(model), admission, known)
    address = address_of(opened, host)
    if admission.token is not None:
        address = f"{address}?token={admission.token}"
        console.say(
            "warning: this address can be reached from other machines, without encryption. Only who"
            " has the token is let in; put a TLS proxy in front where pictures cross a network."
        )
    elif host not in LOOPBACK:
        raise AssertionError("an address beyond this machine has a token")
    console.say(console.RESEARCH_USE)

    def ready() -> None:
        console.say(f"reading at {address} until Ctrl-C; nothing is kept")

    serve(state, opened, ready)


def _require_site_extra() -> None:
    from cygnet.errors import MissingExtraError

    lacking = [name for name in _NEEDED if find_spec(name) is None]
    if lacking:
        raise MissingExtraError.of(
            f"The reader needs packages that are not installed: {', '.join(lacking)}.",
            "Install them with: pip install 'cygnet[site]'",
        )


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("reader")(reader_command)
